"""Tables for a spreadsheet: XLSX, ODS and CSV, with formulas neutralised."""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import TypeAlias

from django.http import HttpResponse
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from socle import horloge
from socle.ods import Feuille, write_ods

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


def day_and_hour(instant: datetime | None, fuseau: str) -> tuple[date | None, str]:
    """An instant as two cells of a time zone: the day, then « 09:30 »; both empty for None."""
    if instant is None:
        return None, ""
    local = horloge.local(instant, fuseau)
    return local.date(), f"{local:%H:%M}"


def csv_response(name: str, header: Sequence[str], rows: Iterable[Sequence[Valeur]]) -> HttpResponse:
    """A CSV file to save."""
    return _attached(name, csv_bytes(header, rows), "text/csv; charset=utf-8")


def csv_bytes(header: Sequence[str], rows: Iterable[Sequence[Valeur]]) -> bytes:
    """A CSV as French spreadsheets open it: semicolons, UTF-8 with its mark, ISO dates."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    for row in (header, *rows):
        writer.writerow([_plain(value) for value in row])
    return text.getvalue().encode("utf-8-sig")


def _plain(value: Valeur) -> Valeur:
    """A value as French spreadsheets read it in a CSV: a decimal comma, nothing for None."""
    if isinstance(value, Decimal):
        return f"{value}".replace(".", ",")
    return "" if value is None else neutralise(value)


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
    """A title, a heading row, the rows; heading and first columns stay in place when the sheet scrolls."""
    book = Workbook(write_only=True)
    book.properties.created = book.properties.modified = horloge.now().replace(tzinfo=None)
    book.properties.creator = "Mutualisation à la carte"
    sheet = book.create_sheet(table.feuille)
    sheet.freeze_panes = f"{get_column_letter(table.figees + 1)}3"
    for index, width in enumerate(_widths(table), start=1):
        sheet.column_dimensions[get_column_letter(index)].width = width
    sheet.append([_cell(sheet, table.titre, bold=True)])
    sheet.append([_cell(sheet, label, bold=True) for label in table.entete])
    fills = {word: PatternFill("solid", fgColor=colour) for word, colour in table.fonds.items()}
    for row in table.lignes:
        sheet.append([_cell(sheet, value, fills=fills) for value in row])
    content = io.BytesIO()
    book.save(content)
    return _attached(f"{table.nom}.xlsx", content.getvalue(), XLSX)


def _widths(table: Tableau) -> list[int]:
    """The width of each column, in characters: that of its longest text."""
    columns = [
        [label, *(str(row[rank] or "") for row in table.lignes)] for rank, label in enumerate(table.entete)
    ]
    return [min(max(len(text) for text in column) + 2, LARGEUR_MAX) for column in columns]


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
