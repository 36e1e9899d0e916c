"""Keeping a file somebody deposits, a PDF or a sheet: checked by what it holds, not by what it is called."""

import hashlib
import io
import re
import zipfile

from django.core.files.uploadedfile import UploadedFile

from comptes.models import Personne
from documents.isolement import read_apart
from documents.models import Piece, PieceContenu
from journal.workflows.unite import unite
from socle import horloge
from socle.erreurs import Refus
from socle.typographie import spaced
from territoire.models import Epci

PDF = "application/pdf"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv"
ZIP, OLE = b"PK", b"\xd0\xcf\x11\xe0"
DEPLOYE_MAX = 300_000_000  # bytes of a book once unfolded: above, a small file made to fill the memory
TAILLE_MAX = 20_000_000  # bytes; the front server lets slightly more through, so that the sentence is ours
NOM_MAX = 200
HEAD = 1024  # readers accept « %PDF- » within the first 1,024 bytes (ISO 32000-1, annex H)


@unite
def keep_piece(*, epci: Epci, acteur: Personne, fichier: UploadedFile, field: str = "fichier") -> Piece:
    """Keep a deposited PDF, inside the unit of the act it belongs to, which records the event.

    Raises Refus at `field` for a file that is empty, over 20 MB, not a PDF whatever its name says, damaged, or
    protected by a password.
    """
    return keep_pdf(epci=epci, acteur=acteur, octets=read_pdf(fichier, field), nom=fichier.name or "")


def read_pdf(fichier: UploadedFile, field: str = "fichier") -> bytes:
    """The bytes of a deposited PDF, not kept yet. Raises as keep_piece."""
    octets = _read(fichier, field)
    _check_pdf(octets, field)
    return octets


@unite
def keep_pdf(*, epci: Epci, acteur: Personne, octets: bytes, nom: str) -> Piece:
    """Keep a PDF that read_pdf read, under the name it came with, inside the unit of the act it belongs to."""
    return _keep(epci, acteur, octets, _safe_name(nom, "pdf"), PDF)


@unite
def keep_sheet(*, epci: Epci, acteur: Personne, fichier: UploadedFile, field: str = "fichier") -> Piece:
    """Keep a deposited XLSX or CSV, inside the unit of the act it belongs to, which records the event.

    Raises Refus at `field` for a file that is empty, over 20 MB, of another format, damaged, or protected by a password.
    """
    octets = _read(fichier, field)
    if octets.startswith(ZIP):
        _check_book(octets, field)
        return _keep(epci, acteur, octets, _safe_name(fichier.name or "", "xlsx"), XLSX)
    if octets.startswith(OLE):
        raise Refus(
            "Ce fichier est au format XLS, ou protégé par un mot de passe : enregistrez-le au format XLSX, "
            "sans protection.",
            field=field,
        )
    if b"\x00" in octets or octets.startswith((b"%PDF-", b"<")):
        raise Refus("Ce fichier n'est ni un XLSX ni un CSV : repartez du modèle.", field=field)
    return _keep(epci, acteur, octets, _safe_name(fichier.name or "", "csv"), CSV)


def _keep(epci: Epci, acteur: Personne, octets: bytes, nom: str, type_mime: str) -> Piece:
    piece = Piece.objects.create(
        epci=epci,
        nom=nom,
        type_mime=type_mime,
        taille=len(octets),
        sha256=hashlib.sha256(octets).hexdigest(),
        deposee_at=horloge.now(),
        deposee_par=acteur,
    )
    PieceContenu.objects.create(piece=piece, octets=octets)
    return piece


def _read(fichier: UploadedFile, field: str) -> bytes:
    size = fichier.size or 0
    if not size:
        raise Refus("Ce fichier est vide : choisissez-en un autre.", field=field)
    if size > TAILLE_MAX:
        weight = spaced(-(-size // 1_000_000))
        raise Refus(f"Ce fichier pèse {weight} Mo ; la limite est de 20 Mo.", field=field)
    return bytes(fichier.read())


def _check_pdf(octets: bytes, field: str) -> None:
    if b"%PDF-" not in octets[:HEAD]:
        raise Refus(
            "Ce fichier n'est pas un PDF : enregistrez-le au format PDF, puis recommencez.", field=field
        )
    read_apart("pages", octets, field=field)


def _check_book(octets: bytes, field: str) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(octets)) as book:
            names, unfolded = set(book.namelist()), sum(part.file_size for part in book.infolist())
    except zipfile.BadZipFile:
        names, unfolded = set(), 0
    if unfolded > DEPLOYE_MAX:
        raise Refus("Cette feuille est trop lourde une fois dépliée : partagez-la en plusieurs.", field=field)
    if "xl/workbook.xml" not in names:
        raise Refus(
            "Ce fichier n'est pas un XLSX, ou il est abîmé : enregistrez-le au format XLSX, puis recommencez.",
            field=field,
        )


def _safe_name(name: str, suffix: str) -> str:
    """The name of the file without folders nor control characters, ending in its suffix."""
    bare = re.sub(r"[\x00-\x1f\x7f\"]", "", name.replace("\\", "/").rsplit("/", 1)[-1]).strip()
    stem = re.sub(rf"\.{suffix}$", "", bare, flags=re.IGNORECASE) or "document"
    return f"{stem[: NOM_MAX - len(suffix) - 1]}.{suffix}"
