"""The unit of work: one transaction, whose events are numbered last, just before it commits.

Events are buffered and flushed at the end of the outermost unit, so that the counter of an EPCI is locked for the shortest
time and in a fixed order: numbers have no gap, and a number seen by a reader means every smaller one is committed.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import wraps
from itertools import groupby
from typing import Any, ParamSpec, TypeVar

from django.db import models, transaction
from django.db.models import F

from comptes.models import Personne
from journal.models import CompteurEvenement, Evenement, EvenementDetail
from socle import horloge
from territoire.models import Commune, Epci

P = ParamSpec("P")
R = TypeVar("R")


class OutsideUnit(RuntimeError):
    """An event was recorded outside a unit of work: it could not be numbered with the change it tells."""


@dataclass
class _Buffer:
    events: list[tuple[Evenement, dict[str, Any] | None]] = field(default_factory=list)


_buffer: ContextVar[_Buffer | None] = ContextVar("journal_buffer", default=None)


@contextmanager
def unit() -> Iterator[None]:
    """Open a unit of work, or join the one already open (as a savepoint whose events vanish with it)."""
    outer = _buffer.get()
    if outer is not None:
        with _joined(outer):
            yield
        return
    with transaction.atomic():
        buffer = _Buffer()
        token = _buffer.set(buffer)
        try:
            yield
        finally:
            # Before the commit: what runs on commit opens units of its own.
            _buffer.reset(token)
        _flush(buffer)


@contextmanager
def _joined(outer: _Buffer) -> Iterator[None]:
    kept = len(outer.events)
    try:
        with transaction.atomic():
            yield
    except BaseException:  # even Ctrl-C or a killed worker: what was rolled back must not be told
        del outer.events[kept:]
        raise


def unite(function: Callable[P, R]) -> Callable[P, R]:
    """Run a workflow function as one unit of work."""

    @wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        with unit():
            return function(*args, **kwargs)

    return wrapper


def record(
    *,
    type: str,
    objet: models.Model,
    epci: Epci,
    libelle: str,
    acteur: Personne | None,
    commune: Commune | None = None,
    qualite: str = "",
    contenu: dict[str, Any] | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    """Write one line of the journal about `objet`, numbered when the unit ends.

    `libelle` is the French sentence of the history page; `contenu` the minimal JSON payload of integrators; `detail` what
    changed before and after, which may be purged later. `acteur` is None when a rule of time acts. Raises OutsideUnit.
    """
    buffer = _buffer.get()
    if buffer is None:
        raise OutsideUnit(type)
    evenement = Evenement(
        epci=epci,
        survenu_at=horloge.now(),
        type=type,
        acteur=acteur,
        qualite=qualite,
        commune=commune,
        objet_type=objet._meta.label_lower,
        objet_id=objet.pk,
        libelle=libelle[:300],
        contenu=contenu or {},
    )
    buffer.events.append((evenement, detail))


def _flush(buffer: _Buffer) -> None:
    events = sorted(buffer.events, key=lambda pair: pair[0].epci_id)
    for epci_id, group in groupby(events, key=lambda pair: pair[0].epci_id):
        _write(epci_id, list(group))


def _write(epci_id: int, events: list[tuple[Evenement, dict[str, Any] | None]]) -> None:
    last = _reserve(epci_id, len(events))
    for numero, (evenement, _) in enumerate(events, start=last - len(events) + 1):
        evenement.numero = numero
    Evenement.objects.bulk_create([evenement for evenement, _ in events])
    EvenementDetail.objects.bulk_create(
        EvenementDetail(evenement=evenement, contenu=detail)
        for evenement, detail in events
        if detail is not None
    )


def _reserve(epci_id: int, count: int) -> int:
    """Lock the counter of an EPCI until commit and move it by `count`; return the last number."""
    counter = CompteurEvenement.objects.filter(epci_id=epci_id)
    if not counter.update(dernier=F("dernier") + count):
        CompteurEvenement.objects.get_or_create(epci_id=epci_id)
        counter.update(dernier=F("dernier") + count)
    return CompteurEvenement.objects.values_list("dernier", flat=True).get(epci_id=epci_id)
