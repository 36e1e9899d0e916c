"""Sittings of the councils: read from what people paste, listed commune by commune."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.urls import reverse

from mutualisation.models import Seance
from mutualisation.reprise.valeurs import ValeurFausse, read_day
from socle.dates import JOURS, long_day
from socle.typographie import plural
from territoire.models import Commune, Epci

YEARS = 3  # nobody fixes sittings further ahead than a few years: a later year is a slip of the finger
BETWEEN = re.compile(r"[\n\r;,\t]|\bet\b")
HOUR = re.compile(r"(?:\bà\s*)?\b\d{1,2}\s*(?:h|:)\s*(?:\d{2})?\s*$", re.IGNORECASE)
BULLET = re.compile(r"^[\s\-–—•*·]+")
WEEKDAY = re.compile(rf"^({'|'.join(JOURS)})\b\s*", re.IGNORECASE)


def read_days(text: str, today: date) -> tuple[list[date], list[str]]:
    """The days written in a text, one by line or parted by commas, and what is wrong with the others, in French.

    A weekday written before a day is checked, an hour after it is left out. Each day comes once, in order.
    """
    days, faults = set(), []
    for piece in _pieces(text):
        try:
            days.add(_day(piece, today))
        except ValeurFausse as fault:
            faults.append(str(fault))
    return sorted(days), faults


def _pieces(text: str) -> Iterator[str]:
    for piece in BETWEEN.split(text):
        bare = HOUR.sub("", BULLET.sub("", piece)).strip()
        if bare:
            yield bare


def _day(piece: str, today: date) -> date:
    """Raises ValeurFausse."""
    named = WEEKDAY.match(piece)
    day = read_day(piece[named.end() :] if named else piece)
    if day is None:
        raise ValeurFausse(f"« {piece} » ne dit pas quel jour.")
    if named and JOURS[day.weekday()] != named[1].lower():
        raise ValeurFausse(f"« {piece} » : ce jour est un {JOURS[day.weekday()]}.")
    if day.year > today.year + YEARS:
        raise ValeurFausse(f"« {piece} » : cette année est trop lointaine, relisez-la.")
    return day


@dataclass(frozen=True)
class Calendrier:
    """A council (`commune` None: the EPCI's), its next sitting or None, and how many are to come."""

    commune: Commune | None
    prochaine: Seance | None
    nombre: int


def next_sittings(epci: Epci, communes: Iterable[Any]) -> list[Calendrier]:
    """The EPCI, then each commune, with its next sitting; one query."""
    by_council: dict[int | None, list[Seance]] = {}
    for seance in Seance.objects.coming(epci):
        by_council.setdefault(seance.commune_id, []).append(seance)
    return [_calendar(commune, by_council) for commune in (None, *communes)]


def _calendar(commune: Commune | None, by_council: dict[int | None, list[Seance]]) -> Calendrier:
    found = by_council.get(commune.pk if commune else None, [])
    return Calendrier(commune, found[0] if found else None, len(found))


def address(commune: Commune | None) -> str:
    """The page of the sittings of a council; None for the EPCI's."""
    if commune is None:
        return reverse("mutualisation:seances_epci")
    return reverse("mutualisation:seances_commune", args=[commune.pk])


def told(days: list[date], what: str) -> str:
    """« 1 séance ajoutée, le mardi 12 octobre 2027 », « 4 séances ajoutées, du … au … »; `what` is the singular."""
    count = plural(len(days), f"séance {what}", f"séances {what}s")
    if len(days) == 1:
        return f"{count}, le {long_day(days[0])}"
    return f"{count}, du {long_day(days[0])} au {long_day(days[-1])}"
