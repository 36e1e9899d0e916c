"""The same table as XLSX, ODS and CSV: what a spreadsheet reads back."""

import io
import zipfile
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

import pytest
from openpyxl import load_workbook

from socle.tableur import FORMATS, Tableau, table_response

OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
DAY = date(2027, 2, 10)


@pytest.fixture
def table(at_time: Callable[[Any], Any]) -> Tableau:
    at_time(DAY)
    return Tableau(
        nom="essai",
        titre="Un titre & des <chevrons>",
        entete=["Commune", "Nombre", "Jour", "Rien"],
        lignes=[
            ["L'Haÿ-les-Roses", 3, DAY, None],
            ["=HYPERLINK(1)", Decimal("1234.5"), DAY, ""],
            ["domaine entier, 2", -4, DAY, "deux\nlignes\x0b"],
        ],
        feuille="Qui « partage » quoi",
        fonds={"domaine entier": "A8DDBF"},
    )


def read_ods(content: bytes) -> list[list[str | None]]:
    """The values of each row, by their office type."""
    root = ElementTree.fromstring(zipfile.ZipFile(io.BytesIO(content)).read("content.xml"))
    return [
        [_value(cell) for cell in row.iter(f"{TABLE}table-cell")] for row in root.iter(f"{TABLE}table-row")
    ]


def _value(cell: ElementTree.Element) -> str | None:
    kind = cell.get(f"{OFFICE}value-type")
    if kind == "string":
        return "\n".join(paragraph.text or "" for paragraph in cell.iter(f"{TEXT}p"))
    return cell.get(f"{OFFICE}date-value") if kind == "date" else cell.get(f"{OFFICE}value")


def test_ods_keeps_texts_numbers_and_days(table: Tableau):
    assert read_ods(table_response(table, "ods").content) == [
        ["Un titre & des <chevrons>"],
        ["Commune", "Nombre", "Jour", "Rien"],
        ["L'Haÿ-les-Roses", "3", "2027-02-10", None],
        ["'=HYPERLINK(1)", "1234.5", "2027-02-10", None],
        ["domaine entier, 2", "-4", "2027-02-10", "deux\nlignes"],
    ]


def test_ods_is_recognised_by_its_first_bytes_and_lists_its_parts(table: Tableau):
    content = table_response(table, "ods").content
    assert content[30:38] == b"mimetype"
    assert b"application/vnd.oasis.opendocument.spreadsheet" in content[:100]
    archive = zipfile.ZipFile(io.BytesIO(content))
    assert archive.testzip() is None
    manifest = archive.read("META-INF/manifest.xml").decode()
    assert all(
        name in manifest for name in archive.namelist() if name not in ("mimetype", "META-INF/manifest.xml")
    )
    for name in archive.namelist()[1:]:
        ElementTree.fromstring(archive.read(name))


def test_ods_colours_by_the_first_words_and_keeps_the_heading(table: Tableau):
    archive = zipfile.ZipFile(io.BytesIO(table_response(table, "ods").content))
    text = archive.read("content.xml").decode()
    assert 'fo:background-color="#A8DDBF"' in text
    assert text.count('table:style-name="fond0"') == 1
    assert "<table:table-header-rows>" in text
    assert 'config:name="VerticalSplitPosition" config:type="int">2<' in archive.read("settings.xml").decode()


def test_the_same_table_at_the_same_time_gives_the_same_bytes(table: Tableau):
    assert table_response(table, "ods").content == table_response(table, "ods").content


@pytest.mark.parametrize("extension", sorted(FORMATS))
def test_each_format_is_a_file_that_browsers_keep(table: Tableau, extension: str):
    response = table_response(table, extension)
    assert response["Content-Disposition"] == f'attachment; filename="essai.{extension}"'
    assert response["X-Content-Type-Options"] == "nosniff"


def test_xlsx_says_the_same(table: Tableau):
    sheet = load_workbook(io.BytesIO(table_response(table, "xlsx").content)).active
    assert sheet is not None
    assert [cell.value for cell in sheet[4]][:2] == ["'=HYPERLINK(1)", 1234.5]
