"""Many issued contracts in one ZIP, with a summary that also says which ones are missing, and why."""

import re
import tempfile
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import IO
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from contrats.models import ExemplaireSigne, LigneLot, VersionContrat
from documents.models import Document, DocumentContenu, Piece, PieceContenu
from socle import horloge
from socle.tableur import csv_bytes
from territoire.models import Commune

SUMMARY = "sommaire.csv"
ENTETE = ("Commune", "Code INSEE", "Référence", "État du contrat", "Fichier", "SHA-256", "Pourquoi il manque")
FORBIDDEN = re.compile(r'[\\/:*?"<>|\x00-\x1f]')
# The kinds of documents that the list of contracts gives at once.
NATURES = {
    "arretes": "textes arrêtés",
    "a_signer": "exemplaires à signer",
    "signes": "exemplaires signés",
    "consolides": "versions consolidées",
}
# The field of a version that holds its document, and what is said of a version that has none; "signes" are files deposited.
DOCUMENTS = {
    "arretes": ("arrete", "n'est pas arrêté"),
    "a_signer": ("a_signer", "n'a pas d'exemplaire à signer"),
    "consolides": ("consolide", "n'a pas d'avenant signé"),
}
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest instant of a ZIP


@dataclass(frozen=True)
class Entree:
    """A contract of the archive: its file, or why there is none."""

    commune: Commune
    reference: str
    etat: str
    manque: str = ""
    suffixe: str = ""
    sha256: str = ""
    quand: datetime | None = None
    octets: Callable[[], bytes] | None = None

    @property
    def fichier(self) -> str:
        """« 033-063 Bordeaux – CE-2028-001.pdf »; empty when there is no file."""
        if not self.octets:
            return ""
        name = f"{sortable(self.commune.code_insee)} {self.commune.nom} – {self.reference}{self.suffixe}.pdf"
        return FORBIDDEN.sub("-", unicodedata.normalize("NFC", name))

    @property
    def cells(self) -> tuple[str, ...]:
        """The row of the summary, under ENTETE."""
        return (
            *(self.commune.nom, self.commune.code_insee, self.reference, self.etat),
            *(self.fichier, self.sha256, self.manque),
        )


def sortable(code: str) -> str:
    """« 033-063 » for 33063, « 02A-004 » for 2A004, « 974-11 » for 97411: the département, then the commune."""
    length = 3 if code.startswith("97") else 2
    return f"{code[:length].zfill(3)}-{code[length:]}"


def write_archive(entrees: Sequence[Entree], fuseau: str) -> IO[bytes]:
    """A temporary file holding the ZIP, ready to be read; one document at a time is in memory.

    The same documents give the same bytes: the instant of a file is that of its document, in the time zone of the EPCI.
    """
    ordered = sorted(entrees, key=lambda one: (sortable(one.commune.code_insee), one.reference))
    file = tempfile.TemporaryFile()  # noqa: SIM115 – closed by who serves it
    with ZipFile(file, "w", ZIP_STORED) as archive:
        archive.writestr(_info(SUMMARY, EPOCH), csv_bytes(ENTETE, [one.cells for one in ordered]))
        for one in ordered:
            if one.octets:
                archive.writestr(_info(one.fichier, _instant(one.quand, fuseau)), one.octets())
    file.seek(0)
    return file


def _info(name: str, instant: tuple[int, int, int, int, int, int]) -> ZipInfo:
    info = ZipInfo(name, instant)
    info.create_system = 3  # whatever the machine that writes it
    info.external_attr = 0o644 << 16
    return info


def _instant(quand: datetime | None, fuseau: str) -> tuple[int, int, int, int, int, int]:
    if quand is None:
        return EPOCH
    local = horloge.local(quand, fuseau)
    return (local.year, local.month, local.day, local.hour, local.minute, local.second)


def of_lines(lignes: Iterable[LigneLot]) -> list[Entree]:
    """The documents that a lot reserved, one entry per line."""
    return [_of_line(one) for one in lignes]


