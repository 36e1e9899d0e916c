"""The number of SQL queries of a list does not grow with its rows, whoever reads it."""

from collections.abc import Callable
from typing import NamedTuple

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from comptes.models import Personne
from config.api import RESOURCES
from journal.workflows.unite import record, unit
from tests.api.conftest import bearer
from tests.factories import (
    ActiviteFactory,
    AdhesionFactory,
    ContratFactory,
    CycleFactory,
    DomaineFactory,
    EngagementFactory,
    HabilitationFactory,
    Monde,
    RevueFactory,
    SiegeFactory,
    TitulaireFactory,
    VersionContratFactory,
    activite,
    domaine,
    member_commune,
)

pytestmark = pytest.mark.django_db
FEW, MANY = 3, 30


def grow(monde: Monde) -> None:
    """One more commune in the pôle of the director, with one of everything."""
    epci = monde.epci
    commune = member_commune(epci, pole=monde.directeur.habilitations.get().pole)
    AdhesionFactory(epci=epci, commune=commune, activite=activite(epci))
    version = VersionContratFactory(contrat=ContratFactory(epci=epci, commune=commune))
    EngagementFactory(version_contrat=version, domaine=monde.domaine)
    EngagementFactory(version_contrat=version, domaine=domaine(epci, "DB"))
    RevueFactory(epci=epci, commune=commune, domaine=monde.domaine)
    seat = SiegeFactory(epci=epci, commune=commune, domaine=monde.domaine)
    TitulaireFactory(siege=seat)
    TitulaireFactory(siege=seat, rang="suppleant")
    with unit():
        record(type="essai", objet=commune, epci=epci, libelle="Essai", acteur=None, commune=commune)


class Measure(NamedTuple):
    rows: int
    queries: int


Cost = Callable[[str, Personne], Measure]


@pytest.fixture
def cost(api_client: APIClient) -> Cost:
    """What one list costs to one person."""

    def measure(path: str, who: Personne) -> Measure:
        header = bearer(who)
        with CaptureQueriesContext(connection) as queries:
            response = api_client.get(f"/api/v1/{path}/", {"taille": 200}, **header)
        return Measure(len(response.json()["resultats"]), len(queries))

    return measure


OF_COMMUNES = ("communes", "adhesions", "contrats", "sieges", "revues", "evenements")
OF_EPCI = ("epcis", "cycles", "domaines", "activites")


def test_every_list_is_measured():
    assert set(OF_COMMUNES) | set(OF_EPCI) == set(RESOURCES)


# A line of the journal belongs to a commune, not to a domain: a responsable de service reads none of them.
READS = {"service": OF_COMMUNES, "directeur": OF_COMMUNES, "responsable": OF_COMMUNES[:-1]}


@pytest.mark.parametrize("who", READS)
def test_thirty_communes_cost_what_three_do(monde: Monde, cost: Cost, who: str):
    person, paths = getattr(monde, who), READS[who]
    for _ in range(FEW):
        grow(monde)
    before = {path: cost(path, person) for path in paths}
    for _ in range(MANY - FEW):
        grow(monde)
    after = {path: cost(path, person) for path in paths}
    for path in paths:
        assert after[path].rows == before[path].rows + MANY - FEW, path
        assert after[path].queries == before[path].queries, path


def test_thirty_rows_cost_what_three_do_in_the_lists_of_an_epci(monde: Monde, cost: Cost):
    before = {path: cost(path, monde.service) for path in OF_EPCI}
    for year in range(MANY):
        HabilitationFactory(personne=monde.service, service=True)
        CycleFactory(epci=monde.epci, calendrier=True, annee=2100 + year)
        DomaineFactory(epci=monde.epci)
        ActiviteFactory(epci=monde.epci)
    after = {path: cost(path, monde.service) for path in OF_EPCI}
    for path in OF_EPCI:
        assert after[path].rows == before[path].rows + MANY, path
        assert after[path].queries == before[path].queries, path
