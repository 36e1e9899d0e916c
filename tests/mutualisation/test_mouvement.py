"""Communes that merge, split, arrive or leave: what follows them, on the page and on the day."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from comptes.models import Habilitation, Role
from journal.models import Courriel, Evenement
from journal.workflows.tache import run_due
from journal.workflows.unite import unit
from mutualisation.models import Adhesion, Declaration, Ligne, MotifDomaine, Titulaire
from mutualisation.mouvements import phrase, read_reach
from mutualisation.partages import read_shares
from mutualisation.veille import base_on_eve, read_eve
from mutualisation.workflows.cycle import complete_drafts
from mutualisation.workflows.effet import apply_ready
from mutualisation.workflows.mouvement import apply_release
from mutualisation.workflows.pole import assign_poles
from socle.droits import ActionInterdite
from socle.erreurs import Conflit, Refus
from territoire.comparaison import Mouvement, Releve, compare, plan
from territoire.models import Commune, Filiation
from tests.factories import (
    AdhesionFactory,
    DeclarationFactory,
    LigneFactory,
    Monde,
    activite,
    domaine,
    fresh,
)
from tests.mutualisation.gestes import accept, ids, one_ready_line, prepare, submit, vote, wanted
from tests.mutualisation.test_declaration import text_of
from tests.territoire.releves import extract_file, new_commune, releve

AtTime = Callable[[Any], datetime]
DAY, AFTER = date(2028, 1, 1), date(2029, 1, 1)
NOUVELLE = "299999990"


def apply(monde: Monde, said: Releve, le: date = DAY, **choices: Any) -> list[Mouvement]:
    """Apply an extract with what is proposed, or other choices."""
    comparaison = compare(monde.epci, said, le)
    kwargs = {
        "devenirs": {
            one.avant.commune.pk: "" if one.ailleurs else one.proposee for one in comparaison.disparues
        },
        "origines": {one.apres.siren: one.origine for one in comparaison.apparues},
        "empreinte": comparaison.empreinte,
    }
    return apply_release(epci=monde.epci, acteur=monde.direction, releve=said, le=le, **(kwargs | choices))


def merger(monde: Monde) -> Releve:
    """A and B become « Val-d'Œuilly »; B is the most peopled."""
    Commune.objects.filter(pk=monde.b.commune.pk).update(population=9000)
    both = (monde.a.commune, monde.b.commune)
    return releve(monde.epci, sans=both, plus=(new_commune("Val-d'Œuilly", 14000),))


def departure(monde: Monde) -> Releve:
    a = monde.a.commune
    return releve(monde.epci, sans=(a,), ailleurs={a.siren: "CC voisine"})


def split(monde: Monde) -> Releve:
    """« La Haie » is detached from A."""
    return releve(
        monde.epci,
        plus=(new_commune("La Haie", 2000),),
        change={monde.a.commune: {"population": 3000}},
    )


def states(monde: Monde) -> list[str]:
    """Where the declarations of A and B stand."""
    rows = Declaration.objects.filter(cycle=monde.cycle, commune__in=[monde.a.commune, monde.b.commune])
    return list(rows.order_by("pk").values_list("etat", flat=True))


def nouvelle() -> Commune:
    return Commune.objects.get(siren=NOUVELLE)


def shared(commune: Commune, on: date) -> list[str]:
    rows = Adhesion.objects.on(on).filter(commune=commune)
    return sorted(rows.values_list("activite__code", flat=True))


