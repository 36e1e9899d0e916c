"""What gives way to what, and from when: activities split, merged or withdrawn, communes merged, split or gone.

An adhesion belongs to a (commune, activity) pair. From the day of a derivation, a source gives way to its heirs:
an heir is shared when one at least of its sources was shared on the eve (a commune nouvelle takes over the duties
of those it replaces, CGCT L.2113-5; a merged activity keeps who shared one of its parts).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import pairwise, product
from typing import TypeAlias

from mutualisation.models import ActiviteVersion, Adhesion, Catalogue, Succession
from socle.dates import ONE_DAY
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

    def after(self, cle: Cle) -> tuple[Cle, ...]:
        """What a pair is from this day on, itself when it is not concerned."""
        heirs = self.heirs(cle)
        return (cle,) if heirs is None else heirs

    def known_since(self, *, communes: date, activites: date) -> "Derivation":
        """What it changes for who knew the communes of a day and the activities of another."""
        return replace(
            self,
            communes=self.communes if self.day > communes else {},
            activites=self.activites if self.day > activites else {},
        )

    def known_until(self, *, communes: date, activites: date) -> "Derivation":
        """What had changed already for who knew the communes of a day and the activities of another."""
        return replace(
            self,
            communes={} if self.day > communes else self.communes,
            activites={} if self.day > activites else self.activites,
        )

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
    membres = Membres(epci)
    for day, heirs in (*_of_filiations(epci, until, membres), *_of_departures(until, membres)):
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


def _of_filiations(
    epci: Epci, until: date, membres: "Membres"
) -> Iterator[tuple[date, dict[int, tuple[int, ...]]]]:
    rows = Filiation.objects.filter(ancienne__appartenances__epci=epci, effective_on__lte=until)
    by_day: dict[date, dict[int, tuple[int, ...]]] = {}
    pairs = rows.distinct().order_by("effective_on", "pk")
    for day, ancienne, nouvelle in pairs.values_list("effective_on", "ancienne_id", "nouvelle_id"):
        heirs = by_day.setdefault(day, {})
        heirs[ancienne] = (*heirs.get(ancienne, ()), nouvelle)
    for day, heirs in by_day.items():
        for ancienne in heirs:
            # A part was detached from it: it keeps what it shares.
            if membres.through(ancienne, day):
                heirs[ancienne] = (ancienne, *heirs[ancienne])
    yield from by_day.items()


class Membres:
    """Who belongs to an EPCI on each day, whatever the pôle: another pôle is another period of the same membership."""

    def __init__(self, epci: Epci) -> None:
        self._periods: dict[int, list[tuple[date, date | None]]] = {}
        rows = Appartenance.objects.filter(epci=epci).order_by("commune_id", "debut")
        for commune, debut, fin in rows.values_list("commune_id", "debut", "fin"):
            self._periods.setdefault(commune, []).append((debut, fin))

    def on(self, commune: int, day: date) -> bool:
        return any(
            debut <= day and (fin is None or day < fin) for debut, fin in self._periods.get(commune, ())
        )

    def through(self, commune: int, day: date) -> bool:
        """Member on the eve and on the day."""
        return self.on(commune, day - ONE_DAY) and self.on(commune, day)

    def departures(self) -> Iterator[tuple[int, date]]:
        """Communes (their ids) and the days they stop being members."""
        for commune, periods in self._periods.items():
            for _, fin in periods:
                if fin and not self.on(commune, fin):
                    yield commune, fin


def _of_departures(until: date, membres: Membres) -> Iterator[tuple[date, dict[int, tuple[int, ...]]]]:
    """Communes whose membership ended, without succession."""
    replaced = set(Filiation.objects.values_list("ancienne_id", "effective_on"))
    for commune, day in membres.departures():
        if day <= until and (commune, day) not in replaced:
            yield day, {commune: ()}


def targets_of(
    cle: Cle, derivations: Iterable[Derivation], *, catalogue_on: date, ouverture_on: date, day: date
) -> tuple[Cle, ...]:
    """The pairs that a choice is about on its day, should its activity or its commune have given way meanwhile.

    The choice was made in the edition of `catalogue_on` and in a cycle open since `ouverture_on`.
    """
    since = (
        d.known_since(communes=ouverture_on, activites=catalogue_on) for d in derivations if d.day <= day
    )
    return route(cle, since)


def component(cles: Iterable[Cle], derivations: Iterable[Derivation]) -> set[Cle]:
    """These pairs, all those they lead to or come from, and so on: nothing else bears on their periods."""
    known = list(derivations)
    reached = set(cles)
    while True:
        linked = {
            pair
            for derivation in known
            for cle in reached
            for pair in (*derivation.after(cle), *derivation.sources(cle))
        }
        if linked <= reached:
            return reached
        reached |= linked


def route(cle: Cle, derivations: Iterable[Derivation]) -> tuple[Cle, ...]:
    """Where a pair leads once these derivations have happened, in order; empty when it ended."""
    reached: tuple[Cle, ...] = (cle,)
    for derivation in derivations:
        reached = tuple(dict.fromkeys(heir for pair in reached for heir in derivation.after(pair)))
    return reached
