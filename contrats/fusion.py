"""What a page sends of a fiche, merged into what is stored: two people or two tabs lose nothing.

A page carries a fingerprint of what it showed, rubric by rubric and indicator by indicator. Only what it changed since is
written; only what both changed, each in another way, is a conflict.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from contrats.models import Indicateur
from socle.erreurs import Conflit, Refus
from socle.typographie import enumerate_french

INDICATOR_FIELDS = ("libelle", "unite", "reference", "cible", "tolerance", "sens")
MAX_INDICATORS = 40


def fingerprint(value: Any) -> str:
    """A short digest of a value as people read it: line ends and blanks around do not count, nor useless zeros."""
    if isinstance(value, Decimal):
        value = f"{value.normalize():f}"
    text = "" if value is None else str(value).replace("\r\n", "\n").strip()
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def row_fingerprint(values: Mapping[str, Any]) -> str:
    """The same of an indicator, given by its INDICATOR_FIELDS."""
    return fingerprint(" ".join(fingerprint(values[name]) for name in INDICATOR_FIELDS))


def values_of(indicateur: Indicateur) -> dict[str, Any]:
    """An indicator by its INDICATOR_FIELDS."""
    return {name: getattr(indicateur, name) for name in INDICATOR_FIELDS}


@dataclass(frozen=True)
class LigneIndicateur:
    """A row as a page sends it: its values (None: removed), and which indicator it showed, with its fingerprint then."""

    valeurs: Mapping[str, Any] | None
    pk: int | None = None
    vue: str = ""

    @property
    def changee(self) -> bool:
        return self.valeurs is None or self.pk is None or row_fingerprint(self.valeurs) != self.vue


@dataclass(frozen=True)
class Divergence:
    """A rubric (or an indicator) that two people changed: its name, what stands now, who wrote it (empty: not known)."""

    cle: str
    libelle: str
    present: str
    qui: str = ""


class FicheChangee(Conflit):
    """Rubrics of a fiche were changed on both sides since the page was read."""

    def __init__(self, divergences: Sequence[Divergence]) -> None:
        self.divergences = tuple(divergences)
        names = enumerate_french([f"« {one.libelle} »" for one in self.divergences])
        who = enumerate_french(sorted({one.qui for one in self.divergences} - {""}))
        has = "ont" if len(self.divergences) > 1 else "a"
        said = (
            f"{who} {'a' if ' et ' not in who else 'ont'} changé {names}" if who else f"{names} {has} changé"
        )
        super().__init__(f"{said} pendant que vous écriviez. Rien de ce que vous avez saisi n'est perdu.")


def to_write(present: Mapping[str, Any], sent: Mapping[str, Any], seen: Mapping[str, str]) -> dict[str, Any]:
    """Of the values sent, those that the page changed and that are not stored yet; `seen` are fingerprints."""
    return {
        name: value
        for name, value in sent.items()
        if seen.get(name) != fingerprint(value) and fingerprint(present[name]) != fingerprint(value)
    }


def clashing(present: Mapping[str, Any], wanted: Mapping[str, Any], seen: Mapping[str, str]) -> list[str]:
    """Of the values to write, the names of those somebody else changed since the page showed them."""
    return [name for name in wanted if seen.get(name) != fingerprint(present[name])]


@dataclass(frozen=True)
class Tri:
    """Rows of indicators once merged: to create, to change, to remove; and those that clash."""

    nouveaux: list[Mapping[str, Any]]
    changes: list[tuple[Indicateur, Mapping[str, Any]]]
    retires: list[Indicateur]
    divergents: list[Divergence]

    @property
    def moves(self) -> bool:
        """Whether there is anything to write."""
        return bool(self.nouveaux or self.changes or self.retires)

    @property
    def cles(self) -> list[str]:
        """The indicators already there that are changed or removed, as the journal names them."""
        return [key_of(one) for one in (*(changed for changed, _ in self.changes), *self.retires)]

    def told(self) -> dict[str, dict[str, str]]:
        """Before and after of each row, for the journal; to read before anything is written."""
        new = {
            f"indicateur-nouveau-{rank}": {"avant": "", "apres": describe(values)}
            for rank, values in enumerate(self.nouveaux, start=1)
        }
        changed = {
            key_of(one): {"avant": describe(values_of(one)), "apres": describe(values)}
            for one, values in self.changes
        }
        gone = {key_of(one): {"avant": describe(values_of(one)), "apres": ""} for one in self.retires}
        return new | changed | gone


def key_of(one: Indicateur) -> str:
    """The name of an indicator in the journal."""
    return f"indicateur-{one.pk}"


def sort_rows(present: Sequence[Indicateur], sent: Sequence[LigneIndicateur]) -> Tri:
    """What a page asks of the indicators stored; those it did not show stay. Raises Refus past MAX_INDICATORS."""
    stored = {one.pk: one for one in present}
    shown = {row.pk for row in sent}
    # The same page sent twice: what it added the first time stands there already.
    added = {row_fingerprint(values_of(one)) for one in present if one.pk not in shown}
    tri = Tri([], [], [], [])
    for row in sent:
        if row.pk is None:
            if row.valeurs is not None and row_fingerprint(row.valeurs) not in added:
                tri.nouveaux.append(row.valeurs)
        elif row.changee:
            _sort_known(tri, row, stored.get(row.pk))
    count = len(present) + len(tri.nouveaux) - len(tri.retires)
    if count > MAX_INDICATORS and tri.nouveaux:
        raise Refus(f"Une fiche a {MAX_INDICATORS} indicateurs au plus ; il y en aurait {count}.")
    return tri


def _sort_known(tri: Tri, row: LigneIndicateur, one: Indicateur | None) -> None:
    now = row_fingerprint(values_of(one)) if one else ""
    if row.valeurs is None:
        if one and now == row.vue:
            tri.retires.append(one)
        elif one:
            tri.divergents.append(_told(one))
    elif one is None:
        name = str(row.valeurs["libelle"])
        tri.divergents.append(Divergence(f"indicateur-{row.pk}", name, "(retiré)"))
    elif now == row.vue:
        tri.changes.append((one, row.valeurs))
    elif now != row_fingerprint(row.valeurs):
        tri.divergents.append(_told(one))


def _told(one: Indicateur) -> Divergence:
    return Divergence(key_of(one), one.libelle, describe(values_of(one)))


def describe(values: Mapping[str, Any]) -> str:
    """« Délai (jours) : avant 9, promis 5, tolérance 1, plus c'est bas, mieux c'est »."""
    before = "non mesuré" if values["reference"] is None else _plain(values["reference"])
    sens = str(Indicateur.Sens(values["sens"]).label)
    numbers = f"avant {before}, promis {_plain(values['cible'])}, tolérance {_plain(values['tolerance'])}"
    return f"{values['libelle']} ({values['unite']}) : {numbers}, {sens}"


def _plain(value: Any) -> str:
    return f"{Decimal(str(value)).normalize():f}".replace(".", ",")
