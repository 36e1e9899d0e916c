"""Reading a sheet: its headings, its cells as people fill them in, and what is no sheet."""

import io
import zipfile
from datetime import date, datetime
from typing import Any

import pytest
from openpyxl import Workbook

from mutualisation.reprise import lecture
from mutualisation.reprise.colonnes import COLONNES
from mutualisation.reprise.lecture import Rangee, read_sheet
from mutualisation.reprise.recueil import GARDEES, Recueil
from mutualisation.reprise.valeurs import ValeurFausse, read_day, read_text
from socle.erreurs import Refus
from tests.mutualisation.feuilles import Type, book, saved, told, warned

ROW = ("Floirac", "DA-01", date(2016, 1, 1))


def read(octets: bytes, type: str = Type.ADHESIONS) -> tuple[list[Rangee], Recueil]:
    recueil = Recueil()
    return read_sheet(octets, COLONNES[type], recueil), recueil


def refused(octets: bytes, type: str = Type.ADHESIONS) -> str:
    with pytest.raises(Refus) as caught:
        read(octets, type)
    assert caught.value.field == "fichier"
    return caught.value.message


class TestDays:
    @pytest.mark.parametrize(
        "given",
        [
            date(2016, 1, 1),
            datetime(2016, 1, 1, 8, 30),
            *("1er janvier 2016", "1 JANVIER 2016", "vendredi 1er janvier 2016", "1er janv. 2016"),
            *("01/01/2016", "1/1/2016", "01-01-2016", "01.01.2016", " 01/01/2016 ", "01/01/2016 00:00:00"),
            *("2016-01-01", "2016-01-01 00:00:00", "2016-1-1", "1er\u00a0janvier\u00a02016"),
        ],
    )
    def test_every_french_way_of_writing_a_day(self, given: Any):
        assert read_day(given) == date(2016, 1, 1)

    @pytest.mark.parametrize("given", [None, "", "   ", "\u00a0"])
    def test_an_empty_cell_is_no_day(self, given: Any):
        assert read_day(given) is None

    @pytest.mark.parametrize(
        ("given", "sentence"),
        [
            ("31/02/2016", "n'existe pas"),
            ("30 février 2016", "n'existe pas"),
            ("01/13/2016", "n'existe pas"),
            ("01/01/16", "quatre chiffres"),
            ("1 234,5", "n'est pas un jour"),
            ("1 jui 2016", "n'est pas un jour"),  # juin or juillet
            ("2016", "n'est pas un jour"),
            ("bientôt", "n'est pas un jour"),
            (42370, "est un nombre"),
            (1234.5, "est un nombre"),
            ("01/01/0216", "pas vraisemblable"),
            (date(3016, 1, 1), "pas vraisemblable"),
        ],
    )
    def test_what_is_no_day_says_why(self, given: Any, sentence: str):
        with pytest.raises(ValeurFausse, match=sentence):
            read_day(given)


class TestTexts:
    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            ("  L'Haÿ\u00a0les  Roses\n", "L'Haÿ les Roses"),
            (33063, "33063"),
            (33063.0, "33063"),
            (1234.5, "1234.5"),
            (True, "VRAI"),
            (None, ""),
            ("'+33 5 56", "+33 5 56"),
            ("''=x", "'=x"),
            ("'Ambarès", "'Ambarès"),
        ],
    )
    def test_a_cell_as_a_text(self, given: Any, expected: str):
        assert read_text(given) == expected


class TestHeadings:
    def test_their_order_their_case_and_their_stars_are_free(self):
        titres = ["NATURE", "dernier jour", "A compter du", "activite *", "Commune"]
        rows, recueil = read(
            book(Type.ADHESIONS, ["", None, "01/01/2016", "DA-01", "Floirac"], titres=titres)
        )
        assert [(r.numero, r.text("Commune"), r.text("Activité")) for r in rows] == [(2, "Floirac", "DA-01")]
        assert not recueil.erreurs

    def test_they_may_stand_lower_under_a_title(self):
        workbook = Workbook()
        sheet: Any = workbook.active
        for row in (["Adhésions au 1er janvier"], [], ["Commune", "Activité", "À compter du"], ROW):
            sheet.append(list(row))
        rows, _ = read(saved(workbook))
        assert [r.numero for r in rows] == [4]

    def test_the_first_sheet_that_has_them_is_read_hidden_ones_left_out(self):
        workbook = Workbook()
        hidden: Any = workbook.active
        hidden.append(["Commune", "Activité", "À compter du"])
        hidden.append(["Ailleurs", "X", "2016-01-01"])
        hidden.sheet_state = "hidden"
        other = workbook.create_sheet("Notes")
        other.append(["Bonjour"])
        third = workbook.create_sheet("Adhésions")
        third.append(["Commune", "Activité", "À compter du"])
        third.append(list(ROW))
        rows, _ = read(saved(workbook))
        assert [r.text("Commune") for r in rows] == ["Floirac"]

    def test_a_missing_column_is_named(self):
        octets = book(Type.ADHESIONS, ["Floirac", "DA-01"], titres=["Commune", "Activité"])
        assert "« À compter du »" in refused(octets)

    def test_without_any_the_model_is_proposed(self):
        assert "modèle" in refused(book(Type.ADHESIONS, ROW, titres=["A", "B", "C"]))

    def test_one_twice_is_refused_and_an_unknown_one_is_told(self):
        titres = ["Commune", "Commune", "Activité", "À compter du", "Mémo"]
        _, recueil = read(
            book(Type.ADHESIONS, ["Floirac", "Floirac", "DA-01", "2016-01-01", "oui"], titres=titres)
        )
        assert "deux fois" in told(recueil)[1, "Commune"]
        assert "pas lue" in warned(recueil)[1, "Mémo"]


