"""Sheets as people fill them in, for the tests of what they take over."""

import io
from collections.abc import Sequence
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook

from comptes.models import Personne
from mutualisation.models import Reprise
from mutualisation.reprise.modele import headings
from mutualisation.reprise.recueil import Recueil
from mutualisation.workflows.reprise import confirm, deposit
from territoire.models import Epci
from tests.factories import Monde

Type = Reprise.Type
HAY, OEUILLY, ALONE = "L'Haÿ-les-Roses", "Œuilly", "Saint-Louis-de-Montferrand"
ZOE = ("Durand", "Zoé", "Zoe.Durand@exemple.fr", "DGS", 556000000, "DGS", ALONE, "", "2021-01-01", "")
AGENTS = [(name, "", f"{name}@exemple.fr".lower(), "", "", "agent") for name in ("Alpha", "Beta")]


def book(
    type: str, *rows: Sequence[Any], titres: Sequence[str] | None = None, fusions: Sequence[str] = ()
) -> bytes:
    """An XLSX of a kind with these rows, from row 2; `fusions`: areas whose cells are merged."""
    workbook = Workbook()
    sheet: Any = workbook.active
    sheet.append(list(titres or headings(type)))
    for row in rows:
        sheet.append(list(row))
    for area in fusions:
        sheet.merge_cells(area)
    return saved(workbook)


def saved(workbook: Workbook) -> bytes:
    content = io.BytesIO()
    workbook.save(content)
    return content.getvalue()


def upload(octets: bytes, nom: str = "feuille.xlsx") -> SimpleUploadedFile:
    return SimpleUploadedFile(nom, octets)


def deposited(type: str, epci: Epci, acteur: Personne, *rows: Sequence[Any]) -> Reprise:
    """The reprise of a sheet with these rows."""
    return deposit(epci=epci, type=type, acteur=acteur, fichier=upload(book(type, *rows)))


def people(monde: Monde, *rows: Sequence[Any]) -> Reprise:
    """A sheet of people, deposited by the administrator."""
    return deposited(Type.PERSONNES, monde.epci, monde.administrateur, *rows)


def taken_over(type: str, epci: Epci, acteur: Personne, *rows: Sequence[Any]) -> Reprise:
    """The same, confirmed: nothing in it was to correct."""
    reprise = deposited(type, epci, acteur, *rows)
    assert not reprise.erreurs, reprise.erreurs
    return confirm(reprise=reprise, acteur=acteur)


def told(found: Recueil | Reprise) -> dict[tuple[int, str], str]:
    """What is to be corrected, by row and column."""
    return {(one["ligne"], one["colonne"]): one["message"] for one in found.erreurs}


def warned(found: Recueil | Reprise) -> dict[tuple[int, str], str]:
    return {(one["ligne"], one["colonne"]): one["message"] for one in found.avertissements}


def sheet_type(monde: Monde) -> dict[str, Any]:
    return {"type": str(Type.ADHESIONS)}


def sheet_pk(monde: Monde) -> dict[str, Any]:
    """A sheet of adhesions of the EPCI, verified, with one row to write."""
    row = (monde.c.nom, "DA-02", "2016-01-01")
    return {"pk": deposited(Type.ADHESIONS, monde.epci, monde.direction, row).pk}


def written_pk(monde: Monde) -> dict[str, Any]:
    """The same, written."""
    row = (monde.c.nom, "DA-02", "2016-01-01")
    return {"pk": taken_over(Type.ADHESIONS, monde.epci, monde.direction, row).pk}


def people_pk(monde: Monde) -> dict[str, Any]:
    """A sheet of people, written: one account."""
    row = ("Durand", "Zoé", "zoe.durand@exemple.fr", "", "", "agent")
    return {"pk": taken_over(Type.PERSONNES, monde.epci, monde.administrateur, row).pk}