class TestFusion:
    def test_the_new_commune_shares_what_one_at_least_shared(self, monde: Monde, at_time: AtTime):
        AdhesionFactory(epci=monde.epci, commune=monde.b.commune, activite=activite(monde.epci, "DC-01"))
        apply(monde, merger(monde))
        assert shared(nouvelle(), DAY) == []  # the day has not come
        at_time("2028-01-01 00:10")
        run_due()
        run_due()
        assert shared(nouvelle(), DAY) == ["DA-01", "DC-01"]
        assert shared(monde.b.commune, DAY) == []
        assert shared(monde.b.commune, date(2027, 12, 31)) == ["DA-01", "DC-01"]

    def test_a_day_already_past_is_handed_over_at_once(self, monde: Monde):
        apply(monde, merger(monde), le=date(2027, 1, 1))
        run_due()
        assert shared(nouvelle(), date(2027, 1, 1)) == ["DA-01"]
        assert shared(monde.a.commune, date(2027, 1, 1)) == []

    def test_people_finish_what_was_begun_and_act_for_the_new_commune(self, monde: Monde, at_time: AtTime):
        apply(monde, merger(monde))
        at_time("2028-01-01 09:00")
        run_due()
        for side in (monde.a, monde.b):
            acces = fresh(side.dgs).acces
            assert acces.acts_for_commune(nouvelle().pk, Role.DGS)
            assert acces.acts_for_commune(side.commune.pk, Role.DGS)
            assert not fresh(side.maire).acces.communes_with(Role.MAIRE)
        assert not Habilitation.objects.filter(commune=nouvelle(), role=Role.MAIRE).exists()

    def test_rights_do_not_change_before_the_day(self, monde: Monde):
        apply(monde, merger(monde))
        assert fresh(monde.a.maire).acces.acts_for_commune(monde.a.commune.pk, Role.MAIRE)
        assert not fresh(monde.a.dgs).acces.acts_for_commune(nouvelle().pk, Role.DGS)

    def test_the_referent_of_the_most_peopled_sits_the_other_is_deputy(self, monde: Monde, at_time: AtTime):
        apply(monde, merger(monde))
        at_time("2028-01-01 00:10")
        run_due()
        rows = Titulaire.objects.on(DAY).filter(siege__commune=nouvelle(), siege__domaine=monde.domaine)
        assert {row.personne: row.rang for row in rows.order_by("pk")} == {
            monde.b.referent: Titulaire.Rang.TITULAIRE,
            monde.a.referent: Titulaire.Rang.SUPPLEANT,
        }
        assert not Titulaire.objects.on(DAY).filter(siege__commune=monde.a.commune).exists()
        assert Titulaire.objects.on(date(2027, 12, 31)).filter(siege__commune=monde.a.commune).exists()

    def test_a_line_voted_under_the_former_name_takes_effect_for_the_new_one(
        self, monde: Monde, at_time: AtTime
    ):
        ligne = accept(one_ready_line(monde.a.declaration, monde.a.dgs), monde.direction)
        apply(monde, merger(monde), le=date(2027, 7, 1))
        at_time("2027-11-15")
        run_due()
        for epci in (False, True):
            vote(
                monde.a.declaration,
                monde.direction,
                lignes=[ligne],
                epci=epci,
                executoire_on=date(2027, 11, 15),
            )
        at_time("2028-01-01 00:10")
        with unit():  # the job of the cycle is not scheduled in this world
            apply_ready(monde.epci, [ligne.pk])
        assert shared(nouvelle(), DAY) == ["DA-01", "DB-01"]

    def test_once_its_elders_have_submitted_the_new_commune_declares_from_the_next_cycle(
        self, monde: Monde, at_time: AtTime
    ):
        for side in (monde.a, monde.b):
            submit(side.declaration, side.dgs)
        self._merge_in_february(monde, at_time)
        assert not Declaration.objects.filter(cycle=monde.cycle, commune=nouvelle()).exists()
        assert Declaration.objects.filter(cycle=monde.cycle, commune=monde.c).exists()
        assert states(monde) == ["deposee", "deposee"]

    def test_a_draft_not_submitted_is_the_new_commune_s_to_make(self, monde: Monde, at_time: AtTime):
        """The merger empties the shares of the former communes: their drafts would say that they share nothing."""
        submit(monde.b.declaration, monde.b.dgs)
        AdhesionFactory(epci=monde.epci, commune=monde.b.commune, activite=activite(monde.epci, "DC-01"))
        prepare(monde.a.declaration, monde.a.dgs, plus=["DB-01"])
        self._merge_in_february(monde, at_time)
        assert states(monde) == ["remplacee", "deposee"]
        draft = Declaration.objects.get(cycle=monde.cycle, commune=nouvelle())
        assert wanted(draft) == ids(draft, "DA-01", "DC-01")
        left = Declaration.objects.get(pk=monde.a.declaration.pk)
        assert left.lignes.count() == 1  # what was typed stays readable
        with pytest.raises(Refus, match="commune nouvelle"):
            submit(left, fresh(monde.a.dgs))

    def test_the_draft_left_behind_says_why(self, monde: Monde, client: Any, at_time: AtTime):
        self._merge_in_february(monde, at_time)
        client.force_login(fresh(monde.a.dgs))
        page = client.get(reverse("mutualisation:declaration", args=[monde.a.declaration.pk]))
        assert "a fait place à une commune nouvelle" in text_of(page)

    def test_a_merger_between_the_opening_and_the_campaign(self, monde: Monde, at_time: AtTime):
        """The default cycle opens on 1 December; communes merge on 1 January; the campaign begins on the 15th."""
        at_time("2026-12-15 10:00")
        apply(monde, merger(monde), le=date(2027, 1, 1))
        at_time("2027-01-01 00:10")
        run_due()
        assert states(monde) == ["remplacee", "remplacee"]
        assert Declaration.objects.filter(cycle=monde.cycle, commune=nouvelle()).exists()

    def _merge_in_february(self, monde: Monde, at_time: AtTime) -> None:
        apply(monde, merger(monde), le=date(2027, 2, 15))
        at_time("2027-02-15 09:00")
        run_due()
        complete_drafts(cycle=monde.cycle)

    def test_traced_and_told(self, monde: Monde):
        apply(monde, merger(monde))
        events = Evenement.objects.filter(type="commune.fusion")
        assert set(events.values_list("commune", flat=True)) == {
            monde.a.commune.pk,
            monde.b.commune.pk,
            nouvelle().pk,
        }
        assert events[0].libelle == (
            "L'Haÿ-les-Roses et Œuilly deviennent Val-d'Œuilly, à compter du 1er janvier 2028"
        )
        told = Courriel.objects.filter(type="communes_mouvement")
        assert set(told.values_list("destinataire", flat=True)) == {
            one.pk for side in (monde.a, monde.b) for one in (side.dgs, side.maire)
        }


