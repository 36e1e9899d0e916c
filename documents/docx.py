"""A text to be reworked in a word processor (DOCX), set as French is; the same content gives the same bytes."""

import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import docx
from docx.document import Document
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor
from docx.table import Table
from docx.text.paragraph import Paragraph

from socle.typographie import INSECABLE, typeset

TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
LANGUE, POLICE = "fr-FR", "Calibri"
ENCRE, FOND = RGBColor(0x1F, 0x2A, 0x37), "E8EDF3"
LARGEUR, MARGE = 21.0, 2.5  # centimetres of an A4 page
# What XML 1.0 forbids, and the marks that would turn around the words that follow a text typed by somebody.
REFUSES = re.compile(
    "[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[\u202a-\u202e\u2066-\u2069\u2028\u2029]"
)
# « L. 2121-12 » stays on one line.
ARTICLE = re.compile(r"(?<=\bL\.) (?=\d)")
THEME = ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme")
EPOCH = (1980, 1, 1, 0, 0, 0)


def clean(text: object) -> str:
    """A text that a word processor opens: typeset, without what XML forbids."""
    plain = REFUSES.sub("", str(text).replace("\r\n", "\n").replace("\r", "\n"))
    return ARTICLE.sub(INSECABLE, typeset(plain))


class Redaction:
    """A document being written, from top to bottom; every text is cleaned on its way in."""

    def __init__(
        self, *, titre: str, auteur: str, created_at: datetime, pied: str, bandeau: str = ""
    ) -> None:
        """`created_at` in UTC; `pied` is repeated at the foot of each page with its number, `bandeau` at its head."""
        self._docx: Document = docx.Document()
        _dress(self._docx)
        self._describe(clean(titre), clean(auteur), created_at)
        self._frame(clean(pied), clean(bandeau))

    def titre(self, text: str) -> None:
        """The title of the whole document."""
        self._docx.add_paragraph(clean(text), "Title")

    def partie(self, text: str, niveau: int = 1, *, nouvelle_page: bool = False) -> None:
        """A heading."""
        heading = self._docx.add_heading(clean(text), niveau)
        heading.paragraph_format.page_break_before = nouvelle_page

    def paragraphe(self, text: str, *, gras: bool = False, italique: bool = False) -> None:
        """A paragraph; each line of the text is one of its own."""
        for line in clean(text).split("\n"):
            run = self._docx.add_paragraph().add_run(line)
            run.bold, run.italic = gras or None, italique or None

    def terme(self, mot: str, text: str) -> None:
        """« Mot : text », the word in bold; the other lines of the text follow."""
        first, *others = clean(text).split("\n")
        paragraph = self._docx.add_paragraph()
        paragraph.add_run(clean(f"{mot} : ")).bold = True
        paragraph.add_run(first)
        for line in others:
            self._docx.add_paragraph(line)

    def liste(self, items: Iterable[str], *, numeros: bool = False) -> None:
        """A list, bulleted; numbered by hand so that each one begins at 1."""
        for rank, item in enumerate(items, start=1):
            text = clean(item).replace("\n", " ")
            style = "Normal" if numeros else "List Bullet"
            self._docx.add_paragraph(f"{rank}. {text}" if numeros else text, style)

    def tableau(
        self, titre: str, entete: Sequence[str], lignes: Sequence[Sequence[str]], largeurs: Sequence[float]
    ) -> None:
        """A table with a heading row repeated on each page; `largeurs` are shares of the width, `titre` says what it holds."""
        table = self._docx.add_table(1, len(entete), "Table Grid")
        table.autofit = False
        _name(table, clean(titre))
        _fill(table.rows[0].cells, entete, gras=True)
        _head(table)
        for ligne in lignes:
            _fill(table.add_row().cells, ligne)
        _widen(table, largeurs)
        self._docx.add_paragraph()

    def octets(self) -> bytes:
        """The file; the same content gives the same bytes."""
        written = io.BytesIO()
        self._docx.save(written)
        return _sealed(written)

    def _describe(self, titre: str, auteur: str, created_at: datetime) -> None:
        facts = self._docx.core_properties
        # The format holds 255 characters of each.
        facts.title, facts.author, facts.last_modified_by = titre[:255], auteur[:255], auteur[:255]
        facts.language, facts.comments = LANGUE, ""
        facts.created = facts.modified = created_at.replace(tzinfo=None, microsecond=0)

    def _frame(self, pied: str, bandeau: str) -> None:
        section = self._docx.sections[0]
        section.page_width, section.page_height = Cm(LARGEUR), Cm(29.7)
        section.left_margin = section.right_margin = Cm(MARGE)
        section.top_margin = section.bottom_margin = Cm(2.2)
        foot = section.footer.paragraphs[0]
        foot.add_run(f"{pied} – page ")
        _page_number(foot)
        if bandeau:
            section.header.paragraphs[0].add_run(bandeau).bold = True


