"""From HTML to a PDF/A-3a that is also PDF/UA-1: tagged, self-contained, the same bytes for the same input.

Nothing is fetched but the faces (`police:`) and the style sheets (`style:`) of the house; QR codes are drawn here (`qr:`).
`documents.controle` checks the result.
"""

import contextlib
import gc
import io
import logging
import re
import threading
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import pydyf
import segno
import weasyprint
from weasyprint.urls import URLFetcher, URLFetcherResponse

from documents import polices
from documents.polices import fingerprint
from socle.couleur import readable

__all__ = ["Attachment", "fingerprint", "render_pdf", "unprintable"]

log = logging.getLogger(__name__)

STYLES = Path(__file__).resolve().parent.parent / "static" / "css"
STYLE_NAMES = frozenset({"pdf.css"})
LANGUAGE = "fr"
QR_MAX = 200

COVER_RATIO = 4.5  # WCAG 1.4.3: white text stands on the cover
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
# Joiners and direction marks print nothing: none of them is a missing glyph.
_INVISIBLE = frozenset(
    "\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufe0e\ufe0f"
)
_REPLACED = {
    "\u2010": "-",
    "\u2011": "-",
    "\u2009": "\u202f",
    "\u2008": "\u202f",
    "\u2007": "\u00a0",
    "\u2212": "–",
}

# Pango's font maps are not meant for two threads at once.
_lock = threading.Lock()
_configuration: polices.FontConfiguration | None = None


@dataclass(frozen=True)
class Attachment:
    """A file carried inside the PDF (PDF/A-3 associated file).

    `relationship` is one of ISO 32000-2, 7.11.3: « Source », « Data », « Supplement »…
    """

    name: str
    content: bytes
    description: str = ""
    relationship: str = "Source"


class Fetcher(URLFetcher):
    """Serves `police:<face>`, `style:<sheet>` and `qr:<address>` (drawn here); refuses all else.

    A refusal is logged, and the document goes on without what it asked for.
    """

    def __init__(self) -> None:
        super().__init__(allowed_protocols=(), allow_redirects=False)

    def fetch(self, url: str, headers: object = None) -> URLFetcherResponse:
        scheme, _, name = url.partition(":")
        if scheme == "police" and name in polices.FACES:
            return URLFetcherResponse(url, polices.face(name), {"Content-Type": "font/ttf"})
        if scheme == "style" and name in STYLE_NAMES:
            return URLFetcherResponse(
                url, (STYLES / name).read_bytes(), {"Content-Type": "text/css; charset=utf-8"}
            )
        if scheme == "qr" and 0 < len(name) <= QR_MAX:
            return URLFetcherResponse(url, _qr(name), {"Content-Type": "image/svg+xml"})
        log.warning("PDF : ressource refusée, %s", url[:200])
        raise ValueError("Ressource refusée")


def _qr(text: str) -> bytes:
    """A QR code as SVG, error correction M: read on a photocopy, small on a cover."""
    drawn = io.BytesIO()
    segno.make(text, error="m", micro=False).save(drawn, kind="svg", border=0, xmldecl=False)
    return drawn.getvalue()


def render_pdf(
    html: str, *, title: str, created_at: datetime, attachments: Sequence[Attachment] = ()
) -> bytes:
    """Print a whole HTML page as PDF/A-3a and PDF/UA-1.

    The same arguments give the same bytes wherever `fingerprint()` is the same. `created_at` must be aware;
    it is the only date written. Characters the typeface lacks are printed as ◊ (see `unprintable`).
    `data-couleur="#rrggbb"` on <html> sets the colour of the cover, darkened as far as white text needs.
    """
    stamp = created_at.astimezone(UTC).replace(microsecond=0, tzinfo=None)
    with _lock, _collector_paused():
        source = weasyprint.HTML(string=unicodedata.normalize("NFC", html), url_fetcher=Fetcher())
        _prepare(source.etree_element)
        document = source.render(font_config=_fonts(), pdf_variant="pdf/a-3a", output_intent="srgb")
        _describe(document.metadata, title, stamp)
        files = [_embed(attachment, stamp) for attachment in attachments]
        octets: bytes = document.write_pdf(finisher=_finish, pdf_variant="pdf/a-3a", attachments=files)
    return octets


def unprintable(text: str) -> list[str]:
    """Characters of a text that no document can print (emoji, other scripts), in order, once each."""
    return [char for char in dict.fromkeys(unicodedata.normalize("NFC", text)) if _is_lost(char)]


def _fonts() -> polices.FontConfiguration:
    """One per process: finding the faces again for each document would cost as much as a page."""
    global _configuration
    if _configuration is None or not _configuration.is_ours():
        _configuration = polices.FontConfiguration()
    return _configuration


