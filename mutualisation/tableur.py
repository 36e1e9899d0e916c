"""Tables for a spreadsheet: XLSX, ODS and CSV, with formulas neutralised."""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TypeAlias

from django.http import HttpResponse
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from mutualisation.ods import Feuille, write_ods
from socle import horloge

Valeur: TypeAlias = str | int | Decimal | date | None
FORMULES = ("=", "+", "-", "@", "\t", "\r")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ODS = "application/vnd.oasis.opendocument.spreadsheet"
LARGEUR_MAX = 40


def neutralise(value: Valeur) -> Valeur:
    """A text that a spreadsheet would run as a formula gets a leading apostrophe, control characters go; the rest stays."""
    if not isinstance(value, str):
        return value
    text = ILLEGAL_CHARACTERS_RE.sub("", value)
    return "'" + text if text.startswith(FORMULES) else text


def csv_response(name: str, header: Sequence[str], rows: Iterable[Sequence[Valeur]]) -> HttpResponse:
    """A CSV file as French spreadsheets open it: semicolons, UTF-8 with its mark, ISO dates."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    for row in (header, *rows):
        writer.writerow([_plain(value) for value in row])
    return _attached(name, text.getvalue().encode("utf-8-sig"), "text/csv; charset=utf-8")


def _plain(value: Valeur) -> Valeur:
    """A value as French spreadsheets read it in a CSV: a decimal comma, nothing for None."""
    if isinstance(value, Decimal):
        return f"{value}".replace(".", ",")
    return "" if value is None else neutralise(value)


def xlsx_response(
    name: str,
    title: str,
    header: Sequence[str],
    rows: Sequence[Sequence[Valeur]],
    *,
    fonds: dict[str, str] | None = None,
    figees: int = 1,
    feuille: str = "Qui partage quoi",
) -> HttpResponse:
    """An XLSX sheet: a title, a heading row, the rows; `fonds` (RRGGBB) colours a cell by its first word.

    Heading and the first `figees` columns stay in place when the sheet scrolls.
    """
    book = Workbook(write_only=True)
    book.properties.created = book.properties.modified = horloge.now().replace(tzinfo=None)
    book.properties.creator = "Mutualisation à la carte"
    sheet = book.create_sheet(feuille)
    sheet.freeze_panes = f"{get_column_letter(figees + 1)}3"
    for index, label in enumerate(header, start=1):
        longest = max((len(str(row[index - 1] or "")) for row in rows), default=0)
        sheet.column_dimensions[get_column_letter(index)].width = min(
            max(len(label), longest) + 2, LARGEUR_MAX
        )
    sheet.append([_cell(sheet, title, bold=True)])
    sheet.append([_cell(sheet, label, bold=True) for label in header])
    fills = {word: PatternFill("solid", fgColor=colour) for word, colour in (fonds or {}).items()}
    for row in rows:
        sheet.append([_cell(sheet, value, fills=fills) for value in row])
    content = io.BytesIO()
    book.save(content)
    return _attached(name, content.getvalue(), XLSX)


@dataclass(frozen=True)
class Tableau:
    """A table that a reader may take away: file name without extension, title, heading, rows.

    `fonds` (RRGGBB) colours a cell by its first words; the first `figees` columns stay in place.
    """

    nom: str
    titre: str
    entete: Sequence[str]
    lignes: Sequence[Sequence[Valeur]]
    feuille: str
    fonds: dict[str, str] = field(default_factory=dict)
    figees: int = 1


def table_response(table: Tableau, extension: str) -> HttpResponse:
    """The table in one of FORMATS: « xlsx », « ods » or « csv »."""
    return FORMATS[extension](table)


def _as_xlsx(table: Tableau) -> HttpResponse:
    return xlsx_response(
        f"{table.nom}.xlsx",
        table.titre,
        table.entete,
        table.lignes,
        fonds=table.fonds,
        figees=table.figees,
        feuille=table.feuille,
    )


def _as_ods(table: Tableau) -> HttpResponse:
    rows = [[neutralise(value) for value in row] for row in table.lignes]
    sheet = Feuille(table.feuille, table.titre, table.entete, rows, table.fonds, table.figees)
    return _attached(f"{table.nom}.ods", write_ods(sheet, horloge.now()), ODS)


def _as_csv(table: Tableau) -> HttpResponse:
    return csv_response(f"{table.nom}.csv", table.entete, table.lignes)


FORMATS: dict[str, Callable[[Tableau], HttpResponse]] = {"xlsx": _as_xlsx, "ods": _as_ods, "csv": _as_csv}


def _cell(
    sheet: object, value: Valeur, *, bold: bool = False, fills: dict[str, PatternFill] | None = None
) -> WriteOnlyCell:
    cell = WriteOnlyCell(sheet, value=neutralise(value))
    if isinstance(value, str):
        cell.data_type = "s"
        cell.alignment = Alignment(vertical="top", wrap_text=True)
        fill = next((fill for word, fill in (fills or {}).items() if value.startswith(word)), None)
        if fill:
            cell.fill = fill
    if bold:
        cell.font = Font(bold=True)
    return cell


def _attached(name: str, content: bytes, content_type: str) -> HttpResponse:
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response
