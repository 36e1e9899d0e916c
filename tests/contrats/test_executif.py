"""« Changement d'exécutif »: what lapses, what is to confirm, and what stays."""

from datetime import date
from typing import Any

import pytest
from django.urls import reverse

from contrats.executif import lapsing
from mutualisation.models import Titulaire
from tests.contrats.gestes import president, signatory_pk
from tests.factories import Monde, SiegeFactory, TitulaireFactory, domaine, fresh
from tests.mutualisation.gestes import text_of

MARCH = date(2027, 3, 22)


@pytest.fixture
def held(monde: Monde) -> list[tuple[str, str, str]]:
    """What lapses in A on 22 March 2027: its maire gave a délégation to the DGS, and stands in for a référent."""
    president(monde)
    signatory_pk(monde)
    seat = SiegeFactory(epci=monde.epci, commune=monde.a.commune, domaine=domaine(monde.epci, "DB"))
    TitulaireFactory(siege=seat, personne=fresh(monde.a.maire), rang=Titulaire.Rang.SUPPLEANT)
    return told(monde, monde.a.commune)


def told(monde: Monde, commune: Any, on: date = MARCH) -> list[tuple[str, str, str]]:
    return [(one.personne.nom, one.quoi, one.sort) for one in lapsing(monde.epci, commune, on)]


def test_what_the_mandate_held(monde: Monde, held: list[tuple[str, str, str]]):
    assert sorted(held) == sorted(
        [
            (monde.a.maire.nom, "rôle : maire", "cesse"),
            (monde.a.lecteur.nom, "rôle : élu", "à confirmer"),
            (monde.a.dgs.nom, "délégation de signature, arrêté n° 12", "cesse"),
            (monde.a.maire.nom, "siège Ressources humaines : suppléant", "à confirmer"),
        ]
    )


def test_the_president_of_the_epci(monde: Monde, held: list[tuple[str, str, str]]):
    assert told(monde, None) == [("Leroy", "présidente", "cesse")]


def test_before_the_mandate_nothing_lapses(monde: Monde, held: list[tuple[str, str, str]]):
    assert told(monde, monde.a.commune, date(2019, 1, 1)) == []


def test_the_page_leads_to_each_place(monde: Monde, held: list[tuple[str, str, str]], client: Any):
    address = reverse("contrats:executif_commune", args=[monde.a.commune.pk])
    account = reverse("comptes:personne", args=[monde.a.maire.pk])
    signatures = reverse("contrats:signataires_commune", args=[monde.a.commune.pk])
    for who, shown, hidden in (
        (monde.administrateur, account, signatures),
        (monde.direction, signatures, account),
    ):
        client.force_login(who)
        page = text_of(client.get(address, {"le": MARCH.isoformat()}))
        assert f'href="{shown}"' in page and f'href="{hidden}"' not in page
        assert "arrêté n° 12" in page and "rôle : maire" in page


def test_a_day_that_is_none_is_told(monde: Monde, client: Any):
    client.force_login(monde.direction)
    page = client.get(reverse("contrats:executif_epci"), {"le": "32/13/2027"})
    assert page.status_code == 422
    assert "n'existe pas" in text_of(page)