@contextlib.contextmanager
def _collector_paused() -> Iterator[None]:
    """Boxes live until the end of the document: collecting before finds nothing and takes time."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _prepare(root: Element) -> None:
    root.set("lang", LANGUAGE)
    colour = root.get("data-couleur", "")
    if _COLOUR.fullmatch(colour):
        root.set("style", f"--marque: {readable(colour, COVER_RATIO)}")
    missing: dict[str, None] = {}
    for element in root.iter():
        element.text = _printable(element.text, missing)
        element.tail = _printable(element.tail, missing)
        for name, value in element.items():
            element.set(name, _printable(value, missing) or "")
    if missing:
        log.warning(
            "PDF : caractères absents de la police, %s", ", ".join(f"U+{ord(c):04X}" for c in missing)
        )


def _printable(text: str | None, missing: dict[str, None]) -> str | None:
    if not text or polices.covered().issuperset(text):
        return text
    missing.update(dict.fromkeys(filter(_is_lost, text)))
    return "".join(map(_printable_char, text))


def _is_lost(char: str) -> bool:
    return char not in polices.covered() and _printable_char(char) == polices.SUBSTITUTE


def _printable_char(char: str) -> str:
    """The character, a plainer equivalent (« Ａ » → « A »), nothing if invisible, else ◊."""
    covered = polices.covered()
    if char in covered:
        return char
    if char in _INVISIBLE or unicodedata.category(char) in ("Mn", "Cc"):
        return ""
    plain = _REPLACED.get(char) or unicodedata.normalize("NFKD", char)
    kept = "".join(c for c in plain if c in covered)
    return kept or polices.SUBSTITUTE


def _describe(metadata: Any, title: str, stamp: datetime) -> None:
    metadata.title = title
    metadata.lang = LANGUAGE
    metadata.created = metadata.modified = stamp.isoformat() + "Z"
    metadata.attachments = []  # only those given by the caller, never one that a page asks for


def _embed(attachment: Attachment, stamp: datetime) -> weasyprint.Attachment:
    return weasyprint.Attachment(
        string=attachment.content,
        name=attachment.name,
        description=attachment.description,
        created=stamp,
        modified=stamp,
        relationship=attachment.relationship,
    )


def _finish(document: weasyprint.Document, pdf: pydyf.PDF) -> None:
    """What WeasyPrint leaves to do for PDF/UA-1, before the bytes are written."""
    root = _target(pdf, pdf.catalog["StructTreeRoot"])
    reached = _reach(pdf, root)
    _name_headers(pdf, reached)
    _set_aside_running_texts(pdf, root, reached)
    _describe_links(document)
    _identify(pdf)
    if "AF" in pdf.catalog:
        pdf.catalog["AF"] = pydyf.Array(dict.fromkeys(pdf.catalog["AF"]))  # WeasyPrint lists each file twice


def _target(pdf: pydyf.PDF, reference: bytes) -> Any:
    return pdf.objects[int(reference.split()[0])]


def _reach(pdf: pydyf.PDF, root: Any) -> dict[int, Any]:
    """Every element of the structure tree that can be reached from its root, by object number."""
    reached: dict[int, Any] = {}
    waiting = list(root["K"])
    while waiting:
        kid = waiting.pop()
        if isinstance(kid, bytes):
            element = _target(pdf, kid)
            if element.get("Type") == "/StructElem":
                reached[element.number] = element
                waiting.extend(element["K"])
    return reached


def _name_headers(pdf: pydyf.PDF, reached: dict[int, Any]) -> None:
    """Give each header cell its scope: columns in a table head, rows elsewhere (ISO 14289-1, 7.5)."""
    for element in reached.values():
        if element["S"] == "/TH":
            section = _target(pdf, _target(pdf, element["P"])["P"])
            element["A"]["Scope"] = "/Column" if section["S"] == "/THead" else "/Row"


def _set_aside_running_texts(pdf: pydyf.PDF, root: Any, reached: dict[int, Any]) -> None:
    """Footers and watermark are outside the structure tree: make them artifacts, not heard on each page."""
    nums = _target(pdf, root["ParentTree"])["Nums"]
    parents = {nums[i]: nums[i + 1] for i in range(0, len(nums), 2)}
    for reference in pdf.page_references:
        page = _target(pdf, reference)
        owners = parents[page["StructParents"]]
        aside = {mcid for mcid, owner in enumerate(owners) if int(owner.split()[0]) not in reached}
        for mcid in aside:
            owners[mcid] = "null"
        if aside:
            _mark_artifacts(_target(pdf, page["Contents"]), aside)
    for element in pdf.objects:
        if (
            isinstance(element, pydyf.Dictionary)
            and element.get("Type") == "/StructElem"
            and element.number not in reached
        ):
            element.clear()


def _mark_artifacts(stream: pydyf.Stream, mcids: set[int]) -> None:
    operations = stream.stream
    for index, operation in enumerate(operations):
        if isinstance(operation, pydyf.Dictionary) and operation.get("MCID") in mcids:
            operations[index - 1] = "/Artifact"
            operations[index] = pydyf.Dictionary({"Type": "/Pagination"})


def _describe_links(document: weasyprint.Document) -> None:
    """Say where a link leads by its own words, not by the name of an anchor (ISO 14289-1, 7.18.5)."""
    for page in document.pages:
        for _, target, _, box in page.links:
            words = " ".join("".join(box.element.itertext()).split())
            if getattr(box, "link_annotation", None):
                box.link_annotation["Contents"] = pydyf.String(words or target)


def _identify(pdf: pydyf.PDF) -> None:
    """Add the PDF/UA identifier to the metadata, with the schema PDF/A asks for a property not its own."""
    metadata = _target(pdf, pdf.catalog["Metadata"])
    metadata.compress = False  # readable by archive tools that do not open streams
    metadata.stream = [b"".join(metadata.stream).replace(b"</rdf:RDF>", _PDFUA_XMP + b"</rdf:RDF>", 1)]


_PDFUA_XMP = b"""
<rdf:Description rdf:about="" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/"><pdfuaid:part>1</pdfuaid:part></rdf:Description>
<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"
  xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">
<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>
<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>
<pdfaSchema:schema>PDF/UA identification schema</pdfaSchema:schema>
<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">
<pdfaProperty:category>internal</pdfaProperty:category>
<pdfaProperty:description>Part of ISO 14289 the file conforms to</pdfaProperty:description>
<pdfaProperty:name>part</pdfaProperty:name>
<pdfaProperty:valueType>Integer</pdfaProperty:valueType>
</rdf:li></rdf:Seq></pdfaSchema:property>
</rdf:li></rdf:Bag></pdfaExtension:schemas>
</rdf:Description>
"""
