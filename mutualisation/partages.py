"""The periods over which communes share activities, past and to come, as they are known today.

Adhesions are the truth. What is sure but whose day has not come yet is read over them, as it will be written: lines
that both assemblies voted, editions of the catalogue that split, merge or withdraw, communes that merge, split or leave.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from django.db.models import Q, QuerySet

from mutualisation.derivations import Cle, Derivation, component, read_derivations, targets_of
from mutualisation.frise import RETRAIT, Decision, Frise, Tenue, decision_of
from mutualisation.models import Adhesion, Catalogue, Declaration, Ligne
from socle.dates import ONE_DAY
from territoire.models import Epci


class Periode(NamedTuple):
    """Shared over `[debut, fin)`, without end while None, in a way (Adhesion.Nature).

    `depuis`: since when with what it will have taken over, when it is to come.
    """

    debut: date
    fin: date | None
    nature: str = Adhesion.Nature.MUTUALISATION
    depuis: date | None = None

    def covers(self, day: date) -> bool:
        return self.debut <= day and (self.fin is None or self.fin > day)


@dataclass(frozen=True)
class Partages:
    """Periods by (commune id, activity id), in order, and what gives way to what meanwhile."""

    periodes: dict[Cle, list[Periode]]
    derivations: list[Derivation]

    def on(self, day: date) -> dict[Cle, Periode]:
        """What is shared on a day."""
        return {cle: held for cle in self.periodes if (held := self.held(cle, day))}

    def held(self, cle: Cle, day: date) -> Periode | None:
        return next((periode for periode in self.periodes.get(cle, ()) if periode.covers(day)), None)

    def gives_way(self, cle: Cle, day: date) -> bool:
        """Whether others take over from a pair on a day: it does not stop being shared."""
        return any(d.day == day and d.heirs(cle) for d in self.derivations)

    def takes_over(self, cle: Cle, day: date) -> bool:
        """Whether a pair that begins on a day only takes over what its commune already shared."""
        sources = (s for d in self.derivations if d.day == day for s in d.sources(cle))
        return any(s[0] == cle[0] and s != cle and self.held(s, day - ONE_DAY) for s in sources)


def voted_lines(epci: Epci) -> QuerySet[Ligne]:
    """Lines that have a day and no effect yet: as public and as sure as adhesions."""
    waiting = Ligne.objects.changing().filter(
        epci=epci, appliquee_at=None, declaration__etat=Declaration.Etat.DEPOSEE
    )
    voted: QuerySet[Ligne] = waiting.filter(arbitrage=Ligne.Arbitrage.ACCEPTEE, effet_on__isnull=False)
    return voted


def read_shares(
    epci: Epci, lignes: Iterable[Ligne], *, since: date, until: date, communes: Collection[int] | None = None
) -> Partages:
    """Periods not over on `since` and begun by `until`, once the voted `lignes` have taken effect.

    `communes` (ids) narrows them. A fixed number of queries. Lines bring their declaration, its cycle and its catalogue.
    """
    shared = [row for row in lignes if row.nature != Ligne.Nature.REVISION]
    dated = [decision_of(row, row.effet_on) for row in shared if row.effet_on and row.effet_on <= until]
    derivations = read_derivations(epci, until)
    return foresee(epci, dated, derivations, since=since, until=until, communes=communes)


def foresee(
    epci: Epci,
    decisions: list[Decision],
    derivations: Sequence[Derivation],
    *,
    since: date,
    until: date,
    communes: Collection[int] | None,
) -> Partages:
    """As `read_shares`, for any decisions and any reading of what gives way."""
    pending = _pending(epci, derivations)
    start = min(
        [*(d.day for d in pending), *(decision.day for decision in decisions)], default=until + ONE_DAY
    )
    floor = min([since, start, *_crossed(decisions, derivations)])
    known = _read_adhesions(epci, floor, until, _with_sources(communes, pending))
    touched = {cle for cle in known if any(d.heirs(cle) is not None for d in pending)}
    touched = component(touched | {decision.cle for decision in decisions}, derivations)
    frise = Frise(
        {cle: [_held(row) for row in known.pop(cle)] for cle in touched & known.keys()},
        [*decisions, *_precedents(decisions)],
        derivations,
        since=start,
        jouees=pending,
    )
    known |= {cle: [_periode(tenue) for tenue in frise.periods(cle)] for cle in frise.cles}
    kept = {cle: [p for p in rows if p.fin is None or p.fin > since] for cle, rows in known.items()}
    return Partages({cle: rows for cle, rows in kept.items() if rows}, list(derivations))


def _crossed(decisions: Iterable[Decision], derivations: Iterable[Derivation]) -> list[date]:
    """The days whose eve says what a retrait leaves to others."""
    chosen = [min(d.ouverture_on, d.catalogue_on) for d in decisions if d.nature == RETRAIT]
    return [d.day for d in derivations if chosen and d.day > min(chosen)]


def _precedents(decisions: Sequence[Decision]) -> Iterator[Decision]:
    """The lines in effect that have precedence over late ones, which older cycles decided; most often there is none."""
    late = [decision.annee for decision in decisions if decision.tardive]
    if not late:
        return
    rows = Ligne.objects.filter(
        appliquee_at__isnull=False,
        activite__in={decision.cle[1] for decision in decisions},
        declaration__cycle__annee__gt=min(late),
    ).exclude(nature=Ligne.Nature.REVISION)
    for row in rows.order_by("pk").select_related("declaration__cycle__catalogue"):
        if row.effet_on:
            yield decision_of(row, row.effet_on)._replace(acquise=True)


def _held(periode: Periode) -> Tenue:
    return Tenue(periode.debut, periode.fin, periode.nature, periode.debut)


def _periode(tenue: Tenue) -> Periode:
    depuis = tenue.depuis if tenue.depuis != tenue.debut else None
    return Periode(tenue.debut, tenue.fin, tenue.nature, depuis)


def targets(ligne: Ligne, derivations: Iterable[Derivation], day: date) -> tuple[Cle, ...]:
    """The pairs a line is about on a day."""
    cycle = ligne.declaration.cycle
    return targets_of(
        (ligne.commune_id, ligne.activite_id),
        derivations,
        catalogue_on=cycle.catalogue.effective_on,
        ouverture_on=cycle.ouverture_on,
        day=day,
    )


def _pending(epci: Epci, derivations: Sequence[Derivation]) -> list[Derivation]:
    """The derivations that adhesions do not hold yet: those to come, and an edition that the job is about to apply."""
    if not derivations:
        return []
    frozen = Catalogue.objects.filter(epci=epci, gele_at__isnull=False, appliquee_at=None)
    due = set(frozen.order_by("effective_on").values_list("effective_on", flat=True))
    return [d for d in derivations if d.day > epci.today or (d.activites and d.day in due)]


def _with_sources(communes: Collection[int] | None, pending: Sequence[Derivation]) -> set[int] | None:
    """These communes and those that lead to them."""
    if communes is None:
        return None
    reached = set(communes)
    for derivation in reversed(pending):
        reached |= {source for source, heirs in derivation.communes.items() if reached.intersection(heirs)}
    return reached


def _read_adhesions(
    epci: Epci, floor: date, until: date, communes: set[int] | None
) -> dict[Cle, list[Periode]]:
    rows = Adhesion.objects.filter(Q(fin=None) | Q(fin__gte=floor), epci=epci, debut__lte=until)
    if communes is not None:
        rows = rows.filter(commune__in=communes)
    periods: dict[Cle, list[Periode]] = {}
    ordered = rows.order_by("debut").values_list("commune_id", "activite_id", "debut", "fin", "nature")
    for commune, activite, debut, fin, nature in ordered:
        periods.setdefault((commune, activite), []).append(Periode(debut, fin, nature))
    return periods
