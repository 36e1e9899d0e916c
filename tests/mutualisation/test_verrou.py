"""Dates that move while an act is recorded: nobody is thrown out, and the line takes the new day."""

import threading
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from django.db import OperationalError
from django.db.models import QuerySet

from mutualisation.models import Cycle, Ligne
from mutualisation.models.cycle import DATES
from mutualisation.workflows import cycle as workflow
from mutualisation.workflows.cycle import change_dates
from tests import gardes
from tests.concurrence import failures, together
from tests.factories import Monde
from tests.mutualisation.gestes import accept, one_ready_line, vote
from tests.mutualisation.gestes_instruction import decide

AtTime = Callable[[Any], datetime]
VOTED, MOVED = date(2027, 11, 26), date(2028, 7, 3)

pytestmark = pytest.mark.django_db(transaction=True)


class Race:
    """The Direction moves the date of effect, and somebody else does something before she ends."""

    def __init__(self, monde: Monde, monkeypatch: pytest.MonkeyPatch):
        self.monde, self.meanwhile, self.done = monde, threading.Event(), threading.Event()
        moving = workflow.move_effect

        def slow(cycle: Cycle, before: date) -> None:
            moving(cycle, before)
            self.meanwhile.set()
            self.done.wait(1)

        monkeypatch.setattr(workflow, "move_effect", slow)

    def run(self, act: Callable[[], Any]) -> list[Any]:
        return together(self._move, lambda: self._act(act))

    def _move(self) -> None:
        cycle = Cycle.objects.get(pk=self.monde.cycle.pk)
        dates = {name: getattr(cycle, name) for name in DATES} | {"effective_on": MOVED}
        change_dates(cycle=cycle, acteur=self.monde.direction, version=cycle.version, dates=dates)

    def _act(self, act: Callable[[], Any]) -> None:
        self.meanwhile.wait(10)
        act()
        self.done.set()


@pytest.fixture
def voted_once(monde: Monde, at_time: AtTime) -> Ligne:
    """An accepted line of A that waits for the act of the EPCI alone."""
    ligne = accept(one_ready_line(monde.a.declaration, monde.a.dgs), monde.direction)
    at_time("2027-12-01 10:00")
    vote(monde.a.declaration, monde.direction, lignes=[ligne], epci=False, executoire_on=VOTED)
    return ligne


def vote_epci(monde: Monde, ligne: Ligne) -> None:
    vote(monde.a.declaration, monde.direction, lignes=[ligne], epci=True, executoire_on=VOTED)


def test_an_act_recorded_meanwhile_follows_the_new_date(
    monde: Monde, voted_once: Ligne, monkeypatch: pytest.MonkeyPatch
):
    results = Race(monde, monkeypatch).run(lambda: vote_epci(monde, voted_once))
    assert failures(results) == []
    assert Ligne.objects.get(pk=voted_once.pk).effet_on == MOVED


def test_a_line_accepted_meanwhile_follows_it_too(
    monde: Monde, voted_once: Ligne, monkeypatch: pytest.MonkeyPatch
):
    vote_epci(monde, voted_once)
    Ligne.objects.filter(pk=voted_once.pk).update(arbitrage="a_instruire", arbitree_at=None, effet_on=None)
    results = Race(monde, monkeypatch).run(lambda: decide(voted_once, monde.direction, "acceptee"))
    assert failures(results) == []
    assert Ligne.objects.get(pk=voted_once.pk).effet_on == MOVED


def test_control_without_the_lock_the_line_keeps_the_old_date(
    monde: Monde, voted_once: Ligne, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, **kwargs: self)
    results = Race(monde, monkeypatch).run(lambda: vote_epci(monde, voted_once))
    assert failures(results) == []
    assert Ligne.objects.get(pk=voted_once.pk).effet_on == date(2028, 1, 1)


def test_control_a_lock_on_the_key_kills_one_of_the_two(
    monde: Monde, voted_once: Ligne, monkeypatch: pytest.MonkeyPatch
):
    """The act ends by checking that its cycle exists, while it holds the counter of events that the dates still need."""
    race, ordinary = Race(monde, monkeypatch), QuerySet.select_for_update

    def on_the_key(self: QuerySet, **kwargs: Any) -> QuerySet:
        if self.model is not Cycle:
            return ordinary(self, **kwargs)
        return self if race.meanwhile.is_set() else ordinary(self, **{**kwargs, "no_key": False})

    monkeypatch.setattr(gardes, "check_lock", lambda query: None)
    monkeypatch.setattr(QuerySet, "select_for_update", on_the_key)
    (failed,) = failures(race.run(lambda: vote_epci(monde, voted_once)))
    assert isinstance(failed, OperationalError) and "deadlock" in str(failed)
