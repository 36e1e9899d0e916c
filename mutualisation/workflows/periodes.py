"""Writing the periods of adhesions: read once, painted over, written once.

A line says what is shared from its day until the next decision about the same pair; painting that interval and
nothing else lets acts come in any order, late ones included, and leaves periods without overlap.
"""

from collections.abc import Iterable
from datetime import date

from mutualisation.derivations import Cle
from mutualisation.models import Adhesion
from territoire.models import Epci


class Periodes:
    """The periods of some (commune, activity) pairs of an EPCI, locked until the unit ends."""

    def __init__(self, epci: Epci, cles: Iterable[Cle]) -> None:
        self._epci = epci
        self._known: dict[Cle, list[Adhesion]] = {cle: [] for cle in cles}
        self._created: list[Adhesion] = []
        self._changed: dict[int, Adhesion] = {}
        self._removed: list[Adhesion] = []
        rows = Adhesion.objects.filter(
            epci=epci,
            commune__in={commune for commune, _ in self._known},
            activite__in={activite for _, activite in self._known},
        )
        for row in rows.order_by("commune_id", "activite_id", "debut").select_for_update(of=("self",)):
            if (row.commune_id, row.activite_id) in self._known:
                self._known[row.commune_id, row.activite_id].append(row)

    def shared_on(self, cle: Cle, day: date) -> Adhesion | None:
        """The period of a pair that holds a day."""
        return next((row for row in self._known[cle] if row.covers(day)), None)

    def share(
        self, cle: Cle, debut: date, fin: date | None, *, nature: str, origine: str, ligne: int | None = None
    ) -> bool:
        """Share a pair over `[debut, fin)`, for a line (its id) or not; False when it already was, in that way."""
        if fin and fin <= debut:
            return False
        holes = list(self._holes(cle, debut, fin, nature))
        for start, end in holes:
            self._clear(cle, start, end, ligne)
            self._add(cle, start, end, nature, origine, ligne)
        return bool(holes)

    def end(self, cle: Cle, debut: date, fin: date | None, *, ligne: int | None = None) -> bool:
        """Share a pair no more over `[debut, fin)`; False when it was not shared."""
        return (fin is None or debut < fin) and self._clear(cle, debut, fin, ligne)

    def next_given(self, cle: Cle, day: date) -> date | None:
        """The first day after `day` from which a pair is shared by a fact given as such, that no line decided."""
        given = (Adhesion.Origine.REPRISE, Adhesion.Origine.DEMONSTRATION)
        days = [row.debut for row in self._known[cle] if row.origine in given and row.debut > day]
        return min(days, default=None)

    def _holes(
        self, cle: Cle, debut: date, fin: date | None, nature: str
    ) -> Iterable[tuple[date, date | None]]:
        """The parts of `[debut, fin)` that are not shared in this way yet."""
        start = debut
        for row in sorted(self._known[cle], key=lambda row: row.debut):
            if row.nature != nature or (row.fin and row.fin <= start) or (fin and row.debut >= fin):
                continue
            if row.debut > start:
                yield start, row.debut
            if row.fin is None:
                return
            start = row.fin
        if fin is None or start < fin:
            yield start, fin

    def _clear(self, cle: Cle, debut: date, fin: date | None, ligne: int | None) -> bool:
        touched = [
            row
            for row in self._known[cle]
            if (row.fin is None or row.fin > debut) and (fin is None or row.debut < fin)
        ]
        for row in touched:
            self._cut(cle, row, debut, fin, ligne)
        return bool(touched)

    def _cut(self, cle: Cle, row: Adhesion, debut: date, fin: date | None, ligne: int | None) -> None:
        """Remove `[debut, fin)` from a period: what came before keeps the row, what comes after makes another."""
        end, former = row.fin, row.ligne_fin_id
        if row.debut < debut:
            row.fin, row.ligne_fin_id = debut, ligne
            self._note_change(row)
        else:
            self._drop(cle, row)
        if fin and (end is None or end > fin):
            self._add(cle, fin, end, row.nature, row.origine, row.ligne_id).ligne_fin_id = former

    def _add(
        self, cle: Cle, debut: date, fin: date | None, nature: str, origine: str, ligne: int | None
    ) -> Adhesion:
        commune, activite = cle
        row = Adhesion(
            epci=self._epci, commune_id=commune, activite_id=activite, debut=debut, fin=fin,
            nature=nature, origine=origine, ligne_id=ligne,
        )  # fmt: skip
        self._known[cle].append(row)
        self._created.append(row)
        return row

    def _drop(self, cle: Cle, row: Adhesion) -> None:
        self._known[cle].remove(row)
        if row._state.adding:
            self._created.remove(row)
        else:
            self._changed.pop(row.pk, None)
            self._removed.append(row)

    def _note_change(self, row: Adhesion) -> None:
        if not row._state.adding:
            self._changed[row.pk] = row

    def save(self) -> bool:
        """Write what changed; room is made before it is taken, for the constraint on overlaps is immediate.

        False when nothing did.
        """
        changed = bool(self._removed or self._changed or self._created)
        if self._removed:
            Adhesion.objects.filter(pk__in=[row.pk for row in self._removed]).delete()
        Adhesion.objects.bulk_update(self._changed.values(), ["fin", "ligne_fin"], batch_size=500)
        Adhesion.objects.bulk_create(self._created, batch_size=2000)
        self._created, self._changed, self._removed = [], {}, []
        return changed
