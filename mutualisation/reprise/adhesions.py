"""Sheets of dated adhesions: understood, then checked against each other and against what exists."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from mutualisation.derivations import Cle, Derivation, read_derivations
from mutualisation.models import Adhesion, Ligne
from mutualisation.reprise.colonnes import ACTIVITE, COLONNES, COMMUNE, DEBUT, NATURE, NATURES, Type
from mutualisation.reprise.lecteur import Lecteur, overlap, said
from mutualisation.reprise.lecture import Rangee
from mutualisation.reprise.recueil import Recueil
from mutualisation.reprise.reperes import Choix, Reperes
from socle.dates import day_and_year
from territoire.models import Epci


class Partage(NamedTuple):
    """A row understood: a commune shares an activity over `[debut, fin)`; `ligne` is its number in the sheet."""

    ligne: int
    commune: int
    activite: int
    debut: date
    fin: date | None
    nature: str

    @property
    def cle(self) -> Cle:
        return self.commune, self.activite

    @property
    def periode(self) -> tuple[date, date | None]:
        return self.debut, self.fin

    @classmethod
    def load(cls, values: Sequence[object]) -> "Partage":
        """From the plan kept as JSON."""
        ligne, commune, activite, debut, fin, nature = values
        return cls(  # the plan is ours: written by dump()
            int(str(ligne)),
            int(str(commune)),
            int(str(activite)),
            date.fromisoformat(str(debut)),
            date.fromisoformat(str(fin)) if fin else None,
            str(nature),
        )

    def dump(self) -> list[object]:
        fin = self.fin.isoformat() if self.fin else None
        return [self.ligne, self.commune, self.activite, self.debut.isoformat(), fin, self.nature]


def understand(epci: Epci, rangees: Iterable[Rangee], recueil: Recueil) -> list[Partage]:
    """The rows without fault, one of each when a row comes back word for word."""
    reperes, natures = Reperes(epci), Choix(NATURES)
    read = [_read(Lecteur(r, COLONNES[Type.ADHESIONS], recueil), reperes, natures) for r in rangees]
    return _once([row for row in read if row], recueil)


def _read(lecteur: Lecteur, reperes: Reperes, natures: Choix) -> Partage | None:
    period = lecteur.period()
    commune = lecteur.find_commune(reperes, period)
    activite = lecteur.find(ACTIVITE, reperes.activites.find)
    nature = lecteur.find(NATURE, natures.find) or Adhesion.Nature.MUTUALISATION
    if not (lecteur.juste and commune and activite and period):
        return None
    return Partage(lecteur.numero, commune, activite, *period, str(nature))


def _once(rows: list[Partage], recueil: Recueil) -> list[Partage]:
    """Leave out the rows said twice, and refuse those that share days with another one of the sheet."""
    kept: list[Partage] = []
    last: dict[Cle, list[Partage]] = {}
    for row in rows:
        before = next((b for b in last.get(row.cle, ()) if overlap(row.periode, b.periode)), None)
        if before is None:
            kept.append(row)
            last.setdefault(row.cle, []).append(row)
        elif before[1:] == row[1:]:
            recueil.warn(
                row.ligne, COMMUNE, f"Même ligne que la ligne {before.ligne} : elle compte une fois."
            )
        else:
            text = f"Déjà dite partagée {said(*before.periode)}, ligne {before.ligne}."
            recueil.refuse(row.ligne, DEBUT, text)
    return kept


# Of an adhesion: first day, end excluded, nature.
Connue = tuple[date, date | None, str]


@dataclass(frozen=True)
class _Existant:
    """What the database holds that a row may contradict."""

    adhesions: dict[Cle, list[Connue]]
    decisions: dict[Cle, list[date]]
    derivations: list[Derivation]
    members: dict[int, list[tuple[date, date | None]]]


def check(epci: Epci, rows: Sequence[Partage], recueil: Recueil) -> list[Partage]:
    """The rows that remain to be written; those already there are left out, those that contradict it are refused."""
    existing = _read_existing(epci)
    return [row for row in rows if not _already(row, existing) and _agrees(row, existing, recueil)]


def _read_existing(epci: Epci) -> _Existant:
    adhesions: dict[Cle, list[Connue]] = {}
    rows = Adhesion.objects.filter(epci=epci).order_by("pk")
    known = rows.values_list("commune_id", "activite_id", "debut", "fin", "nature")
    for commune, activite, debut, fin, nature in known:
        adhesions.setdefault((commune, activite), []).append((debut, fin, nature))
    derivations = read_derivations(epci, epci.today)
    return _Existant(adhesions, _read_decisions(epci), derivations, Reperes(epci).members)


def _read_decisions(epci: Epci) -> dict[Cle, list[date]]:
    """The days from which choices in effect decide, by pair."""
    lines = Ligne.objects.filter(epci=epci, appliquee_at__isnull=False).exclude(nature=Ligne.Nature.REVISION)
    days = lines.order_by("effet_on").values_list("commune_id", "activite_id", "effet_on")
    decisions: dict[Cle, list[date]] = {}
    for commune, activite, day in days:
        if day:  # always, once in effect
            decisions.setdefault((commune, activite), []).append(day)
    return decisions


def _already(row: Partage, existing: _Existant) -> bool:
    return (*row.periode, row.nature) in existing.adhesions.get(row.cle, ())


def _agrees(row: Partage, existing: _Existant, recueil: Recueil) -> bool:
    """Whether nothing recorded contradicts a row; what does is told."""
    fault = _overlapping(row, existing) or _given_way(row, existing) or _decided(row, existing)
    if fault:
        recueil.refuse(row.ligne, *fault)
    return fault is None


def _overlapping(row: Partage, existing: _Existant) -> tuple[str, str] | None:
    for debut, fin, _ in existing.adhesions.get(row.cle, ()):
        if overlap(row.periode, (debut, fin)):
            return DEBUT, f"Cette activité est déjà enregistrée comme partagée {said(debut, fin)}."
    return None


def _given_way(row: Partage, existing: _Existant) -> tuple[str, str] | None:
    """An activity split or withdrawn, a commune merged or gone, before the sharing ends."""
    for derivation in existing.derivations:
        if row.fin and row.fin <= derivation.day:
            continue
        back = [day for day, _ in existing.members[row.commune] if derivation.day < day <= row.debut]
        # One that another was detached from stays under its name.
        stays = row.commune in derivation.communes.get(row.commune, (row.commune,))
        if not (stays or back):
            return COMMUNE, (
                f"Cette commune n'est plus membre sous ce nom depuis le {day_and_year(derivation.day)} : finissez "
                "la ligne la veille, et reprenez la suite au nom de celle qui lui succède."
            )
        if row.activite in derivation.activites:
            return ACTIVITE, (
                f"Cette activité a quitté le catalogue le {day_and_year(derivation.day)} : finissez la ligne "
                "la veille, et reprenez la suite sous l'activité qui la remplace."
            )
    return None


def _decided(row: Partage, existing: _Existant) -> tuple[str, str] | None:
    for day in existing.decisions.get(row.cle, ()):
        if row.debut < day and (row.fin is None or day < row.fin):
            return DEBUT, (
                f"Un choix voté par cycle décide de cette activité depuis le {day_and_year(day)} : finissez "
                "la ligne la veille au plus tard."
            )
    return None


def count(rows: Sequence[Partage]) -> dict[str, int]:
    """How many communes and activities the rows are about."""
    return {"communes": len({row.commune for row in rows}), "activites": len({row.activite for row in rows})}
