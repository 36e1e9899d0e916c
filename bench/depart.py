"""From a clean clone to the first page, with a warm package cache; and the installation alone, beside it."""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from bench.harnais import Releve, mesure

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = str(ROOT / "requirements-demo.txt")
HOST = "127.0.0.1"
GIT, MAKE = shutil.which("git") or "git", shutil.which("make") or "make"
PATIENCE = 360.0
# What belongs to this run, and must not be seen by the clone.
OURS = frozenset(
    [
        "DATABASE_URL",
        "DEMO",
        "TESTING",
        "DJANGO_SETTINGS_MODULE",
        "MAKEFLAGS",
        "MAKELEVEL",
        "MFLAGS",
        "VIRTUAL_ENV",
    ]
)


@mesure(
    "D'un clone à la première page",
    unite="s",
    reference="les mêmes bibliothèques installées seules, le même cache étant chaud",
)
def first_page(banc: object) -> Releve:
    """Seconds of clock, since most of the work is done by other processes."""
    (ROOT / "var").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="banc-", dir=ROOT / "var") as folder:
        environment = _environment()
        _warm(Path(folder) / "roues", environment)
        reference = _install(Path(folder) / "reference", environment)
        with _clone(Path(folder) / "clone", environment) as (clone, start):
            return Releve(_seconds_to_page(clone, environment, start), reference)


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in OURS}
    return kept | {"PIP_CACHE_DIR": str(ROOT / "var" / "cache-pip")}


def _warm(folder: Path, environment: dict[str, str]) -> None:
    """Bring every package into the cache."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--require-hashes",
        "--dest",
        str(folder),
    ]
    subprocess.run([*command, "-r", REQUIREMENTS], check=True, env=environment, stderr=subprocess.DEVNULL)


def _install(venv: Path, environment: dict[str, str]) -> float:
    """Seconds that `pip install` takes for the requirements of the demonstration, in a new environment."""
    python = subprocess.check_output([ROOT / "outils/trouver_python.sh"], text=True).strip()
    subprocess.run([python, "-m", "venv", venv], check=True, env=environment)
    command = [str(venv / "bin/python"), "-m", "pip", "install", "--quiet", "--no-input", "--require-hashes"]
    start = time.perf_counter()
    subprocess.run([*command, "-r", REQUIREMENTS], check=True, env=environment, stderr=subprocess.DEVNULL)
    elapsed = time.perf_counter() - start
    shutil.rmtree(venv)
    return elapsed


@contextmanager
def _clone(folder: Path, environment: dict[str, str]) -> Iterator[tuple[Path, float]]:
    """The last commit, cloned, with the instant it began; its demonstration leaves nothing in the end."""
    start = time.perf_counter()
    subprocess.run([GIT, "clone", "--quiet", f"file://{ROOT}", folder], check=True, env=environment)
    try:
        yield folder, start
    finally:
        subprocess.run(
            [MAKE, "demo-reset"], cwd=folder, env=environment, stdout=subprocess.DEVNULL, check=True
        )


def _seconds_to_page(clone: Path, environment: dict[str, str], start: float) -> float:
    """Seconds from `start` to the page; raises RuntimeError, with what was printed, when it does not come."""
    port, log = _free_port(), clone / "demo.log"
    command = [MAKE, "demo", f"PORT={port}"]
    with log.open("wb") as output:
        demo = subprocess.Popen(command, cwd=clone, env=environment, stdout=output, stderr=output)
        try:
            shown = _wait_for_page(demo, port)
            elapsed = time.perf_counter() - start
        finally:
            demo.send_signal(signal.SIGTERM)
            demo.wait(60)
    if not shown:
        raise RuntimeError(log.read_text(errors="replace"))
    return elapsed


def _wait_for_page(demo: "subprocess.Popen[bytes]", port: int) -> bool:
    """Wait until the page is there, the demonstration ends, or patience does; whether the page is there."""
    deadline = time.monotonic() + PATIENCE
    while not (shown := _is_up(port)) and demo.poll() is None and time.monotonic() < deadline:
        time.sleep(0.03)
    return shown


def _is_up(port: int) -> bool:
    """Whether the sign-in page answers."""
    with closing(http.client.HTTPConnection(HOST, port, timeout=5)) as connection:
        try:
            connection.request("GET", "/connexion/")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False


def _free_port() -> int:
    with socket.socket() as trial:
        trial.bind((HOST, 0))
        port: int = trial.getsockname()[1]
        return port
