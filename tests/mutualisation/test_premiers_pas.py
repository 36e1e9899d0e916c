"""The first steps of an EPCI: each one's state comes from the data, and the guide leaves once all is done."""

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from comptes.models import Role
from mutualisation.models import Adhesion, Cycle
from mutualisation.premiers_pas import Pas, PremiersPas, remaining
from territoire.models import Appartenance, Epci, JourFerie
from tests.factories import (
    AdhesionFactory,
    CycleFactory,
    EpciFactory,
    HabilitationFactory,
    Monde,
    SiegeFactory,
    activite,
    catalogue,
    domaine,
    holder,
    member_commune,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def epci(at_time: Any) -> Epci:
    """An EPCI on its first day: two communes and nothing else."""
    at_time("2027-02-10 10:00")
    one = EpciFactory(nom="Communauté neuve")
    for nom in ("Ambès", "Bègles"):
        member_commune(one, nom=nom)
    return one


def steps(epci: Epci) -> dict[str, Pas]:
    return {step.titre: step for step in PremiersPas(epci).read()}


def ready(epci: Epci) -> None:
    """Everything done."""
    catalogue(epci)
    for year in (2027, 2028):
        JourFerie.objects.create(epci=epci, jour=date(year, 1, 1), nom="Jour de l'an")
    holder(Role.DIRECTION_TERRITOIRES, epci)
    for row in Appartenance.objects.filter(epci=epci):
        holder(Role.DGS, epci, commune=row.commune)
    for code in ("DA", "DB", "DC"):
        SiegeFactory(
            epci=epci, responsable=True, domaine=domaine(epci, code), titulaire=holder(Role.AGENT, epci)
        )
    AdhesionFactory(epci=epci, commune=row.commune, activite=activite(epci))
    CycleFactory(epci=epci)


class TestSteps:
    def test_the_first_day_everything_is_to_be_done(self, epci: Epci):
        found = steps(epci)
        assert [step.fait for step in found.values()] == [False] * 7
        assert remaining(found.values()) == 6
        said = [step.etat for step in found.values()]
        assert said == [
            "Aucune édition en vigueur.",
            "Aucun jour férié en 2027 et 2028.",
            "Aucun pôle dessiné.",
            "0 commune a son DGS, sur 2. Personne n'est encore à la Direction des territoires.",
            "0 domaine a son responsable, sur 0.",
            "Rien n'est repris.",
            "Aucun cycle n'est préparé.",
        ]

    def test_once_done_nothing_remains_pôles_or_not(self, epci: Epci):
        ready(epci)
        found = steps(epci)
        assert remaining(found.values()) == 0
        assert not found["Les pôles territoriaux"].fait

    @pytest.mark.parametrize(
        ("titre", "said"),
        [
            ("Le calendrier", "Aucun jour férié en 2028."),
            ("Les personnes", "1 commune a son DGS, sur 2."),
            ("Les référents et responsables", "2 domaines ont leur responsable, sur 3."),
            ("Le premier cycle", "Le cycle 2027 est préparé ; il reste à l'ouvrir."),
        ],
    )
    def test_one_that_lacks_something_says_what(self, epci: Epci, titre: str, said: str):
        ready(epci)
        JourFerie.objects.filter(epci=epci, jour__year=2028).delete()
        epci.habilitations.filter(role=Role.DGS, commune__nom="Ambès").update(fin=date(2027, 1, 1))
        epci.sieges.get(domaine__code="DB").titulaires.update(fin=date(2027, 1, 1))
        Cycle.objects.filter(epci=epci).update(ouvert_at=None)
        assert (steps(epci)[titre].fait, steps(epci)[titre].etat) == (False, said)

    def test_an_epci_that_shared_nothing_is_not_asked_for_ever(self, epci: Epci):
        ready(epci)
        Adhesion.objects.filter(epci=epci).delete()
        assert steps(epci)["Les adhésions existantes"].fait
        Cycle.objects.filter(epci=epci).update(ouvert_at=None)
        assert not steps(epci)["Les adhésions existantes"].fait

    def test_the_queries_do_not_grow_with_the_communes(self, epci: Epci, django_assert_num_queries: Any):
        ready(epci)
        with CaptureQueriesContext(connection) as small:
            PremiersPas(epci).read()
        for _ in range(10):
            member_commune(epci)
        with django_assert_num_queries(len(small)):
            PremiersPas(epci).read()


class TestPages:
    def test_who_acts_has_the_button_the_other_knows_who(self, client: Client, epci: Epci):
        client.force_login(holder(Role.ADMINISTRATEUR, epci))
        text = client.get("/premiers-pas/").content.decode()
        assert "Reprendre une feuille de personnes" in text
        assert "Dessiner les pôles" not in text
        assert "Direction des territoires" in text
        client.force_login(holder(Role.DIRECTION_TERRITOIRES, epci))
        text = client.get("/premiers-pas/").content.decode()
        assert "Dessiner les pôles" in text
        assert "6\u00a0étapes" in text or "6 étapes" in text

    def test_the_home_page_shows_it_until_it_is_done(self, client: Client, epci: Epci):
        admin, direction = holder(Role.ADMINISTRATEUR, epci), holder(Role.DIRECTION_TERRITOIRES, epci)
        for who in (admin, direction):
            client.force_login(who)
            text = client.get("/").content.decode()
            assert "0\u00a0sur 6\u00a0faits." in text
            assert "À faire ensuite" in text
        ready(epci)
        for who in (admin, direction):
            client.force_login(who)
            text = client.get("/").content.decode()
            assert "0\u00a0sur 6\u00a0faits." not in text
            assert 'href="/premiers-pas/"' in text  # still found in the menu

    def test_nobody_else_sees_it_at_home(self, client: Client, monde: Monde):
        HabilitationFactory(personne=monde.a.maire, role=Role.LECTEUR, epci=monde.epci, commune=monde.c)
        for who in (monde.a.dgs, monde.a.maire, monde.responsable, monde.directeur):
            client.force_login(who)
            assert "premiers-pas" not in client.get("/").content.decode()