class TestDepart:
    def test_shares_end_and_what_was_asked_is_closed_on_the_day(self, monde: Monde, at_time: AtTime):
        pending = one_ready_line(monde.a.declaration, monde.a.dgs)
        accepted = accept(
            LigneFactory(declaration=monde.a.declaration, activite=activite(monde.epci, "DC-02")),
            monde.direction,
        )
        apply(monde, departure(monde))
        pending.refresh_from_db()
        assert pending.arbitrage == Ligne.Arbitrage.A_INSTRUIRE
        at_time("2028-01-01 00:10")
        run_due()
        run_due()
        for ligne in (pending, accepted):
            ligne.refresh_from_db()
            assert ligne.arbitrage == Ligne.Arbitrage.ABANDONNEE
            assert "n'est plus membre de la Métropole depuis le 1er janvier 2028" in ligne.arbitrage_motif
        assert shared(monde.a.commune, DAY) == []
        assert shared(monde.b.commune, DAY) == ["DA-01"]
        (event,) = Evenement.objects.filter(type="commune.demandes_closes")
        assert event.contenu == {"lignes": [monde.a.ligne.pk, pending.pk, accepted.pk]}

    def test_a_line_in_effect_before_is_not_touched(self, monde: Monde, at_time: AtTime):
        facts = {"effet_on": date(2027, 1, 1), "appliquee_at": datetime(2027, 1, 1, tzinfo=UTC)}
        Ligne.objects.filter(pk=monde.a.ligne.pk).update(**facts)
        apply(monde, departure(monde))
        at_time("2028-01-01 00:10")
        run_due()
        monde.a.ligne.refresh_from_db()
        assert (monde.a.ligne.arbitrage, monde.a.ligne.effet_on) == (
            Ligne.Arbitrage.ACCEPTEE,
            date(2027, 1, 1),
        )

    def test_roles_and_seats_end(self, monde: Monde, at_time: AtTime):
        apply(monde, departure(monde))
        at_time("2028-01-01 09:00")
        run_due()
        assert fresh(monde.a.dgs).acces.titres == ()
        assert fresh(monde.a.referent).acces.titres == ()
        assert fresh(monde.b.dgs).acces.acts_for_commune(monde.b.commune.pk, Role.DGS)

    def test_the_history_stays_readable(self, monde: Monde, client: Any, at_time: AtTime):
        apply(monde, departure(monde))
        at_time("2028-01-02")
        run_due()
        client.force_login(fresh(monde.direction))
        page = client.get(reverse("mutualisation:declaration", args=[monde.a.ligne.declaration_id]))
        assert "L'Haÿ-les-Roses" in text_of(page)


