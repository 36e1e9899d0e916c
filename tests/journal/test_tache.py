"""Jobs: scheduled once, claimed once, resumed after a crash, tried again after a failure."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import models
from django.db.models import F

from config.celery import app
from journal.models import Tache
from journal.workflows import tache as workflow
from journal.workflows.tache import (
    PasEncore,
    claim,
    explain,
    progress,
    run_due,
    run_each,
    schedule,
    try_again_soon,
)
from socle import horloge, registres
from tests.concurrence import PATIENCE, failures, together
from tests.factories import EpciFactory, TacheFactory


@pytest.fixture
def handler() -> Iterator[Callable[[Callable[[Tache], None]], None]]:
    """`handler(function)` registers what jobs of the kind « essai » do."""
    yield lambda function: registres.taches.register("essai", function)
    registres.taches._functions.pop("essai", None)


@pytest.fixture
def done(handler: Any) -> list[str]:
    """The keys of the jobs done."""
    keys: list[str] = []
    handler(lambda tache: keys.append(tache.cle))
    return keys


@pytest.mark.django_db
class TestScheduling:
    def test_twice_is_once(self, done: list[str]):
        epci = EpciFactory()
        for days in (0, 3):
            schedule(epci=epci, type="essai", cle="a", due_at=horloge.now() + timedelta(days=days))
        assert Tache.objects.get().due_at <= horloge.now()

    def test_a_kind_nobody_handles_is_refused_at_once(self):
        with pytest.raises(KeyError):
            schedule(epci=EpciFactory(), type="inconnu", cle="a", due_at=horloge.now())
        assert not Tache.objects.exists()

    @pytest.mark.parametrize(("hours", "woken"), [(0, ["tick"]), (1, [])])
    def test_only_what_is_due_wakes_a_worker(
        self,
        done: Any,
        wakes: list[str],
        django_capture_on_commit_callbacks: Any,
        hours: int,
        woken: list[str],
    ):
        with django_capture_on_commit_callbacks(execute=True):
            schedule(epci=EpciFactory(), type="essai", cle="a", due_at=horloge.now() + timedelta(hours=hours))
        assert wakes == woken


@pytest.mark.django_db
class TestRunning:
    def test_one_that_must_wait_for_another_comes_back_without_a_trace(self, handler: Any):
        waiting = [True]

        def later(tache: Tache) -> None:
            if waiting:
                waiting.clear()
                explain(tache, "Attend autre chose.")
                raise PasEncore

        handler(later)
        tache = TacheFactory(due_at=horloge.now() - timedelta(minutes=1), type="essai")
        run_due()
        tache.refresh_from_db()
        assert (tache.faite_at, tache.erreur) == (None, "") and tache.reessai_at
        assert (tache.etat, tache.constat) == ("en attente", "Attend autre chose.")
        assert tache.essais == 0, "its column is small, and a wait may be long"
        Tache.objects.update(reessai_at=None)
        run_due()
        tache.refresh_from_db()
        assert tache.faite_at and tache.constat == ""

    def test_in_the_order_they_fall_due_and_only_those_due(self, done: list[str]):
        now = horloge.now()
        for minutes in (-1, -3, -2, 5):
            TacheFactory(cle=f"{minutes}", due_at=now + timedelta(minutes=minutes))
        assert run_due() == 3
        assert done == ["-3", "-2", "-1"]
        assert run_due() == 0
        assert Tache.objects.filter(faite_at=None).get().cle == "5"

    def test_states_a_reader_sees(self, handler: Any):
        seen = []
        handler(lambda tache: seen.append(Tache.objects.get(pk=tache.pk).etat))
        tache = TacheFactory()
        seen.append(tache.etat)
        run_due()
        seen.append(Tache.objects.get().etat)
        assert seen == ["prévue", "en cours", "faite"]

    def test_a_failure_keeps_its_trace_and_is_tried_again(self, handler: Any):
        calls: list[str] = []

        def fails_once(tache: Tache) -> None:
            calls.append(tache.cle)
            if len(calls) == 1:
                raise ZeroDivisionError("à refaire")

        handler(fails_once)
        tache = TacheFactory()
        assert run_due() == 1
        tache.refresh_from_db()
        assert (tache.etat, tache.essais, tache.bail_at) == ("nouvel essai prévu", 1, None)
        assert "ZeroDivisionError: à refaire" in tache.erreur and "fails_once" in tache.erreur
        assert run_due() == 0, "not before its time"
        Tache.objects.update(reessai_at=horloge.real_now())
        assert run_due() == 1
        tache.refresh_from_db()
        assert (tache.etat, tache.erreur, len(calls)) == ("faite", "", 2)

    def test_a_failure_holds_nobody_else(self, handler: Any):
        done = []

        def fails(tache: Tache) -> None:
            if tache.cle == "a":
                raise ZeroDivisionError
            done.append(tache.cle)

        handler(fails)
        for cle in "ab":
            TacheFactory(cle=cle)
        run_due()
        assert done == ["b"]

    def test_a_part_that_fails_holds_no_other(self, handler: Any):
        done, broken = [], ["Zuydcoote"]

        def one(name: str) -> None:
            if name in broken:
                raise ZeroDivisionError(name)
            done.append(name)

        names = ["Ambès", "Zuydcoote", "Œuilly"]
        handler(lambda tache: run_each(tache, [(name, lambda name=name: one(name)) for name in names]))
        tache = TacheFactory()
        run_due()
        tache.refresh_from_db()
        assert done == ["Ambès", "Œuilly"]
        assert (tache.etat, tache.fait, tache.total) == ("nouvel essai prévu", 2, 3)
        assert tache.constat == "Échec pour Zuydcoote. Tout le reste est fait."
        assert "ZeroDivisionError: Zuydcoote" in tache.erreur
        broken.clear()
        Tache.objects.update(reessai_at=None)
        run_due()
        tache.refresh_from_db()
        assert (tache.etat, tache.fait, tache.constat) == ("faite", 3, "")

    def test_what_held_a_job_is_forgotten_at_its_next_try(self, handler: Any):
        said = ["Une première raison."]

        def fails(tache: Tache) -> None:
            if said:
                explain(tache, said.pop())
            raise ZeroDivisionError

        handler(fails)
        TacheFactory()
        for constat in ("Une première raison.", ""):
            Tache.objects.update(reessai_at=None)
            run_due()
            assert Tache.objects.get().constat == constat

    def test_one_that_waits_for_another_try_may_be_tried_at_once(self, handler: Any, wakes: list[str]):
        handler(lambda tache: 1 / 0)
        tache = TacheFactory()
        run_due()
        assert run_due() == 0
        try_again_soon(tache.cle)
        assert run_due() == 1

    def test_a_kind_that_no_longer_exists_is_a_failure_like_another(self):
        TacheFactory(type="disparu")
        assert run_due() == 1
        assert "KeyError" in Tache.objects.get().erreur

    def test_a_crash_is_resumed_when_the_lease_runs_out(self, done: list[str]):
        TacheFactory()
        dead = claim(horloge.now())
        assert dead is not None
        assert run_due() == 0, "somebody holds it"
        Tache.objects.update(bail_at=horloge.real_now())
        assert run_due() == 1
        assert Tache.objects.get().essais == 2

    def test_progress_renews_the_lease(self):
        TacheFactory()
        tache = claim(horloge.now())
        Tache.objects.update(bail_at=horloge.real_now())
        progress(tache, fait=3, total=28)
        tache.refresh_from_db()
        assert (tache.fait, tache.total) == (3, 28)
        assert tache.bail_at > horloge.real_now() + workflow.LEASE - timedelta(minutes=1)

    def test_leases_follow_true_time_not_the_clock_of_the_trade(self, at_time: Any):
        TacheFactory()
        assert claim(horloge.now()) is not None
        at_time(horloge.now() + timedelta(days=30))
        assert claim(horloge.now()) is None

    def test_the_tick_wakes_nobody(
        self, handler: Any, wakes: list[str], tick: Any, django_capture_on_commit_callbacks: Any
    ):
        epci = EpciFactory()
        handler(
            lambda tache: (
                schedule(epci=epci, type="essai", cle="suite", due_at=horloge.now())
                if tache.cle == "a"
                else None
            )
        )
        TacheFactory(cle="a")
        with django_capture_on_commit_callbacks(execute=True):
            tick()
        assert wakes == []
        assert Tache.objects.filter(faite_at=None).count() == 0, "what a job schedules now is done now"


def test_the_beat_calls_a_task_that_exists():
    app.loader.import_default_modules()
    assert {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()} <= set(app.tasks)


@pytest.mark.django_db(transaction=True)
class TestTogether:
    def test_two_workers_claim_a_job_once(self):
        TacheFactory()
        now = horloge.now()
        results = together(*[lambda: claim(now)] * 4)
        assert failures(results) == []
        assert sum(tache is not None for tache in results) == 1

    def test_control_without_the_lock_both_claim_it(self, monkeypatch: pytest.MonkeyPatch):
        TacheFactory()
        now, meeting = horloge.now(), threading.Barrier(2)

        def f_after_both_have_read(name: str) -> F:
            meeting.wait(PATIENCE)
            return F(name)

        monkeypatch.setattr(models.QuerySet, "select_for_update", lambda self, **kwargs: self)
        monkeypatch.setattr(workflow, "F", f_after_both_have_read)
        results = together(*[lambda: claim(now)] * 2)
        assert [tache is not None for tache in results] == [True, True]

    def test_two_ticks_share_the_work(self, done: list[str]):
        epci = EpciFactory()
        for n in range(12):
            TacheFactory(epci=epci, cle=f"{n:02d}")
        results = together(run_due, run_due)
        assert sum(results) == 12
        assert sorted(done) == [f"{n:02d}" for n in range(12)]
