"""Start, watch and end processes, by process group."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

# The child waits for one line before it becomes the command: whoever starts it first tells the
# guard about it. Should the starter die in between, the line never comes and the child leaves.
GATE = 'read -r _ || exit 1; exec "$@" </dev/null'


def alive(pid: int) -> bool:
    """Whether a process runs; one that is dead but not yet collected by its parent does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return _state(pid) != "Z"


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return "?"


def command_line(pid: int) -> str:
    """What a process was started with, or "" when it cannot be known."""
    if Path("/proc/self").exists():
        try:
            return os.fsdecode(Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" "))
        except OSError:
            return ""
    listing = ["ps", "-ww", "-o", "args=", "-p", str(pid)]
    asked = subprocess.run(listing, check=False, capture_output=True, text=True)
    return asked.stdout


def spawn(
    command: Sequence[str], *, announce: Callable[[int], None] = lambda _: None, **options: Any
) -> "subprocess.Popen[bytes]":
    """Start a command in its own session, once `announce(pid)` has returned.

    `options` go to subprocess.Popen. The pid is also the process group's id.
    """
    gated = ["/bin/sh", "-c", GATE, "sh", *command]
    process = subprocess.Popen(gated, stdin=subprocess.PIPE, start_new_session=True, **options)
    assert process.stdin is not None
    announce(process.pid)
    try:
        process.stdin.write(b"\n")
        process.stdin.close()
    except BrokenPipeError:  # already dead: the caller sees it by polling
        pass
    return process


def wait_until(condition: Callable[[], bool], patience: float) -> bool:
    """Wait for a condition, at most `patience` seconds; whether it came true."""
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.03)
    return True


def send(pid: int, number: int, *, group: bool = False) -> None:
    """Send a signal to a process or to its whole group; silent when it is gone."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        (os.killpg if group else os.kill)(pid, number)


def end_processes(pids: Sequence[int], *, patience: float = 5, group: bool = False) -> None:
    """Ask each process to finish, wait, then kill what remains (with `group`, of its whole group).

    Only leaders get SIGTERM: a Celery pool process that gets it drops the task it is in.
    """
    for pid in pids:
        send(pid, signal.SIGTERM)
    wait_until(lambda: not any(alive(pid) for pid in pids), patience)
    for pid in pids:
        if group or alive(pid):
            send(pid, signal.SIGKILL, group=group)
    wait_until(lambda: not any(alive(pid) for pid in pids), 2)


def end_groups(leaders: Sequence[int], *, patience: float = 5) -> None:
    """End whole process groups, each known by its leader's pid."""
    end_processes(leaders, patience=patience, group=True)
