"""Invented sittings of the councils for two years; one commune in three has not entered its own."""

from collections.abc import Iterator
from datetime import date

from mutualisation.models import Seance
from territoire.models import Commune, Epci
from territoire.models.epci import WorkingDays

EPCI_MONTHS, COMMUNE_MONTHS = (1, 3, 5, 7, 9, 11), (2, 4, 6, 9, 11, 12)
EPCI_DAY, COMMUNE_DAY = 26, 8  # of the month, or the working day before


def sittings(epci: Epci, communes: list[Commune], year: int) -> None:
    """The sittings of a year and of the next: those of a commune fall on its own day of the month."""
    days = WorkingDays(epci)
    Seance.objects.bulk_create(row for one in (year, year + 1) for row in _of_year(epci, communes, one, days))


def _of_year(epci: Epci, communes: list[Commune], year: int, days: WorkingDays) -> Iterator[Seance]:
    for month in EPCI_MONTHS:
        yield Seance(epci=epci, jour=days.before(date(year, month, EPCI_DAY)))
    for rank, commune in enumerate(communes):
        for month in COMMUNE_MONTHS if rank % 3 < 2 else ():
            day = days.before(date(year, month, COMMUNE_DAY + rank % 12))
            yield Seance(epci=epci, commune=commune, jour=day, note="Hôtel de ville")