def _of_line(ligne: LigneLot) -> Entree:
    version = ligne.version_contrat
    if ligne.document and version:
        return _of_document(ligne.commune, version, ligne.document)
    state = str(version.get_etat_display()) if version else ""
    manque = ligne.motif or f"L'acte de ce lot est {ligne.get_etat_display()}."
    return Entree(ligne.commune, version.reference if version else "", state, manque)


def of_versions(communes: Sequence[Commune], versions: Sequence[VersionContrat], nature: str) -> list[Entree]:
    """The documents of one of NATURES for some communes; `versions` are those of their contracts, oldest first.

    Of the contract begun last. Its copies signed are all there, since the contract and its avenants bind together; the text
    consolidated is that of the last avenant signed, even while another is open. The latest version says what is missing.
    """
    latest = {one.commune_id: one for one in versions}
    running = {one.contrat_id for one in latest.values()}
    there = [one for one in versions if one.contrat_id in running]
    if nature == "signes":
        return _of_signed(communes, latest, there)
    if nature == "consolides":
        latest |= {one.commune_id: one for one in there if one.consolide_id}
    return [_of_version(one, latest.get(one.pk), nature) for one in communes]


def _of_signed(
    communes: Sequence[Commune], latest: dict[int, VersionContrat], versions: Sequence[VersionContrat]
) -> list[Entree]:
    """Each signed copy of each commune, or one entry that says why there is none."""
    signed = _signed(versions)
    found: list[Entree] = []
    for commune in communes:
        theirs = [one for one in versions if one.commune_id == commune.pk and one.pk in signed]
        found += [_of_piece(commune, one, signed[one.pk].piece) for one in theirs] or [
            _missing(commune, latest.get(commune.pk), "n'est pas signé")
        ]
    return found


def _signed(versions: Iterable[VersionContrat]) -> dict[int, ExemplaireSigne]:
    rows = ExemplaireSigne.objects.filter(version_contrat__in=[one.pk for one in versions])
    kept = rows.filter(confirme_at__isnull=False).select_related("piece").order_by("pk")
    return {one.version_contrat_id: one for one in kept}


def _of_version(commune: Commune, version: VersionContrat | None, nature: str) -> Entree:
    name, why = DOCUMENTS[nature]
    document: Document | None = getattr(version, name) if version else None
    return (
        _of_document(commune, version, document) if version and document else _missing(commune, version, why)
    )


def _missing(commune: Commune, version: VersionContrat | None, why: str) -> Entree:
    if version is None:
        return Entree(commune, "", "", "Cette commune n'a pas de contrat.")
    state = str(version.get_etat_display())
    return Entree(commune, version.reference, state, f"Le contrat est « {state} » : il {why}.")


def _of_document(commune: Commune, version: VersionContrat, document: Document) -> Entree:
    state = str(version.get_etat_display())
    if not document.emis:
        words = "est annulé" if document.annule else "est en préparation"
        return Entree(commune, document.reference, state, f"Le document {document.reference} {words}.")
    return Entree(
        commune,
        document.reference,
        state,
        sha256=document.sha256,
        quand=document.emis_at,
        octets=partial(_bytes_of_document, document.pk),
    )


def _of_piece(commune: Commune, version: VersionContrat, piece: Piece) -> Entree:
    assert version.a_signer  # only a copy that was issued is signed
    return Entree(
        commune,
        version.a_signer.reference,
        str(version.get_etat_display()),
        suffixe=" signé",
        sha256=piece.sha256,
        quand=piece.deposee_at,
        octets=partial(_bytes_of_piece, piece.pk),
    )


def _bytes_of_document(pk: int) -> bytes:
    return bytes(DocumentContenu.objects.values_list("octets", flat=True).get(document=pk))


def _bytes_of_piece(pk: int) -> bytes:
    return bytes(PieceContenu.objects.values_list("octets", flat=True).get(piece=pk))
