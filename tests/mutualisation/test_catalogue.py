"""The catalogue in force, as every commune reads it."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client

from comptes.models import Role
from mutualisation.models import Catalogue
from mutualisation.workflows.catalogue import load_reference_catalogue
from tests.factories import AdhesionFactory, EpciFactory, Monde, activite, catalogue, holder, member_commune

pytestmark = pytest.mark.django_db


def page(client: Client, user: Any) -> str:
    client.force_login(user)
    response = client.get("/catalogue/")
    assert response.status_code == 200
    return response.content.decode()


@pytest.fixture(autouse=True)
def _today(at_time: Callable[[Any], Any]) -> None:
    at_time("2027-02-10")


def test_the_reference_edition_is_readable_by_a_commune_not_yet_in(client: Client):
    epci = EpciFactory()
    edition = load_reference_catalogue(epci=epci, effective_on=date(2026, 1, 1))
    html = page(client, holder(Role.DGS, epci, commune=member_commune(epci)))
    assert html.count('<details class="repli"') == edition.domaines.count() == 18
    assert html.count("pas encore partagé") == 18
    assert "Fonctions supports" in html
    assert "Fonctions opérationnelles" in html
    assert "ce n’est pas une liste officielle" in html
    assert "Imputation sur l’attribution de compensation" in html
    assert "Exécution des dépenses (engagement, mandatement)" in html


def test_only_the_edition_in_force_shows(client: Client):
    epci = EpciFactory()
    catalogue(epci)
    newer = catalogue(epci, effective_on=date(2028, 1, 1), activites=5)
    Catalogue.objects.create(epci=epci, effective_on=date(2027, 1, 1))  # not frozen: still being written
    assert newer.activites.count() == 15
    html = page(client, holder(Role.DIRECTION_TERRITOIRES, epci))
    assert "Voirie, activité 3" in html
    assert "Voirie, activité 4" not in html


def test_how_many_communes_share_each_domain_today(client: Client):
    epci = EpciFactory()
    catalogue(epci)
    for _ in range(2):
        commune = member_commune(epci)
        AdhesionFactory(epci=epci, commune=commune, activite=activite(epci, "DA-01"))
        AdhesionFactory(epci=epci, commune=commune, activite=activite(epci, "DA-02"))
    AdhesionFactory(epci=epci, commune=commune, activite=activite(epci, "DB-01"), debut=date(2028, 1, 1))
    html = page(client, holder(Role.DIRECTION_TERRITOIRES, epci))
    assert html.count("2\u00a0communes sur 2") == 1
    assert html.count("pas encore partagé") == 2


def test_an_epci_without_edition_says_so(client: Client):
    assert "n’est pas encore publié" in page(client, holder(Role.DIRECTION_TERRITOIRES, EpciFactory()))


def test_the_catalogue_of_another_epci_does_not_show(client: Client, monde: Monde):
    activite(monde.epci, "DA-01").versions.update(libelle="Éclairage public")
    assert "Éclairage public" in page(client, monde.a.dgs)
    assert "Éclairage public" not in page(client, monde.direction_voisine)
