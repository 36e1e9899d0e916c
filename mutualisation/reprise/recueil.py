"""What is found in a sheet, by row and column, for who filled it in."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

GARDEES = (
    500  # what a person can correct before sending the sheet again; the count says how many there are in all
)


@dataclass(frozen=True)
class Constat:
    """A sentence about a cell: row of the sheet (0 for the whole), heading of the column, what to do."""

    ligne: int
    colonne: str
    message: str


class Recueil:
    """Errors, which prevent the confirmation, and warnings, which do not; one error per cell."""

    def __init__(self, colonnes: Sequence[str] = ()) -> None:
        """`colonnes`: the headings, in the order in which what is found of a row is told."""
        self._rangs = {nom: rang for rang, nom in enumerate(colonnes)}
        self._erreurs: dict[tuple[int, str], Constat] = {}
        self._avertissements: list[Constat] = []
        self._fausses: set[int] = set()

    def refuse(self, ligne: int, colonne: str, message: str) -> None:
        """Note an error; the first one about a cell is the one to correct."""
        self._erreurs.setdefault((ligne, colonne), Constat(ligne, colonne, message))
        self._fausses.add(ligne)

    def warn(self, ligne: int, colonne: str, message: str) -> None:
        self._avertissements.append(Constat(ligne, colonne, message))

    def faulty(self, ligne: int) -> bool:
        """Whether anything of a row is to be corrected."""
        return ligne in self._fausses

    @property
    def compte(self) -> dict[str, int]:
        """How many errors, rows in error and warnings there are, those not kept included."""
        return {
            "erreurs": len(self._erreurs),
            "fausses": len(self._fausses),
            "avertissements": len(self._avertissements),
        }

    @property
    def erreurs(self) -> list[dict[str, Any]]:
        return self._kept(list(self._erreurs.values()))

    @property
    def avertissements(self) -> list[dict[str, Any]]:
        return self._kept(self._avertissements)

    def _kept(self, constats: list[Constat]) -> list[dict[str, Any]]:
        """The first ones in the order of the sheet, as they are stored."""
        ordered = sorted(constats, key=lambda one: (one.ligne, self._rangs.get(one.colonne, 0)))
        return [asdict(one) for one in ordered[:GARDEES]]
