"""The list of contracts: what is missing, by state, as a sheet; a draft moved to another year; a commune gone."""

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from contrats.fiche import incomplete, missing_texts
from contrats.models import Contrat, Engagement
from contrats.workflows import circuit
from contrats.workflows.contrat import prepare_contract
from territoire.models import Appartenance, Filiation
from tests.contrats.gestes import move, present, signed
from tests.factories import AdhesionFactory, Monde, activite, domaine

LIST = "/contrats/"


def listed(client: Client, monde: Monde, query: str = "") -> str:
    client.force_login(monde.direction)
    return client.get(LIST + query).content.decode()


def test_what_a_query_finds_incomplete_is_what_the_fiche_says(monde: Monde):
    texts = (
        "missions",
        "evaluation_prealable",
        "engagements_epci",
        "engagements_commune",
        "conditions_normales",
    )
    whole = Engagement.objects.filter(pk=monde.a.engagement.pk)
    whole.update(**dict.fromkeys(texts, "Écrit."), niveau_attendu="Deux jours.", horaires="8 h")
    for change in ({}, {"horaires": "  "}, {"niveau_attendu": ""}, {"missions": "\n"}):
        whole.update(horaires="8 h", niveau_attendu="Deux jours.", missions="Écrit.")
        whole.update(**change)
        row = whole.prefetch_related("indicateurs").get()
        assert incomplete(whole).exists() == bool(missing_texts(row)), change


def test_what_does_not_block_the_vote_is_said_too(client: Client, monde: Monde):
    monde.a.version.engagements.update(niveau_attendu="Deux jours.", missions="")
    assert "1\u00a0fiche à compléter<" in listed(client, monde)
    monde.a.version.engagements.update(niveau_attendu="")
    assert "dont 1\u00a0sans niveau attendu" in listed(client, monde)


def test_by_state(client: Client, monde: Monde):
    move(monde, circuit.send_for_review)
    under_review = listed(client, monde, "?etat=en_relecture")
    assert "L’Haÿ-les-Roses</a>" in under_review
    assert "Œuilly" not in under_review
    assert "L’Haÿ-les-Roses</a>" not in listed(client, monde, "?etat=sans")


def test_a_contract_that_ends_is_found_as_its_row_says(client: Client, monde: Monde):
    version = signed(monde)
    name = "L’Haÿ-les-Roses</a>"
    assert name in listed(client, monde, "?etat=signe") and name not in listed(client, monde, "?etat=fini")
    facts = {"fin_on": date(2028, 6, 1), "fin_nature": "resiliation", "fin_motif": "Décidé."}
    Contrat.objects.filter(pk=version.contrat_id).update(**facts)
    assert name in listed(client, monde, "?etat=fini") and name not in listed(client, monde, "?etat=signe")
    assert "Œuilly" not in listed(client, monde, "?etat=fini")


@pytest.mark.parametrize("kind", ["xlsx", "ods", "csv"])
def test_as_a_sheet(client: Client, monde: Monde, kind: str):
    client.force_login(monde.direction)
    found = client.get(LIST, {"format": kind, "q": "hay"})
    assert "attachment" in found["Content-Disposition"]
    if kind == "csv":
        lines = found.content.decode("utf-8-sig").splitlines()
        assert lines[0] == "Commune;Contrat;État;Effet le;Domaines;Il manque encore"
        assert [line.split(";")[0] for line in lines[1:]] == ["L'Haÿ-les-Roses"]


class TestAnotherYear:
    def test_what_changed_since_is_said_and_the_draft_follows(
        self, client: Client, monde: Monde, at_time: Any
    ):
        version = monde.a.version
        prepare_contract(
            epci=monde.epci, commune=monde.a.commune, effective_on=date(2027, 1, 1), acteur=monde.direction
        )
        where = {"epci": monde.epci, "commune": monde.a.commune}
        AdhesionFactory(**where, activite=activite(monde.epci, "DC-01"), debut=date(2028, 1, 1))
        at_time("2028-01-02")
        page = reverse("contrats:contrat", args=[version.contrat_id])
        client.force_login(monde.direction)
        html = client.get(page).content.decode()
        assert f"{domaine(monde.epci, 'DC')} est partagé et n’a pas de fiche" in html
        assert '<option value="2028-01-01" selected>' in html
        sent = {"commune": monde.a.commune.pk, "effet": "2028-01-01"}
        assert client.post(reverse("contrats:preparer"), sent).url == page
        assert present(version).effective_on == date(2028, 1, 1)
        assert "n’a pas de fiche" not in client.get(page).content.decode()

    def test_the_list_moves_it_too(self, client: Client, monde: Monde):
        prepare_contract(
            epci=monde.epci, commune=monde.a.commune, effective_on=date(2027, 1, 1), acteur=monde.direction
        )
        assert "Préparer pour le 1" in listed(client, monde, "?effet=2028-01-01")
        assert "Préparer pour le 1" not in listed(client, monde, "?effet=2027-01-01")


class TestGone:
    def test_the_page_says_since_when_and_who_took_over(self, client: Client, monde: Monde, at_time: Any):
        gone = Appartenance.objects.filter(commune=monde.a.commune, epci=monde.epci)
        gone.update(fin=date(2027, 3, 1))
        day = date(2027, 3, 1)
        Filiation.objects.create(ancienne=monde.a.commune, nouvelle=monde.b.commune, effective_on=day)
        at_time("2027-03-02")
        client.force_login(monde.direction)
        html = client.get(reverse("contrats:contrat", args=[monde.a.version.contrat_id])).content.decode()
        assert "Œuilly a succédé à L’Haÿ-les-Roses le 1" in html
        assert f"/contrats/{monde.b.version.contrat_id}/" in html
        assert "Mettre à jour" not in html
