"""From the bytes of a deposited XLSX or CSV to its rows: headings found, merged cells and formulas without value told."""

import csv
import io
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._read_only import ReadOnlyWorksheet
from openpyxl.worksheet._reader import FORMULA_TAG, WorkSheetParser

from mutualisation.reprise.colonnes import EXEMPLE, Colonne
from mutualisation.reprise.recueil import Recueil
from mutualisation.reprise.valeurs import Illisible, read_text
from socle.erreurs import Refus
from socle.typographie import enumerate_french, sort_key, spaced

# 158 communes × 130 activities, the largest EPCI sharing everything, make 20,540 rows.
LIGNES_MAX = 25_000
TITRES_DANS = 15  # rows from the top among which the headings stand
VIDES_MAX = 5_000  # blank rows after which nothing more is expected
SANS_VALEUR = "Cette formule n'a pas de valeur calculée : ouvrez le fichier dans le tableur, enregistrez-le, puis recommencez."
ABIME = "Ce fichier est abîmé : ouvrez-le dans le tableur, enregistrez-le au format XLSX, puis recommencez."


@dataclass(frozen=True)
class Rangee:
    """A row to understand: its number in the sheet, its cells by heading."""

    numero: int
    valeurs: dict[str, Any]

    def text(self, colonne: str) -> str:
        return read_text(self.valeurs.get(colonne))


Cellules = dict[int, Any]  # value by number of column, from 1


def read_sheet(octets: bytes, colonnes: Sequence[Colonne], recueil: Recueil) -> list[Rangee]:
    """The rows of a sheet, blank ones and the example left out; what is wrong with it as a sheet goes to `recueil`.

    Raises Refus at `fichier` for what is no sheet, has no headings, no row, or more than 25,000 rows.
    """
    is_book = octets.startswith(b"PK")
    rows = list(_read_book(octets, colonnes, recueil) if is_book else _read_csv(octets, colonnes, recueil))
    if not rows:
        raise Refus("Cette feuille n'a aucune ligne sous ses titres : remplissez-la.", field="fichier")
    return rows


class _Parser(WorkSheetParser):
    """The reader of openpyxl, that also tells a formula never computed from an empty cell."""

    def parse_cell(self, element: Any) -> dict[str, Any]:
        cell: dict[str, Any] = super().parse_cell(element)
        if cell["value"] is None and element.find(FORMULA_TAG) is not None:
            cell["value"] = Illisible(SANS_VALEUR)
        elif cell["data_type"] == "e" and cell["value"] is not None:
            cell["value"] = Illisible(f"« {cell['value']} » est une erreur de calcul : corrigez la formule.")
        return cell

    def parse_extensions(self, element: Any) -> None:
        """What Excel adds beside the cells is of no use here."""


def _read_book(octets: bytes, colonnes: Sequence[Colonne], recueil: Recueil) -> Iterator[Rangee]:
    try:
        with warnings.catch_warnings(action="ignore"):
            yield from _read_first_known(octets, colonnes, recueil)
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, IndexError, SyntaxError, OSError) as error:
        raise Refus(ABIME, field="fichier") from error


def _read_first_known(octets: bytes, colonnes: Sequence[Colonne], recueil: Recueil) -> Iterator[Rangee]:
    """The rows of the first visible sheet whose headings are known."""
    book = load_workbook(io.BytesIO(octets), read_only=True, data_only=True)
    best: list[str] | None = None
    for sheet in book.worksheets:
        if not isinstance(sheet, ReadOnlyWorksheet) or sheet.sheet_state != "visible":
            continue
        parser, rows = _rows(sheet)
        titres = _find_headings(rows, colonnes)
        if titres.complets:
            yield from _data(rows, titres, colonnes, recueil)
            _tell_merged(parser, titres, recueil)
            return
        best = min(best or titres.manquants, titres.manquants, key=len)
    _refuse_headings(best, colonnes)


def _rows(sheet: ReadOnlyWorksheet) -> tuple[_Parser, Iterator[tuple[int, Cellules]]]:
    book: Any = sheet.parent
    parser = _Parser(
        sheet._get_source(),
        sheet._shared_strings,
        data_only=True,
        epoch=book.epoch,
        date_formats=book._date_formats,
        timedelta_formats=book._timedelta_formats,
    )
    return parser, (
        (number, {cell["column"]: cell["value"] for cell in cells}) for number, cells in parser.parse()
    )


def _read_csv(octets: bytes, colonnes: Sequence[Colonne], recueil: Recueil) -> Iterator[Rangee]:
    text = _decoded(octets)
    first = text.split("\n", 1)[0]
    delimiter = max(";\t,", key=first.count)
    records = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows = ((number, dict(enumerate(cells, start=1))) for number, cells in enumerate(records, start=1))
    try:
        titres = _find_headings(rows, colonnes)
        if not titres.complets:
            _refuse_headings(titres.manquants, colonnes)
        yield from _data(rows, titres, colonnes, recueil)
    except csv.Error as error:
        raise Refus("Ce fichier CSV est abîmé : enregistrez-le de nouveau.", field="fichier") from error