class TestScission:
    def test_both_share_what_the_one_shared(self, monde: Monde, at_time: AtTime):
        apply(monde, split(monde))
        at_time("2028-01-01 00:10")
        run_due()
        assert shared(nouvelle(), DAY) == ["DA-01"]
        assert Adhesion.objects.get(commune=monde.a.commune).fin is None  # and nothing of it moved
        assert fresh(monde.a.maire).acces.acts_for_commune(monde.a.commune.pk, Role.MAIRE)

    def test_a_retrait_afterwards_leaves_the_other_alone(self, monde: Monde, at_time: AtTime):
        """Chosen once it stands alone, a retrait of La Haie ends what La Haie shares and nothing of what A does."""
        apply(monde, split(monde), le=date(2027, 2, 1))
        run_due()
        draft = DeclarationFactory(cycle=monde.cycle_futur, commune=nouvelle(), deposee=True)
        ligne = LigneFactory(
            declaration=draft, activite=activite(monde.epci), nature="retrait", acceptee=True, effet_on=AFTER
        )
        at_time("2029-01-01 00:10")
        with unit():
            apply_ready(monde.epci, [ligne.pk])
        assert shared(nouvelle(), AFTER) == []
        assert shared(monde.a.commune, AFTER) == ["DA-01"]

    def test_the_part_detached_reads_neither_the_words_nor_the_later_choices_of_the_other(
        self, monde: Monde, at_time: AtTime
    ):
        before = monde.a.ligne.declaration
        LigneFactory(declaration=before, activite=activite(monde.epci, "DB-01"), reportee=True)
        MotifDomaine.objects.create(
            declaration=before, domaine=domaine(monde.epci, "DB"), texte="Entre nous."
        )
        apply(monde, split(monde), le=date(2027, 2, 1))
        run_due()
        AdhesionFactory(
            epci=monde.epci,
            commune=monde.a.commune,
            activite=activite(monde.epci, "DC-01"),
            debut=date(2027, 2, 5),
        )
        veille = read_eve(DeclarationFactory(cycle=monde.cycle, commune=nouvelle()))
        assert veille.base.keys() == {activite(monde.epci).pk}
        assert not (veille.reports or veille.motifs)

    def test_one_to_come_takes_nothing_away_from_who_stays(self, monde: Monde):
        apply(monde, split(monde))
        shares = read_shares(monde.epci, [], since=DAY, until=DAY)
        assert {cle[0] for cle in shares.on(DAY)} == {monde.a.commune.pk, monde.b.commune.pk, nouvelle().pk}
        assert base_on_eve(monde.cycle, monde.a.commune).keys() == {activite(monde.epci).pk}

    def test_a_pole_drawn_that_day_changes_nothing_to_it(self, monde: Monde, at_time: AtTime):
        """Another pôle is another period of the same membership."""
        pending = one_ready_line(monde.a.declaration, monde.a.dgs)
        apply(monde, split(monde))
        at_time("2028-01-01 00:05")
        poles = {monde.a.commune.pk: monde.epci.poles.get(nom="Pôle Sud").pk, monde.b.commune.pk: None}
        assign_poles(epci=monde.epci, poles=poles, acteur=monde.direction)
        run_due()
        assert shared(monde.a.commune, DAY) == ["DA-01"]
        assert shared(monde.b.commune, DAY) == ["DA-01"]
        pending.refresh_from_db()
        assert pending.arbitrage == Ligne.Arbitrage.A_INSTRUIRE


