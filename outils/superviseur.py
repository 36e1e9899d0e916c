"""Run commands together: one that dies ends them all, and so does the end of this process."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from outils import processus
from outils.gardien import Guard

END_PATIENCE = 8.0
TAIL = 12
REFUSAL = "CommandError: "


class DemoError(Exception):
    """Something needed did not work or has stopped; the message is a French sentence for the user."""


class StopAsked(BaseException):
    """Ctrl-C, SIGTERM, a closed terminal, or the end of the process that started us."""


@dataclass(frozen=True, eq=False)
class Command:
    """A command and the name its log and its messages have (« le serveur web »)."""

    name: str
    title: str
    arguments: Sequence[str]


class Signals:
    """Notes that a stop was asked; nothing is interrupted halfway."""

    def __init__(self, *, follow_parent: bool = False) -> None:
        self._asked = False
        self._parent = os.getppid() if follow_parent else None
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._note)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self._asked = True

    def check(self) -> None:
        """Raise StopAsked if it was."""
        if self._asked or self._parent not in (None, os.getppid()):
            raise StopAsked


class Supervisor:
    """Starts commands, each in its own session, its output in `logs`/name.log; ends them together."""

    def __init__(self, *, guard: Guard, signals: Signals, logs: Path, environment: Mapping[str, str]) -> None:
        self._guard, self._signals = guard, signals
        self._logs, self._environment = logs, dict(environment)
        self._running: dict[Command, subprocess.Popen[bytes]] = {}
        logs.mkdir(parents=True, exist_ok=True)

    def log_of(self, command: Command) -> Path:
        return self._logs / f"{command.name}.log"

    def start(self, command: Command, *, visible: bool = False) -> "subprocess.Popen[bytes]":
        """Start a command that stays; `visible`: its normal output goes to the terminal."""
        with self.log_of(command).open("wb") as log:
            process = processus.spawn(
                command.arguments, announce=self._guard.add_group, env=self._environment,
                stdout=None if visible else log, stderr=log,
            )  # fmt: skip
        self._running[command] = process
        return process

    def run(self, command: Command, *, visible: bool = False) -> None:
        """Run a command to its end; DemoError if it fails, StopAsked if a stop is asked meanwhile."""
        process = self.start(command, visible=visible)
        while process.poll() is None:
            self._signals.check()
            time.sleep(0.05)
        self._collect(command)
        if process.returncode:
            raise DemoError(self._refusal(command) or f"{command.title} a échoué.\n{self._tail(command)}")

    def wait_until(self, condition: Callable[[], bool], *, patience: float) -> bool:
        """Wait for a condition while everything runs; False when it did not come in `patience` seconds."""
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            self.check()
            if condition():
                return True
            time.sleep(0.1)
        return False

    def check(self) -> None:
        """Raise StopAsked, or DemoError when a command has ended."""
        self._signals.check()
        for command, process in self._running.items():
            if process.poll() is not None:
                raise DemoError(f"{command.title} s'est arrêté : tout s'arrête.\n{self._tail(command)}")

    def watch(self, also: Callable[[], None]) -> None:
        """Stay until something ends; `also` is called each second and may raise DemoError."""
        while True:
            also()
            for _ in range(5):
                self.check()
                time.sleep(0.2)

    def end(self) -> None:
        """End every command, politely then not; none is left when this returns."""
        pids = [process.pid for process in self._running.values()]
        processus.end_groups(pids, patience=END_PATIENCE)
        for command in list(self._running):
            self._collect(command)

    def _collect(self, command: Command) -> None:
        process = self._running.pop(command)
        process.wait()
        processus.send(process.pid, signal.SIGKILL, group=True)
        self._guard.forget(process.pid)

    def _refusal(self, command: Command) -> str:
        """The sentence of a Django command that refuses what it was given, alone; "" when there is none."""
        lines = self.log_of(command).read_text(errors="replace").splitlines()
        return lines[-1].removeprefix(REFUSAL) if lines and lines[-1].startswith(REFUSAL) else ""

    def _tail(self, command: Command) -> str:
        log = self.log_of(command)
        lines = log.read_text(errors="replace").splitlines()[-TAIL:]
        return "\n".join([f"Fin du journal {log} :", *(f"  {line}" for line in lines or ["(vide)"])])
