"""Invented conventions: one for each sharing commune at its first cycle, then an avenant at each cycle that widened it."""

from datetime import date

from mutualisation.models import Adhesion, Convention, Cycle
from territoire.models import Epci


def past_conventions(epci: Epci) -> None:
    """Approved in November, signed in December, sent to the prefecture a few days later: the year before the effect."""
    entered = Adhesion.objects.filter(epci=epci).order_by("debut", "commune").values_list("commune", "debut")
    cycles = {cycle.effective_on: cycle for cycle in Cycle.objects.filter(epci=epci)}
    ranks: dict[int, int] = {}
    rows = []
    for commune, debut in dict.fromkeys(entered):
        if debut in cycles:
            rang = ranks[commune] = ranks.get(commune, -1) + 1
            rows.append(_convention(epci, commune, cycles[debut], rang))
    Convention.objects.bulk_create(rows)


def _convention(epci: Epci, commune: int, cycle: Cycle, rang: int) -> Convention:
    before = cycle.effective_on.year - 1
    approved, signed, sent = _days(before)
    return Convention(
        epci=epci,
        commune_id=commune,
        cycle=cycle,
        rang=rang,
        numero=f"{before}-{760 + rang}",
        approuvee_on=approved,
        signee_on=signed,
        transmise_on=sent,
    )


def _days(year: int) -> tuple[date, date, date]:
    return date(year, 11, 27), date(year, 12, 11), date(year, 12, 15)
