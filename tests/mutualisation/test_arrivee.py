"""A commune that joins the EPCI after the opening of the campaign gets its draft, once."""

import threading
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from django.db import IntegrityError
from django.urls import reverse

from comptes.models import Personne
from comptes.roles import Role
from journal.models import Courriel, Evenement, Tache
from journal.workflows.tache import run_due
from mutualisation.models import Cycle, Declaration
from mutualisation.workflows import cycle as cycles
from mutualisation.workflows.cycle import TACHE_ARRIVEES, change_dates, complete_drafts, open_cycle
from territoire.models import Commune
from tests.concurrence import failures, together
from tests.factories import (
    AppartenanceFactory,
    CommuneFactory,
    CycleFactory,
    EpciFactory,
    Monde,
    catalogue,
    holder,
)

AtTime = Callable[[Any], datetime]
JOINED = date(2027, 2, 1)


@pytest.fixture
def monde(monde: Monde) -> Monde:
    """Everyone has a draft but those who will join."""
    Declaration.objects.create(epci=monde.epci, cycle=monde.cycle, commune=monde.c)
    return monde


def join(monde: Monde, debut: date = JOINED, fin: date | None = None) -> tuple[Commune, Personne]:
    commune = CommuneFactory(nom="Cenon")
    AppartenanceFactory(epci=monde.epci, commune=commune, debut=debut, fin=fin)
    return commune, holder(Role.DGS, monde.epci, commune=commune, nom="Nouvelle")


def drafts(commune: Commune) -> int:
    return Declaration.objects.filter(commune=commune).count()


def mornings(monde: Monde) -> list[str]:
    """Days whose morning job is still to come, for the cycle of the world."""
    waiting = Tache.objects.filter(type=TACHE_ARRIVEES, faite_at=None, parametres__cycle=monde.cycle.pk)
    return [tache.parametres["jour"] for tache in waiting.order_by("due_at")]


@pytest.fixture
def opened(monde: Monde, at_time: AtTime) -> Monde:
    """The campaign of 2028 was opened on 1 December; this is the evening before it begins."""
    Declaration.objects.filter(cycle=monde.cycle).delete()
    Cycle.objects.filter(pk=monde.cycle.pk).update(ouvert_at=None)
    at_time("2026-12-01")
    open_cycle(cycle=monde.cycle, acteur=monde.direction)
    Courriel.objects.all().delete()
    monde.cycle.refresh_from_db()
    return monde


def test_the_morning_after_it_joins_its_dgs_has_a_draft_and_a_mail(
    opened: Monde, client: Any, at_time: AtTime
):
    commune, dgs = join(opened)
    at_time("2027-01-31")
    run_due()
    assert drafts(commune) == 0
    at_time("2027-02-01 07:30")
    run_due()
    draft = Declaration.objects.get(commune=commune)
    assert draft.cycle == opened.cycle
    client.force_login(dgs)
    response = client.get(reverse("mutualisation:ma_declaration"), follow=True)
    assert response.redirect_chain[-1][0] == reverse("mutualisation:declaration", args=[draft.pk])
    event = Evenement.objects.get(type="declaration.ouverte")
    assert (event.objet_id, event.commune, event.acteur) == (draft.pk, commune, None)
    assert list(Courriel.objects.values_list("type", "destinataire")) == [("cycle_ouvert", dgs.pk)]


def test_the_direction_finds_it_on_the_board_and_it_is_reminded(opened: Monde, client: Any, at_time: AtTime):
    _, dgs = join(opened)
    at_time("2027-02-19")
    run_due()
    client.force_login(opened.direction)
    response = client.get(reverse("mutualisation:campagne"))
    assert "Cenon" in {suivi.declaration.commune.nom for suivi in response.context["suivis"]}
    assert Courriel.objects.filter(type="declaration_rappel", destinataire=dgs).count() == 1


