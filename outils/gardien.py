"""The guard: a process apart that cleans up when the one it watches disappears, even by kill -9.

It holds the read end of a pipe whose write end is only in the watched process. What has to be
ended is written there, one JSON line each; the end of the pipe means the watched process is dead.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from outils import processus

ROOT = Path(__file__).resolve().parent.parent
DEATH_PATIENCE = 10.0


class Guard:
    """Starts the guard process; at the end of `with Guard() as guard` it ends what was not forgotten.

    `keep`: file descriptors the guard also holds open (a lock stays taken while it cleans up).
    """

    def __init__(self, *, keep: Sequence[int] = ()) -> None:
        read, self._write = os.pipe()
        command = [sys.executable, "-m", "outils.gardien", str(read), str(os.getpid())]
        silent = subprocess.DEVNULL
        self._process = subprocess.Popen(
            command, cwd=ROOT, pass_fds=(read, *keep), start_new_session=True,
            stdin=silent, stdout=silent, stderr=silent,
        )  # fmt: skip
        os.close(read)

    def _tell(self, verb: str, value: int | str) -> None:
        os.write(self._write, (json.dumps([verb, value]) + "\n").encode())

    def add_group(self, pid: int) -> None:
        """End this process group if we disappear."""
        self._tell("group", pid)

    def add_process(self, pid: int) -> None:
        """End this single process if we disappear."""
        self._tell("process", pid)

    def forget(self, pid: int) -> None:
        """This process or group has ended: its number may be reused."""
        self._tell("forget", pid)

    def add_server(self, folder: Path) -> None:
        """Release the local PostgreSQL of this folder if we disappear."""
        self._tell("server", str(folder))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._tell("leave", os.getpid())
        os.close(self._write)
        self._process.wait()


class Watched:
    """What the guard was told, in order."""

    def __init__(self, orders: Iterable[str]) -> None:
        self.groups: set[int] = set()
        self.processes: set[int] = set()
        self.servers: list[Path] = []
        self.left = False
        for order in orders:
            self._note(*json.loads(order))

    def _note(self, verb: str, value: int | str) -> None:
        if verb == "server":
            self.servers.append(Path(str(value)))
        elif verb == "leave":
            self.left = True
        else:
            self._note_pid(verb, int(value))

    def _note_pid(self, verb: str, pid: int) -> None:
        self.groups.discard(pid)
        self.processes.discard(pid)
        if verb != "forget":
            (self.groups if verb == "group" else self.processes).add(pid)

    def end(self) -> None:
        """End everything: commands first, the database last."""
        from outils.base_locale import release

        processus.end_processes(sorted(self.processes))
        processus.end_groups(sorted(self.groups))
        for folder in self.servers:
            release(folder)


def main(descriptor: int, starter: int) -> None:
    """Read orders until the pipe ends, then end what is left."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    with os.fdopen(descriptor) as pipe:
        watched = Watched(pipe)
    if not watched.left:
        # The dying process closes the pipe before the locks it took later: while it holds the lock
        # of a server's users, the server looks used and would be left running.
        processus.wait_until(lambda: not processus.alive(starter), DEATH_PATIENCE)
    watched.end()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
