"""The signed PDF that comes back, examined apart, by the authorities of the settings."""

from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from asn1crypto import pem, x509
from django.conf import settings
from django.core import checks

from documents.isolement import read_apart
from socle.erreurs import Refus

UNREADABLE = "Les autorités de signature de l'outil ne se lisent pas : prévenez votre direction du numérique."


class Nature(Enum):
    """What a file is beside the document issued."""

    OCTETS = "octets"
    TEXTE = "texte"
    COPIE = "copie"


class Certificat(Enum):
    """What a certificate is worth: known, as far as the authorities and the evidence of the file tell."""

    VERIFIE = "verifie"
    NON_VERIFIE = "non_verifie"
    REVOQUE = "revoque"
    INCONNU = "inconnu"


@dataclass(frozen=True)
class SignatureLue:
    """One signature whose content is intact: who, for whom, when (ISO 8601, UTC), whether an authority says the time."""

    signataire: str
    organisme: str
    signee_at: str
    horodatee: bool
    certificat: str


@dataclass(frozen=True)
class Examen:
    """What a file is, the signatures it carries, what it adds to ours: words, and what is laid on a page."""

    nature: Nature
    signatures: tuple[SignatureLue, ...]
    ajouts: tuple[str, ...]

    @property
    def data(self) -> dict[str, Any]:
        """As JSON, to be kept."""
        return {"signatures": [asdict(one) for one in self.signatures], "ajouts": list(self.ajouts)}

    @classmethod
    def of(cls, read: dict[str, Any]) -> "Examen":
        """What a reader apart found, as JSON: `nature` beside `data`."""
        signatures = tuple(SignatureLue(**one) for one in read["signatures"])
        return cls(Nature(read["nature"]), signatures, tuple(read["ajouts"]))


def examine(issued: bytes, received: bytes) -> Examen:
    """Compare a PDF with the document it should be, in a process of its own.

    Raises Refus at `fichier` as documents.examen.examine, or when the file asks for too much to be read.
    """
    authorities = [one.dump() for one in roots()]
    return Examen.of(read_apart("examen", issued, received, *authorities, field="fichier"))


def roots() -> list[x509.Certificate]:
    """The certificates of the authorities that the EPCI recognises (SIGNATURE_RACINES: a PEM file), none by default.

    Raises Refus at `fichier` when the file is not there, or is no PEM.
    """
    path = settings.SIGNATURE_RACINES
    if not path:
        return []
    try:
        found = pem.unarmor(Path(path).read_bytes(), multiple=True)
        return [x509.Certificate.load(der) for _, _, der in found]
    except (OSError, ValueError) as error:
        raise Refus(UNREADABLE, field="fichier") from error


def check_authorities(**_: Any) -> list[checks.CheckMessage]:
    """At startup: the file of SIGNATURE_RACINES reads, when one is named."""
    try:
        roots()
    except Refus as refus:
        hint = f"SIGNATURE_RACINES={settings.SIGNATURE_RACINES}: {refus.__cause__}"
        return [checks.Error(refus.message, hint=hint, id="documents.E001")]
    return []
