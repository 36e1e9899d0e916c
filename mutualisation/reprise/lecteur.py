"""Understanding a row: each cell turned into what it names, each fault told at its cell."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import TypeVar

from mutualisation.reprise.colonnes import COMMUNE, DEBUT, FIN, Colonne
from mutualisation.reprise.lecture import Rangee
from mutualisation.reprise.recueil import Recueil
from mutualisation.reprise.reperes import Reperes
from mutualisation.reprise.valeurs import ValeurFausse, read_day
from socle.dates import ONE_DAY, day_and_year
from socle.saisie import TropLong

T = TypeVar("T")


class Lecteur:
    """A row being understood."""

    def __init__(self, rangee: Rangee, colonnes: Sequence[Colonne], recueil: Recueil) -> None:
        self.rangee, self._recueil = rangee, recueil
        for colonne in colonnes:
            if colonne.obligatoire and not rangee.text(colonne.nom):
                self.refuse(colonne.nom, f"Cette cellule est vide : {_lower(colonne.aide)}")

    @property
    def numero(self) -> int:
        return self.rangee.numero

    @property
    def juste(self) -> bool:
        """Nothing of the row is to be corrected, so far."""
        return not self._recueil.faulty(self.numero)

    def refuse(self, colonne: str, message: str) -> None:
        self._recueil.refuse(self.numero, colonne, message)

    def warn(self, colonne: str, message: str) -> None:
        self._recueil.warn(self.numero, colonne, message)

    def text(self, colonne: str, longueur: int = 200) -> str:
        """A text, at most so many characters long."""
        found = self.rangee.text(colonne)
        if len(found) > longueur:
            self.refuse(colonne, TropLong() % {"show_value": len(found), "limit_value": longueur})
        return found

    def find(self, colonne: str, find: Callable[[str], T]) -> T | None:
        """What a text leads to, None when it is empty or leads nowhere."""
        text = self.rangee.text(colonne)
        try:
            return find(text) if text else None
        except ValeurFausse as faute:
            self.refuse(colonne, str(faute))
            return None

    def find_commune(self, reperes: Reperes, period: tuple[date, date | None] | None) -> int | None:
        """The commune named, as it stood on the first day."""
        return self.find(COMMUNE, lambda text: reperes.commune_on(text, period[0] if period else None))

    def period(self, default: date | None = None) -> tuple[date, date | None] | None:
        """`[debut, fin)` from the first and the last day, None when they are to be corrected."""
        debut, last = self._day(DEBUT) or default, self._day(FIN)
        if debut and last and last < debut:
            self.refuse(FIN, f"Le dernier jour précède le premier, {day_and_year(debut)}.")
        return (debut, last + ONE_DAY if last else None) if debut else None

    def _day(self, colonne: str) -> date | None:
        try:
            return read_day(self.rangee.valeurs.get(colonne))
        except ValeurFausse as faute:
            self.refuse(colonne, str(faute))
            return None


def said(debut: date, fin: date | None) -> str:
    """« du 1er janvier 2016 au 31 décembre 2020 », « depuis le 1er janvier 2016 »."""
    if fin is None:
        return f"à compter du {day_and_year(debut)}"
    return f"du {day_and_year(debut)} au {day_and_year(fin - ONE_DAY)}"


def overlap(one: tuple[date, date | None], other: tuple[date, date | None]) -> bool:
    """Whether two periods `[debut, fin)` share a day."""
    return (one[1] is None or other[0] < one[1]) and (other[1] is None or one[0] < other[1])


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
