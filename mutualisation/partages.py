"""The periods over which communes share activities, past and to come, as they are known today.

Adhesions are the truth. What is sure but whose day has not come yet is read over them, as it will be written: lines
that both assemblies voted, editions of the catalogue that split, merge or withdraw, communes that merge, split or leave.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet

from mutualisation.derivations import Cle, Derivation, read_derivations, targets_of
from mutualisation.models import Adhesion, Catalogue, Declaration, Ligne
from territoire.models import Epci

DAY = timedelta(days=1)


class Periode(NamedTuple):
    """Shared over `[debut, fin)`, without end while None, in a way (Adhesion.Nature)."""

    debut: date
    fin: date | None
    nature: str = Adhesion.Nature.MUTUALISATION

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
        return any(s[0] == cle[0] and s != cle and self.held(s, day - DAY) for s in sources)


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
    derivations = read_derivations(epci, until)
    pending = _pending(epci, derivations)
    floor = min([since, *(derivation.day for derivation in pending)])
    known = _read_adhesions(epci, floor, until, _with_sources(communes, pending))
    frises = _Frises(known)
    for derivation, ligne in _in_order(
        pending, [row for row in lignes if row.effet_on and row.effet_on <= until]
    ):
        if derivation:
            frises.hand_over(derivation)
        if ligne:
            frises.apply(ligne, targets(ligne, derivations, ligne.effet_on or until))
    kept = {cle: [p for p in rows if p.fin is None or p.fin > since] for cle, rows in known.items()}
    return Partages({cle: rows for cle, rows in kept.items() if rows}, derivations)


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


def _in_order(
    pending: Sequence[Derivation], lignes: Sequence[Ligne]
) -> list[tuple[Derivation | None, Ligne | None]]:
    """What is to come as it will be put into effect: on a day, the derivation, then lines by cycle."""
    events: list[tuple[tuple[Any, ...], Derivation | None, Ligne | None]] = [
        ((derivation.day, 0, 0), derivation, None) for derivation in pending
    ]
    events += [((row.effet_on, row.declaration.cycle.annee, row.pk), None, row) for row in lignes]
    return [(derivation, ligne) for _, derivation, ligne in sorted(events, key=lambda event: event[0])]


def _debut(periode: Periode) -> date:
    return periode.debut


class _Frises:
    """Periods of each pair, over which what is to come is painted day after day."""

    def __init__(self, periodes: dict[Cle, list[Periode]]) -> None:
        self.periodes = periodes

    def held(self, cle: Cle, day: date) -> Periode | None:
        return next((periode for periode in self.periodes.get(cle, ()) if periode.covers(day)), None)

    def share(self, cle: Cle, day: date, nature: str) -> None:
        """Share a pair from a day until its next known period."""
        rows = self.periodes.setdefault(cle, [])
        held = self.held(cle, day)
        if held and held.nature == nature and held.fin is None:
            return
        fin = next((row.debut for row in rows if row.debut > day), None)
        debut = held.debut if held and held.nature == nature else day
        self.end(cle, debut)
        rows.append(Periode(debut, fin, nature))
        rows.sort(key=_debut)

    def end(self, cle: Cle, day: date) -> None:
        """Share a pair no more from a day; periods that begin later stay."""
        rows = self.periodes.get(cle, [])
        held = self.held(cle, day)
        if held:
            rows.remove(held)
        if held and held.debut < day:
            rows.append(held._replace(fin=day))
            rows.sort(key=_debut)

    def apply(self, ligne: Ligne, cles: Iterable[Cle]) -> None:
        """Read a voted line over its pairs."""
        nature = Ligne.PARTAGE.get(Ligne.Nature(ligne.nature))
        assert ligne.effet_on  # the caller keeps dated lines
        for cle in cles:
            if ligne.nature == Ligne.Nature.RETRAIT:
                self.end(cle, ligne.effet_on)
            elif nature:
                self.share(cle, ligne.effet_on, nature)

    def hand_over(self, derivation: Derivation) -> None:
        """Sources end, and each heir is shared as the first of its sources was on the eve."""
        concerned = [cle for cle in self.periodes if derivation.heirs(cle) is not None]
        eve = derivation.day - DAY
        for heir in sorted({heir for cle in concerned for heir in derivation.heirs(cle) or ()}):
            sources = (self.held(source, eve) for source in derivation.sources(heir))
            held = next((source for source in sources if source), None)
            if held:
                self.share(heir, derivation.day, held.nature)
        for cle in concerned:
            self.end(cle, derivation.day)
