"""The day on which a title begins and ends is that of its EPCI: La Réunion is ahead of Paris, Martinique behind."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from comptes.roles import Role
from comptes.visibilite import members_of_pole
from mutualisation.models import Titulaire
from territoire.models import Appartenance, Epci, today_of
from tests.api.conftest import bearer
from tests.factories import (
    EpciFactory,
    HabilitationFactory,
    PersonneFactory,
    PoleFactory,
    SiegeFactory,
    catalogue,
    domaine,
    fresh,
    holder,
    member_commune,
)

AtTime = Callable[[Any], datetime]
FIRST = date(2027, 3, 1)
REUNION, PARIS, MARTINIQUE = "Indian/Reunion", "Europe/Paris", "America/Martinique"
pytestmark = pytest.mark.django_db
each_moment = pytest.mark.parametrize(
    ("fuseau", "hour", "begun"),
    [
        (REUNION, "2027-02-28 19:59", False),
        (REUNION, "2027-02-28 20:00", True),
        (PARIS, "2027-02-28 22:59", False),
        (PARIS, "2027-02-28 23:00", True),
        (MARTINIQUE, "2027-03-01 03:59", False),
        (MARTINIQUE, "2027-03-01 04:00", True),
    ],
)


def stop(at_time: AtTime, hour: str) -> None:
    at_time(datetime.fromisoformat(hour).replace(tzinfo=UTC))


@each_moment
def test_the_present_day_of_a_row(at_time: AtTime, fuseau: str, hour: str, begun: bool):
    """In SQL as in Python."""
    pole = PoleFactory(epci=EpciFactory(fuseau=fuseau))
    stop(at_time, hour)
    told = type(pole).objects.annotate(jour=today_of("epci")).get().jour
    assert told == pole.epci.today
    assert (told == FIRST) is begun


@each_moment
def test_a_role_begins_and_ends_at_the_midnight_of_its_epci(
    at_time: AtTime, fuseau: str, hour: str, begun: bool
):
    epci = EpciFactory(fuseau=fuseau)
    personne = PersonneFactory()
    HabilitationFactory(personne=personne, administrateur=True, epci=epci, debut=FIRST)
    HabilitationFactory(personne=personne, direction=True, epci=epci, fin=FIRST)
    stop(at_time, hour)
    roles = [titre.role for titre in fresh(personne).acces.titres]
    assert roles == [Role.ADMINISTRATEUR if begun else Role.DIRECTION_TERRITOIRES]


def test_each_epci_of_a_person_has_its_own_day(at_time: AtTime):
    personne = PersonneFactory()
    for fuseau in (REUNION, PARIS, MARTINIQUE):
        epci = EpciFactory(fuseau=fuseau)
        HabilitationFactory(personne=personne, administrateur=True, epci=epci, debut=FIRST)
    stop(at_time, "2027-02-28 23:30")
    epcis = Epci.objects.visible_to(fresh(personne)).values_list("fuseau", flat=True)
    assert set(epcis.order_by("pk")) == {REUNION, PARIS}


@each_moment
def test_a_seat_is_taken_at_the_midnight_of_its_epci(
    api_client: Any, at_time: AtTime, fuseau: str, hour: str, begun: bool
):
    epci = EpciFactory(fuseau=fuseau)
    catalogue(epci)
    former, new = PersonneFactory(prenom="", nom="Avant"), PersonneFactory(prenom="", nom="Après")
    seat = SiegeFactory(epci=epci, responsable=True, domaine=domaine(epci), titulaire=former)
    Titulaire.objects.filter(siege=seat).update(fin=FIRST)
    Titulaire.objects.create(siege=seat, personne=new, debut=FIRST)
    stop(at_time, hour)
    assert bool(fresh(new).acces.titres) is begun and bool(fresh(former).acces.titres) is not begun
    headers = bearer(holder(Role.DIRECTION_TERRITOIRES, epci))
    row = api_client.get(f"/api/v1/sieges/{seat.pk}/", **headers).json()
    assert [one["nom"] for one in row["titulaires"]] == ["Après" if begun else "Avant"]


@each_moment
def test_a_commune_changes_pole_at_the_midnight_of_its_epci(
    at_time: AtTime, fuseau: str, hour: str, begun: bool
):
    epci = EpciFactory(fuseau=fuseau)
    before, after = PoleFactory(epci=epci), PoleFactory(epci=epci)
    commune = member_commune(epci, pole=before)
    Appartenance.objects.filter(commune=commune).update(fin=FIRST)
    Appartenance.objects.create(commune=commune, epci=epci, pole=after, debut=FIRST)
    stop(at_time, hour)
    held = [bool(members_of_pole(pole.pk)) for pole in (before, after)]
    assert held == [not begun, begun]


@each_moment
def test_an_edition_of_the_catalogue_begins_at_the_midnight_of_its_epci(
    api_client: Any, at_time: AtTime, fuseau: str, hour: str, begun: bool
):
    epci = EpciFactory(fuseau=fuseau)
    catalogue(epci)
    new = catalogue(epci, effective_on=FIRST)
    moved = new.activites.get(activite__code="DA-01")
    type(moved).objects.filter(pk=moved.pk).update(domaine=domaine(epci, "DB"))
    stop(at_time, hour)
    headers = bearer(holder(Role.DIRECTION_TERRITOIRES, epci))
    row = api_client.get(f"/api/v1/activites/{moved.activite_id}/", **headers).json()
    assert row["domaine_code"] == ("DB" if begun else "DA")
