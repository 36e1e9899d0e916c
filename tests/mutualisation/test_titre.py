"""Roles and seats follow communes as they stand on the day, whatever was recorded months before."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest

from comptes.models import Habilitation, Personne, Role
from journal.models import Courriel
from journal.workflows.tache import run_due
from mutualisation.models import Titulaire
from mutualisation.workflows.titre import hand_over_titles
from territoire.models import Commune
from tests.factories import HabilitationFactory, Monde, PersonneFactory, fresh, holder
from tests.mutualisation.test_mouvement import DAY, apply, departure, merger, nouvelle
from tests.territoire.releves import releve

AtTime = Callable[[Any], datetime]
OCTOBER = date(2027, 10, 1)


def dgs_of(personne: Personne, commune: Commune) -> bool:
    return bool(fresh(personne).acces.acts_for_commune(commune.pk, Role.DGS))


@pytest.fixture
def october(monde: Monde, at_time: AtTime) -> Callable[[], Personne]:
    """The move recorded in February; in October A's DGS leaves, and another one is named: she is returned."""

    def play() -> Personne:
        at_time("2027-10-01 09:00")
        monde.a.dgs.habilitations.update(fin=OCTOBER)
        named = PersonneFactory()
        HabilitationFactory(
            personne=named, role=Role.DGS, epci=monde.epci, commune=monde.a.commune, debut=OCTOBER
        )
        at_time("2028-01-01 00:10")
        run_due()
        run_due()
        return named

    return play


class TestFusion:
    def test_who_left_meanwhile_gets_nothing_and_who_came_does(
        self, monde: Monde, october: Callable[[], Personne]
    ):
        apply(monde, merger(monde))
        named = october()
        assert not Habilitation.objects.filter(personne=monde.a.dgs, commune=nouvelle()).exists()
        assert dgs_of(named, nouvelle()) and dgs_of(named, monde.a.commune)

    def test_a_title_to_come_follows_at_its_own_day(self, monde: Monde, october: Callable[[], Personne]):
        apply(monde, merger(monde))
        coming = HabilitationFactory(
            role=Role.DGS, epci=monde.epci, commune=monde.a.commune, debut=date(2028, 3, 1)
        )
        october()
        carried = Habilitation.objects.get(personne=coming.personne, commune=nouvelle())
        assert (carried.debut, carried.fin) == (date(2028, 3, 1), None)

    def test_a_role_ended_long_ago_on_the_new_commune_hides_nothing(self, monde: Monde, at_time: AtTime):
        """A joins B; A's DGS had worked twice for B."""
        for debut, fin in ((date(2020, 1, 1), date(2021, 1, 1)), (date(2022, 1, 1), date(2023, 1, 1))):
            HabilitationFactory(
                personne=monde.a.dgs,
                role=Role.DGS,
                epci=monde.epci,
                commune=monde.b.commune,
                debut=debut,
                fin=fin,
            )
        join(monde)
        at_time("2028-01-01 00:10")
        run_due()
        assert dgs_of(monde.a.dgs, monde.b.commune)

    def test_the_maire_of_the_commune_joined_keeps_his_role(self, monde: Monde, at_time: AtTime):
        join(monde)
        at_time("2028-01-01 00:10")
        run_due()
        assert fresh(monde.b.maire).acces.acts_for_commune(monde.b.commune.pk, Role.MAIRE)
        assert not fresh(monde.a.maire).acces.communes_with(Role.MAIRE)

    def test_seats_are_those_of_the_day(self, monde: Monde, at_time: AtTime):
        apply(monde, merger(monde))
        at_time("2027-10-01 09:00")
        Titulaire.objects.filter(personne=monde.a.referent).update(fin=OCTOBER)
        at_time("2028-01-01 00:10")
        run_due()
        sitting = Titulaire.objects.on(DAY).filter(siege__commune=nouvelle(), siege__domaine=monde.domaine)
        assert [row.personne for row in sitting] == [monde.b.referent]

    def test_the_commune_joined_is_told(self, monde: Monde):
        join(monde)
        told = Courriel.objects.filter(type="communes_mouvement")
        assert set(told.values_list("destinataire", flat=True)) == {
            one.pk for side in (monde.a, monde.b) for one in (side.dgs, side.maire)
        }


def join(monde: Monde) -> None:
    """A becomes a part of B, which is already there."""
    a, b = monde.a.commune, monde.b.commune
    apply(monde, releve(monde.epci, sans=(a,)), devenirs={a.pk: b.siren})


class TestDepart:
    def test_a_role_given_after_it_was_recorded_ends_too(self, monde: Monde, october: Callable[[], Personne]):
        apply(monde, departure(monde))
        coming = holder(Role.LECTEUR, monde.epci, commune=monde.a.commune)
        coming.habilitations.update(debut=date(2028, 2, 1))
        named = october()
        assert fresh(named).acces.titres == ()
        assert not Habilitation.objects.filter(personne=coming).exists()
        assert Habilitation.objects.get(personne=monde.a.dgs).fin == OCTOBER

    def test_the_others_keep_theirs(self, monde: Monde, october: Callable[[], Personne]):
        apply(monde, departure(monde))
        before = Habilitation.objects.exclude(commune=monde.a.commune).order_by("pk")
        rows = list(before.values_list("pk", "debut", "fin"))
        october()
        assert list(before.all().values_list("pk", "debut", "fin")) == rows

    def test_twice_changes_nothing(self, monde: Monde, october: Callable[[], Personne]):
        apply(monde, merger(monde))
        october()
        count = (Habilitation.objects.count(), Titulaire.objects.count())
        hand_over_titles(epci=monde.epci, day=DAY)
        assert (Habilitation.objects.count(), Titulaire.objects.count()) == count
