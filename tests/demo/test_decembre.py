"""A demonstration loaded in December: the campaign was lived to its votes, and the next one has just opened."""

from datetime import UTC, date, datetime
from io import StringIO

import pytest
from django.core.management import call_command

from contrats.models import VersionContrat
from demo.models import Visiteur
from mutualisation.models import Cycle, Ligne
from socle import horloge
from tests.demo.test_chargement import ROLES

JALLE_EAU_BOURDE = "243301165"  # three communes
VISITORS = 8


@pytest.fixture(scope="module")
def loaded(django_db_setup, django_db_blocker):
    """A tiny real EPCI, loaded once, then taken away."""
    from django.db import transaction

    with django_db_blocker.unblock(), transaction.atomic():
        call_command("charger_demo", epci=JALLE_EAU_BOURDE, date="2027-12-15", stdout=StringIO())
        yield
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def december(loaded, django_db_blocker):
    with django_db_blocker.unblock(), horloge.at(datetime(2027, 12, 15, 9, tzinfo=UTC)):
        yield


def test_the_cycle_of_the_coming_january_was_voted_by_all_councils_but_one():
    cycle = Cycle.objects.get(annee=2028)
    waiting = {one.commune_id for one in Ligne.objects.filter(arbitrage="acceptee", effet_on=None)}

    assert cycle.phase == Cycle.Phase.DELIBERATION
    assert len(waiting) == 1
    assert Ligne.objects.filter(declaration__cycle=cycle, effet_on=date(2028, 1, 1)).exists()


def test_some_lines_were_refused_and_postponed():
    changing = Ligne.objects.changing().filter(declaration__cycle__annee=2028)

    assert set(changing.values_list("arbitrage", flat=True)) >= {"acceptee", "refusee", "reportee"}


def test_the_next_cycle_has_opened():
    assert Cycle.objects.get(annee=2029).ouvert_at


def test_an_avenant_to_the_signed_contract_is_under_review():
    avenant = VersionContrat.objects.get(numero=1)

    assert (avenant.etat, avenant.effective_on) == ("en_relecture", date(2028, 1, 1))
    assert avenant.precedente


def test_a_small_epci_has_pôles_and_their_director():
    assert Visiteur.objects.count() == VISITORS
    assert {t.role for v in Visiteur.objects.all() for t in v.personne.acces.titres} >= ROLES
