"""Who still misses what, late acts, waiting retraits, and the attribution de compensation beside the acts."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from journal.models import Evenement
from journal.workflows.tache import run_due
from mutualisation.echeances_actes import act_deadlines
from mutualisation.models import Adhesion, Avis, EffetAC, Ligne
from mutualisation.suivi import Avancement, bars, milestones, read_progress
from mutualisation.workflows.acte import date_late_lines
from mutualisation.workflows.compensation import advance_effects
from mutualisation.workflows.convention import follow_convention, prepare_conventions
from mutualisation.workflows.effet import schedule_effect
from mutualisation.workflows.etude import cost_effect
from socle import registres
from socle.droits import ActionInterdite
from socle.erreurs import Refus
from tests.factories import AvisFactory, LigneFactory, Monde, activite, domaine
from tests.mutualisation.gestes import accept, changing, one_ready_line, prepare, submit, vote
from tests.mutualisation.test_compensation import invoice
from tests.mutualisation.test_declaration import text_of

AtTime = Callable[[Any], datetime]
VOTE = date(2027, 11, 26)
EFFET = date(2028, 1, 1)
TARD = date(2028, 1, 12)


@pytest.fixture
def lignes(monde: Monde, at_time: AtTime) -> list[Ligne]:
    """Accepted lines of A then B; it is 1 December."""
    found = [
        accept(one_ready_line(cote.declaration, cote.dgs), monde.direction) for cote in (monde.a, monde.b)
    ]
    at_time("2027-12-01")
    return found


def progress(monde: Monde) -> list[Avancement]:
    return read_progress(monde.cycle, monde.direction)


def words(avancement: Avancement) -> dict[str, str]:
    return {passage.jalon.code: passage.mot for passage in avancement.passages}


def acts(monde: Monde, ligne: Ligne, commune_on: date = VOTE, epci_on: date = VOTE) -> None:
    declaration = ligne.declaration
    vote(declaration, monde.direction, lignes=[ligne], epci=False, executoire_on=commune_on)
    vote(
        declaration, monde.direction, lignes=[ligne], epci=True, executoire_on=epci_on, numero=f"M-{ligne.pk}"
    )


def arbitrated(monde: Monde, ligne: Ligne) -> EffetAC:
    for etat in ("estime", "arbitre"):
        effet = cost_effect(
            declaration=ligne.declaration,
            domaine=ligne.domaine,
            acteur=monde.direction,
            etat=etat,
            fonctionnement=Decimal("12300.50"),
            investissement=Decimal(0),
        )
    return effet


class TestTableau:
    def test_nothing_recorded(self, monde: Monde, lignes: list[Ligne]):
        assert words(progress(monde)[0]) == {
            "cst_commune": "Manque",
            "cst_epci": "Manque",
            "clect": "Manque",
            "municipal": "Manque",
            "epci": "Manque",
            "approuvee": "Manque",
            "signee": "Attendue",
            "transmise": "Attendue",
            "ac": "Non chiffré",
        }

    def test_everything_recorded(self, monde: Monde, lignes: list[Ligne], at_time: AtTime):
        acts(monde, lignes[0])
        AvisFactory(cycle=monde.cycle, commune=monde.a.commune)
        AvisFactory(cycle=monde.cycle, epci_side=True)
        AvisFactory(
            cycle=monde.cycle,
            type=Avis.Type.CLECT,
            commune=None,
            sans_objet=True,
            rendu_on=None,
            sens_personnel="",
        )
        at_time("2027-12-20")
        (convention, _) = prepare_conventions(cycle=monde.cycle, acteur=monde.direction)
        dates = {"approuvee_on": VOTE, "signee_on": VOTE, "transmise_on": VOTE}
        follow_convention(convention=convention, acteur=monde.direction, version=1, numero="", **dates)
        arbitrated(monde, lignes[0])
        advance_effects(declaration=lignes[0].declaration, acteur=monde.direction, etat="vote")
        _, done = progress(monde)
        assert done.commune == monde.a.commune
        assert list(words(done).values()) == [
            "Rendu",
            "Rendu",
            "Sans objet",
            "Enregistré",
            "Enregistré",
            "Approuvée",
            "Signée",
            "Transmise",
            "Voté",
        ]
        assert (done.complet, done.manques) == (True, [])

    @pytest.mark.parametrize(
        ("type", "own", "common"),
        [
            (Avis.Type.CST_COMMUN, "Rendu", "Rendu"),
            (Avis.Type.CST_CENTRE_GESTION, "Rendu", "Manque"),
            (Avis.Type.CST_COMMUNE, "Rendu", "Manque"),
            (Avis.Type.CST_EPCI, "Manque", "Rendu"),
        ],
    )
    def test_which_committee_counts_for_which_step(
        self, monde: Monde, lignes: list[Ligne], type: str, own: str, common: str
    ):
        commune = monde.a.commune if type in Avis.COMMUNE_TYPES else None
        AvisFactory(cycle=monde.cycle, type=type, commune=commune)
        row = next(row for row in progress(monde) if row.commune == monde.a.commune)
        assert (words(row)["cst_commune"], words(row)["cst_epci"]) == (own, common)

    def test_the_opinion_of_another_commune_or_cancelled_counts_for_nothing(
        self, monde: Monde, lignes: list[Ligne], at_time: AtTime
    ):
        AvisFactory(cycle=monde.cycle, commune=monde.b.commune)
        AvisFactory(
            cycle=monde.cycle,
            commune=monde.a.commune,
            annule_at=at_time("2027-12-01"),
            annule_par=monde.direction,
            annule_motif="Erreur.",
        )
        row = next(row for row in progress(monde) if row.commune == monde.a.commune)
        assert words(row)["cst_commune"] == "Manque"

    def test_an_unfavourable_opinion_is_seen(self, monde: Monde, lignes: list[Ligne]):
        AvisFactory(cycle=monde.cycle, commune=monde.a.commune, sens_personnel=Avis.Sens.DEFAVORABLE)
        row = next(row for row in progress(monde) if row.commune == monde.a.commune)
        passage = row.passage("cst_commune")
        assert (passage.fait, passage.ton, passage.mot) == (True, "o", "Rendu, défavorable")

    def test_the_least_advanced_domain_speaks_for_the_compensation(self, monde: Monde, lignes: list[Ligne]):
        arbitrated(monde, lignes[0])
        assert words(progress(monde)[0])["ac"] == "Arbitré"
        LigneFactory(declaration=monde.a.declaration, activite=activite(monde.epci, "DC-01"), acceptee=True)
        row = next(row for row in progress(monde) if row.commune == monde.a.commune)
        assert words(row)["ac"] == "Non chiffré"

    def test_what_is_invoiced_waits_for_no_compensation(self, monde: Monde, lignes: list[Ligne], client: Any):
        invoice(monde, "DB")
        row = next(row for row in progress(monde) if row.commune == monde.a.commune)
        passage = row.passage("ac")
        assert (passage.fait, passage.ton, passage.mot) == (True, "n", "Sans objet")
        client.force_login(monde.a.dgs)
        page = text_of(client.get(reverse("mutualisation:suivi", args=[monde.a.declaration.pk])))
        assert "refacturation à l'acte" in page and "non chiffré" not in page
        LigneFactory(declaration=monde.a.declaration, activite=activite(monde.epci, "DC-01"), acceptee=True)
        row = next(row for row in progress(monde) if row.commune == monde.a.commune)
        assert words(row)["ac"] == "Non chiffré"

    @pytest.mark.parametrize(
        ("day", "said"),
        [
            ("2027-07-09", "À venir"),
            ("2027-07-10", "Attendu"),
            ("2027-10-08", "Attendu"),
            ("2027-10-09", "Manque"),
        ],
    )
    def test_to_come_then_awaited_then_missing(
        self, monde: Monde, lignes: list[Ligne], at_time: AtTime, day: str, said: str
    ):
        cycle = monde.cycle
        cycle.point_arret_on, cycle.votes_debut_on = date(2027, 7, 10), date(2027, 10, 8)
        assert milestones(cycle)[0].missing(date.fromisoformat(day))[1] == said

    @pytest.mark.parametrize("code", ["municipal", "epci"])
    def test_the_two_assemblies_are_late_once_the_votes_are_over(
        self, monde: Monde, lignes: list[Ligne], code: str
    ):
        step = next(one for one in milestones(monde.cycle) if one.code == code)
        last = monde.cycle.votes_fin_on
        assert [step.missing(day)[0] for day in (last, last + timedelta(days=1))] == ["o", "r"]

    def test_the_compensation_is_late_after_31_march(self, monde: Monde, lignes: list[Ligne]):
        ac = milestones(monde.cycle)[-1]
        assert [ac.missing(date(2028, *day))[0] for day in ((3, 31), (4, 1))] == ["o", "r"]

    def test_the_latest_comes_first(self, monde: Monde, lignes: list[Ligne], at_time: AtTime):
        assert [row.commune for row in progress(monde)] == [monde.a.commune, monde.b.commune]
        AvisFactory(cycle=monde.cycle, commune=monde.a.commune)
        assert [row.commune for row in progress(monde)] == [monde.b.commune, monde.a.commune]

    def test_totals_and_their_bars(self, monde: Monde, lignes: list[Ligne]):
        AvisFactory(cycle=monde.cycle, commune=monde.a.commune)
        first, *_, last = bars(progress(monde))
        assert (first.faits, first.attendus, first.manquants) == (1, 0, 1)
        assert first.morceaux == [
            {"ton": "v", "x": 0.0, "largeur": 50.0},
            {"ton": "r", "x": 50.0, "largeur": 50.0},
        ]
        assert (last.attendus, bars([])) == (2, [])


class TestPage:
    def url(self, monde: Monde) -> str:
        return reverse("mutualisation:actes", args=[monde.cycle.pk])

    def found(self, monde: Monde, client: Any, **query: Any) -> list[str]:
        return [row.commune.nom for row in client.get(self.url(monde), query).context["avancements"]]

    def test_filters_and_order(self, monde: Monde, lignes: list[Ligne], client: Any):
        AvisFactory(cycle=monde.cycle, commune=monde.a.commune)
        client.force_login(monde.direction)
        assert self.found(monde, client) == ["Œuilly", "L'Haÿ-les-Roses"]
        assert self.found(monde, client, tri="commune") == ["L'Haÿ-les-Roses", "Œuilly"]
        assert self.found(monde, client, manque="cst_commune") == ["Œuilly"]
        nord = monde.epci.poles.get(nom="Pôle Nord")
        assert self.found(monde, client, pole=nord.pk) == ["L'Haÿ-les-Roses"]
        assert self.found(monde, client, pole=nord.pk, manque="cst_commune") == []

    @pytest.mark.parametrize("query", [{"pole": "x"}, {"manque": "autre"}, {"tri": "z"}, {"pole": "9" * 30}])
    def test_unknown_filters_filter_nothing(
        self, monde: Monde, lignes: list[Ligne], client: Any, query: dict[str, str]
    ):
        client.force_login(monde.direction)
        assert len(self.found(monde, client, **query)) == 2

    def test_exported(self, monde: Monde, lignes: list[Ligne], client: Any):
        client.force_login(monde.direction)
        query = {"format": "csv", "manque": "municipal", "tri": "commune"}
        rows = client.get(self.url(monde), query).content.decode("utf-8-sig").splitlines()
        assert rows[0].startswith("Commune;Code INSEE;Pôle;Lignes acceptées;CST de la commune;CST de l'EPCI")
        assert rows[1].split(";")[0] == "L'Haÿ-les-Roses" and rows[1].endswith("Non chiffré;1;0;")
        assert client.get(self.url(monde), {"format": "xlsx"}).content.startswith(b"PK")

    def test_the_same_queries_for_one_line_and_for_many(self, monde: Monde, client: Any):
        prepare(monde.a.declaration, monde.a.dgs, plus=["DB-01"])
        submit(monde.a.declaration, monde.a.dgs)
        accept(changing(monde.a.declaration)[0], monde.direction)
        client.force_login(monde.direction)
        counts = []
        for more in (False, True):
            if more:
                accept(one_ready_line(monde.b.declaration, monde.b.dgs, "DC-01"), monde.direction)
                prepare_conventions(cycle=monde.cycle, acteur=monde.direction)
                AvisFactory(cycle=monde.cycle, commune=monde.b.commune)
                arbitrated(monde, changing(monde.b.declaration)[0])
            with CaptureQueriesContext(connection) as queries:
                client.get(self.url(monde))
            counts.append(len(queries))
        assert counts[0] == counts[1]

    def test_a_commune_reads_where_it_stands(self, monde: Monde, lignes: list[Ligne], client: Any):
        AvisFactory(cycle=monde.cycle, commune=monde.a.commune)
        client.force_login(monde.a.dgs)
        page = client.get(reverse("mutualisation:suivi", args=[monde.a.declaration.pk]))
        said = text_of(page)
        assert "En attente d'acte : délibération du conseil municipal" in said
        assert "personnel favorable" in said and "Enregistrer sa délibération" not in said
        assert client.get(reverse("mutualisation:suivi", args=[monde.b.declaration.pk])).status_code == 404

    def test_nothing_accepted_yet(self, monde: Monde, client: Any):
        client.force_login(monde.a.dgs)
        page = client.get(reverse("mutualisation:suivi", args=[monde.a.declaration.pk]))
        assert "il n'y a rien à voter" in text_of(page)


class TestActesTardifs:
    """produit.md §4: late acts wait for the day that the Direction sets, a waiting retrait leaves the adhesion open."""

    @pytest.fixture
    def late(self, monde: Monde, lignes: list[Ligne], at_time: AtTime) -> Ligne:
        at_time("2028-01-20")
        acts(monde, lignes[0], epci_on=TARD)
        return lignes[0]

    def test_the_page_asks_for_the_day_and_the_line_takes_effect(
        self, monde: Monde, late: Ligne, client: Any
    ):
        client.force_login(monde.direction)
        board = client.get(reverse("mutualisation:actes", args=[monde.cycle.pk]))
        assert "Fixer la date d'effet" in text_of(board)
        url = reverse("mutualisation:suivi_dater", args=[late.declaration_id])
        early = client.post(url, {"effet_on": "2028-01-11"})
        assert early.status_code == 422
        assert "ne peut pas précéder le 12 janvier 2028" in text_of(early)
        assert 'value="2028-01-11"' in text_of(early)
        client.post(url, {"effet_on": "2028-01-15"})
        assert Adhesion.objects.get(ligne=late).debut == date(2028, 1, 15)

    def test_several_late_lines_agree(self, monde: Monde, late: Ligne, client: Any):
        client.force_login(monde.direction)
        url = reverse("mutualisation:suivi", args=[late.declaration_id])
        assert "1 ligne a ses deux actes" in text_of(client.get(url))
        other = LigneFactory(
            declaration=late.declaration, activite=activite(monde.epci, "DC-01"), acceptee=True
        )
        other.actes.set(late.actes.all())
        assert "2 lignes ont leurs deux actes" in text_of(client.get(url))

    def test_a_commune_is_told_who_sets_the_day(self, monde: Monde, late: Ligne, client: Any):
        client.force_login(monde.a.dgs)
        page = text_of(client.get(reverse("mutualisation:suivi", args=[late.declaration_id])))
        assert (
            "La Direction des territoires fixe la date d'effet." in page
            and "<form" not in page.split("<main")[1]
        )

    def test_only_lines_with_both_acts_are_dated(self, monde: Monde, late: Ligne):
        waiting = LigneFactory(
            declaration=monde.a.declaration, activite=activite(monde.epci, "DC-01"), acceptee=True
        )
        dated = date_late_lines(declaration=monde.a.declaration, acteur=monde.direction, effet_on=TARD)
        assert dated == [late]
        assert Ligne.objects.get(pk=waiting.pk).effet_on is None
        with pytest.raises(Refus, match="Aucune ligne n'attend"):
            date_late_lines(declaration=monde.a.declaration, acteur=monde.direction, effet_on=TARD)

    def test_only_the_direction(self, monde: Monde, late: Ligne):
        with pytest.raises(ActionInterdite, match="Seule la Direction"):
            date_late_lines(declaration=monde.a.declaration, acteur=monde.a.dgs, effet_on=TARD)

    @pytest.mark.parametrize("epci", [True, False])
    def test_a_waiting_retrait_says_it_in_red_and_the_share_goes_on(
        self, monde: Monde, at_time: AtTime, client: Any, epci: bool
    ):
        motifs = {monde.domaine.pk: "Retour en régie."}
        prepare(monde.a.declaration, monde.a.dgs, moins=["DA-01"], motifs=motifs)
        submit(monde.a.declaration, monde.a.dgs)
        ligne = accept(changing(monde.a.declaration)[0], monde.direction)
        at_time("2028-01-05")
        vote(monde.a.declaration, monde.direction, lignes=[ligne], epci=epci, executoire_on=VOTE)
        schedule_effect(monde.cycle, EFFET)
        run_due()
        client.force_login(monde.direction)
        page = text_of(client.get(reverse("mutualisation:suivi", args=[monde.a.declaration.pk])))
        missing = "conseil municipal" if epci else "conseil de la Métropole"
        assert f'<span class="ton-r">En attente d\'acte : délibération du {missing}' in page
        assert Adhesion.objects.get(commune=monde.a.commune).fin is None

    def test_a_retrait_late_on_both_sides_ends_on_the_day_set(
        self, monde: Monde, at_time: AtTime, client: Any
    ):
        prepare(monde.a.declaration, monde.a.dgs, moins=["DA-01"], motifs={monde.domaine.pk: "Régie."})
        submit(monde.a.declaration, monde.a.dgs)
        ligne = accept(changing(monde.a.declaration)[0], monde.direction)
        at_time("2028-02-20")
        acts(monde, ligne, commune_on=TARD, epci_on=date(2028, 2, 1))
        assert Adhesion.objects.get(commune=monde.a.commune).fin is None
        date_late_lines(declaration=monde.a.declaration, acteur=monde.direction, effet_on=date(2028, 2, 15))
        assert Adhesion.objects.get(commune=monde.a.commune).fin == date(2028, 2, 15)

    def test_in_time_on_both_sides_it_is_retroactive(
        self, monde: Monde, lignes: list[Ligne], at_time: AtTime
    ):
        at_time("2028-05-02")
        acts(monde, lignes[0], commune_on=EFFET, epci_on=VOTE)
        assert Adhesion.objects.get(ligne=lignes[0]).debut == EFFET


class TestCompensation:
    def advance(self, monde: Monde, ligne: Ligne, etat: str, **changes: Any) -> list[EffetAC]:
        values = {"declaration": ligne.declaration, "acteur": monde.direction, "etat": etat}
        return advance_effects(**values | changes)

    def test_voted_then_notified_amounts_untouched(self, monde: Monde, lignes: list[Ligne]):
        arbitrated(monde, lignes[0])
        (effet,) = self.advance(monde, lignes[0], "vote", reference="2027-201 et 2027-760")
        assert (effet.etat, effet.fonctionnement) == ("vote", Decimal("12300.50"))
        event = Evenement.objects.filter(type="effet_ac.chiffre").order_by("pk").last()
        assert event.detail.contenu["motif"] == "2027-201 et 2027-760"
        (effet,) = self.advance(monde, lignes[0], "notifie")
        assert effet.etat == "notifie"

    @pytest.mark.parametrize(
        ("etat", "sentence"),
        [("vote", "Aucun effet arbitré"), ("notifie", "Aucun effet voté"), ("arbitre", "Choisissez")],
    )
    def test_nothing_to_move_is_a_sentence(self, monde: Monde, lignes: list[Ligne], etat: str, sentence: str):
        with pytest.raises(Refus, match=sentence):
            self.advance(monde, lignes[0], etat)

    def test_a_domain_whose_lines_were_all_refused_stays(self, monde: Monde, lignes: list[Ligne]):
        refused = LigneFactory(
            declaration=monde.a.declaration, activite=activite(monde.epci, "DC-01"), refusee=True
        )
        arbitrated(monde, lignes[0])
        arbitrated(monde, refused)
        moved = self.advance(monde, lignes[0], "vote")
        assert [effet.domaine for effet in moved] == [domaine(monde.epci, "DB")]

    def test_only_the_direction(self, monde: Monde, lignes: list[Ligne]):
        arbitrated(monde, lignes[0])
        with pytest.raises(ActionInterdite, match="Seule la Direction"):
            self.advance(monde, lignes[0], "vote", acteur=monde.a.dgs)

    def test_the_page_moves_them(self, monde: Monde, lignes: list[Ligne], client: Any):
        arbitrated(monde, lignes[0])
        client.force_login(monde.direction)
        assert "Passer à voté : 1 domaine" in text_of(
            client.get(reverse("mutualisation:suivi", args=[monde.a.declaration.pk]))
        )
        url = reverse("mutualisation:suivi_ac", args=[monde.a.declaration.pk])
        assert "1 effet voté" in text_of(client.post(url, {"etat": "vote"}, follow=True))
        refused = client.post(url, {"etat": "vote"})
        assert refused.status_code == 422 and "Aucun effet arbitré" in text_of(refused)

    def test_a_voted_compensation_never_holds_nor_gives_effect(self, monde: Monde, lignes: list[Ligne]):
        acts(monde, lignes[0])
        assert Ligne.objects.get(pk=lignes[0].pk).effet_on == EFFET


class TestEcheances:
    def titles(self, personne: Any, monde: Monde) -> list[str]:
        (hat, *_) = personne.acces.titres
        rows = registres.echeances.gather(personne, hat, monde.epci.today)
        return [row.titre for row in rows]

    def test_the_dgs_has_her_council_vote_until_its_act_is_recorded(self, monde: Monde, lignes: list[Ligne]):
        title = "Faire délibérer votre conseil municipal pour 2028"
        assert title in self.titles(monde.a.dgs, monde)
        vote(monde.a.declaration, monde.direction, lignes=lignes[:1], epci=False, executoire_on=VOTE)
        assert title not in self.titles(monde.a.dgs, monde)
        assert title in self.titles(monde.b.dgs, monde)

    def test_not_before_the_votes(self, monde: Monde, lignes: list[Ligne], at_time: AtTime):
        monde.cycle.votes_debut_on = monde.cycle.votes_fin_on = date(2027, 12, 2)
        monde.cycle.effective_on = EFFET
        monde.cycle.save()
        assert "Enregistrer les actes pour 2028" not in self.titles(monde.direction, monde)
        at_time("2027-12-02")
        assert "Enregistrer les actes pour 2028" in self.titles(monde.direction, monde)

    def test_the_direction_is_told_which_act_is_missing(self, monde: Monde, lignes: list[Ligne]):
        (hat, *_) = monde.direction.acces.titres

        def said() -> str:
            rows = registres.echeances.gather(monde.direction, hat, monde.epci.today)
            return next(row.detail for row in rows if row.titre == "Enregistrer les actes pour 2028")

        assert said() == (
            "2 lignes acceptées attendent la délibération du conseil municipal dans 2 communes ; "
            "2 lignes acceptées attendent la délibération du conseil de la Métropole."
        )
        vote(monde.a.declaration, monde.direction, lignes=lignes, epci=True, executoire_on=VOTE)
        vote(monde.b.declaration, monde.direction, lignes=lignes[1:], epci=False, executoire_on=VOTE)
        assert said() == ("1 ligne acceptée attend la délibération du conseil municipal de L'Haÿ-les-Roses.")

    def test_the_home_of_the_direction_reads_no_line(self, monde: Monde, lignes: list[Ligne]):
        """158 communes have thousands of them: they are counted where they are."""
        (hat, *_) = monde.direction.acces.titres
        with CaptureQueriesContext(connection) as asked:
            assert list(act_deadlines(monde.direction, hat, monde.epci.today))
        read = [one["sql"] for one in asked.captured_queries if '"mutualisation_ligne"' in one["sql"]]
        assert read and all(sql.startswith("SELECT COUNT(") for sql in read)

    def test_late_acts_ask_for_a_day_and_no_more_for_an_act(
        self, monde: Monde, lignes: list[Ligne], at_time: AtTime
    ):
        at_time("2028-01-20")
        for ligne in lignes:
            vote(
                ligne.declaration,
                monde.direction,
                lignes=[ligne],
                epci=False,
                executoire_on=TARD,
                numero=f"C-{ligne.pk}",
            )
        vote(monde.a.declaration, monde.direction, lignes=lignes, epci=True, executoire_on=TARD)
        found = self.titles(monde.direction, monde)
        assert "Fixer la date d'effet des actes tardifs pour 2028" in found
        assert "Enregistrer les actes pour 2028" not in found

    def test_conventions_to_sign(self, monde: Monde, lignes: list[Ligne]):
        title = "Faire signer et transmettre les conventions pour 2028"
        (convention, _) = prepare_conventions(cycle=monde.cycle, acteur=monde.direction)
        assert title not in self.titles(monde.direction, monde)
        follow_convention(
            convention=convention,
            acteur=monde.direction,
            version=1,
            numero="",
            approuvee_on=VOTE,
            signee_on=None,
            transmise_on=None,
        )
        assert title in self.titles(monde.direction, monde)
