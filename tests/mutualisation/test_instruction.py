"""Deciding on lines: one, many, twice, two people, late dates."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from journal.models import Courriel, Evenement
from mutualisation.models import Ligne
from mutualisation.workflows.complement import ask_completion
from mutualisation.workflows.instruction import accept_all, arbitrate
from socle.droits import ActionInterdite
from socle.erreurs import Conflit, Refus
from tests.factories import DeclarationFactory, LigneFactory, Monde, activite, member_commune
from tests.mutualisation.gestes import accept, changing, one_ready_line, prepare, submit, vote
from tests.mutualisation.test_declaration import text_of

AtTime = Callable[[Any], datetime]


@pytest.fixture
def lignes(monde: Monde) -> list[Ligne]:
    """A asks for three activities: DA-02 (extension), DB-01 and DB-02 (entrée)."""
    prepare(monde.a.declaration, monde.a.dgs, plus=["DA-02", "DB-01", "DB-02"])
    submit(monde.a.declaration, monde.a.dgs)
    return changing(monde.a.declaration)


def decide(ligne: Ligne, who: Any, decision: str, motif: str = "", version: int | None = None) -> Ligne:
    return arbitrate(
        ligne=ligne, acteur=who, decision=decision, motif=motif, qualite="Direction", version=version
    )


def states_of(lignes: list[Ligne]) -> list[str]:
    """The decision on each line, by code of activity."""
    rows = Ligne.objects.filter(pk__in=[ligne.pk for ligne in lignes])
    return list(rows.order_by("activite__code").values_list("arbitrage", flat=True))


class TestToutAccepter:
    def test_one_mail_lists_what_is_accepted(self, monde: Monde, lignes: list[Ligne]):
        decide(lignes[1], monde.direction, "refusee", "Complet.")
        Courriel.objects.all().delete()
        accepted = accept_all(declaration=monde.a.declaration, acteur=monde.direction, qualite="Direction")
        assert accepted == [lignes[0], lignes[2]]
        courriel = Courriel.objects.get(destinataire=monde.a.dgs)
        assert courriel.type == "lignes_arbitrees" and "2\u00a0demandes acceptées" in courriel.sujet
        told = [line for line in courriel.corps.splitlines() if line.startswith("- ")]
        assert [ligne.activite.libelle in line for ligne, line in zip(accepted, told, strict=True)] == [
            True
        ] * 2

    def test_twice_is_once(self, monde: Monde, lignes: list[Ligne]):
        for _ in range(2):
            accept_all(declaration=monde.a.declaration, acteur=monde.direction, qualite="Direction")
        assert Evenement.objects.filter(type="ligne.arbitree").count() == 3
        assert Courriel.objects.filter(type="lignes_arbitrees", destinataire=monde.a.dgs).count() == 1

    def test_what_was_already_voted_takes_its_date(self, monde: Monde, lignes: list[Ligne]):
        for ligne in lignes:
            accept(ligne, monde.direction)
        for epci in (False, True):
            vote(
                monde.a.declaration, monde.direction, lignes=lignes, epci=epci, executoire_on=date(2027, 2, 9)
            )
        Ligne.objects.filter(pk=lignes[0].pk).update(
            arbitrage="a_instruire", arbitree_at=None, arbitree_par=None, effet_on=None
        )
        accept_all(declaration=monde.a.declaration, acteur=monde.direction, qualite="Direction")
        lignes[0].refresh_from_db()
        assert lignes[0].effet_on == monde.a.declaration.cycle.effective_on

    @pytest.mark.parametrize("who", ["administrateur", "directeur", "direction_voisine"])
    def test_only_the_direction_accepts(self, monde: Monde, lignes: list[Ligne], who: str):
        with pytest.raises(ActionInterdite, match="Seule la Direction"):
            accept_all(declaration=monde.a.declaration, acteur=getattr(monde, who), qualite="x")
        assert set(states_of(lignes)) == {"a_instruire"}

    def test_a_draft_is_not_accepted(self, monde: Monde):
        with pytest.raises(ActionInterdite):
            accept_all(declaration=monde.b.declaration, acteur=monde.direction, qualite="x")


class TestDecider:
    @pytest.mark.parametrize("decision", ["refusee", "reportee"])
    def test_refusing_or_postponing_says_why(self, monde: Monde, lignes: list[Ligne], decision: str):
        with pytest.raises(Refus, match="Dites pourquoi") as caught:
            decide(lignes[0], monde.direction, decision, "  ")
        assert caught.value.field == "motif"
        decide(lignes[0], monde.direction, decision, "Service complet.")
        lignes[0].refresh_from_db()
        assert (lignes[0].arbitrage, lignes[0].arbitree_par) == (decision, monde.direction)

    @pytest.mark.parametrize("decision", ["sans_objet", "a_instruire"])
    def test_these_are_no_decisions(self, monde: Monde, lignes: list[Ligne], decision: str):
        with pytest.raises(Refus, match="Choisissez"):
            decide(lignes[0], monde.direction, decision, "x")

    def test_a_long_motive_is_refused(self, monde: Monde, lignes: list[Ligne]):
        with pytest.raises(Refus, match=r"2.000 caractères ; celui-ci en compte 10.000"):
            decide(lignes[0], monde.direction, "refusee", "é" * 10_000)

    def test_the_same_decision_twice_is_one_event_and_one_mail(self, monde: Monde, lignes: list[Ligne]):
        for _ in range(2):
            accept(lignes[0], monde.direction)
        assert Evenement.objects.filter(type="ligne.arbitree").count() == 1
        assert Courriel.objects.filter(type="ligne_arbitree", destinataire=monde.a.dgs).count() == 1

    def test_the_mail_says_the_decision_and_why(self, monde: Monde, lignes: list[Ligne]):
        decide(lignes[0], monde.direction, "refusee", "L'équipe <est> complète.")
        corps = Courriel.objects.get(type="ligne_arbitree").corps
        assert "refusée" in corps
        assert "Motif\u00a0: L’équipe <est> complète." in corps

    @pytest.mark.parametrize("by", ["one", "all"])
    def test_a_commune_without_dgs_is_told_by_its_maire(self, monde: Monde, lignes: list[Ligne], by: str):
        monde.a.dgs.habilitations.update(fin=date(2027, 2, 10))
        if by == "one":
            decide(lignes[0], monde.direction, "refusee", "Complet.")
        else:
            accept_all(declaration=monde.a.declaration, acteur=monde.direction, qualite="Direction")
        (mail,) = Courriel.objects.filter(type__in=["ligne_arbitree", "lignes_arbitrees"])
        assert mail.destinataire == monde.a.maire

    def test_two_instructors_on_one_line(self, monde: Monde, lignes: list[Ligne]):
        decide(lignes[0], monde.direction, "refusee", "Complet.", version=lignes[0].version)
        with pytest.raises(Conflit, match="Direction"):
            decide(lignes[0], monde.direction, "acceptee", version=lignes[0].version)

    @pytest.mark.parametrize("who", ["administrateur", "directeur", "responsable", "direction_voisine"])
    def test_only_the_direction_decides(self, monde: Monde, lignes: list[Ligne], who: str):
        with pytest.raises(ActionInterdite, match="Seule la Direction"):
            accept(lignes[0], getattr(monde, who))

    def test_what_is_in_effect_is_not_decided_again(self, monde: Monde, lignes: list[Ligne], at_time: AtTime):
        accept(lignes[0], monde.direction)
        at_time("2028-01-15")
        for epci in (True, False):
            vote(
                monde.a.declaration,
                monde.direction,
                lignes=lignes[:1],
                epci=epci,
                executoire_on=date(2027, 11, 26),
            )
        with pytest.raises(ActionInterdite):
            decide(lignes[0], monde.direction, "refusee", "Trop tard.")


class TestListe:
    def _url(self, monde: Monde, **query: Any) -> str:
        return reverse("mutualisation:instruction", args=[monde.cycle.pk], query=query)

    def test_only_what_changes_in_submitted_declarations(
        self, monde: Monde, lignes: list[Ligne], client: Any
    ):
        prepare(monde.b.declaration, monde.b.dgs, plus=["DC-01"])  # a draft: nobody's business yet
        client.force_login(monde.direction)
        response = client.get(self._url(monde))
        assert [lue.ligne.pk for lue in response.context["lues"]] == [ligne.pk for ligne in lignes]
        assert "3 demandes attendent une décision" in text_of(response)

    @pytest.mark.parametrize(
        ("query", "codes"),
        [
            ({"nature": "extension"}, ["DA-02"]),
            ({"arbitrage": "acceptee"}, ["DB-02"]),
            ({"nature": "entree", "arbitrage": "a_instruire"}, ["DB-01"]),
            ({"arbitrage": "n'importe"}, ["DA-02", "DB-01", "DB-02"]),
        ],
    )
    def test_filters(
        self, monde: Monde, lignes: list[Ligne], client: Any, query: dict[str, str], codes: list[str]
    ):
        accept(lignes[2], monde.direction)
        client.force_login(monde.direction)
        response = client.get(self._url(monde, **query))
        assert [lue.ligne.activite.code for lue in response.context["lues"]] == codes

    def test_filter_by_commune_and_domain(self, monde: Monde, lignes: list[Ligne], client: Any):
        one_ready_line(monde.b.declaration, monde.b.dgs, "DC-01")
        client.force_login(monde.direction)
        for query, count in (
            ({"commune": monde.b.commune.pk}, 1),
            ({"domaine": lignes[1].domaine_id}, 2),
            ({"commune": monde.b.commune.pk, "domaine": lignes[1].domaine_id}, 0),
        ):
            assert len(client.get(self._url(monde, **query)).context["lues"]) == count

    def test_accept_from_the_list_and_come_back_to_it(self, monde: Monde, lignes: list[Ligne], client: Any):
        client.force_login(monde.direction)
        here = self._url(monde, nature="extension")
        response = client.post(
            reverse("mutualisation:ligne", args=[lignes[0].pk]),
            {"decision": "acceptee", "qualite": "Direction", "version": lignes[0].version, "suite": here},
            follow=True,
        )
        assert response.redirect_chain == [(here, 302)]
        assert "L'Haÿ-les-Roses, Voirie, activité 2 : demande acceptée." in text_of(response)

    def test_never_back_to_another_site(self, monde: Monde, lignes: list[Ligne], client: Any):
        client.force_login(monde.direction)
        url = reverse("mutualisation:ligne", args=[lignes[0].pk])
        response = client.post(
            url, {"decision": "acceptee", "qualite": "x", "suite": "https://ailleurs.example/"}
        )
        assert response.url == url

    def test_accept_a_whole_commune_and_come_back_to_the_same_list(
        self, monde: Monde, lignes: list[Ligne], client: Any
    ):
        decide(lignes[1], monde.direction, "refusee", "Complet.")
        other = one_ready_line(monde.b.declaration, monde.b.dgs)
        client.force_login(monde.direction)
        here = self._url(monde, arbitrage="a_instruire")
        response = client.post(here, {"commune": monde.a.commune.pk}, follow=True)
        assert response.redirect_chain == [(here, 302)]
        assert "L'Haÿ-les-Roses : 2 demandes acceptées." in text_of(response)
        assert [states_of(lignes), states_of([other])] == [
            ["acceptee", "refusee", "acceptee"],
            ["a_instruire"],
        ]
        again = client.post(here, {"commune": monde.a.commune.pk}, follow=True)
        assert "Rien ne restait à instruire" in text_of(again)
        assert Evenement.objects.filter(type="ligne.arbitree").count() == 3

    def test_what_a_commune_completes_is_left_aside_and_told(
        self, monde: Monde, lignes: list[Ligne], client: Any
    ):
        ask_completion(ligne=lignes[1], acteur=monde.direction, texte="Combien d'agents ?")
        client.force_login(monde.direction)
        data = {"commune": monde.a.commune.pk}
        text = text_of(client.post(self._url(monde), data, follow=True))
        assert "2 demandes acceptées. 1 autre attend un complément de la commune : laissée de côté." in text
        assert states_of(lignes) == ["acceptee", "a_instruire", "acceptee"]
        assert "Accepter tout ce qui reste à instruire" not in text

    @pytest.mark.parametrize("commune", ["", "x", "9" * 30, "²"])
    def test_a_strange_commune_accepts_nothing(
        self, monde: Monde, lignes: list[Ligne], client: Any, commune: str
    ):
        client.force_login(monde.direction)
        response = client.post(self._url(monde), {"commune": commune}, follow=True)
        assert "Rien ne restait à instruire" in text_of(response)
        assert set(states_of(lignes)) == {"a_instruire"}

    @pytest.mark.parametrize(
        ("who", "get", "post"),
        [
            ("direction", 200, 302),
            ("administrateur", 200, 403),
            ("directeur", 200, 403),
            ("responsable", 200, 403),
            ("direction_voisine", 404, 404),
        ],
    )
    def test_who_reads_and_who_decides(self, monde: Monde, client: Any, who: str, get: int, post: int):
        client.force_login(getattr(monde, who))
        assert client.get(self._url(monde)).status_code == get
        assert client.post(self._url(monde), {"commune": "1"}).status_code == post

    def test_a_dgs_is_told_where_his_choices_are(self, monde: Monde, client: Any):
        client.force_login(monde.a.dgs)
        response = client.get(self._url(monde))
        assert response.status_code == 403
        assert "Vos propres choix sont dans votre déclaration" in text_of(response)

    def test_pages_of_fifty_with_a_constant_number_of_queries(
        self, monde: Monde, lignes: list[Ligne], client: Any
    ):
        client.force_login(monde.direction)
        with CaptureQueriesContext(connection) as few:
            client.get(self._url(monde))
        for number in range(10):
            commune = member_commune(monde.epci, nom=f"Commune {number:02d}")
            declaration = DeclarationFactory(cycle=monde.cycle, commune=commune, deposee=True)
            for code in ("DA-01", "DA-02", "DB-01", "DB-02", "DC-01"):
                LigneFactory(declaration=declaration, activite=activite(monde.epci, code), acceptee=True)
        with CaptureQueriesContext(connection) as many:
            response = client.get(self._url(monde))
        assert len(response.context["lues"]) == 50
        assert len(client.get(self._url(monde, page="2")).context["lues"]) == 3
        assert len(many) <= len(few)


class TestInstructions:
    def test_to_the_cycle_that_waits(self, monde: Monde, lignes: list[Ligne], client: Any):
        client.force_login(monde.direction)
        response = client.get(reverse("mutualisation:instructions"))
        assert response.url == reverse("mutualisation:instruction", args=[monde.cycle.pk])

    def test_to_the_latest_when_none_waits(self, monde: Monde, client: Any):
        client.force_login(monde.direction)
        response = client.get(reverse("mutualisation:instructions"))
        assert response.url == reverse("mutualisation:instruction", args=[monde.cycle.pk])

    def test_an_epci_without_cycle(self, monde: Monde, client: Any):
        client.force_login(monde.direction_voisine)
        assert "Aucun cycle n'est encore préparé" in text_of(
            client.get(reverse("mutualisation:instructions"))
        )


class TestLigne:
    def _url(self, ligne: Ligne) -> str:
        return reverse("mutualisation:ligne", args=[ligne.pk])

    def test_the_motive_of_the_commune_stands_there(self, monde: Monde, client: Any):
        prepare(
            monde.a.declaration,
            monde.a.dgs,
            moins=["DA-01"],
            motifs={monde.domaine.pk: "<i>Régie</i> d'abord"},
        )
        submit(monde.a.declaration, monde.a.dgs)
        client.force_login(monde.direction)
        page = client.get(self._url(changing(monde.a.declaration)[0])).content.decode()
        assert "&lt;i&gt;Régie&lt;/i&gt; d’abord" in page

    def test_refusing_without_a_motive_keeps_the_rest(self, monde: Monde, lignes: list[Ligne], client: Any):
        client.force_login(monde.direction)
        data = {"decision": "refusee", "motif": "", "qualite": "Directrice", "version": lignes[0].version}
        response = client.post(self._url(lignes[0]), data)
        assert response.status_code == 422
        text = text_of(response)
        assert 'href="#id_motif"' in text
        assert 'value="Directrice"' in text

    def test_an_old_version_is_a_conflict_then_a_decision(
        self, monde: Monde, lignes: list[Ligne], client: Any
    ):
        client.force_login(monde.direction)
        old = lignes[0].version
        decide(lignes[0], monde.direction, "refusee", "Complet.")
        data = {"decision": "acceptee", "motif": "Vu ensemble.", "qualite": "Directrice", "version": old}
        response = client.post(self._url(lignes[0]), data)
        assert response.status_code == 409
        assert "Vu ensemble." in text_of(response)
        again = data | {"version": response.context["form"]["version"].value()}
        assert client.post(self._url(lignes[0]), again).status_code == 302

    def test_a_nul_character_is_a_sentence(self, monde: Monde, lignes: list[Ligne], client: Any):
        client.force_login(monde.direction)
        data = {"decision": "refusee", "motif": "a\x00b", "qualite": "x", "version": 1}
        assert client.post(self._url(lignes[0]), data).status_code == 422

    @pytest.mark.parametrize("who", ["dgs", "maire", "lecteur"])
    def test_the_commune_reads_the_decision_and_may_not_decide(
        self, monde: Monde, lignes: list[Ligne], client: Any, who: str
    ):
        client.force_login(getattr(monde.a, who))
        assert "Seule la Direction des territoires se prononce" in text_of(client.get(self._url(lignes[0])))
        response = client.post(self._url(lignes[0]), {"decision": "acceptee", "qualite": "x"})
        assert response.status_code == 403
        assert "Seule la Direction" in text_of(response)

    def test_the_responsable_of_the_domain_reads_it(self, monde: Monde, lignes: list[Ligne], client: Any):
        client.force_login(monde.responsable)
        assert client.get(self._url(lignes[0])).status_code == 200
        assert client.get(self._url(lignes[1])).status_code == 404

    def test_a_line_still_in_a_draft_does_not_exist(self, monde: Monde, client: Any):
        prepare(monde.a.declaration, monde.a.dgs, plus=["DB-01"])
        client.force_login(monde.direction)
        assert client.get(self._url(monde.a.declaration.lignes.get())).status_code == 404

    def test_late_acts_open_the_form_of_the_date(
        self, monde: Monde, lignes: list[Ligne], client: Any, at_time: AtTime
    ):
        accept(lignes[0], monde.direction)
        client.force_login(monde.direction)
        assert "Fixer la date d'effet" not in text_of(client.get(self._url(lignes[0])))
        at_time("2028-01-20")
        for epci in (True, False):
            vote(
                monde.a.declaration,
                monde.direction,
                lignes=lignes[:1],
                epci=epci,
                executoire_on=date(2028, 1, 12),
            )
        assert "Fixer la date d'effet" in text_of(client.get(self._url(lignes[0])))
        dater = reverse("mutualisation:ligne_dater", args=[lignes[0].pk])
        refused = client.post(dater, {"effet_on": "2028-01-11"})
        assert refused.status_code == 422
        assert "ne peut pas précéder le 12 janvier 2028" in text_of(refused)
        assert 'value="2028-01-11"' in text_of(refused)
        assert "En vigueur depuis le 12 janvier 2028" in text_of(
            client.post(dater, {"effet_on": "2028-01-12"}, follow=True)
        )

    def test_only_the_direction_dates(self, monde: Monde, lignes: list[Ligne], client: Any):
        client.force_login(monde.a.dgs)
        response = client.post(
            reverse("mutualisation:ligne_dater", args=[lignes[0].pk]), {"effet_on": "2028-01-12"}
        )
        assert response.status_code == 403
