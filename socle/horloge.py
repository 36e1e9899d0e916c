"""The one clock of the project.

Everything of the trade asks the time here, never `timezone.now()`: in the demonstration the time is moved forward, and what
falls due is replayed at its own instant. Sessions, tokens and throttling stay on real time.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from zoneinfo import ZoneInfo

from django.utils import timezone

_instant: ContextVar[datetime | None] = ContextVar("instant", default=None)
_offset_source: Callable[[], timedelta] | None = None


def set_offset_source(source: Callable[[], timedelta] | None) -> None:
    """Install what gives the offset of the demonstration; production never calls this, so its clock cannot move."""
    global _offset_source
    _offset_source = source


def now() -> datetime:
    """The present instant, aware, in UTC."""
    instant = _instant.get()
    if instant is not None:
        return instant
    offset = _offset_source() if _offset_source else timedelta()
    return timezone.now() + offset


def real_now() -> datetime:
    """The true instant, for what must not follow the clock of the demonstration: leases, retries, expiry of tokens."""
    return timezone.now()


def today(fuseau: str) -> date:
    """The present day in an IANA time zone (« America/Martinique »)."""
    return now().astimezone(ZoneInfo(fuseau)).date()


def local(instant: datetime, fuseau: str) -> datetime:
    """The same instant, told in an IANA time zone."""
    return instant.astimezone(ZoneInfo(fuseau))


def midnight(day: date, fuseau: str) -> datetime:
    """The instant a day begins in an IANA time zone, in UTC."""
    return at_hour(day, clock_time(0), fuseau)


def at_hour(day: date, hour: clock_time, fuseau: str) -> datetime:
    """The instant of a local hour of a day, in UTC."""
    return datetime.combine(day, hour, ZoneInfo(fuseau)).astimezone(ZoneInfo("UTC"))


@contextmanager
def at(instant: datetime) -> Iterator[None]:
    """Make the clock say `instant` (aware) inside the block: a job replayed late acts at its own time."""
    token = _instant.set(instant)
    try:
        yield
    finally:
        _instant.reset(token)


def is_demonstration() -> bool:
    """Whether the clock may move: what is printed then says that it is a demonstration."""
    return _offset_source is not None
