"""Hours and numbers on call: those of the contract in force on a day, and of no other."""

from datetime import date
from typing import Any

import pytest

from contrats.astreintes import on_call
from contrats.models import VersionContrat
from socle import registres
from tests.factories import DocumentFactory, EngagementFactory, Monde, VersionContratFactory

pytestmark = pytest.mark.django_db
DAY = date(2027, 2, 10)


def settle(monde: Monde, **values: Any) -> VersionContrat:
    """The contract of A is settled, in force since January."""
    version = monde.a.version
    version.arrete = DocumentFactory(
        epci=monde.epci, commune=monde.a.commune, type="contrat_arrete", emis=True
    )
    version.etat = VersionContrat.Etat.ARRETE
    version.effective_on = date(2027, 1, 1)
    version.save()
    given = {"horaires": "8 h à 17 h", "astreinte": "jour et nuit", "telephone_astreinte": "05 56 11 22 33"}
    version.engagements.update(**given | values)
    return version


def test_a_contract_in_force_gives_its_hours_and_its_number(monde: Monde):
    settle(monde)
    (one,) = registres.astreintes.gather(monde.epci, monde.a.commune.pk, DAY)
    assert (one.domaine_id, one.horaires, one.texte) == (monde.domaine.pk, "8 h à 17 h", "jour et nuit")
    assert one.composer == "0556112233"


def test_a_text_being_written_promises_nothing(monde: Monde):
    monde.a.version.engagements.update(telephone_astreinte="05 56 11 22 33")
    assert list(on_call(monde.epci, monde.a.commune.pk, date(2030, 1, 1))) == []


def test_only_from_the_day_it_takes_effect_and_for_its_commune(monde: Monde):
    settle(monde)
    assert list(on_call(monde.epci, monde.a.commune.pk, date(2026, 12, 31))) == []
    assert list(on_call(monde.epci, monde.b.commune.pk, DAY)) == []
    assert list(on_call(monde.epci_voisin, monde.a.commune.pk, DAY)) == []


def test_an_avenant_replaces_the_version_before(monde: Monde):
    version = settle(monde)
    version.etat = VersionContrat.Etat.SIGNE
    version.a_signer = DocumentFactory(
        epci=monde.epci, commune=monde.a.commune, type="contrat_a_signer", emis=True
    )
    version.save()
    avenant = VersionContratFactory(
        contrat=version.contrat,
        numero=1,
        effective_on=date(2027, 2, 1),
        etat=VersionContrat.Etat.SIGNE,
        arrete=DocumentFactory(epci=monde.epci, commune=monde.a.commune, type="contrat_arrete", emis=True),
        a_signer=DocumentFactory(epci=monde.epci, commune=monde.a.commune, type="contrat", emis=True),
    )
    EngagementFactory(version_contrat=avenant, domaine=monde.domaine, telephone_astreinte="05 56 99 99 99")
    numbers = [
        [one.telephone for one in on_call(monde.epci, monde.a.commune.pk, day)]
        for day in (date(2027, 1, 15), DAY)
    ]
    assert numbers == [["05 56 11 22 33"], ["05 56 99 99 99"]]
