"""How long lines have waited for a decision, in worked days of the EPCI, the time of completions left out."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from mutualisation.models import DemandeComplement
from mutualisation.models.ligne import LigneQuerySet
from socle import horloge
from socle.dates import day_and_year
from socle.typographie import plural
from territoire.models import Epci
from territoire.models.epci import WorkingDays

Intervalle = tuple[date, date | None]


@dataclass(frozen=True)
class Attente:
    """The time a completion was awaited: `(debut, fin]`, `fin` absent while it still is."""

    debut: date
    fin: date | None
    jours: int

    @property
    def phrase(self) -> str:
        until = f"reçu le {day_and_year(self.fin)}" if self.fin else "toujours attendu"
        return f"Moins {worked(self.jours)} : complément demandé le {day_and_year(self.debut)}, {until}."


@dataclass(frozen=True)
class Delai:
    """The age of a line and how it is counted; days are worked days after the day of the deposit."""

    debut: date
    fin: date
    decidee: bool
    bruts: int
    attentes: tuple[Attente, ...]

    @property
    def jours(self) -> int:
        return self.bruts - sum(attente.jours for attente in self.attentes)

    @property
    def suspendu(self) -> bool:
        """The clock stands still: a completion is awaited."""
        return not self.decidee and any(attente.fin is None for attente in self.attentes)

    @property
    def phrase(self) -> str:
        """« 29 jours ouvrés »."""
        return worked(self.jours)

    @property
    def etapes(self) -> list[str]:
        """The count, step by step."""
        until = (
            f"la décision du {day_and_year(self.fin)}"
            if self.decidee
            else f"ce jour, {day_and_year(self.fin)}"
        )
        return [
            f"Déclaration déposée le {day_and_year(self.debut)} : le compte part du lendemain.",
            f"{worked(self.bruts)} jusqu'à {until}, sans les samedis, dimanches et jours fériés.",
            *(attente.phrase for attente in self.attentes),
        ]


def worked(count: int) -> str:
    """« 3 jours ouvrés »."""
    return plural(count, "jour ouvré", "jours ouvrés")


class Calendrier:
    """Counts worked days between two days, whatever their number, after one query."""

    def __init__(self, epci: Epci, first: date, last: date) -> None:
        days = WorkingDays(epci)
        span = (first + timedelta(days=n) for n in range((last - first).days + 1))
        self._worked = [day for day in span if days.works(day)]

    def between(self, debut: date, fin: date) -> int:
        """Worked days after `debut`, up to `fin` included."""
        return max(bisect_right(self._worked, fin) - bisect_right(self._worked, debut), 0)


def read_delays(epci: Epci, lignes: LigneQuerySet) -> dict[int, Delai]:
    """The age of submitted lines, by id, in three queries."""
    facts = list(lignes.order_by("pk").values_list("pk", "declaration__deposee_at", "arbitree_at"))
    if not facts:
        return {}
    waits = _waits(epci, [pk for pk, _, _ in facts])
    first = min(_day(epci, deposited) for _, deposited, _ in facts)
    calendrier = Calendrier(epci, first, epci.today)
    return {
        pk: _delay(calendrier, epci, _day(epci, deposited), decided, waits.get(pk, ()))
        for pk, deposited, decided in facts
    }


def _waits(epci: Epci, lignes: Iterable[int]) -> dict[int, list[Intervalle]]:
    rows = DemandeComplement.objects.filter(ligne__in=lignes).order_by("demandee_at", "pk")
    found: dict[int, list[Intervalle]] = {}
    for pk, debut, fin in rows.values_list("ligne", "demandee_at", "repondue_at"):
        found.setdefault(pk, []).append((_day(epci, debut), _day(epci, fin) if fin else None))
    return found


def _delay(
    calendrier: Calendrier, epci: Epci, debut: date, decided: datetime | None, waits: Iterable[Intervalle]
) -> Delai:
    fin = _day(epci, decided) if decided else epci.today
    attentes = tuple(
        Attente(start, end, calendrier.between(start, min(end or fin, fin)))
        for start, end in waits
        if start <= fin
    )
    return Delai(debut, fin, decided is not None, calendrier.between(debut, fin), attentes)


def _day(epci: Epci, instant: datetime) -> date:
    return horloge.local(instant, epci.fuseau).date()
