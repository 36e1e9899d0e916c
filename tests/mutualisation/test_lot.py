"""The work list in depth: many lines at once, filters, age, views kept, sheets; the same queries for 28 and 158 communes."""

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from comptes.models import Vue
from journal.models import Courriel, Evenement
from mutualisation.models import Ligne
from mutualisation.workflows import instruction as workflow
from mutualisation.workflows.etude import Travail, study
from mutualisation.workflows.instruction import Decision, Resultat, decide_many, mark_receivable
from mutualisation.workflows.ligne import RELATED
from socle.erreurs import Refus
from tests.concurrence import failures, together
from tests.factories import DeclarationFactory, LigneFactory, Monde, activite, fresh, member_commune
from tests.mutualisation.gestes_instruction import ask, comment, decide, give_avis
from tests.mutualisation.test_declaration import text_of

AtTime = Callable[[Any], datetime]
REFUSE = Decision("refusee", "Service complet.", "Direction")
ACCEPT = Decision("acceptee", "", "Direction")


@pytest.fixture
def lignes(monde: Monde) -> list[Ligne]:
    """Three lines of A, then one of B."""
    return [*ask(monde), *ask(monde, "DC-01", cote=monde.b)]


def read(lignes: list[Ligne]) -> list[tuple[int, int | None]]:
    """The lines with the version a page would have read."""
    return [(one.pk, one.version) for one in lignes]


def states(lignes: list[Ligne]) -> list[str]:
    rows = Ligne.objects.filter(pk__in=[one.pk for one in lignes]).order_by("pk")
    return list(rows.values_list("arbitrage", flat=True))


class TestLot:
    def test_one_mail_per_commune_and_a_result_per_line(self, monde: Monde, lignes: list[Ligne]):
        resultats = decide_many(lignes=read(lignes), acteur=monde.direction, said=REFUSE)
        assert {one.fait for one in resultats} == {True} and len(resultats) == 4
        assert set(states(lignes)) == {"refusee"}
        mails = Courriel.objects.filter(type="lignes_arbitrees")
        assert {one.destinataire for one in mails} == {monde.a.dgs, monde.b.dgs} and mails.count() == 2
        ours = mails.get(destinataire=monde.a.dgs)
        assert "3\u00a0demandes refusées" in ours.sujet and ours.corps.count("refusée.") == 3
        assert "Service complet." in ours.corps and "Espaces verts" not in ours.corps

    def test_one_refusal_undoes_no_other(self, monde: Monde, lignes: list[Ligne]):
        sent = read(lignes)
        decide(lignes[1], monde.direction, "reportee", "L'an prochain.")
        resultats = {one.ligne: one for one in decide_many(lignes=sent, acteur=monde.direction, said=ACCEPT)}
        assert not resultats[lignes[1].pk].fait
        assert "Claude Direction a modifié" in resultats[lignes[1].pk].message
        assert sorted(states(lignes)) == ["acceptee", "acceptee", "acceptee", "reportee"]
        assert (
            "2\u00a0demandes acceptées"
            in Courriel.objects.filter(type="lignes_arbitrees").get(destinataire=monde.a.dgs).sujet
        )

    def test_nothing_is_written_without_a_motive(self, monde: Monde, lignes: list[Ligne]):
        with pytest.raises(Refus, match="Dites pourquoi"):
            decide_many(
                lignes=read(lignes), acteur=monde.direction, said=Decision("refusee", " ", "Direction")
            )
        assert set(states(lignes)) == {"a_instruire"}

    def test_recevable_in_bulk_without_mail(self, monde: Monde, lignes: list[Ligne]):
        comment(monde, lignes[0])
        Courriel.objects.all().delete()
        sent = read(list(Ligne.objects.filter(pk__in=[one.pk for one in lignes]).order_by("pk")))
        resultats = {
            one.ligne: one
            for one in decide_many(lignes=sent, acteur=monde.direction, said=Decision("recevable", "", "x"))
        }
        assert resultats[lignes[0].pk] == Resultat(
            lignes[0].pk,
            False,
            "Un complément est attendu de la commune : la ligne sera recevable après sa réponse.",
        )
        assert resultats[lignes[1].pk].message == "recevable"
        assert not Courriel.objects.exists()

    def test_what_a_decision_undoes_is_told_line_by_line(self, monde: Monde, lignes: list[Ligne]):
        decide(lignes[0], monde.direction, "refusee", "Service complet.")
        comment(monde, lignes[1])
        decide(lignes[2], monde.direction, "acceptee")
        known = read(list(Ligne.objects.filter(pk__in=[one.pk for one in lignes]).order_by("pk")))
        said = Decision("acceptee", "", "Direction")
        told = {
            one.ligne: one.message for one in decide_many(lignes=known, acteur=monde.direction, said=said)
        }
        assert [told[one.pk] for one in lignes] == [
            "acceptée (était refusée : Service complet.)",
            "acceptée, complément en attente abandonné",
            "déjà acceptée",
            "acceptée",
        ]

    def test_who_may_not_is_told_line_by_line(self, monde: Monde, lignes: list[Ligne]):
        resultats = decide_many(lignes=read(lignes), acteur=monde.administrateur, said=ACCEPT)
        assert {one.fait for one in resultats} == {False}
        assert "Seule la Direction" in resultats[0].message
        assert not Evenement.objects.filter(type="ligne.arbitree").exists()

    def test_the_same_again_changes_nothing(self, monde: Monde, lignes: list[Ligne]):
        for _ in range(2):
            resultats = decide_many(lignes=read(lignes), acteur=monde.direction, said=REFUSE)
        assert {one.fait for one in resultats} == {True}
        assert Evenement.objects.filter(type="ligne.arbitree").count() == 4
        assert Courriel.objects.filter(type="lignes_arbitrees").count() == 2


