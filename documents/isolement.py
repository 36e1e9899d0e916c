"""Reads a deposited PDF in a process apart, under ceilings: a file of a few kB may be made to fill the memory or run for ever.

The libraries that read PDF have limits of their own, which do not add up; the system has none that they can go round.
"""

import json
import logging
import subprocess
import sys
from typing import Any

from django.conf import settings

from socle.erreurs import Refus

MEMOIRE = 800_000_000  # bytes of address space
SECONDES = 60  # of processor
ATTENTE = 75  # seconds on the clock: less than what the front server waits
LOURD = "Ce PDF ne se lit pas : il est abîmé, ou demande trop de mémoire ou de temps. Enregistrez-le à nouveau, puis recommencez."

logger = logging.getLogger(__name__)


def read_apart(acte: str, *parts: bytes, field: str) -> Any:
    """What documents.lecteur says of those bytes, for one of its ACTES, as JSON.

    Raises Refus at `field`: the reader's own, or that the file could not be read within the ceilings.
    """
    command = [sys.executable, "-m", "documents.lecteur", acte, str(MEMOIRE), str(SECONDES)]
    try:
        done = subprocess.run(
            command, input=framed(parts), capture_output=True, check=True, timeout=ATTENTE,
            cwd=settings.BASE_DIR, env={},
        )  # fmt: skip
    except subprocess.SubprocessError as error:
        logger.warning("A deposited PDF was not read (%s): %s", error, _last_line(error))
        raise Refus(LOURD, field=field) from None
    said = json.loads(done.stdout)
    if "refus" in said:
        raise Refus(said["refus"], field=field)
    return said["rendu"]


def _last_line(error: subprocess.SubprocessError) -> str:
    """Why the reader stopped, when it could say."""
    told: bytes = getattr(error, "stderr", None) or b""
    return told.decode(errors="replace").strip().rpartition("\n")[2]


def framed(parts: tuple[bytes, ...]) -> bytes:
    """Some bytes one after the other, each after its length, as documents.lecteur takes them apart."""
    return b"".join(len(part).to_bytes(8, "big") + part for part in parts)
