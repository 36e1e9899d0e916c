"""How « Mes échéances » tells what is expected: in which order, in which tone, in which words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from socle.dates import JOURS, distance, long_day, short_day
from socle.nombres import in_words
from socle.registres import Echeance
from socle.typographie import enumerate_french

SOON_DAYS = 7
FAR_DAYS = 15  # beyond, socle.dates.distance says the day itself


@dataclass(frozen=True)
class Rangee:
    """A row of the page: the deadline, its distance, the other way to say it, and a tone."""

    echeance: Echeance
    quand: str
    precision: str
    ton: str


def rows(echeances: Sequence[Echeance], today: date) -> list[Rangee]:
    """The nearest first; on one day, in the order of titles."""
    ordered = sorted(echeances, key=lambda echeance: (echeance.due_on, echeance.titre))
    return [_row(echeance, today) for echeance in ordered]


def _row(echeance: Echeance, today: date) -> Rangee:
    return Rangee(
        echeance, distance(echeance.due_on, today), _precision(echeance, today), _tone(echeance, today)
    )


def _precision(echeance: Echeance, today: date) -> str:
    days = (echeance.due_on - today).days
    other = f"dans {days} jours" if days > FAR_DAYS else _weekday(echeance.due_on, today)
    return f"{other}, facultatif" if echeance.facultatif else other


def _tone(echeance: Echeance, today: date) -> str:
    days = (echeance.due_on - today).days
    if echeance.facultatif or days > SOON_DAYS:
        return ""
    return "o" if days > 0 else "r"


def greeting(echeances: Sequence[Echeance]) -> str:
    """« Bonjour. Trois choses vous attendent. »; what is optional does not count."""
    count = len(_due_days(echeances))
    if count == 0:
        return "Bonjour. Rien ne vous attend."
    verb = "chose vous attend" if count == 1 else "choses vous attendent"
    return f"Bonjour. {in_words(count, feminine=True).capitalize()} {verb}."


def summary(echeances: Sequence[Echeance], today: date) -> str:
    """« Dont une aujourd'hui. Rien d'autre avant le 1er mars. »; empty when nothing is expected."""
    days = _due_days(echeances)
    if not days:
        return ""
    if len(days) == 1:
        return _only(days[0], today)
    pressing = [day for day in days if day <= today]
    coming = [day for day in days if day > today]
    if not pressing:
        return f"Rien avant le {_weekday(coming[0], today)}."
    rest = f"Rien d'autre avant le {short_day(coming[0])}." if coming else "Rien d'autre pour l'instant."
    return f"{_pressing(pressing, len(days), today)} {rest}"


def _weekday(day: date, today: date) -> str:
    """« lundi 15 février », with its year when it is another one."""
    return f"{JOURS[day.weekday()]} {short_day(day)}" if day.year == today.year else long_day(day)


def _due_days(echeances: Sequence[Echeance]) -> list[date]:
    """The day of each thing expected, in order; what is optional is not."""
    expected = [echeance for echeance in echeances if not echeance.facultatif]
    return sorted(echeance.due_on for echeance in expected for _ in range(echeance.nombre))


def _only(day: date, today: date) -> str:
    if day < today:
        return f"{distance(day, today)}."
    return "C'est pour aujourd'hui." if day == today else f"Rien avant le {_weekday(day, today)}."


def _pressing(pressing: list[date], total: int, today: date) -> str:
    late = sum(day < today for day in pressing)
    parts = [(late, "en retard"), (len(pressing) - late, "aujourd'hui")]
    told = [f"{in_words(count, feminine=True)} {words}" for count, words in parts if count]
    if len(pressing) < total or len(told) > 1:
        return f"Dont {enumerate_french(told)}."
    return "Toutes en retard." if late else "Toutes pour aujourd'hui."