class TestLotParLaPage:
    def _url(self, monde: Monde, **query: Any) -> str:
        return reverse("mutualisation:instruction", args=[monde.cycle.pk], query=query)

    def _boxes(self, lignes: list[Ligne]) -> list[str]:
        return [f"{one.pk}:{one.version}" for one in lignes]

    def test_results_are_told_after_a_redirect(self, monde: Monde, lignes: list[Ligne], client: Any):
        client.force_login(monde.direction)
        boxes = self._boxes(lignes)
        decide(lignes[0], monde.direction, "acceptee")
        data = {"geste": "reportee", "motif": "L'an prochain.", "qualite": "Direction", "lignes": boxes}
        response = client.post(self._url(monde, nature="entree"), data, follow=True)
        url, code = response.redirect_chain[0]
        assert (url, code) == (reverse("mutualisation:instruction_resultat", args=[monde.cycle.pk]), 302)
        text = text_of(response)
        assert "3 lignes traitées, 1 ligne laissée telle quelle." in text
        assert "Laissées telles quelles" in text and "a modifié cette page" in text
        assert 'href="' + self._url(monde, nature="entree") in text

    @pytest.mark.parametrize(
        ("data", "sentence"),
        [
            ({"geste": "refusee", "motif": ""}, "Dites pourquoi"),
            ({"geste": ""}, "Choisissez ce que vous faites"),
            ({"geste": "acceptee", "lignes": []}, "Cochez au moins une ligne."),
            ({"geste": "acceptee", "lignes": ["x", "1:", "9" * 40]}, "Cochez au moins une ligne."),
        ],
    )
    def test_bad_input_keeps_the_boxes_and_the_motive(
        self, monde: Monde, lignes: list[Ligne], client: Any, data: dict[str, Any], sentence: str
    ):
        client.force_login(monde.direction)
        sent = {"qualite": "Directrice", "lignes": self._boxes(lignes[:2])} | data
        response = client.post(self._url(monde), sent)
        assert response.status_code == 422
        text = text_of(response)
        assert sentence in text and 'value="Directrice"' in text
        kept = 2 if sent["lignes"] == self._boxes(lignes[:2]) else 0
        assert text.count(" checked") == kept
        assert set(states(lignes)) == {"a_instruire"}

    def test_lines_of_another_epci_are_left_out(self, monde: Monde, lignes: list[Ligne], client: Any):
        client.force_login(monde.direction_voisine)
        data = {"geste": "acceptee", "qualite": "x", "lignes": self._boxes(lignes)}
        assert client.post(self._url(monde), data).status_code == 404

    def test_tick_the_whole_page_without_script(self, monde: Monde, lignes: list[Ligne], client: Any):
        client.force_login(monde.direction)
        text = text_of(client.get(self._url(monde, cocher="tout")))
        assert text.count(" checked") == 4 and "pas cochée" not in text

    def test_what_is_decided_or_awaited_is_not_ticked_with_the_others(
        self, monde: Monde, lignes: list[Ligne], client: Any
    ):
        decide(lignes[0], monde.direction, "refusee", "Service complet.")
        comment(monde, lignes[1])
        client.force_login(monde.direction)
        text = text_of(client.get(self._url(monde, cocher="tout")))
        assert text.count(" checked") == 2
        assert "2 lignes de cette page ne sont pas cochées" in text

    def test_boxes_unticked_stay_so_after_a_fault(self, monde: Monde, lignes: list[Ligne], client: Any):
        client.force_login(monde.direction)
        data = {"geste": "refusee", "motif": "", "qualite": "x", "lignes": self._boxes(lignes[:2])}
        response = client.post(self._url(monde, cocher="tout"), data)
        assert response.status_code == 422 and text_of(response).count(" checked") == 2

    def test_accept_one_at_the_end_of_its_line(self, monde: Monde, lignes: list[Ligne], client: Any):
        client.force_login(monde.direction)
        here = self._url(monde, nature="extension")
        response = client.post(here, {"une": self._boxes(lignes)[0]}, follow=True)
        assert response.redirect_chain == [(here, 302)]
        assert "Voirie, activité 2 : demande acceptée." in text_of(response)
        decide(lignes[1], monde.direction, "refusee", "Complet.")
        again = text_of(client.post(here, {"une": self._boxes(lignes)[1]}, follow=True))
        assert "a modifié cette page entre-temps" in again

    def test_no_result_to_tell_leads_to_the_list(self, monde: Monde, client: Any):
        client.force_login(monde.direction)
        response = client.get(reverse("mutualisation:instruction_resultat", args=[monde.cycle.pk]))
        assert response.url == self._url(monde)

    def test_a_responsable_reads_his_domain_and_decides_nothing(
        self, monde: Monde, lignes: list[Ligne], client: Any
    ):
        client.force_login(fresh(monde.responsable))
        response = client.get(self._url(monde))
        assert [one.ligne.activite.code for one in response.context["lues"]] == ["DA-02"]
        assert "Plusieurs lignes à la fois" not in text_of(response)
        data = {"geste": "acceptee", "qualite": "x", "lignes": self._boxes(lignes)}
        assert client.post(self._url(monde), data).status_code == 403