def _decoded(octets: bytes) -> str:
    """UTF-8, or what older versions of Excel write on French machines."""
    try:
        return octets.decode("utf-8-sig")
    except UnicodeDecodeError:
        return octets.decode("cp1252", errors="replace")


@dataclass(frozen=True)
class Titres:
    """The headings found: their row, the heading of each known column, the headings nobody asked for, those that lack."""

    ligne: int
    par_colonne: dict[int, str]
    inconnus: tuple[str, ...]
    doubles: tuple[str, ...]
    manquants: list[str]

    @property
    def complets(self) -> bool:
        return not self.manquants and bool(self.par_colonne)


def _find_headings(rows: Iterable[tuple[int, Cellules]], colonnes: Sequence[Colonne]) -> Titres:
    """The row, among the first ones, that names the most columns."""
    found = [_headings(number, cells, colonnes) for number, cells in _until_complete(rows, colonnes)]
    empty = Titres(0, {}, (), (), [colonne.nom for colonne in colonnes if colonne.obligatoire])
    return max(found, key=lambda titres: len(titres.par_colonne), default=empty)


def _until_complete(
    rows: Iterable[tuple[int, Cellules]], colonnes: Sequence[Colonne]
) -> Iterator[tuple[int, Cellules]]:
    for number, cells in rows:
        yield number, cells
        if number >= TITRES_DANS or _headings(number, cells, colonnes).complets:
            return


def _headings(number: int, cells: Cellules, colonnes: Sequence[Colonne]) -> Titres:
    known = {sort_key(colonne.nom): colonne.nom for colonne in colonnes}
    named = {index: read_text(value).rstrip(" *") for index, value in cells.items() if read_text(value)}
    par_colonne: dict[int, str] = {}
    doubles = []
    for index, text in named.items():
        nom = known.get(sort_key(text))
        if nom and nom in par_colonne.values():
            doubles.append(nom)
        elif nom:
            par_colonne[index] = nom
    lacking = [c.nom for c in colonnes if c.obligatoire and c.nom not in par_colonne.values()]
    others = tuple(text for text in named.values() if sort_key(text) not in known)
    return Titres(number, par_colonne, others, tuple(doubles), lacking)


def _refuse_headings(lacking: list[str] | None, colonnes: Sequence[Colonne]) -> None:
    required = [colonne.nom for colonne in colonnes if colonne.obligatoire]
    if not lacking or lacking == required:
        raise Refus(
            "Les titres des colonnes sont introuvables : repartez du modèle à télécharger.", field="fichier"
        )
    names = enumerate_french([f"« {nom} »" for nom in lacking])
    raise Refus(f"Il manque la colonne {names} : repartez du modèle à télécharger.", field="fichier")


def _data(
    rows: Iterable[tuple[int, Cellules]], titres: Titres, colonnes: Sequence[Colonne], recueil: Recueil
) -> Iterator[Rangee]:
    """The rows below the headings; raises Refus past the limit, without reading the rest."""
    for nom in titres.doubles:
        recueil.refuse(titres.ligne, nom, "Cette colonne est là deux fois : n'en gardez qu'une.")
    for nom in titres.inconnus:
        recueil.warn(titres.ligne, nom[:60], "Cette colonne n'est pas du modèle : elle n'est pas lue.")
    kept = blank = 0
    for number, cells in rows:
        values = {nom: cells.get(index) for index, nom in titres.par_colonne.items()}
        if _is_blank(values):
            blank += 1
            if blank > VIDES_MAX:
                return
            continue
        if _is_example(values, colonnes):
            continue
        kept, blank = kept + 1, 0
        if kept > LIGNES_MAX:
            raise Refus(
                f"Cette feuille a plus de {spaced(LIGNES_MAX)} lignes : c'est plus que 158 communes qui partagent "
                "130 activités. Déposez-la en plusieurs fichiers.",
                field="fichier",
            )
        _tell_unreadable(number, values, recueil)
        yield Rangee(number, values)


def _is_blank(values: dict[str, Any]) -> bool:
    return not any(
        value is not None and (not isinstance(value, str) or value.strip()) for value in values.values()
    )


def _is_example(values: dict[str, Any], colonnes: Sequence[Colonne]) -> bool:
    first = values.get(colonnes[0].nom)
    return isinstance(first, str) and first.lstrip().upper().startswith(EXEMPLE)


def _tell_unreadable(number: int, values: dict[str, Any], recueil: Recueil) -> None:
    for nom, value in values.items():
        if isinstance(value, Illisible):
            recueil.refuse(number, nom, str(value))
            values[nom] = None


def _tell_merged(parser: _Parser, titres: Titres, recueil: Recueil) -> None:
    merged: Any = parser.merged_cells
    for area in merged.mergeCell if merged else ():
        if area.max_row <= titres.ligne:
            continue
        nom = titres.par_colonne.get(area.min_col, get_column_letter(area.min_col))
        recueil.refuse(
            max(area.min_row, titres.ligne + 1),
            nom,
            f"Des cellules sont fusionnées ({area.coord}) : défusionnez-les et répétez la valeur sur chaque ligne.",
        )
