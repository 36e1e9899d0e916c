"""The factories make valid rows, whatever the phase; the world is what its docstring says."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from factory.django import DjangoModelFactory

from mutualisation.models import Cycle
from tests import factories
from tests.factories import CycleFactory, EpciFactory, HabilitationFactory, Monde

pytestmark = pytest.mark.django_db
ALL = [
    value
    for value in vars(factories).values()
    if isinstance(value, type) and issubclass(value, DjangoModelFactory) and value is not DjangoModelFactory
]


@pytest.mark.parametrize("made_by", ALL, ids=lambda one: one.__name__)
def test_a_row_made_by_default_breaks_no_rule(made_by: Any):
    row = made_by()
    row.full_clean(
        exclude=["password", "source", "moteur", "parametres", "commune", "indicateurs"]
    )  # may be empty, not in forms
    assert type(row).objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize("phase", [phase.value for phase in Cycle.Phase])
def test_a_cycle_stands_in_the_phase_asked(phase: str):
    assert CycleFactory(**({} if phase == "declaration" else {phase: True})).phase == phase


@pytest.mark.parametrize(
    "role",
    ["dgs", "maire", "lecteur", "collaborateur", "direction", "administrateur", "service", "directeur_pole"],
)
def test_each_role_has_its_trait(role: str):
    habilitation = HabilitationFactory(**{role: True})
    assert habilitation.role.startswith(role)
    assert habilitation.personne.acces.epcis == {habilitation.epci_id}


def test_a_peopled_epci_has_three_communes_and_two_poles():
    epci = EpciFactory(peuple=True)
    assert (epci.appartenances.count(), epci.poles.count()) == (3, 2)


def test_the_usual_calendar(at_time: Callable[[Any], Any]):
    at_time("2027-02-10")
    cycle = CycleFactory(calendrier=True)
    assert (cycle.annee, cycle.effective_on, cycle.phase) == (2028, date(2028, 1, 1), "declaration")


def test_the_world_is_what_it_says(monde: Monde):
    assert monde.cycle.phase == "declaration"
    assert monde.cycle_passe.phase == "en_vigueur"
    assert monde.cycle_futur.phase == "preparation"
    assert {t.domaine_id for t in monde.a.referent.acces.titres} == {monde.domaine.pk}
    assert monde.directeur.acces.epcis == monde.direction.acces.epcis == {monde.epci.pk}
    assert monde.direction_voisine.acces.epcis == {monde.epci_voisin.pk}
