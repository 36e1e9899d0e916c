"""Calendar invitations (RFC 5545, iTIP REQUEST): stable UID, so that updates and cancellations find their entry."""

from collections.abc import Iterable
from datetime import date, timedelta
from functools import lru_cache
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse
from icalendar import Calendar, Event, Timezone, vCalAddress

from comptes.models import Personne
from revues.models import Revue
from socle import horloge

DURATION = timedelta(minutes=45)


def invitation(revue: Revue, people: Iterable[Personne], *, cancelled: bool) -> bytes:
    """The invitation to a review, or its cancellation, in the EPCI's time zone; nothing personal in the link back."""
    zone = ZoneInfo(revue.epci.fuseau)
    begin = horloge.local(revue.prevue_at, revue.epci.fuseau)
    event = Event()
    event.add("uid", f"revue-{revue.pk}@{urlsplit(settings.SITE_URL).hostname}")
    event.add("sequence", revue.version - 1)  # grows when it is cancelled, then when it is planned again
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    event.add("dtstamp", horloge.now())
    event.add("dtstart", begin.astimezone(zone))
    event.add("dtend", (begin + DURATION).astimezone(zone))
    event.add("summary", f"{revue.libelle}, {revue.commune}")
    event.add("location", revue.lieu)
    event.add("url", settings.SITE_URL + reverse("revues:revue", args=[revue.pk]))
    event.add("organizer", vCalAddress(f"mailto:{settings.DEFAULT_FROM_EMAIL.rpartition('<')[2].strip('>')}"))
    for personne in people:
        event.add("attendee", vCalAddress(f"mailto:{personne.email}"))
    return _calendar(event, _time_zone(zone, begin.year), method(cancelled))


@lru_cache
def _time_zone(zone: ZoneInfo, year: int) -> Timezone:
    """The VTIMEZONE of a zone around a year: told once, since finding its transitions takes tens of milliseconds."""
    return Timezone.from_tzinfo(zone, first_date=date(year - 1, 1, 1), last_date=date(year + 2, 1, 1))


def method(cancelled: bool) -> str:
    """The iTIP method, said in the calendar and in the type of the attachment (RFC 6047)."""
    return "CANCEL" if cancelled else "REQUEST"


def _calendar(event: Event, zone: Timezone, method: str) -> bytes:
    calendar = Calendar()
    calendar.add("prodid", "-//Mutualisation a la carte//FR")
    calendar.add("version", "2.0")
    calendar.add("method", method)
    calendar.add_component(zone)
    calendar.add_component(event)
    octets: bytes = calendar.to_ical()
    return octets
