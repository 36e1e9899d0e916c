"""The dry run of a sheet: what it holds, what is wrong with it, what remains to be written."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from mutualisation.models import Reprise
from mutualisation.reprise import adhesions, personnes, sieges
from mutualisation.reprise.colonnes import COLONNES, Type
from mutualisation.reprise.lecture import Rangee, read_sheet
from mutualisation.reprise.recueil import Recueil
from territoire.models import Epci


@dataclass(frozen=True)
class Lecture:
    """How the sheets of a kind are understood, checked against what exists, read back from a plan, and counted."""

    understand: Callable[[Epci, Iterable[Rangee], Recueil], list[Any]]
    check: Callable[[Epci, Sequence[Any], Recueil], list[Any]]
    load: Callable[[Any], Any]
    count: Callable[[Sequence[Any]], dict[str, int]]


LECTURES: dict[str, Lecture] = {
    Type.PERSONNES: Lecture(
        personnes.understand, personnes.check, personnes.Fonctionnaire.load, personnes.count
    ),
    Type.SIEGES: Lecture(sieges.understand, sieges.check, sieges.Nomination.load, sieges.count),
    Type.ADHESIONS: Lecture(adhesions.understand, adhesions.check, adhesions.Partage.load, adhesions.count),
}


@dataclass(frozen=True)
class Verification:
    """`rows` are the rows understood, each once; `nouvelles` those not there yet and that nothing contradicts."""

    lues: int
    rows: list[Any]
    nouvelles: list[Any]
    recueil: Recueil
    details: dict[str, int]

    @property
    def bilan(self) -> dict[str, int]:
        """How many rows of what; those already there and those said twice are only known of a sheet without error."""
        compte = self.recueil.compte
        found = {"lues": self.lues, "nouvelles": len(self.nouvelles), **self.details, **compte}
        if compte["erreurs"]:
            return found
        return found | {"deja": len(self.rows) - len(self.nouvelles), "doubles": self.lues - len(self.rows)}


def verify(epci: Epci, type: str, octets: bytes) -> Verification:
    """Read a sheet and check it; writes nothing. Raises Refus for what is no sheet of this kind."""
    lecture, recueil = LECTURES[type], Recueil([colonne.nom for colonne in COLONNES[type]])
    rangees = read_sheet(octets, COLONNES[type], recueil)
    rows = lecture.understand(epci, rangees, recueil)
    return _checked(epci, lecture, len(rangees), rows, recueil)


def verify_again(reprise: Reprise) -> Verification:
    """Check again the rows as they were understood: what exists may have changed since the deposit."""
    lecture, recueil = LECTURES[reprise.type], Recueil()
    rows = [lecture.load(values) for values in reprise.plan]
    return _checked(reprise.epci, lecture, reprise.lignes, rows, recueil)


def _checked(epci: Epci, lecture: Lecture, lues: int, rows: list[Any], recueil: Recueil) -> Verification:
    remaining = lecture.check(epci, rows, recueil)
    return Verification(lues, rows, remaining, recueil, lecture.count(remaining))
