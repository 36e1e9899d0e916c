"""Waking a worker after a commit: a convenience, never a promise; without it the next beat does the work."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from celery import current_app
from django.db import connection, transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)
_ticking: ContextVar[bool] = ContextVar("ticking", default=False)


@contextmanager
def ticking() -> Iterator[None]:
    """Inside a tick nobody needs to be woken: the tick itself goes on until nothing is due."""
    token = _ticking.set(True)
    try:
        yield
    finally:
        _ticking.reset(token)


def wake_after_commit() -> None:
    """Ask a worker to tick once the transaction commits, at most once per transaction."""
    registered = any(entry[1] is _wake for entry in connection.run_on_commit)
    if not _ticking.get() and not registered:
        transaction.on_commit(_wake, robust=True)


def _wake() -> None:
    try:
        current_app.send_task("journal.tick", expires=60, retry=False)
    except (OperationalError, OSError):
        logger.warning("the broker does not answer; the next tick will do")
