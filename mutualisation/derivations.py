"""What gives way to what, and from when: activities split, merged or withdrawn, communes merged, split or gone.

An adhesion belongs to a (commune, activity) pair. From the day of a derivation, a source gives way to its heirs:
an heir is shared when one at least of its sources was shared on the eve (a commune nouvelle takes over the duties
of those it replaces, CGCT L.2113-5; a merged activity keeps who shared one of its parts).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise, product
from typing import TypeAlias

from mutualisation.models import ActiviteVersion, Adhesion, Catalogue, Succession
from territoire.models import Appartenance, Epci, Filiation

Cle: TypeAlias = tuple[int, int]
Heirs: TypeAlias = Mapping[int, tuple[int, ...]]


@dataclass(frozen=True)
class Derivation:
    """What gives way on `day`: each source to its heirs, one without heir ends. Ids of communes and of activities.

    A day has one derivation: a commune nouvelle and an edition of the catalogue often both begin on 1 January.
    """

    day: date
    communes: Heirs = field(default_factory=dict)
    activites: Heirs = field(default_factory=dict)

    def heirs(self, cle: Cle) -> tuple[Cle, ...] | None:
        """The pairs that take over from `cle`; None when it is not concerned."""
        commune, activite = cle
        if commune not in self.communes and activite not in self.activites:
            return None
        communes = self.communes.get(commune, (commune,))
        return tuple(product(communes, self.activites.get(activite, (activite,))))

    def sources(self, cle: Cle) -> tuple[Cle, ...]:
        """The pairs that lead to `cle` on this day, itself included when it does not give way."""
        commune, activite = cle
        return tuple(product(_sources(self.communes, commune), _sources(self.activites, activite)))

    def origine(self, heir: Cle) -> Adhesion.Origine:
        """What an heir owes its adhesion to."""
        moved = any(heir[0] in heirs for heirs in self.communes.values())
        return Adhesion.Origine.TERRITOIRE if moved else Adhesion.Origine.CATALOGUE


def _sources(heirs: Heirs, reached: int) -> tuple[int, ...]:
    found = tuple(source for source, taking in heirs.items() if reached in taking)
    return found if reached in heirs else (reached, *found)


def read_derivations(epci: Epci, until: date) -> list[Derivation]:
    """Every derivation of an EPCI up to a day included, in order, one a day; a fixed number of queries."""
    communes: dict[date, dict[int, tuple[int, ...]]] = {}
    activites: dict[date, dict[int, tuple[int, ...]]] = {}
    for day, heirs in (*_of_filiations(epci, until), *_of_departures(epci, until)):
        communes.setdefault(day, {}).update(heirs)
    for day, heirs in _of_editions(epci, until):
        activites[day] = heirs
    days = sorted(communes.keys() | activites.keys())
    return [Derivation(day, communes.get(day, {}), activites.get(day, {})) for day in days]


def _heirs(gone: Iterable[int], successions: Iterable[tuple[int, int]]) -> dict[int, tuple[int, ...]]:
    heirs: dict[int, tuple[int, ...]] = dict.fromkeys(sorted(gone), ())
    for ancienne, nouvelle in successions:
        heirs[ancienne] = (*heirs.get(ancienne, ()), nouvelle)
    return heirs


def _of_editions(epci: Epci, until: date) -> Iterator[tuple[date, dict[int, tuple[int, ...]]]]:
    frozen = Catalogue.objects.filter(epci=epci, gele_at__isnull=False, effective_on__lte=until)
    days = dict(frozen.order_by("effective_on").values_list("pk", "effective_on"))
    if len(days) < 2:
        return
    offered: dict[int, set[int]] = {}
    for edition, activite in ActiviteVersion.objects.filter(catalogue__in=days).values_list(
        "catalogue_id", "activite_id"
    ):
        offered.setdefault(edition, set()).add(activite)
    successions: dict[int, list[tuple[int, int]]] = {}
    rows = Succession.objects.filter(catalogue__in=days).order_by("pk")
    for edition, ancienne, nouvelle in rows.values_list("catalogue_id", "ancienne_id", "nouvelle_id"):
        successions.setdefault(edition, []).append((ancienne, nouvelle))
    editions = list(days)
    for before, edition in pairwise(editions):
        heirs = _heirs(offered.get(before, set()) - offered.get(edition, set()), successions.get(edition, []))
        if heirs:
            yield days[edition], heirs


def _of_filiations(epci: Epci, until: date) -> Iterator[tuple[date, dict[int, tuple[int, ...]]]]:
    rows = Filiation.objects.filter(ancienne__appartenances__epci=epci, effective_on__lte=until)
    by_day: dict[date, dict[int, tuple[int, ...]]] = {}
    pairs = rows.distinct().order_by("effective_on", "pk")
    for day, ancienne, nouvelle in pairs.values_list("effective_on", "ancienne_id", "nouvelle_id"):
        heirs = by_day.setdefault(day, {})
        heirs[ancienne] = (*heirs.get(ancienne, ()), nouvelle)
    for ancienne, day in _staying(epci, by_day):
        by_day[day][ancienne] = (ancienne, *by_day[day][ancienne])
    yield from by_day.items()


def _staying(epci: Epci, by_day: Mapping[date, Heirs]) -> Iterator[tuple[int, date]]:
    """Former communes that a part was detached from: they are still members on the day, and keep what they share."""
    former = {ancienne for heirs in by_day.values() for ancienne in heirs}
    if not former:
        return
    for row in Appartenance.objects.filter(epci=epci, commune__in=former).order_by("commune_id", "debut"):
        for day, heirs in by_day.items():
            if row.commune_id in heirs and row.debut < day and row.covers(day):
                yield row.commune_id, day


def _of_departures(epci: Epci, until: date) -> Iterator[tuple[date, dict[int, tuple[int, ...]]]]:
    """Communes whose membership ended, without succession and without coming back the same day."""
    memberships = Appartenance.objects.filter(epci=epci).order_by("commune_id", "debut")
    rows = list(memberships.values_list("commune_id", "debut", "fin"))
    starts = {(commune, debut) for commune, debut, _ in rows}
    replaced = set(Filiation.objects.values_list("ancienne_id", "effective_on"))
    for commune, _, fin in rows:
        if fin and fin <= until and (commune, fin) not in starts and (commune, fin) not in replaced:
            yield fin, {commune: ()}


def targets_of(
    cle: Cle, derivations: Iterable[Derivation], *, catalogue_on: date, ouverture_on: date, day: date
) -> tuple[Cle, ...]:
    """The pairs that a choice is about on its day, should its activity or its commune have given way meanwhile.

    The choice was made in the edition of `catalogue_on` and in a cycle open since `ouverture_on`.
    """
    since = [
        Derivation(
            d.day,
            d.communes if d.day > ouverture_on else {},
            d.activites if d.day > catalogue_on else {},
        )
        for d in derivations
        if d.day <= day
    ]
    return route(cle, since)


def closure(cles: Iterable[Cle], derivations: Iterable[Derivation]) -> set[Cle]:
    """These pairs, those that take over from them, and what these also take over from."""
    reached = set(cles)
    for derivation in derivations:
        heirs = {heir for cle in reached for heir in derivation.heirs(cle) or ()}
        reached |= heirs | {source for heir in heirs for source in derivation.sources(heir)}
    return reached


def ancestors(cles: Iterable[Cle], derivations: Sequence[Derivation]) -> set[Cle]:
    """These pairs and all those that lead to them, through any number of derivations."""
    reached = set(cles)
    for derivation in reversed(derivations):
        reached |= {source for cle in reached for source in derivation.sources(cle)}
    return reached


def route(cle: Cle, derivations: Iterable[Derivation]) -> tuple[Cle, ...]:
    """Where a pair leads once these derivations have happened, in order; empty when it ended."""
    reached: tuple[Cle, ...] = (cle,)
    for derivation in derivations:
        reached = tuple(dict.fromkeys(heir for pair in reached for heir in _after(pair, derivation)))
    return reached


def _after(cle: Cle, derivation: Derivation) -> tuple[Cle, ...]:
    heirs = derivation.heirs(cle)
    return (cle,) if heirs is None else heirs