def test_each_morning_of_the_campaign_prepares_the_next_and_the_last_none(opened: Monde, at_time: AtTime):
    assert mornings(opened) == ["2027-01-15"]
    at_time("2027-01-16")
    run_due()
    assert mornings(opened) == ["2027-01-17"]
    at_time("2027-03-05")
    run_due()
    assert mornings(opened) == []
    assert Tache.objects.filter(type=TACHE_ARRIVEES, erreur="").count() == 43


def test_a_campaign_made_longer_after_its_end_starts_again(opened: Monde, at_time: AtTime):
    at_time("2027-03-05")
    run_due()
    commune, _ = join(opened, debut=date(2027, 3, 4))
    dates = {"declaration_fin_on": date(2027, 3, 19)}
    change_dates(cycle=opened.cycle, acteur=opened.direction, version=opened.cycle.version, dates=dates)
    run_due()
    assert drafts(commune) == 1
    assert mornings(opened) == ["2027-03-06"]


def test_a_campaign_made_longer_on_its_last_day_goes_on(opened: Monde, at_time: AtTime):
    at_time("2027-02-26 09:00")
    run_due()
    assert mornings(opened) == []
    dates = {"declaration_fin_on": date(2027, 3, 12)}
    change_dates(cycle=opened.cycle, acteur=opened.direction, version=opened.cycle.version, dates=dates)
    run_due()
    assert mornings(opened) == ["2027-02-27"]
    commune, _ = join(opened, debut=date(2027, 3, 1))
    at_time("2027-03-01 07:30")
    run_due()
    assert drafts(commune) == 1


def test_once_the_campaign_is_over_nothing_begins(monde: Monde, at_time: AtTime):
    at_time("2027-02-27")
    commune, _ = join(monde, debut=date(2027, 1, 1))
    complete_drafts(cycle=monde.cycle)
    assert drafts(commune) == 0


@pytest.mark.parametrize(
    ("debut", "fin"),
    [(date(2027, 2, 11), None), (date(2026, 1, 1), date(2027, 2, 10))],
    ids=["to come", "gone"],
)
def test_who_is_no_member_today_gets_none(monde: Monde, debut: date, fin: date | None):
    commune, _ = join(monde, debut, fin)
    complete_drafts(cycle=monde.cycle)
    assert drafts(commune) == 0


def test_the_drafts_already_begun_stay(monde: Monde):
    before = set(Declaration.objects.order_by("pk").values_list("pk", "version"))
    join(monde)
    complete_drafts(cycle=monde.cycle)
    assert before < set(Declaration.objects.order_by("pk").values_list("pk", "version"))
    assert not Courriel.objects.filter(destinataire=monde.a.dgs).exists()


@pytest.fixture
def arrival(transactional_db: None, at_time: AtTime) -> Declaration:
    """A campaign in which the one commune of an EPCI has no draft; the draft it should get, not saved."""
    at_time("2027-02-10")
    epci = EpciFactory()
    catalogue(epci)
    cycle = CycleFactory(epci=epci, calendrier=True, annee=2028)
    return Declaration(cycle=cycle, commune=AppartenanceFactory(epci=epci).commune)


def test_two_people_in_the_same_second_begin_one(arrival: Declaration):
    results = together(*[lambda: complete_drafts(cycle=arrival.cycle)] * 3)
    assert results == [None] * 3
    assert drafts(arrival.commune) == Evenement.objects.filter(type="declaration.ouverte").count() == 1


def test_control_without_the_lock_one_of_them_fails(arrival: Declaration, monkeypatch: pytest.MonkeyPatch):
    both, read = threading.Barrier(2), cycles._without_draft

    class Lus(list[Commune]):
        def exists(self) -> bool:
            return bool(self)

    def read_together(cycle: Cycle) -> Lus:
        found = Lus(read(cycle))
        both.wait(10)
        return found

    monkeypatch.setattr(cycles, "_without_draft", read_together)
    monkeypatch.setattr(
        cycles, "locked", lambda model, pk, select: model.objects.select_related(*select).get(pk=pk)
    )
    failed = failures(together(*[lambda: complete_drafts(cycle=arrival.cycle)] * 2))
    assert [type(error) for error in failed] == [IntegrityError]
