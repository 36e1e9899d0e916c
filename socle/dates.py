"""Dates and hours as French people write them."""

from calendar import isleap
from datetime import date, datetime, timedelta

ONE_DAY = timedelta(days=1)
JOURS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
MOIS = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)


def as_date(value: date | datetime | str) -> date:
    """A day from a date, a datetime (its own zone) or an ISO text."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    return value.date() if isinstance(value, datetime) else value


def in_year(day: date, year: int) -> date:
    """The same day in another year; 29 February becomes the 28th where there is none."""
    if (day.month, day.day) == (2, 29) and not isleap(year):
        return date(year, 2, 28)
    return day.replace(year=year)


def short_day(value: date | datetime | str) -> str:
    """« 26 février », « 1er janvier »."""
    day = as_date(value)
    return f"{'1er' if day.day == 1 else day.day} {MOIS[day.month - 1]}"


def day_and_year(value: date | datetime | str) -> str:
    """« 26 février 2027 »."""
    return f"{short_day(value)} {as_date(value).year}"


def long_day(value: date | datetime | str) -> str:
    """« vendredi 26 février 2027 »."""
    day = as_date(value)
    return f"{JOURS[day.weekday()]} {day_and_year(day)}"


def month_name(value: date | datetime | str) -> str:
    """« février 2027 »."""
    day = as_date(value)
    return f"{MOIS[day.month - 1]} {day.year}"


def hour(value: datetime | str) -> str:
    """« 16 h 40 », « 9 h »; the datetime is told in its own zone."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    return f"{value.hour} h {value.minute:02d}" if value.minute else f"{value.hour} h"


def distance(day: date, today: date) -> str:
    """« Aujourd'hui », « Demain », « Dans 5 jours », « En retard de 3 jours », else the short day."""
    delta = (day - today).days
    if delta < 0:
        return f"En retard de {-delta} jour{'s' if delta < -1 else ''}"
    if delta > 15:
        return short_day(day)
    return {0: "Aujourd'hui", 1: "Demain"}.get(delta, f"Dans {delta} jours")
