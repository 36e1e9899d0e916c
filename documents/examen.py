"""What a file that comes back signed is worth beside the document that was issued: the same bytes, the same text, or a copy.

Nothing is fetched: a certificate is judged by the authorities it is given and by the evidence the file itself carries
(PAdES, ETSI EN 319 142-1). Only documents.lecteur runs this, in a process with ceilings: a file may be made to harm.
"""

import difflib
import io
import re
from collections.abc import Iterator, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pikepdf
import pypdf
from asn1crypto import x509
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.general import SigningError
from pyhanko.sign.validation import DocumentSecurityStore, EmbeddedPdfSignature, validate_pdf_signature
from pyhanko.sign.validation.errors import NoDSSFoundError, SignatureValidationError
from pyhanko.sign.validation.status import PdfSignatureStatus
from pyhanko_certvalidator import ValidationContext

from documents.signature import Certificat, Examen, Nature, SignatureLue
from socle.erreurs import Refus

SHOWN = 160  # characters of a difference that a sentence quotes
SCANNED = 0.2  # share of our words below which a file is a picture of the document, not its text
ADDED = 0.1  # share of our words that a parapheur may add: a stamp, a page of signatures
MORE_PAGES = 50  # that a parapheur may add, beside as many as ours
YEARS = range(2000, 2101)  # when a signature can say that it was made
CACHET = (300, 150)  # points: the largest picture of a signature; above, it may hide our text
SIGNING = {
    "/AcroForm",
    "/Annots",
    "/DSS",
    "/Extensions",
    "/Metadata",
    "/Perms",
    "/Version",
}  # what a signature adds to the catalogue
BROKEN = (
    PdfError,
    SigningError,
    SignatureValidationError,
    ValueError,
    LookupError,
    TypeError,
    RecursionError,
)
UNSPOKEN = re.compile(r"[\x00-\x08\x0e-\x1b\x7f\ud800-\udfff]")  # controls but blanks, half characters
VISIBLE = "une signature visible"
HIDING = "une annotation posée sur notre texte, qui peut le cacher"


def examine(issued: bytes, received: bytes, authorities: Sequence[x509.Certificate]) -> Examen:
    """Compare a PDF with the document it should be; `authorities` are those whose certificates are known.

    Raises Refus at `fichier` for the document itself without signature, a signature that its content no longer bears, or
    another text.
    """
    if received == issued:
        _refuse("Ce fichier est l'exemplaire à signer, sans aucune signature.")
    signatures = _signatures(received, authorities)
    if signatures and received.startswith(issued) and _only_signed(issued, received):
        return Examen(Nature.OCTETS, signatures, tuple(dict.fromkeys(_laid(received))))
    return _compared(issued, received, signatures)


def _refuse(sentence: str) -> None:
    raise Refus(sentence, field="fichier")


def _signatures(received: bytes, authorities: Sequence[x509.Certificate]) -> tuple[SignatureLue, ...]:
    """The signatures of a file, in order. Raises Refus when one is broken."""
    try:
        reader = PdfFileReader(io.BytesIO(received), strict=False)
        embedded = list(reader.embedded_regular_signatures)
        return tuple(_read(reader, one, _known(authorities)) for one in embedded)
    except BROKEN as error:
        raise Refus(
            "Les signatures de ce fichier ne se lisent pas : il est abîmé.", field="fichier"
        ) from error


def _read(reader: PdfFileReader, embedded: EmbeddedPdfSignature, known: dict[str, Any]) -> SignatureLue:
    status = _validated(embedded, ValidationContext(**known))
    who = _name(embedded.signer_cert, "common_name") or "un signataire sans nom"
    if not (status.intact and status.valid):
        _refuse(f"La signature de {who} ne correspond plus au contenu : le fichier a changé après elle.")
    stamped = status.timestamp_validity
    return SignatureLue(
        signataire=who,
        organisme=_name(embedded.signer_cert, "organization_name"),
        signee_at=_time(stamped.timestamp if stamped else status.signer_reported_dt),
        horodatee=bool(stamped and stamped.valid and stamped.intact and stamped.trusted),
        certificat=_worth(reader, embedded, status, known).value,
    )


def _time(when: datetime | None) -> str:
    """A time as ISO 8601, nothing for one that cannot be: in the year 9999, it has no local day."""
    return when.isoformat() if when and when.year in YEARS else ""