def _dress(document: Document) -> None:
    """French, one typeface, dark ink, whatever the template had."""
    styles: Any = document.styles
    for fonts in styles.element.iter(qn("w:rFonts")):
        for name in THEME:
            fonts.attrib.pop(qn(f"w:{name}"), None)
        for name in ("ascii", "hAnsi", "cs"):
            fonts.set(qn(f"w:{name}"), POLICE)
    for part, tag in ((styles.element, "w:lang"), (document.settings.element, "w:themeFontLang")):
        for one in part.iter(qn(tag)):
            one.set(qn("w:val"), LANGUE)
    for name, size in (("Title", 22), ("Heading 1", 16), ("Heading 2", 13), ("Heading 3", 11)):
        styles[name].font.color.rgb, styles[name].font.size = ENCRE, Pt(size)
    normal = styles["Normal"]
    normal.font.size = Pt(11)
    normal.paragraph_format.space_after, normal.paragraph_format.line_spacing = Pt(6), 1.1


def _element(name: str, **attributes: str) -> Any:
    made: Any = OxmlElement(name)
    for key, value in attributes.items():
        made.set(qn(f"w:{key}"), value)
    return made


def _page_number(paragraph: Paragraph) -> None:
    run: Any = paragraph.add_run()
    for kind in ("begin", "", "end"):
        if kind:
            run._r.append(_element("w:fldChar", fldCharType=kind))
        else:
            field = _element("w:instrText")
            field.text = "PAGE"
            run._r.append(field)


def _name(table: Table, titre: str) -> None:
    """What assistive tools say of a table."""
    table._tbl.tblPr.append(_element("w:tblCaption", val=titre))


def _head(table: Table) -> None:
    """The first row is the heading: shaded, repeated on each page."""
    row: Any = table.rows[0]
    row._tr.get_or_add_trPr().append(_element("w:tblHeader"))
    for cell in row.cells:
        cell._tc.get_or_add_tcPr().append(_element("w:shd", val="clear", color="auto", fill=FOND))


def _fill(cells: Sequence[Any], texts: Sequence[str], *, gras: bool = False) -> None:
    for cell, text in zip(cells, texts, strict=True):
        paragraph = cell.paragraphs[0]
        paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = Pt(2)
        run = paragraph.add_run(clean(text))
        run.bold, run.font.size = gras or None, Pt(10)


def _widen(table: Table, largeurs: Sequence[float]) -> None:
    whole = (LARGEUR - 2 * MARGE) / sum(largeurs)
    for row in table.rows:
        for cell, share in zip(row.cells, largeurs, strict=True):
            cell.width = Cm(share * whole)
    for column, share in zip(table.columns, largeurs, strict=True):
        column.width = Cm(share * whole)


def _sealed(written: io.BytesIO) -> bytes:
    """The same archive without the hour at which it was made."""
    sealed = io.BytesIO()
    with zipfile.ZipFile(written) as source, zipfile.ZipFile(sealed, "w") as target:
        for name in source.namelist():
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type, entry.create_system = zipfile.ZIP_DEFLATED, 3
            target.writestr(entry, source.read(name))
    return sealed.getvalue()