class TestCells:
    def test_merged_cells_are_told_where_they_begin(self):
        octets = book(Type.ADHESIONS, ROW, ["", "DA-02", date(2016, 1, 1)], fusions=["A2:A3"])
        _, recueil = read(octets)
        assert "A2:A3" in told(recueil)[2, "Commune"]

    def test_merged_cells_above_the_rows_do_not_matter(self):
        workbook = Workbook()
        sheet: Any = workbook.active
        sheet.append(["Titre"])
        sheet.merge_cells("A1:C1")
        sheet.append(["Commune", "Activité", "À compter du"])
        sheet.append(list(ROW))
        _, recueil = read(saved(workbook))
        assert not recueil.erreurs

    def test_a_formula_never_computed_is_not_an_empty_cell(self):
        _, recueil = read(book(Type.ADHESIONS, ["=B2", *ROW[1:]]))
        assert "pas de valeur calculée" in told(recueil)[2, "Commune"]

    def test_a_formula_is_read_for_its_value(self):
        octets = _rewritten(book(Type.ADHESIONS, ["=B2", *ROW[1:]]), "<v></v>", "<v>Floirac</v>", "<v/>")
        rows, recueil = read(octets)
        assert (rows[0].text("Commune"), recueil.erreurs) == ("Floirac", [])

    def test_an_error_of_excel_is_told(self):
        workbook = Workbook()
        sheet: Any = workbook.active
        sheet.append(["Commune", "Activité", "À compter du"])
        sheet.append(["#N/A", "DA-01", "2016-01-01"])
        _, recueil = read(saved(workbook))
        assert "« #N/A » est une erreur de calcul" in told(recueil)[2, "Commune"]

    def test_blank_rows_and_the_example_are_left_out(self):
        rows, _ = read(book(Type.ADHESIONS, ["exemple : Floirac", "DA-01", "x"], [], ["  ", None, ""], ROW))
        assert [r.numero for r in rows] == [5]


def _rewritten(octets: bytes, *spellings: str) -> bytes:
    """The book with the value of its formula filled in, as a spreadsheet saves it."""
    target = io.BytesIO()
    empty, full, short = spellings
    with zipfile.ZipFile(io.BytesIO(octets)) as source, zipfile.ZipFile(target, "w") as copy:
        for name in source.namelist():
            text = source.read(name)
            if name.endswith("sheet1.xml"):
                given = text.decode()
                given = (
                    given.replace(empty, full)
                    .replace(short, full)
                    .replace('<c r="A2">', '<c r="A2" t="str">')
                )
                assert full in given
                text = given.encode()
            copy.writestr(name, text)
    return target.getvalue()


class TestLimits:
    def test_beyond_the_limit_a_sentence_and_nothing_read(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(lecture, "LIGNES_MAX", 3)
        octets = book(Type.ADHESIONS, *[ROW] * 4)
        assert "plus de 3 lignes" in refused(octets)
        monkeypatch.setattr(lecture, "LIGNES_MAX", 4)
        assert len(read(octets)[0]) == 4

    def test_fifty_thousand_rows(self):
        lines = ["Commune;Activité;À compter du", *["Floirac;DA-01;01/01/2016"] * 50_000]
        assert "25\u202f000 lignes" in refused("\n".join(lines).encode())

    def test_no_row_at_all(self):
        assert "aucune ligne" in refused(book(Type.ADHESIONS))

    def test_a_damaged_book(self):
        octets = book(Type.ADHESIONS, ROW)
        assert "abîmé" in refused(octets[: len(octets) // 2])

    def test_a_book_whose_inside_is_damaged(self):
        target = io.BytesIO()
        with (
            zipfile.ZipFile(io.BytesIO(book(Type.ADHESIONS, ROW))) as source,
            zipfile.ZipFile(target, "w") as copy,
        ):
            for name in source.namelist():
                content = source.read(name)
                copy.writestr(name, content[:200] if name.endswith("sheet1.xml") else content)
        assert "abîmé" in refused(target.getvalue())

    def test_what_is_kept_of_many_errors(self):
        recueil = Recueil()
        for number in range(2 * GARDEES, 0, -1):
            recueil.refuse(number, "Commune", "Non.")
        assert recueil.compte == {"erreurs": 2 * GARDEES, "fausses": 2 * GARDEES, "avertissements": 0}
        assert [one["ligne"] for one in recueil.erreurs] == list(range(1, GARDEES + 1))

    def test_one_error_per_cell(self):
        recueil = Recueil()
        recueil.refuse(2, "Commune", "La première.")
        recueil.refuse(2, "Commune", "La seconde.")
        assert told(recueil) == {(2, "Commune"): "La première."}


class TestCsv:
    @pytest.mark.parametrize("delimiter", [";", ",", "\t"])
    @pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8", "cp1252"])
    def test_as_spreadsheets_write_it(self, delimiter: str, encoding: str):
        lines = [["Commune", "Activité", "À compter du"], ["L'Haÿ-les-Roses", '"DA-01"', "01/01/2016"]]
        rows, recueil = read("\r\n".join(delimiter.join(cells) for cells in lines).encode(encoding))
        assert (rows[0].text("Commune"), rows[0].text("Activité")) == ("L'Haÿ-les-Roses", "DA-01")
        assert not recueil.erreurs

    def test_a_row_shorter_than_the_headings(self):
        rows, _ = read(
            b"Commune;Activit\xc3\xa9;\xc3\x80 compter du;Dernier jour\nFloirac;DA-01;2016-01-01\n"
        )
        assert rows[0].text("Dernier jour") == ""
