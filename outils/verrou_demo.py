"""One demo at a time in a folder; who runs it, and where it answers."""

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

from outils import processus, verrous
from outils.superviseur import DemoError

PATIENCE = 30.0


class DemoLock:
    """The lock of a running demo. The guard keeps it too: it is free once everything has ended."""

    def __init__(self, var: Path) -> None:
        var.mkdir(parents=True, exist_ok=True)
        try:
            self.descriptor = verrous.open_lock(var / "demo.verrou")
        except PermissionError as error:
            raise DemoError(
                f"Le dossier {var} appartient à un autre compte : relancez avec ce compte-là."
            ) from error

    def take(self) -> None:
        """Take the lock; DemoError when the demo already runs, patience when it is just ending."""
        deadline = time.monotonic() + PATIENCE
        while not verrous.try_lock(self.descriptor):
            self._fail_if_running()
            if time.monotonic() > deadline:
                raise DemoError("Une démonstration précédente n'en finit pas de s'arrêter : réessayez.")
            time.sleep(0.1)
        os.ftruncate(self.descriptor, 0)

    def _fail_if_running(self) -> None:
        note = self._read()
        if note and processus.alive(note["pid"]):
            raise DemoError(
                f"La démonstration tourne déjà : {note['url']}\n"
                "Arrêtez-la par Ctrl-C dans sa fenêtre, ou par « make demo-reset » (qui efface ses données)."
            )

    def note(self, url: str) -> None:
        """Write who runs the demo, for the others."""
        os.ftruncate(self.descriptor, 0)
        os.pwrite(self.descriptor, json.dumps({"pid": os.getpid(), "url": url}).encode(), 0)

    def _read(self) -> dict[str, Any] | None:
        try:
            return dict(json.loads(os.pread(self.descriptor, 4096, 0)))
        except ValueError:
            return None

    def stop_holder(self) -> bool:
        """Ask the demo that runs to stop, wait for it, take its lock; whether one was running."""
        if verrous.try_lock(self.descriptor):
            return False
        processus.wait_until(lambda: self._read() is not None, 2)
        note = self._read()
        if note and processus.alive(note["pid"]):
            processus.send(note["pid"], signal.SIGTERM)
        try:
            verrous.wait_lock(self.descriptor, patience=PATIENCE)
        except verrous.LockTimeoutError as error:
            raise DemoError(
                "La démonstration ne s'arrête pas : arrêtez-la par Ctrl-C dans sa fenêtre."
            ) from error
        return True

    def close(self) -> None:
        os.close(self.descriptor)