def _validated(embedded: EmbeddedPdfSignature, context: ValidationContext) -> PdfSignatureStatus:
    """pyhanko runs an event loop of its own: in a thread apart, whatever runs in ours."""
    with ThreadPoolExecutor(1) as apart:
        return apart.submit(validate_pdf_signature, embedded, context, skip_diff=True).result()


def _worth(
    reader: PdfFileReader, embedded: EmbeddedPdfSignature, status: PdfSignatureStatus, known: dict[str, Any]
) -> Certificat:
    """A certificate is verified when the evidence in the file says that it was not revoked; no evidence is no proof.

    Evidence that says it was revoked is heard, whatever else lacks.
    """
    if status.revoked:
        return Certificat.REVOQUE
    if not status.trusted:
        return Certificat.INCONNU
    try:
        store = DocumentSecurityStore.read_dss(reader)
    except NoDSSFoundError:
        return Certificat.NON_VERIFIE
    strict = store.as_validation_context(known | {"revocation_mode": "require"})
    judged = _validated(embedded, strict)
    if judged.revoked:
        return Certificat.REVOQUE
    return Certificat.VERIFIE if judged.trusted else Certificat.NON_VERIFIE


def _known(authorities: Sequence[x509.Certificate]) -> dict[str, Any]:
    """How a certificate is judged: by those authorities; nothing is fetched."""
    return {"trust_roots": list(authorities), "allow_fetching": False}


def _name(certificate: x509.Certificate, part: str) -> str:
    value = certificate.subject.native.get(part, "")
    return " ".join(_words(str(value[0] if isinstance(value, list) else value)))


def _words(text: str) -> list[str]:
    """The words of what a file says: whatever it says reaches a table, which refuses NUL and half characters."""
    return UNSPOKEN.sub("", text).split()


def _only_signed(issued: bytes, received: bytes) -> bool:
    """Whether what follows our bytes only signs: every object of ours is there as it was, but for fields of signature."""
    try:
        with pikepdf.open(io.BytesIO(issued)) as ours, pikepdf.open(io.BytesIO(received)) as theirs:
            title = ours.trailer.Info.objgen  # its author, its dates: nothing that is printed
            shown = [one for one in ours.objects if one.objgen != title]
            lists = {page.get("/Annots", page.obj).objgen for page in ours.pages} - {(0, 0)}
            places = Places(ours.Root.objgen, frozenset(lists), _signature_fields(theirs))
            same_root = ours.Root.objgen == theirs.Root.objgen
            return same_root and all(_kept(one, theirs.get_object(one.objgen), places) for one in shown)
    except (pikepdf.PdfError, *BROKEN):
        return False


@dataclass(frozen=True)
class Places:
    """Where a signature may write: the catalogue, the lists of annotations of the pages, the fields of its form."""

    root: tuple[int, int]
    lists: frozenset[tuple[int, int]]
    fields: frozenset[tuple[int, int]]


def _signature_fields(pdf: pikepdf.Pdf) -> frozenset[tuple[int, int]]:
    """The fields of the form that are signatures, as large as one at most."""
    form = pdf.Root.get("/AcroForm", pikepdf.Dictionary())
    return frozenset(one.objgen for one in form.get("/Fields", ()) if _signs(one)) - {(0, 0)}


def _signs(one: Any) -> bool:
    """Whether an annotation is the field of a signature, invisible or no larger than its picture may be."""
    names = (one.get("/Subtype"), one.get("/FT"))
    wide, high = _size(one)
    return names == (pikepdf.Name.Widget, pikepdf.Name.Sig) and wide <= CACHET[0] and high <= CACHET[1]


def _size(annotation: Any) -> tuple[float, float]:
    """Width and height of what it takes on the page, in points: nothing for a link, which draws nothing."""
    if annotation.get("/Subtype") == pikepdf.Name.Link and "/AP" not in annotation:
        return 0, 0
    left, low, right, top = map(float, annotation.get("/Rect", (0, 0, 0, 0)))
    return abs(right - left), abs(top - low)


