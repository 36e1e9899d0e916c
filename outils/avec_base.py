"""Run a command with a PostgreSQL around it: `python -m outils.avec_base [--tests] -- command …`.

DATABASE_URL, when set, is used as it is and nothing is started. The exit code is the command's.
"""

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

from outils.base_locale import local_postgres, say
from outils.gardien import ROOT, Guard
from outils.lieu_base import BaseLocaleError
from outils.serveur_base import clean_environment

FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Relay:
    """Passes on to the command the signals that this process receives."""

    def __init__(self) -> None:
        self.command: subprocess.Popen[bytes] | None = None
        self._received = 0
        self._pending = 0
        for number in FORWARDED:
            signal.signal(number, self._receive)

    def _receive(self, number: int, _frame: FrameType | None) -> None:
        self._received = self._received or number
        # Ctrl-C reaches the whole foreground group: the command already has it.
        if number == signal.SIGINT and _in_foreground():
            return
        if self.command:
            self.command.send_signal(number)
        else:
            self._pending = number

    def run(self, command: Sequence[str], environment: dict[str, str], guard: Guard) -> int:
        """Run the command to its end; its exit code, 128 + n when a signal n ended it."""
        if self._received:
            return 128 + self._received
        try:
            self.command = subprocess.Popen(command, env=environment)
        except OSError as error:
            say(f"Commande impossible à lancer : {error}")
            return 127
        if self._pending:  # came while the command was being started
            self.command.send_signal(self._pending)
        guard.add_process(self.command.pid)
        code = self.command.wait()
        guard.forget(self.command.pid)
        return code if code >= 0 else 128 - code


def _in_foreground() -> bool:
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    finally:
        os.close(terminal)


def run(command: Sequence[str], *, tests: bool = False, var: Path = ROOT / "var") -> int:
    """Run the command around a local PostgreSQL kept in `var`; its exit code."""
    relay = Relay()
    with ExitStack() as stack:
        guard = stack.enter_context(Guard())
        environment = clean_environment()
        if not environment.get("DATABASE_URL"):
            folder = var / ("base-tests" if tests else "base")
            environment["DATABASE_URL"] = stack.enter_context(
                local_postgres(folder, tests=tests, guard=guard)
            )
        return relay.run(command, environment, guard)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m outils.avec_base", description="Lancer une commande avec une base locale."
    )
    parser.add_argument("--tests", action="store_true", help="base des tests : rapide, sans sûreté")
    parser.add_argument("command", nargs="+", metavar="commande")
    options = parser.parse_args(arguments)
    try:
        return run(options.command, tests=options.tests)
    except BaseLocaleError as error:
        say(str(error))
        return 1


if __name__ == "__main__":
    sys.exit(main())
