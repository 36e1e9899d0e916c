"""A sheet in OpenDocument (ODF 1.3, ISO/IEC 26300): what LibreOffice opens and French administrations are told to prefer."""

import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from xml.sax.saxutils import escape, quoteattr

TYPE = "application/vnd.oasis.opendocument.spreadsheet"
NAMESPACES = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in (
        ("office", "office"),
        ("table", "table"),
        ("text", "text"),
        ("style", "style"),
        ("fo", "xsl-fo-compatible"),
        ("meta", "meta"),
        ("config", "config"),
        ("number", "datastyle"),
    )
)
HEAD = f'<?xml version="1.0" encoding="UTF-8"?>\n<office:document-%s {NAMESPACES} office:version="1.3">'
MANIFEST = f"""<?xml version="1.0" encoding="UTF-8"?>
<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.3">
<manifest:file-entry manifest:full-path="/" manifest:version="1.3" manifest:media-type="{TYPE}"/>
<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>
<manifest:file-entry manifest:full-path="meta.xml" manifest:media-type="text/xml"/>
<manifest:file-entry manifest:full-path="settings.xml" manifest:media-type="text/xml"/>
</manifest:manifest>
"""
DAY_STYLE = (
    '<number:date-style style:name="jour"><number:day number:style="long"/><number:text>/</number:text>'
    '<number:month number:style="long"/><number:text>/</number:text><number:year number:style="long"/></number:date-style>'
)
# Centimetres by character, between a narrow column and one that a screen still holds.
WIDTH, NARROWEST, WIDEST = 0.19, 2.2, 8.0


@dataclass(frozen=True)
class Feuille:
    """A sheet: its name, a title, a heading row, the rows; `fonds` (RRGGBB) colours a cell by its first words."""

    nom: str
    titre: str
    entete: Sequence[str]
    lignes: Sequence[Sequence[object]]
    fonds: dict[str, str]
    figees: int = 1


def write_ods(sheet: Feuille, created_at: datetime) -> bytes:
    """The bytes of the sheet; texts stay texts, numbers and days keep their type. `created_at` must be aware."""
    content = io.BytesIO()
    stamp = created_at.timetuple()[:6]
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        # The type comes first and uncompressed: readers recognise the file by it.
        archive.writestr(zipfile.ZipInfo("mimetype", stamp), TYPE, zipfile.ZIP_STORED)
        for name, text in (
            ("content.xml", "".join(_content(sheet))),
            ("meta.xml", _meta(created_at)),
            ("settings.xml", _settings(sheet)),
            ("META-INF/manifest.xml", MANIFEST),
        ):
            archive.writestr(zipfile.ZipInfo(name, stamp), text, zipfile.ZIP_DEFLATED)
    return content.getvalue()


def _content(sheet: Feuille) -> Iterator[str]:
    fills = {word: f"fond{rank}" for rank, word in enumerate(sheet.fonds)}
    yield HEAD % "content"
    yield f"<office:automatic-styles>{DAY_STYLE}{''.join(_styles(sheet))}</office:automatic-styles>"
    yield "<office:body><office:spreadsheet>"
    yield f"<table:table table:name={quoteattr(sheet.nom)}>"
    for rank in range(len(sheet.entete)):
        yield f'<table:table-column table:style-name="colonne{rank}"/>'
    yield f"<table:table-row>{_cell(sheet.titre, 'titre')}</table:table-row>"
    yield "<table:table-header-rows><table:table-row>"
    yield from (_cell(label, "titre") for label in sheet.entete)
    yield "</table:table-row></table:table-header-rows>"
    for row in sheet.lignes:
        yield f"<table:table-row>{''.join(_cell(value, _style(value, fills)) for value in row)}</table:table-row>"
    yield "</table:table></office:spreadsheet></office:body></office:document-content>"


def _styles(sheet: Feuille) -> Iterator[str]:
    cell = '<style:style style:name="%s" style:family="table-cell"%s>%s</style:style>'
    wrap = '<style:table-cell-properties fo:wrap-option="wrap" style:vertical-align="top"%s/>'
    yield cell % ("titre", "", '<style:text-properties fo:font-weight="bold"/>')
    yield cell % ("texte", "", wrap % "")
    yield cell % ("jour-court", ' style:data-style-name="jour"', wrap % "")
    for rank, colour in enumerate(sheet.fonds.values()):
        yield cell % (f"fond{rank}", "", wrap % f' fo:background-color="#{colour}"')
    for rank, label in enumerate(sheet.entete):
        longest = max([len(label), *(len(str(row[rank] or "")) for row in sheet.lignes)])
        width = min(max(longest * WIDTH, NARROWEST), WIDEST)
        yield (
            f'<style:style style:name="colonne{rank}" style:family="table-column">'
            f'<style:table-column-properties style:column-width="{width:.2f}cm"/></style:style>'
        )


def _style(value: object, fills: dict[str, str]) -> str:
    if isinstance(value, date):
        return "jour-court"
    text = value if isinstance(value, str) else ""
    return next((style for word, style in fills.items() if text.startswith(word)), "texte")


def _cell(value: object, style: str) -> str:
    start = f'<table:table-cell table:style-name="{style}"'
    if value is None or value == "":
        return f"{start}/>"
    if isinstance(value, date):
        day = value.isoformat()
        return f'{start} office:value-type="date" office:date-value="{day}"><text:p>{day}</text:p></table:table-cell>'
    if isinstance(value, int | Decimal):
        return f'{start} office:value-type="float" office:value="{value}"><text:p>{value}</text:p></table:table-cell>'
    paragraphs = "".join(f"<text:p>{escape(_legal(line))}</text:p>" for line in str(value).splitlines())
    return f'{start} office:value-type="string">{paragraphs}</table:table-cell>'


def _legal(text: str) -> str:
    """Without the control characters that XML does not allow."""
    return "".join(char for char in text if (char >= " " and char not in "\ufffe\uffff") or char == "\t")


def _meta(created_at: datetime) -> str:
    day = created_at.replace(microsecond=0).isoformat()
    return (
        f"{HEAD % 'meta'}<office:meta><meta:generator>Mutualisation à la carte</meta:generator>"
        f"<meta:creation-date>{day}</meta:creation-date></office:meta></office:document-meta>"
    )


def _settings(sheet: Feuille) -> str:
    """The heading and the first columns stay in place when the sheet scrolls."""
    item = '<config:config-item config:name="%s" config:type="%s">%s</config:config-item>'
    frozen = (
        ("HorizontalSplitMode", "short", 2),
        ("VerticalSplitMode", "short", 2),
        ("HorizontalSplitPosition", "int", sheet.figees),
        ("VerticalSplitPosition", "int", 2),
        ("PositionRight", "int", sheet.figees),
        ("PositionBottom", "int", 2),
        ("ActiveSplitRange", "short", 3),
    )
    view = "".join(item % one for one in frozen)
    return (
        f"{HEAD % 'settings'}<office:settings>"
        '<config:config-item-set config:name="ooo:view-settings"><config:config-item-map-indexed config:name="Views">'
        '<config:config-item-map-entry><config:config-item-map-named config:name="Tables">'
        f"<config:config-item-map-entry config:name={quoteattr(sheet.nom)}>{view}</config:config-item-map-entry>"
        "</config:config-item-map-named></config:config-item-map-entry></config:config-item-map-indexed>"
        "</config:config-item-set></office:settings></office:document-settings>"
    )
