"""A commune that shares nothing has no signed contract to show; one that shares nothing any more, no avenant."""

from datetime import date
from random import Random

import pytest

from contrats.models import Contrat
from demo.chargement import avenant, signature
from demo.chargement.gens import Gens
from demo.chargement.noms import Registre
from tests.contrats import gestes

pytestmark = pytest.mark.django_db


@pytest.fixture
def gens(monde):
    who = Gens(monde.epci, date(2020, 1, 1), Registre(Random(1)))
    who.direction = monde.direction
    return who


def test_nothing_is_signed_by_a_commune_that_shares_nothing(monde, gens):
    assert signature.sign_past_contract(gens, monde.c, 2027) is None
    assert not Contrat.objects.filter(commune=monde.c).exists()


def test_no_avenant_is_opened_when_nothing_is_shared_any_more(monde, gens):
    contrat = gestes.signed(monde).contrat
    day = contrat.premiere.effective_on
    gestes.leave(monde, date(day.year + 1, 1, 1))

    for _, act in avenant.steps(gens, contrat, day):
        act()

    assert contrat.versions.count() == 1
