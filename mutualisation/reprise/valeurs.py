"""What a cell means: texts as people type them, days written in every French way."""

import re
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from socle.dates import MOIS
from socle.tableur import FORMULES
from socle.typographie import sort_key

PREMIERE_ANNEE, DERNIERE_ANNEE = 1950, 2100
CHIFFRES = re.compile(r"(\d{1,2})[/.\- ](\d{1,2})[/.\- ](\d{4})(?:[ T]00:00(?::00)?)?")
ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T]00:00(?::00)?(?:\.0+)?)?")
LETTRES = re.compile(r"(?:[a-z]+ )??(\d{1,2})(?:er)? ([a-z]{3,9}) (\d{4})")
COURTE = re.compile(r"\d{1,2}[/.\- ]\d{1,2}[/.\- ]\d{2}")
MOIS_CLES = [sort_key(mois) for mois in MOIS]


class ValeurFausse(ValueError):
    """The cell cannot be understood; the message is for who filled it in."""


class Illisible(str):
    """In place of a value: the sentence that says why a cell has none (a formula never computed, an error of Excel)."""

    __slots__ = ()


def read_text(value: Any) -> str:
    """A cell as a text: spaces tidied, whole numbers without decimals, the apostrophe of our exports taken off."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "VRAI" if value else "FAUX"
    if isinstance(value, float | Decimal) and value == int(value):
        return str(int(value))
    if isinstance(value, date):
        return f"{value:%d/%m/%Y}"
    text = " ".join(str(value).split())
    return text[1:] if text[:1] == "'" and text.lstrip("'").startswith(FORMULES) else text


def read_day(value: Any) -> date | None:
    """The day a cell holds, None when it is empty. Raises ValeurFausse."""
    if isinstance(value, datetime):
        value = value.date()
    if isinstance(value, date):
        return _bounded(value)
    if isinstance(value, int | float | time) and not isinstance(value, bool):
        raise ValeurFausse(
            f"« {value} » est un nombre, pas un jour : écrivez-le comme 01/01/2016, ou donnez le format Date à la cellule."
        )
    text = read_text(value)
    return _bounded(_day_of_text(text)) if text else None


def _bounded(day: date) -> date:
    if not PREMIERE_ANNEE <= day.year <= DERNIERE_ANNEE:
        raise ValeurFausse(f"L'année {day.year} n'est pas vraisemblable : relisez ce jour.")
    return day


def _day_of_text(text: str) -> date:
    bare = sort_key(text)
    try:
        if found := ISO.fullmatch(text):
            return date(*map(int, found.groups()))
        if found := CHIFFRES.fullmatch(text):
            day, month, year = map(int, found.groups())
            return date(year, month, day)
        if (found := LETTRES.fullmatch(bare)) and (rank := _month(found[2])):
            return date(int(found[3]), rank, int(found[1]))
    except ValueError:
        raise ValeurFausse(f"Le jour « {text} » n'existe pas au calendrier.") from None
    if COURTE.fullmatch(text):
        raise ValeurFausse(f"Écrivez l'année de « {text} » en quatre chiffres.")
    raise ValeurFausse(f"« {text} » n'est pas un jour : écrivez 01/01/2016 ou « 1er janvier 2016 ».")


def _month(text: str) -> int | None:
    """The rank of a month written in full or cut short (« janv », « sept »); None when several begin so."""
    ranks = [rank for rank, key in enumerate(MOIS_CLES, start=1) if key.startswith(text)]
    return ranks[0] if len(ranks) == 1 else None
