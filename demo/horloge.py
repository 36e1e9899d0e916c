"""Reading the offset of the demonstration, at most once a second per process."""

import time
from datetime import timedelta

from django.db import DatabaseError

from demo.models import Decalage

_KEPT_SECONDS = 1.0
_read_at = -_KEPT_SECONDS
_offset = timedelta()


def current_offset() -> timedelta:
    """The offset in force; zero while the table does not exist yet (migrations)."""
    global _read_at, _offset
    if time.monotonic() - _read_at >= _KEPT_SECONDS:
        try:
            _offset = Decalage.objects.values_list("duree", flat=True).first() or timedelta()
        except DatabaseError:
            return timedelta()
        _read_at = time.monotonic()
    return _offset


def forget() -> None:
    """Read again at the next call: the offset has just moved."""
    global _read_at
    _read_at = -_KEPT_SECONDS
