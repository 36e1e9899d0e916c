"""The clock of the demonstration: its offset, and how it moves forward."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from demo.models import Decalage
from journal.models import Tache
from journal.reveil import ticking
from journal.workflows.courriel import send_due_mails
from journal.workflows.tache import claim, run
from socle import horloge
from socle.erreurs import Refus

KEPT_SECONDS = 1.0
LOCK = 20270210  # any number of ours: the advisory lock of the clock
MAX_JUMP = timedelta(days=3 * 366)


class _Cache:
    """The offset as last read: a process asks the database at most once a second."""

    read_at = -KEPT_SECONDS
    offset = timedelta()


def current_offset() -> timedelta:
    """The offset in force."""
    if time.monotonic() - _Cache.read_at >= KEPT_SECONDS:
        _Cache.offset = Decalage.objects.values_list("duree", flat=True).first() or timedelta()
        _Cache.read_at = time.monotonic()
    return _Cache.offset


def set_now(instant: datetime) -> None:
    """Make the clock of every process say `instant`, from now on."""
    Decalage.objects.update_or_create(pk_unique=1, defaults={"duree": instant - timezone.now()})
    _Cache.read_at = -KEPT_SECONDS


def advance(target: datetime) -> int:
    """Move the clock forward, doing what falls due on the way in order, each at its own instant; returns how many jobs.

    Raises Refus for an instant that is not ahead, or too far ahead.
    """
    now = horloge.now()
    if target <= now:
        raise Refus("L'horloge de la démonstration n'avance que vers l'avenir.")
    if target - now > MAX_JUMP:
        raise Refus("L'horloge avance de trois ans au plus à la fois.")
    with _alone():
        done = replay_until(target, floor=now)
        set_now(target)
    return done


@contextmanager
def _alone() -> Iterator[None]:
    """One move at a time: a second one would bring the clock back to its own target."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            raise Refus("L'horloge est déjà en train d'avancer ; rechargez la page dans un instant.")
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def replay_until(target: datetime, *, floor: datetime) -> int:
    """Run what falls due up to an instant, in order, each at its own (never before `floor`); returns how many jobs."""
    done = 0
    with ticking():
        while (tache := claim(target)) is not None:
            _replay(tache, floor)
            done += 1
    return done


def _replay(tache: Tache, floor: datetime) -> None:
    """Run a job at its own instant; one already late runs at the present one."""
    with horloge.at(max(tache.due_at, floor)):
        run(tache)
        send_due_mails()
        moment = horloge.now()
    set_now(moment)  # killed on the way, the clock stands where the work does
