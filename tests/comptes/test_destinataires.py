"""Who is to be written to: roles and seats, a commune or all, a day."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from comptes.destinataires import Carnet, heads_by_commune, heads_of, recipients
from comptes.models import Personne
from comptes.roles import Role
from mutualisation.models import Siege, Titulaire
from tests.factories import (
    EquipeFactory,
    HabilitationFactory,
    Monde,
    PersonneFactory,
    SiegeFactory,
    TitulaireFactory,
    domaine,
    holder,
    member_commune,
)

pytestmark = pytest.mark.django_db
TODAY = date(2027, 2, 10)
ALL = tuple(Role)


def of_a(monde: Monde, *roles: Role, on: date = TODAY, **kwargs: Any) -> list[Personne]:
    return recipients(monde.epci, *roles, on=on, commune=monde.a.commune, **kwargs)


def seat(monde: Monde, **kwargs: Any) -> Siege:
    """A seat of the EPCI for the domain DA."""
    return SiegeFactory(epci=monde.epci, responsable=True, domaine=monde.domaine, **kwargs)


def queries(ask: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as captured:
        ask()
    return len(captured)


class TestRoles:
    def test_those_of_a_commune_and_those_of_the_epci(self, monde: Monde):
        asked = (Role.DGS, Role.MAIRE, Role.DIRECTION_TERRITOIRES)
        assert of_a(monde, *asked) == [monde.a.dgs, monde.direction, monde.a.maire]

    def test_the_director_of_the_pole_of_the_commune(self, monde: Monde):
        assert of_a(monde, Role.DIRECTEUR_POLE) == [monde.directeur]
        assert recipients(monde.epci, Role.DIRECTEUR_POLE, on=TODAY, commune=monde.b.commune) == []
        assert recipients(monde.epci, Role.DIRECTEUR_POLE, on=TODAY) == [monde.directeur]

    def test_a_commune_that_changed_pole_is_followed_by_the_day(self, monde: Monde):
        stay = monde.a.commune.appartenances.get()
        stay.fin, south = date(2027, 3, 1), monde.b.commune.appartenances.get().pole
        stay.save()
        monde.a.commune.appartenances.create(epci=monde.epci, pole=south, debut=date(2027, 3, 1))
        assert of_a(monde, Role.DIRECTEUR_POLE, on=date(2027, 2, 28)) == [monde.directeur]
        assert of_a(monde, Role.DIRECTEUR_POLE, on=date(2027, 3, 1)) == []

    def test_the_day_counts_its_end_excluded(self, monde: Monde):
        monde.a.dgs.habilitations.update(fin=date(2027, 3, 1))
        assert of_a(monde, Role.DGS, on=date(2027, 2, 28)) == [monde.a.dgs]
        assert of_a(monde, Role.DGS, on=date(2027, 3, 1)) == []
        assert of_a(monde, Role.DGS, on=date(2019, 12, 31)) == []

    def test_closed_accounts_are_left_out(self, monde: Monde):
        Personne.objects.filter(pk=monde.a.dgs.pk).update(is_active=False)
        assert of_a(monde, Role.DGS) == []

    def test_several_titles_one_line_in_french_order(self, monde: Monde):
        HabilitationFactory(personne=monde.a.dgs, direction=True, epci=monde.epci)
        first = holder(Role.DGS, monde.epci, commune=monde.a.commune, nom="Étienne")
        second = holder(Role.DGS, monde.epci, commune=monde.a.commune, nom="Zoé")
        expected = [monde.a.dgs, monde.direction, first, second]
        assert of_a(monde, Role.DGS, Role.DIRECTION_TERRITOIRES) == expected

    def test_another_epci_stays_apart(self, monde: Monde):
        HabilitationFactory(epci=monde.epci_voisin, commune=monde.a.commune, dgs=True)
        assert of_a(monde, Role.DGS) == [monde.a.dgs]
        assert monde.direction_voisine not in recipients(monde.epci, *ALL, on=TODAY)


class TestHeads:
    def test_the_dgs_of_each_commune_else_its_maire_in_french_order(self, monde: Monde):
        maire = holder(Role.MAIRE, monde.epci, commune=monde.c)
        found = heads_by_commune(monde.epci, TODAY)
        assert list(found.items()) == [
            (monde.a.commune, [monde.a.dgs]),
            (monde.b.commune, [monde.b.dgs]),
            (monde.c, [maire]),
        ]

    def test_one_commune_on_its_day(self, monde: Monde):
        monde.a.dgs.habilitations.update(fin=date(2027, 3, 1))
        assert heads_of(monde.epci, monde.a.commune, date(2027, 2, 28)) == [monde.a.dgs]
        assert heads_of(monde.epci, monde.a.commune, date(2027, 3, 1)) == [monde.a.maire]

    def test_nobody_is_nobody(self, monde: Monde):
        assert heads_of(monde.epci, monde.c, TODAY) == []
        assert monde.c not in heads_by_commune(monde.epci, TODAY)


class TestSeats:
    def test_both_sides_of_a_domain(self, monde: Monde):
        pair = (Role.REFERENT_COMMUNAL, Role.RESPONSABLE_SERVICE)
        assert of_a(monde, *pair, domaine=monde.domaine.pk) == [monde.a.referent, monde.responsable]
        assert of_a(monde, *pair, domaine=domaine(monde.epci, "DB").pk) == [monde.responsable_autre]
        assert set(of_a(monde, *pair)) == {monde.a.referent, monde.responsable, monde.responsable_autre}

    def test_a_domain_leaves_the_habilitations_alone(self, monde: Monde):
        asked = (Role.DGS, Role.REFERENT_COMMUNAL)
        assert of_a(monde, *asked, domaine=monde.domaine.pk) == [monde.a.dgs, monde.a.referent]

    def test_the_nearest_seat_that_somebody_holds_answers(self, monde: Monde):
        asked = {"domaine": monde.domaine.pk}
        vacant = seat(monde, commune=monde.a.commune)
        assert of_a(monde, Role.RESPONSABLE_SERVICE, **asked) == [monde.responsable]
        north = seat(monde, pole=monde.a.commune.appartenances.get().pole, titulaire=PersonneFactory())
        assert of_a(monde, Role.RESPONSABLE_SERVICE, **asked) == [north.titulaires.get().personne]
        own = TitulaireFactory(siege=vacant, debut=TODAY).personne
        assert of_a(monde, Role.RESPONSABLE_SERVICE, **asked) == [own]
        elsewhere = recipients(
            monde.epci, Role.RESPONSABLE_SERVICE, on=TODAY, commune=monde.b.commune, **asked
        )
        assert elsewhere == [monde.responsable]

    def test_a_seat_whose_holder_closed_his_account_is_not_held(self, monde: Monde):
        gone = PersonneFactory(is_active=False)
        seat(monde, commune=monde.a.commune, titulaire=gone)
        assert of_a(monde, Role.RESPONSABLE_SERVICE, domaine=monde.domaine.pk) == [monde.responsable]

    def test_a_team_is_told_person_by_person(self, monde: Monde):
        present, gone = PersonneFactory(nom="Présent"), PersonneFactory(is_active=False)
        team = EquipeFactory(epci=monde.epci, membres=[present, gone, monde.a.dgs])
        place = seat(monde, commune=monde.a.commune)
        TitulaireFactory(siege=place, personne=None, equipe=team)
        assert of_a(monde, Role.RESPONSABLE_SERVICE, domaine=monde.domaine.pk) == [monde.a.dgs, present]

    def test_an_empty_team_hides_nobody(self, monde: Monde):
        place = seat(monde, commune=monde.a.commune)
        TitulaireFactory(siege=place, personne=None, equipe=EquipeFactory(epci=monde.epci))
        assert of_a(monde, Role.RESPONSABLE_SERVICE, domaine=monde.domaine.pk) == [monde.responsable]

    def test_a_deputy_is_not_written_to(self, monde: Monde):
        TitulaireFactory(siege=monde.siege, rang=Titulaire.Rang.SUPPLEANT)
        carnet = Carnet(monde.epci, [Role.RESPONSABLE_SERVICE], monde.a.commune)
        asked = {"roles": [Role.RESPONSABLE_SERVICE], "on": TODAY, "domaine": monde.domaine.pk}
        assert carnet.people(**asked) == [monde.responsable]

    def test_the_deputy_of_a_vacant_nearer_seat_does_not_hide_who_answers(self, monde: Monde):
        place = seat(monde, commune=monde.a.commune)
        TitulaireFactory(siege=place, rang=Titulaire.Rang.SUPPLEANT)
        assert of_a(monde, Role.RESPONSABLE_SERVICE, domaine=monde.domaine.pk) == [monde.responsable]


class TestByCommune:
    def test_each_commune_and_its_people_in_french_order(self, monde: Monde):
        second = holder(Role.DGS, monde.epci, commune=monde.b.commune, nom="Adam")
        HabilitationFactory(personne=monde.a.dgs, epci=monde.epci, commune=monde.c, dgs=True)
        found = Carnet(monde.epci, [Role.DGS, Role.DIRECTION_TERRITOIRES]).by_commune(TODAY)
        assert list(found) == [monde.a.commune, monde.b.commune, monde.c]
        assert list(found.values()) == [[monde.a.dgs], [second, monde.b.dgs], [monde.a.dgs]]

    def test_a_commune_with_nobody_today_is_left_out(self, monde: Monde):
        monde.a.dgs.habilitations.update(fin=TODAY)
        assert list(Carnet(monde.epci, [Role.DGS]).by_commune(TODAY)) == [monde.b.commune]


class TestQueries:
    """One query by registered function, one more for pôles, however many communes."""

    def test_communes_cost_nothing_more(self, monde: Monde):
        assert queries(lambda: Carnet(monde.epci, [Role.DGS]).by_commune(TODAY)) == 1
        for _ in range(20):
            holder(Role.DGS, monde.epci, commune=member_commune(monde.epci))
        assert queries(lambda: Carnet(monde.epci, [Role.DGS]).by_commune(TODAY)) == 1

    def test_roles_that_are_not_asked_are_not_read(self, monde: Monde):
        with CaptureQueriesContext(connection) as captured:
            of_a(monde, Role.DGS)
        assert "siege" not in captured[0]["sql"]

    def test_a_whole_month_is_read_once(self, monde: Monde):
        def ask() -> None:
            carnet = Carnet(monde.epci, ALL, monde.a.commune)
            for day in range(1, 29):
                carnet.people(ALL, date(2027, 2, day))

        assert queries(ask) == 3
        team = EquipeFactory(epci=monde.epci, membres=[PersonneFactory(), PersonneFactory()])
        TitulaireFactory(siege=seat(monde, commune=monde.a.commune), personne=None, equipe=team)
        assert queries(ask) == 4  # the members of the teams
