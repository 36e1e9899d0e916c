"""The sheets to fill in: the EPCI's own communes, domains and activities to choose from, and how to fill them."""

import io
from collections.abc import Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter, quote_sheetname
from openpyxl.worksheet.datavalidation import DataValidation

from comptes.models import Equipe
from mutualisation.models import Activite, Domaine, Reprise
from mutualisation.referents import people_of
from mutualisation.reprise.colonnes import (
    COLONNES,
    COTES,
    EXEMPLE,
    NATURES,
    RANGS,
    ROLES,
    Colonne,
    label,
)
from mutualisation.reprise.lecture import LIGNES_MAX
from socle import horloge
from socle.tableur import Valeur
from socle.typographie import in_french_order, spaced
from territoire.models import Commune, Epci, Pole

FEUILLE, NOTICE, LISTES = "À remplir", "Lisez-moi", "Listes"
JOUR = "dd/mm/yyyy"
TITRE = PatternFill("solid", fgColor="E3E9F0")
GRIS = Font(italic=True, color="5F6B7A")


def choices_of(epci: Epci) -> dict[str, list[str]]:
    """What the columns of the sheets offer to choose from, by the name of the list."""
    domaines = Domaine.objects.filter(epci=epci).published().order_by("ordre", "code")
    activites = Activite.objects.filter(epci=epci).published().order_by("code")
    return {
        "Communes": list(Commune.objects.members_of(epci, epci.today).values_list("nom", flat=True)),
        "Pôles": list(Pole.objects.filter(epci=epci).order_by("tri", "pk").values_list("nom", flat=True)),
        "Domaines": [label(*names) for names in domaines.values_list("code", "libelle")],
        "Activités": [label(*names) for names in activites.values_list("code", "libelle")],
        "Rôles": list(ROLES.values()),
        "Côtés": list(COTES.values()),
        "Qualités": list(RANGS.values()),
        "Natures": list(NATURES.values()),
        "Équipes": [one.nom for one in in_french_order(Equipe.objects.filter(epci=epci).standing())],
        "Adresses": list(people_of(epci).values_list("email", flat=True)),
    }


def headings(type: str) -> list[str]:
    """The headings of a sheet; a star marks what must be filled in."""
    return [f"{c.nom} *" if c.obligatoire else c.nom for c in COLONNES[type]]


def example(type: str, choix: dict[str, list[str]]) -> list[Valeur]:
    """A row that shows how to fill in, and that reading leaves out."""
    cells = [c.exemple or _first(choix, c) for c in COLONNES[type]]
    return [f"{EXEMPLE} {cells[0]}", *cells[1:]]


def _first(choix: dict[str, list[str]], colonne: Colonne) -> str:
    """The first choice, where an example must show one."""
    wanted = colonne.obligatoire or colonne.liste == "Communes"
    return next(iter(choix.get(colonne.liste, ())), "") if wanted else ""


def build_book(epci: Epci, type: str, rows: Sequence[Sequence[Valeur]] | None = None) -> bytes:
    """The XLSX to fill in; with `rows`, those in place of the example."""
    book = Workbook(write_only=True)
    book.properties.created = book.properties.modified = horloge.now().replace(tzinfo=None)
    book.properties.creator = "Mutualisation à la carte"
    choix = choices_of(epci)
    _fill_sheet(book.create_sheet(FEUILLE), type, choix, rows)
    _fill_notice(book.create_sheet(NOTICE), epci, type)
    _fill_lists(book.create_sheet(LISTES), choix)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _fill_sheet(
    sheet: Any, type: str, choix: dict[str, list[str]], rows: Sequence[Sequence[Valeur]] | None
) -> None:
    sheet.freeze_panes = "B2"
    for index, colonne in enumerate(COLONNES[type], start=1):
        sheet.column_dimensions[get_column_letter(index)].width = colonne.largeur
        if choix.get(colonne.liste):
            sheet.data_validations.append(_validation(colonne, index, choix))
    sheet.append([_cell(sheet, text, font=Font(bold=True), fill=TITRE) for text in headings(type)])
    if rows is None:
        sheet.append([_cell(sheet, text, font=GRIS) for text in example(type, choix)])
    for row in rows or ():
        sheet.append([_cell(sheet, value) for value in row])


def _validation(colonne: Colonne, index: int, choix: dict[str, list[str]]) -> DataValidation:
    """The list of a column; another text is accepted after a warning (a code, a former name)."""
    names = list(choix)
    letter, source = get_column_letter(index), get_column_letter(names.index(colonne.liste) + 1)
    last = len(choix[colonne.liste]) + 1
    rule = DataValidation(
        type="list",
        formula1=f"{quote_sheetname(LISTES)}!${source}$2:${source}${last}",
        allow_blank=True,
        showErrorMessage=True,
        errorStyle="warning",
        errorTitle=colonne.nom,
        error="Ce texte n'est pas dans la liste. Le garder ?",
    )
    rule.add(f"{letter}2:{letter}{LIGNES_MAX + 1}")
    return rule


def _fill_notice(sheet: Any, epci: Epci, type: str) -> None:
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 26, 100
    bold = Font(bold=True)
    sheet.append(
        [_cell(sheet, f"Reprise des {Reprise.Type(type).label} – {epci}", font=Font(bold=True, size=14))]
    )
    for text in (
        f"Remplissez la feuille « {FEUILLE} », une ligne après l'autre, puis déposez le fichier dans l'outil.",
        "Rien n'est écrit avant que vous l'ayez confirmé : le dépôt montre d'abord ce qui serait repris, et ce qui "
        "est à corriger, par ligne et par colonne.",
        f"La ligne qui commence par « {EXEMPLE} » n'est pas lue. Gardez les titres ; leur ordre est libre.",
        "Pas de cellules fusionnées. Les formules sont lues pour leur valeur.",
        f"{spaced(LIGNES_MAX)} lignes au plus par fichier.",
    ):
        sheet.append([_cell(sheet, text)])
    sheet.append([])
    sheet.append(
        [
            _cell(sheet, "Colonne", font=bold, fill=TITRE),
            _cell(sheet, "Ce qu'il faut y écrire", font=bold, fill=TITRE),
        ]
    )
    for colonne in COLONNES[type]:
        text = f"Obligatoire. {colonne.aide}" if colonne.obligatoire else colonne.aide
        sheet.append([_cell(sheet, colonne.nom, font=bold), _cell(sheet, text, wrap=True)])


def _fill_lists(sheet: Any, choix: dict[str, list[str]]) -> None:
    sheet.freeze_panes = "A2"
    for index in range(1, len(choix) + 1):
        sheet.column_dimensions[get_column_letter(index)].width = 32
    sheet.append([_cell(sheet, name, font=Font(bold=True), fill=TITRE) for name in choix])
    for rank in range(max(map(len, choix.values()))):
        sheet.append([_cell(sheet, names[rank] if rank < len(names) else None) for names in choix.values()])


def _cell(
    sheet: Any,
    value: Valeur,
    *,
    font: Font | None = None,
    fill: PatternFill | None = None,
    wrap: bool = False,
) -> WriteOnlyCell:
    cell = WriteOnlyCell(sheet, value=value)
    if isinstance(value, str):
        cell.data_type = "s"  # never a formula
    elif value is not None:
        cell.number_format = JOUR
    if font:
        cell.font = font
    if fill:
        cell.fill = fill
    if wrap:
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    return cell
