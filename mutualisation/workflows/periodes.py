"""Writing the periods of adhesions: read once, played again by the timeline, written where they differ."""

from collections.abc import Iterable
from datetime import date

from mutualisation.derivations import Cle
from mutualisation.frise import Frise, Tenue
from mutualisation.models import Adhesion
from territoire.models import Epci

# What derivations and lines have opened is found again by playing them; the rest is given as such.
DERIVED = (Adhesion.Origine.CATALOGUE, Adhesion.Origine.TERRITOIRE)


class Periodes:
    """The periods of some (commune, activity) pairs of an EPCI, locked until the unit ends."""

    def __init__(self, epci: Epci, cles: Iterable[Cle]) -> None:
        self._epci = epci
        self._known: dict[Cle, list[Adhesion]] = {cle: [] for cle in cles}
        rows = Adhesion.objects.filter(
            epci=epci,
            commune__in={commune for commune, _ in self._known},
            activite__in={activite for _, activite in self._known},
        )
        for row in rows.order_by("commune_id", "activite_id", "debut").select_for_update(
            of=("self",), no_key=True
        ):
            if (row.commune_id, row.activite_id) in self._known:
                self._known[row.commune_id, row.activite_id].append(row)

    def shared_on(self, cle: Cle, day: date) -> bool:
        """Whether a pair is shared on a day, as written."""
        return any(row.covers(day) for row in self._known[cle])

    def known(self, since: date) -> dict[Cle, list[Tenue]]:
        """The periods to play again from a day: what is over, what runs on the eve, what is given from that day on."""
        return {
            cle: [_held(row, since) for row in rows if row.debut < since or _is_given(row)]
            for cle, rows in self._known.items()
        }

    def write(self, frise: Frise) -> set[Cle]:
        """Write what the timeline says; returns the pairs that changed. Room is made before it is taken."""
        removed: list[int] = []
        changed: list[Adhesion] = []
        created: list[Adhesion] = []
        pairs = set()
        for cle, rows in self._known.items():
            found = _Ecart(self._epci, cle, rows, frise.periods(cle))
            removed += found.removed
            changed += found.changed
            created += found.created
            if found.removed or found.changed or found.created:
                pairs.add(cle)
        if removed:
            Adhesion.objects.filter(pk__in=removed).delete()
        Adhesion.objects.bulk_update(changed, ["fin", "ligne_fin"], batch_size=500)
        Adhesion.objects.bulk_create(created, batch_size=2000)
        return pairs


def _is_given(row: Adhesion) -> bool:
    return row.ligne_id is None and row.origine not in DERIVED


def _held(row: Adhesion, since: date) -> Tenue:
    """A row as the timeline knows it; an end that a line or a derivation gave from `since` on is found again."""
    lasting = row.fin is not None and (row.fin < since or (_is_given(row) and row.ligne_fin_id is None))
    return Tenue(
        debut=row.debut,
        fin=row.fin if lasting else None,
        nature=row.nature,
        depuis=row.debut,
        origine=row.origine,
        ligne=row.ligne_id,
        ligne_fin=row.ligne_fin_id if lasting else None,
        connue=row.pk,
    )


class _Ecart:
    """What to remove, change and create so that the rows of a pair say what its periods say."""

    def __init__(self, epci: Epci, cle: Cle, rows: Iterable[Adhesion], tenues: Iterable[Tenue]) -> None:
        left = {row.pk: row for row in rows}
        begun = {(row.debut, row.nature, row.origine, row.ligne_id): row.pk for row in left.values()}
        self.changed: list[Adhesion] = []
        self.created: list[Adhesion] = []
        for tenue in tenues:
            known = tenue.connue or begun.get((tenue.debut, tenue.nature, tenue.origine, tenue.ligne), 0)
            row = left.pop(known, None)
            if row is None:
                self.created.append(_row(epci, cle, tenue))
            elif (row.fin, row.ligne_fin_id) != (tenue.fin, tenue.ligne_fin):
                row.fin, row.ligne_fin_id = tenue.fin, tenue.ligne_fin
                self.changed.append(row)
        self.removed = list(left)


def _row(epci: Epci, cle: Cle, tenue: Tenue) -> Adhesion:
    return Adhesion(
        epci=epci, commune_id=cle[0], activite_id=cle[1], debut=tenue.debut, fin=tenue.fin, nature=tenue.nature,
        origine=tenue.origine, ligne_id=tenue.ligne, ligne_fin_id=tenue.ligne_fin,
    )  # fmt: skip