class TestNoms:
    def test_the_present_name_follows_on_its_day(self, monde: Monde, at_time: AtTime):
        apply(monde, releve(monde.epci, change={monde.b.commune: {"nom": "Œuilly-le-Haut"}}))
        assert Commune.objects.get(pk=monde.b.commune.pk).nom == "Œuilly"
        at_time("2028-01-01 00:10")
        run_due()
        renamed = Commune.objects.get(pk=monde.b.commune.pk)
        assert (renamed.nom, renamed.name_on(date(2027, 12, 31))) == ("Œuilly-le-Haut", "Œuilly")

    def test_populations_are_one_line_of_the_journal_and_no_mail(self, monde: Monde):
        change = {monde.a.commune: {"population": 5100}, monde.b.commune: {"population": 5200}}
        apply(monde, releve(monde.epci, change=change))
        (event,) = Evenement.objects.filter(type="epci.populations")
        assert event.libelle.startswith("Population de 2 communes mise à jour")
        assert not Courriel.objects.filter(type="communes_mouvement").exists()


class TestRefus:
    def test_what_was_read_has_changed(self, monde: Monde):
        said = departure(monde)
        with pytest.raises(Conflit, match="relisez la comparaison"):
            apply(monde, said, empreinte="autre")
        apply(monde, said)
        with pytest.raises(Refus, match="rien à enregistrer"):
            apply(monde, said)

    @pytest.mark.parametrize("devenirs", [{}, {0: ""}])
    def test_a_choice_is_missing(self, monde: Monde, devenirs: dict[int, str]):
        with pytest.raises(Refus, match="Dites ce que devient"):
            apply(monde, departure(monde), devenirs=devenirs)
        assert not Evenement.objects.filter(type="commune.depart").exists()

    def test_an_heir_that_the_extract_does_not_list(self, monde: Monde):
        with pytest.raises(Refus, match="Dites ce que devient"):
            apply(monde, departure(monde), devenirs={monde.a.commune.pk: "123456789"})

    @pytest.mark.parametrize("who", ["directeur", "responsable", "direction_voisine"])
    def test_only_the_direction_and_the_administrator(self, monde: Monde, who: str):
        with pytest.raises(ActionInterdite, match="l'administrateur et la Direction"):
            apply_release(
                epci=monde.epci,
                acteur=getattr(monde, who),
                releve=departure(monde),
                le=DAY,
                empreinte="",
                devenirs={},
                origines={},
            )


