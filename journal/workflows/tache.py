"""Scheduling, claiming and running jobs."""

import logging
import traceback
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet

from journal.models import Tache
from journal.reveil import wake_after_commit
from socle import horloge, registres
from socle.typographie import enumerate_french
from territoire.models import Epci

logger = logging.getLogger(__name__)
LEASE = timedelta(minutes=10)
MAX_DELAY = timedelta(hours=1)


class PasEncore(Exception):
    """A handler says that something else must be done first: the job is tried again in a minute, nothing is wrong."""


def schedule(
    *, epci: Epci, type: str, cle: str, due_at: datetime, parametres: dict[str, Any] | None = None
) -> None:
    """Schedule a job once: the same `cle` again changes nothing. `type` must be in `registres.taches`."""
    registres.taches.get(type)
    row = Tache(epci=epci, type=type, cle=cle, due_at=due_at, parametres=parametres or {})
    Tache.objects.bulk_create([row], ignore_conflicts=True)
    if due_at <= horloge.now():
        wake_after_commit()


def pending() -> QuerySet[Tache]:
    """Jobs not done, in the order they fall due."""
    return Tache.objects.filter(faite_at=None).order_by("due_at", "pk")


def run_due() -> int:
    """Run every job due now, in order, each at its own time; returns how many were tried."""
    tried = 0
    while (tache := claim(horloge.now())) is not None:
        run(tache)
        tried += 1
    return tried


def claim(now: datetime) -> Tache | None:
    """Take the oldest due job that nobody holds; a lease that ran out means its worker died."""
    real = horloge.real_now()
    free = Q(bail_at=None) | Q(bail_at__lte=real)
    ready = Q(reessai_at=None) | Q(reessai_at__lte=real)
    with transaction.atomic():
        tache = (
            pending()
            .filter(free, ready, due_at__lte=now)
            .select_for_update(skip_locked=True, of=("self",), no_key=True)
            .first()
        )
        if tache:
            Tache.objects.filter(pk=tache.pk).update(
                pris_at=real, bail_at=real + LEASE, essais=F("essais") + 1, constat=""
            )
    return tache


def run(tache: Tache) -> None:
    """Run a claimed job; a failure is kept with its trace and tried again later."""
    try:
        registres.taches.get(tache.type)(tache)
    except PasEncore:
        _wait(tache)
    except Exception:  # whatever a handler raises must be kept and tried again
        logger.exception("tache %s failed", tache.cle)
        _failed(tache)
    else:
        Tache.objects.filter(pk=tache.pk).update(faite_at=horloge.now(), bail_at=None, erreur="", constat="")


def _wait(tache: Tache) -> None:
    """Looking is no try: a job may wait for months, minute by minute."""
    later = horloge.real_now() + timedelta(minutes=1)
    Tache.objects.filter(pk=tache.pk).update(bail_at=None, reessai_at=later, essais=F("essais") - 1)


def _failed(tache: Tache) -> None:
    delay = min(timedelta(minutes=2 ** min(tache.essais, 10)), MAX_DELAY)
    Tache.objects.filter(pk=tache.pk).update(
        bail_at=None, reessai_at=horloge.real_now() + delay, erreur=traceback.format_exc()[-2000:]
    )


def progress(tache: Tache, *, fait: int, total: int) -> None:
    """Record how far a job is, and renew its lease."""
    Tache.objects.filter(pk=tache.pk).update(fait=fait, total=total, bail_at=horloge.real_now() + LEASE)


def explain(tache: Tache, constat: str) -> None:
    """Say in French, on the page of jobs, what holds a job back; forgotten at its next try."""
    Tache.objects.filter(pk=tache.pk).update(constat=constat)


def run_each(tache: Tache, parts: Sequence[tuple[str, Callable[[], object]]]) -> None:
    """Do each named part of a job in its own unit, whatever becomes of the others, and record the progress.

    Raises ExceptionGroup once all were tried when some failed, named on the page of jobs: the job is tried again, and a part
    already done must then find nothing to do.
    """
    names: list[str] = []
    errors: list[Exception] = []
    for tried, (name, do) in enumerate(parts, start=1):
        try:
            do()
        except Exception as error:  # one that fails must not hold the following ones
            logger.exception("tache %s failed for %s", tache.cle, name)
            error.add_note(name)
            names.append(name)
            errors.append(error)
        progress(tache, fait=tried - len(errors), total=len(parts))
    if errors:
        explain(tache, f"Échec pour {enumerate_french(names)}. Tout le reste est fait.")
        raise ExceptionGroup(f"{len(errors)} of {len(parts)} parts failed", errors)


def try_again_soon(cle: str) -> None:
    """Let a job that waits for another try be tried at the next tick: what made it fail has changed."""
    Tache.objects.filter(cle=cle, faite_at=None).update(reessai_at=None)
    wake_after_commit()