def _kept(before: Any, after: Any, places: Places) -> bool:
    if isinstance(before, pikepdf.Stream):
        return isinstance(after, pikepdf.Stream) and (
            before.get("/Type") == pikepdf.Name.Metadata or before.read_raw_bytes() == after.read_raw_bytes()
        )
    if isinstance(before, pikepdf.Array) and before.objgen in places.lists:
        return _only_fields_added(before, after, places)
    if not isinstance(before, pikepdf.Dictionary):
        return bool(before == after)
    page = before.get("/Type") == pikepdf.Name.Page
    free = SIGNING if before.objgen == places.root else {"/Annots"} if page else set()
    added = not page or _only_fields_added(before.get("/Annots", ()), after.get("/Annots", ()), places)
    return added and _written(before, free) == _written(after, free)


def _written(found: Any, free: Set[str]) -> dict[str, bytes]:
    """A dictionary as it is written, its references unresolved, without the keys a signature may change."""
    return {key: _unparsed(found.get(key)) for key in found if key not in free}


def _unparsed(value: Any) -> bytes:
    return value.unparse() if isinstance(value, pikepdf.Object) else repr(value).encode()


def _only_fields_added(before: Any, after: Any, places: Places) -> bool:
    """Whether a list of annotations holds what it held, in order, then fields of signature that the form knows."""
    old, new = [_unparsed(one) for one in before], list(after)
    if [_unparsed(one) for one in new[: len(old)]] != old:
        return False
    return all(one.objgen in places.fields for one in new[len(old) :])


def _laid(octets: bytes) -> Iterator[str]:
    """What is drawn over the pages without being part of them, a sentence each; Refus when it cannot be read."""
    try:
        with pikepdf.open(io.BytesIO(octets)) as pdf:
            fields = _signature_fields(pdf)
            for number, page in enumerate(pdf.pages, 1):
                for one in page.get("/Annots", ()):
                    if all(_size(one)):
                        signs = one.objgen in fields
                        yield f"Page {number} : {VISIBLE if signs else HIDING}."
    except (pikepdf.PdfError, *BROKEN) as error:
        raise Refus("Les pages de ce fichier ne se lisent pas : il est abîmé.", field="fichier") from error


def _compared(issued: bytes, received: bytes, signatures: tuple[SignatureLue, ...]) -> Examen:
    ours = _pages(issued)
    theirs = _pages(received, len(ours) * 2 + MORE_PAGES)
    laid = tuple(dict.fromkeys(_laid(received)))
    count, read = sum(map(len, ours)), sum(map(len, theirs))
    if read < count * SCANNED:
        return Examen(Nature.COPIE, signatures, laid)
    if read - count > max(
        count * ADDED, 60
    ):  # before it is compared word by word, which is slow on a long text
        _refuse(
            "Ce fichier a beaucoup plus de texte que l'exemplaire à signer : ce n'est pas le même document."
        )
    return Examen(Nature.TEXTE, signatures, (*_added(ours, theirs), *laid))


def _pages(octets: bytes, most: int | None = None) -> list[list[str]]:
    """The words of each page; Refus for more pages than `most`."""
    try:
        pages = pypdf.PdfReader(io.BytesIO(octets)).pages
        if most and len(pages) > most:
            _refuse(
                "Ce fichier a beaucoup plus de pages que l'exemplaire à signer : ce n'est pas le même document."
            )
        return [_words(page.extract_text()) for page in pages]
    except (pypdf.errors.PyPdfError, *BROKEN) as error:
        raise Refus("Le texte de ce fichier ne se lit pas : il est abîmé.", field="fichier") from error


def _added(ours: list[list[str]], theirs: list[list[str]]) -> Iterator[str]:
    """What a file adds to our pages, in order. Raises Refus at the first of our words that it lacks or changes."""
    for number, page in enumerate(ours, 1):
        other = theirs[number - 1] if number <= len(theirs) else []
        for kind, i, j, k, m in difflib.SequenceMatcher(None, page, other, autojunk=False).get_opcodes():
            if kind == "insert":
                yield " ".join(other[k:m])
            elif kind != "equal":
                read = _quoted(other[k:m]) if k < m else "rien"
                _refuse(
                    f"Ce n'est pas le même texte. Page {number}, attendu : {_quoted(page[i:j])} ; lu : {read}."
                )
    for extra in filter(None, theirs[len(ours) :]):
        yield " ".join(extra)


def _quoted(words: list[str]) -> str:
    text = " ".join(words)
    return f"« {text[:SHOWN]}… »" if len(text) > SHOWN else f"« {text} »"