class TestPages:
    URL = "/communes/evolution/"

    def _send(self, client: Any, monde: Monde, said: Releve, le: str = "2028-01-01", **meta: Any) -> Any:
        fichier = SimpleUploadedFile("extrait.json.xz", extract_file(monde.epci, said, **meta))
        return client.post(self.URL, {"fichier": fichier, "le": le})

    def test_compared_read_then_applied(self, monde: Monde, client: Any):
        client.force_login(monde.administrateur)
        page = self._send(client, monde, merger(monde))
        text = text_of(page)
        assert "L'Haÿ-les-Roses et Œuilly deviennent Val-d'Œuilly" in text
        assert "1 activité partagée passe à Val-d'Œuilly" in text
        assert "Cycle 2028 : une déclaration déposée suit son cours sous l'ancien nom" in text
        assert "un brouillon ne pourra plus être déposé, c'est à Val-d'Œuilly de déclarer" in text
        assert "2 référents ou responsables les suivent" in text
        assert not Filiation.objects.exists()
        data = {name: field.value() for name, field in _bound(page)} | {"confirmer": "oui"}
        response = client.post(self.URL + "comparer/", data, follow=True)
        assert "Évolution des communes enregistrée" in text_of(response)
        assert "deviennent Val-d'Œuilly, à compter du" in text_of(response)
        assert Filiation.objects.count() == 2

    def test_other_choices_show_other_consequences(self, monde: Monde, client: Any):
        client.force_login(monde.direction)
        one_ready_line(monde.a.declaration, monde.a.dgs)
        page = self._send(client, monde, releve(monde.epci, sans=(monde.a.commune,)))
        field = f"devient_{monde.a.commune.pk}"
        data = {name: bound.value() for name, bound in _bound(page)}
        assert not data[field]
        undecided = client.post(self.URL + "comparer/", data | {"confirmer": "oui"})
        assert undecided.status_code == 422
        assert "Dites ce que devient cette commune" in text_of(undecided)
        leaving = text_of(client.post(self.URL + "comparer/", data | {field: "depart"}))
        assert "L'Haÿ-les-Roses quitte la Métropole" in leaving
        assert "1 partage finit le 1" in leaving
        assert "2 demandes en cours sont closes" in leaving
        assert "4 rôles et 1 siège de référent" in leaving
        merging = text_of(client.post(self.URL + "comparer/", data | {field: monde.b.commune.siren}))
        assert "L'Haÿ-les-Roses devient Œuilly" in merging

    def test_what_a_new_commune_comes_from_is_said_as_one_says_it(self, monde: Monde, client: Any):
        client.force_login(monde.direction)
        Commune.objects.filter(pk=monde.b.commune.pk).update(nom="Le Bouscat")
        Commune.objects.filter(pk=monde.c.pk).update(nom="Ambès")
        page = text_of(self._send(client, monde, releve(monde.epci, plus=(new_commune("Ville", 900),))))
        assert "se détache du Bouscat" in page and "se détache d'Ambès" in page

    def test_what_is_offered_stands_in_french_order(self, monde: Monde, client: Any):
        Commune.objects.filter(pk=monde.b.commune.pk).update(nom="Écully", tri="ecully")
        client.force_login(monde.direction)
        more = (new_commune("Zoteux", 900), new_commune("Ébréon", 900, siren="299999991"))
        page = self._send(client, monde, releve(monde.epci, sans=(monde.a.commune,), plus=more))
        form = page.context["form"]
        offered = [str(text) for _, text in form.fields[f"devient_{monde.a.commune.pk}"].choices][2:]
        names = ["Ébréon", "Écully", "Saint-Louis-de-Montferrand", "Zoteux"]
        assert offered == [f"devient {nom}" for nom in names]
        asked = [bound.label.split(" est nouvelle")[0] for bound in form.visible_fields()][1:]
        assert asked == ["Ébréon", "Zoteux"]

    def test_a_move_told_to_two_communes_is_one_line(self, monde: Monde, client: Any):
        apply(monde, merger(monde))
        assert Evenement.objects.filter(type="commune.fusion").count() == 3
        client.force_login(monde.direction)
        assert text_of(client.get(self.URL)).count("deviennent Val-d'Œuilly, à compter du") == 1

    @pytest.mark.parametrize(("nom", "facts"), [("Ambès", "d'Ambès"), ("Le Bouscat", "du Bouscat")])
    def test_names_are_elided(self, monde: Monde, nom: str, facts: str):
        Commune.objects.filter(pk=monde.a.commune.pk).update(nom=nom)
        said = releve(monde.epci, change={monde.a.commune: {"nom": "Ville"}})
        (move,) = plan(compare(monde.epci, said, DAY), {}, {})
        assert phrase(move, monde.epci) == f"{nom} : nom Ville, au lieu {facts}"

    def test_somebody_applied_it_meanwhile(self, monde: Monde, client: Any):
        client.force_login(monde.direction)
        said = departure(monde)
        page = self._send(client, monde, releve(monde.epci, sans=(monde.a.commune,)))
        data = {name: field.value() for name, field in _bound(page)}
        apply(monde, said)
        data |= {f"devient_{monde.a.commune.pk}": "depart", "confirmer": "oui"}
        response = client.post(self.URL + "comparer/", data)
        assert response.status_code == 409
        assert "relisez la comparaison" in text_of(response)

    @pytest.mark.parametrize("octets", [b"bonjour", b"PK\x03\x04" + b"0" * 50])
    def test_another_file_is_a_sentence_at_its_field(self, monde: Monde, client: Any, octets: bytes):
        client.force_login(monde.direction)
        fichier = SimpleUploadedFile("autre.xlsx", octets)
        response = client.post(self.URL, {"fichier": fichier, "le": "2028-01-01"})
        assert response.status_code == 422
        assert "n'est pas un extrait des données de référence" in text_of(response)
        assert response.context["form"].errors.keys() == {"fichier"}

    def test_the_packaged_extract_does_not_know_an_invented_epci(self, monde: Monde, client: Any):
        client.force_login(monde.direction)
        response = client.post(self.URL, {"le": "2028-01-01"})
        assert response.status_code == 422
        assert "ne connaît pas Métropole d'Essai" in text_of(response)

    @pytest.mark.parametrize("le", ["", "x", "0028-01-01", "9999-01-01"])
    def test_a_strange_day_is_a_sentence(self, monde: Monde, client: Any, le: str):
        client.force_login(monde.direction)
        assert self._send(client, monde, departure(monde), le=le).status_code == 422

    def test_a_page_tampered_with_starts_again(self, monde: Monde, client: Any):
        client.force_login(monde.direction)
        page = self._send(client, monde, departure(monde))
        data = {name: field.value() for name, field in _bound(page)}
        for forged in (data | {"releve": data["releve"] + "x"}, data | {"le": "demain"}):
            response = client.post(self.URL + "comparer/", forged)
            assert response.status_code == 422
            assert "choisissez de nouveau le fichier" in text_of(response)

    def test_an_older_file_is_said(self, monde: Monde, client: Any):
        client.force_login(monde.direction)
        older = self._send(client, monde, departure(monde), date="2020-01-01")
        assert "plus ancien que celui livré" in text_of(older)

    def test_the_way_back_to_the_campaign(self, monde: Monde, client: Any):
        client.force_login(monde.direction)
        for page in (client.get(self.URL), self._send(client, monde, departure(monde))):
            trail = page.content.decode().split("<h1")[0]
            assert 'href="/campagne/">Campagne</a>' in trail.split('class="fil"')[-1]

    def test_nothing_moved(self, monde: Monde, client: Any):
        client.force_login(monde.direction)
        assert "Rien n'a changé" in text_of(self._send(client, monde, releve(monde.epci)))

    def test_a_name_that_would_be_markup_is_text(self, monde: Monde, client: Any):
        client.force_login(monde.direction)
        said = releve(monde.epci, change={monde.a.commune: {"nom": "<b>Haÿ</b>"}})
        assert b"<b>Ha" not in self._send(client, monde, said).content


def _bound(page: Any) -> list[tuple[str, Any]]:
    form = page.context["form"]
    return [(name, form[name]) for name in form.fields]


def test_consequences_of_a_move_of_nobody_are_few(monde: Monde):
    said = releve(monde.epci, sans=(monde.c,), ailleurs={monde.c.siren: "CC voisine"})
    comparaison = compare(monde.epci, said, DAY)
    (portee,) = read_reach(monde.epci, plan(comparaison, {monde.c.pk: ""}, {}), DAY)
    assert portee.consequences == []


def test_a_declaration_of_a_commune_gone_keeps_its_draft(monde: Monde):
    draft = DeclarationFactory(cycle=monde.cycle, commune=monde.c)
    apply(monde, releve(monde.epci, sans=(monde.c,), ailleurs={monde.c.siren: "CC voisine"}))
    assert Declaration.objects.filter(pk=draft.pk).exists()
