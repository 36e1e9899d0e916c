"""The banner of the demonstration: the day, and where the clock may jump."""

from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from mutualisation.models import Cycle
from socle.dates import short_day
from territoire.models import Epci

JUMPS = 3


def demonstration(request: HttpRequest) -> dict[str, Any]:
    """`demonstration`: the present day, jumps to the next dates of the cycle, and the address that moves the clock."""
    epci = getattr(request, "epci", None) or Epci.objects.first()
    if epci is None:
        return {"demonstration": None}
    today = epci.today
    jumps = [
        {"libelle": _label(day, today), "valeur": day.isoformat()} for day in _ahead(epci, today)[:JUMPS]
    ]
    return {"demonstration": {"aujourdhui": today, "sauts": jumps, "url": reverse("demo:avancer")}}


def _ahead(epci: Epci, today: date) -> list[date]:
    """The next first of month, then the dates of the open cycles."""
    days = {(today.replace(day=1) + timedelta(days=32)).replace(day=1), date(today.year + 1, 1, 1)}
    for cycle in Cycle.objects.filter(epci=epci, clos_at=None, ouvert_at__isnull=False):
        days |= {
            cycle.declaration_fin_on + timedelta(days=1),
            cycle.evaluation_debut_on,
            cycle.point_arret_on,
            cycle.votes_debut_on,
            cycle.effective_on,
        }
    return sorted(day for day in days if day > today)


def _label(day: date, today: date) -> str:
    year = "" if day.year == today.year else f" {day.year}"
    return f"{short_day(day)}{year}"