class TestFiltres:
    def _codes(self, monde: Monde, client: Any, **query: Any) -> list[str]:
        url = reverse("mutualisation:instruction", args=[monde.cycle.pk], query=query)
        return [one.ligne.activite.code for one in client.get(url).context["lues"]]

    def test_by_step_avis_pole_and_who_conducts(self, monde: Monde, lignes: list[Ligne], client: Any):
        mark_receivable(ligne=lignes[1], acteur=monde.direction)
        study(
            declaration=lignes[1].declaration,
            domaine=lignes[1].domaine,
            acteur=monde.direction,
            travail=Travail("", "", "reserve", "Effectif.", monde.direction.pk),
            version=0,
        )
        decide(lignes[2], monde.direction, "acceptee")
        client.force_login(monde.direction)
        assert self._codes(monde, client, etape="etudiee") == ["DB-01"]
        assert self._codes(monde, client, etape="recue") == ["DA-02", "DC-01"]  # DB-02 is decided
        assert self._codes(monde, client, avis="reserve") == ["DB-01", "DB-02"]
        assert self._codes(monde, client, avis="sans") == ["DA-02", "DC-01"]
        assert self._codes(monde, client, conduite=monde.direction.pk) == ["DB-01", "DB-02"]
        nord = monde.epci.poles.get(nom="Pôle Nord")
        assert self._codes(monde, client, pole=nord.pk) == ["DA-02", "DB-01", "DB-02"]

    def test_by_age_the_suspended_days_left_out(
        self, monde: Monde, lignes: list[Ligne], client: Any, at_time: AtTime
    ):
        comment(monde, lignes[0])
        at_time("2027-03-01")  # 13 worked days after the deposit
        client.force_login(monde.direction)
        assert self._codes(monde, client, age="10") == ["DB-01", "DB-02", "DC-01"]
        assert self._codes(monde, client, age="20") == []

    def test_orders(self, monde: Monde, lignes: list[Ligne], client: Any, at_time: AtTime):
        at_time("2027-02-11")
        decide(lignes[3], monde.direction, "acceptee")
        client.force_login(monde.direction)
        assert self._codes(monde, client, tri="decision")[0] == "DC-01"
        assert self._codes(monde, client, tri="domaine") == ["DA-02", "DB-01", "DB-02", "DC-01"]
        assert len(self._codes(monde, client, tri="depot")) == 4

    def test_a_refused_line_says_why_in_the_list(self, monde: Monde, lignes: list[Ligne], client: Any):
        decide(lignes[0], monde.direction, "reportee", "Recrutement <en> cours.")
        client.force_login(monde.direction)
        page = client.get(reverse("mutualisation:instruction", args=[monde.cycle.pk]))
        assert "Recrutement &lt;en&gt; cours." in page.content.decode()

    def test_sheets_hold_the_filtered_lines(self, monde: Monde, lignes: list[Ligne], client: Any):
        decide(lignes[0], monde.direction, "refusee", "=cmd")
        client.force_login(monde.direction)
        url = reverse("mutualisation:instruction", args=[monde.cycle.pk])
        sheet = client.get(url, {"format": "csv", "arbitrage": "refusee"}).content.decode("utf-8-sig")
        header, row = sheet.splitlines()
        assert header.startswith("Commune;Code INSEE;Domaine;Activité")
        assert ";refusée;'=cmd;Claude Direction;Direction;" in row
        assert client.get(url, {"format": "xlsx"}).content[:2] == b"PK"

    @pytest.mark.parametrize("query", [{"tri": "x"}, {"age": "x"}, {"conduite": "999999"}, {"page": "²"}])
    def test_strange_filters_are_no_error(
        self, monde: Monde, lignes: list[Ligne], client: Any, query: dict[str, str]
    ):
        client.force_login(monde.direction)
        url = reverse("mutualisation:instruction", args=[monde.cycle.pk], query=query)
        assert client.get(url).status_code == 200

    def test_158_communes_ask_no_more_queries_than_two(self, monde: Monde, lignes: list[Ligne], client: Any):
        client.force_login(monde.direction)
        url = reverse("mutualisation:instruction", args=[monde.cycle.pk], query={"age": "10", "avis": "sans"})
        with CaptureQueriesContext(connection) as few:
            client.get(url)
        for number in range(12):
            commune = member_commune(monde.epci, nom=f"Commune {number:02d}")
            declaration = DeclarationFactory(cycle=monde.cycle, commune=commune, deposee=True)
            ligne = LigneFactory(declaration=declaration, activite=activite(monde.epci, "DB-01"))
            comment(monde, ligne)
        with CaptureQueriesContext(connection) as many:
            client.get(url)
        assert len(many) <= len(few) + 1  # one more read: there are rows to show


