"""File locks: they vanish with the process that holds them, however it ends."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


class LockTimeoutError(Exception):
    """The lock stayed held by someone else for longer than the patience given."""


def open_lock(path: Path) -> int:
    """Open (create if needed) a lock file; the descriptor is not inherited by children."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def try_lock(descriptor: int, *, shared: bool = False) -> bool:
    """Take the lock without waiting; False when somebody else holds it."""
    mode = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    try:
        fcntl.flock(descriptor, mode | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def wait_lock(descriptor: int, *, patience: float, on_wait: Callable[[], None] = lambda: None) -> None:
    """Take the lock, calling `on_wait` once if it is busy; LockTimeoutError after `patience` seconds."""
    if try_lock(descriptor):
        return
    on_wait()
    deadline = time.monotonic() + patience
    while not try_lock(descriptor):
        if time.monotonic() > deadline:
            raise LockTimeoutError
        time.sleep(0.05)


@contextmanager
def locked(path: Path, *, patience: float = 60, on_wait: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Hold an exclusive lock for the time of a block."""
    descriptor = open_lock(path)
    try:
        wait_lock(descriptor, patience=patience, on_wait=on_wait)
        yield
    finally:
        os.close(descriptor)
