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
# Of processor, by act; rows may be locked while pages are counted. A contract of 161 pages takes 20 s to examine.
SECONDES = {"pages": 10, "examen": 40}
ATTENTE = 15  # seconds more on the clock, each: one deposit plays both acts, in all 80 s of the 90 that the servers wait
LOURD = "Ce PDF ne se lit pas : il est abîmé, ou demande trop de mémoire ou de temps. Enregistrez-le à nouveau, puis recommencez."

logger = logging.getLogger(__name__)


def read_apart(acte: str, *parts: bytes, field: str) -> Any:
    """What documents.lecteur says of those bytes, for one of its ACTES, as JSON.

    Raises Refus at `field`: the reader's own, or that the file could not be read within the ceilings.
    """
    try:
        said = json.loads(_run(acte, parts))
    except subprocess.SubprocessError as error:
        logger.warning("A deposited PDF was not read (%s): %s", error, _last_line(error))
        raise Refus(LOURD, field=field) from None
    if "refus" in said:
        raise Refus(said["refus"], field=field)
    return said["rendu"]


def _run(acte: str, parts: tuple[bytes, ...]) -> bytes:
    """What the reader writes; SubprocessError when it dies, or is stopped."""
    seconds = SECONDES[acte]
    command = [sys.executable, "-m", "documents.lecteur", acte, str(MEMOIRE), str(seconds)]
    where: Any = {"cwd": settings.BASE_DIR, "env": {}}
    done = subprocess.run(
        command, input=framed(parts), capture_output=True, check=True, timeout=seconds + ATTENTE, **where
    )
    return bytes(done.stdout)


def _last_line(error: subprocess.SubprocessError) -> str:
    """Why the reader stopped, when it could say."""
    told: bytes = getattr(error, "stderr", None) or b""
    return told.decode(errors="replace").strip().rpartition("\n")[2]


def framed(parts: tuple[bytes, ...]) -> bytes:
    """Some bytes one after the other, each after its length, as documents.lecteur takes them apart."""
    return b"".join(len(part).to_bytes(8, "big") + part for part in parts)