class TestVues:
    def test_kept_used_replaced_and_forgotten(self, monde: Monde, lignes: list[Ligne], client: Any):
        client.force_login(monde.direction)
        here = reverse("mutualisation:instruction", args=[monde.cycle.pk])
        sent = {"page": "mutualisation:instruction", "requete": "nature=extension", "suite": here}
        url = reverse("comptes:vue_nouvelle")
        text = text_of(client.post(url, sent | {"nom": " Mes  extensions "}, follow=True))
        assert "Vue « Mes extensions » enregistrée." in text and 'href="?nature=extension"' in text
        client.post(url, sent | {"nom": "Mes extensions", "requete": "nature=retrait"})
        vue = Vue.objects.get()
        assert vue.requete == "nature=retrait"
        forget = reverse("comptes:vue_supprimer", args=[vue.pk])
        client.force_login(monde.administrateur)
        assert client.post(forget).status_code == 404
        client.force_login(monde.direction)
        assert client.post(forget, {"suite": here}).url == here
        assert not Vue.objects.exists()

    def test_a_view_without_name_is_told(self, monde: Monde, client: Any):
        client.force_login(monde.direction)
        response = client.post(
            reverse("comptes:vue_nouvelle"),
            {"page": "mutualisation:instruction", "nom": "  ", "requete": "x=1"},
        )
        assert response.status_code == 422
        assert "Donnez un nom à cette vue." in text_of(response) and 'value="x=1"' in text_of(response)

    def test_never_back_to_another_site(self, monde: Monde, client: Any):
        client.force_login(monde.direction)
        data = {"page": "a:b", "nom": "x", "suite": "https://ailleurs.example/"}
        assert client.post(reverse("comptes:vue_nouvelle"), data).url == reverse("accueil")


