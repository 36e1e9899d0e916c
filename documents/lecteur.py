"""The process that reads one deposited PDF, started by documents.isolement: `lecteur <acte> <bytes> <seconds>`.

It takes its own ceilings before it opens anything, has no environment, no database and no settings, and only writes JSON.
"""

import io
import json
import logging
import resource
import sys
from collections.abc import Callable, Iterator
from typing import Any

from socle.erreurs import Refus


def pages(octets: bytes) -> int:
    """How many pages a PDF has, at least one. Raises Refus for one that does not open, or only with a password."""
    import pikepdf

    try:
        with pikepdf.open(io.BytesIO(octets)) as pdf:
            found = len(pdf.pages)
    except pikepdf.PasswordError:
        raise Refus(
            "Ce PDF est protégé par un mot de passe : joignez-en une copie sans protection."
        ) from None
    except (pikepdf.PdfError, RuntimeError, ValueError):
        found = 0
    if not found:
        raise Refus("Ce PDF est abîmé ou incomplet : il ne s'ouvre pas.")
    return found


def examen(issued: bytes, received: bytes, *authorities: bytes) -> dict[str, Any]:
    """What documents.examen.examine says, as JSON; each authority is a certificate in DER."""
    from asn1crypto import x509

    from documents.examen import examine

    found = examine(issued, received, [x509.Certificate.load(der) for der in authorities])
    return {"nature": found.nature.value, **found.data}


ACTES: dict[str, Callable[..., Any]] = {"pages": pages, "examen": examen}


def main() -> None:
    """Answer on the standard output: `rendu`, what the act gives, or `refus`, its sentence."""
    acte, memory, seconds = sys.argv[1:]
    _limit(int(memory), int(seconds))
    logging.disable()  # libraries complain of each object of a damaged file
    try:
        said = {"rendu": ACTES[acte](*_parts(sys.stdin.buffer.read()))}
    except Refus as refus:
        said = {"refus": refus.message}
    sys.stdout.write(json.dumps(said))


def _limit(memory: int, seconds: int) -> None:
    """The ceilings, which a process cannot raise again; a file that breaks it leaves no image of the memory."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))


def _parts(framed: bytes) -> Iterator[bytes]:
    """What documents.isolement.framed put one after the other."""
    place = 0
    while place < len(framed):
        start = place + 8
        place = start + int.from_bytes(framed[start - 8 : start], "big")
        yield framed[start:place]


if __name__ == "__main__":
    main()
