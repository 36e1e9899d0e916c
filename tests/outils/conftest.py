"""Folders a server can live in, and the means to see what still runs."""

import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from outils import etat_base, processus

ME = os.getpid()


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A short folder that any account can cross (pytest's own are closed to others)."""
    path = Path(tempfile.mkdtemp(prefix="essai-", dir="/tmp"))
    path.chmod(0o711)
    monkeypatch.setenv("BASE_LOCALE_PRIVEE", str(path))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    yield path
    for pid in running_with(path):
        processus.send(pid, 9)
    shutil.rmtree(path)


@pytest.fixture
def sentences() -> list[str]:
    """What was said to the user: pass `sentences.append` as `tell`."""
    return []


def running_with(text: str | Path) -> list[int]:
    """Processes whose command line holds this text (a folder of the test), ourselves apart."""
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [
        pid for pid in pids if pid != ME and processus.alive(pid) and str(text) in processus.command_line(pid)
    ]


def assert_none_left(folder: Path, patience: float = 15) -> None:
    """Wait until no process of this folder runs; say which ones are left when some stay."""
    processus.wait_until(lambda: not running_with(folder), patience)
    assert {pid: processus.command_line(pid) for pid in running_with(folder)} == {}


def wait_for(condition: Callable[[], object], patience: float = 15) -> None:
    assert processus.wait_until(lambda: bool(condition()), patience), "what was waited for did not come"


def server_pid(folder: Path) -> int:
    pid = etat_base.running_pid(folder)
    assert pid is not None
    return pid


@pytest.fixture
def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])