@pytest.mark.django_db(transaction=True)
def test_two_instructors_in_bulk_on_the_same_lines(monde: Monde):
    """Each line is decided once; the slower one is told who was faster."""
    lignes = [*ask(monde), *ask(monde, "DC-01", cote=monde.b)]
    results = together(
        lambda: decide_many(lignes=read(lignes), acteur=monde.direction, said=ACCEPT),
        lambda: decide_many(lignes=read(lignes), acteur=monde.direction, said=REFUSE),
    )
    assert failures(results) == []
    done = [[one.fait for one in result] for result in results]
    assert sum(map(sum, done)) == 4
    assert Evenement.objects.filter(type="ligne.arbitree").count() == 4
    refused = [one.message for result in results for one in result if not one.fait]
    assert all("Claude Direction a modifié" in message for message in refused)


@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_one_line_is_decided_twice(monde: Monde, monkeypatch: pytest.MonkeyPatch):
    lignes = ask(monde, "DB-01")
    both = threading.Barrier(2)

    def read_together(pk: int, version: int | None = None) -> Ligne:
        ligne: Ligne = Ligne.objects.select_related(*RELATED).get(pk=pk)
        assert version in (None, ligne.version)
        both.wait(10)
        return ligne

    monkeypatch.setattr(workflow, "locked_line", read_together)
    results = together(
        lambda: decide_many(lignes=read(lignes), acteur=monde.direction, said=ACCEPT),
        lambda: decide_many(lignes=read(lignes), acteur=monde.direction, said=REFUSE),
    )
    assert failures(results) == []
    assert Evenement.objects.filter(type="ligne.arbitree").count() == 2


def test_a_study_is_seen_from_the_list(monde: Monde, client: Any):
    lignes = ask(monde, "DB-01")
    give_avis(lignes[0], monde.direction, "favorable")
    client.force_login(monde.direction)
    assert "avis favorable" in text_of(
        client.get(reverse("mutualisation:instruction", args=[monde.cycle.pk]))
    )
