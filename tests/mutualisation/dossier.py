"""Acts with their file, opinions and conventions of commune A, for the table of addresses and the tests beside it."""

from datetime import date
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from documents.workflows.piece import keep_piece
from mutualisation.models import Acte, Avis, Convention, ConventionPiece
from tests.documents.fichiers import pdf_bytes
from tests.factories import AvisFactory, ConventionFactory, Monde


def pdf(nom: str = "acte.pdf") -> SimpleUploadedFile:
    """A file as a browser sends it."""
    return SimpleUploadedFile(nom, pdf_bytes(), "application/pdf")


def piece(monde: Monde) -> Any:
    return keep_piece(epci=monde.epci, acteur=monde.direction, fichier=pdf())


def act_of(monde: Monde) -> Acte:
    """The act of A in the past cycle, with its file."""
    monde.a.acte.piece = piece(monde)
    monde.a.acte.save()
    return monde.a.acte


def avis_of(monde: Monde) -> Avis:
    """The opinion of the committee of A in the past cycle, with its file."""
    return AvisFactory(
        cycle=monde.cycle_passe,
        commune=monde.a.commune,
        rendu_on=date(2026, 10, 1),
        saisi_par=monde.direction,
        piece=piece(monde),
    )


def convention_of(monde: Monde) -> Convention:
    return ConventionFactory(cycle=monde.cycle_passe, commune=monde.a.commune)


def filed(monde: Monde) -> ConventionPiece:
    """A file of the convention of A."""
    return ConventionPiece.objects.create(
        convention=convention_of(monde), piece=piece(monde), nature=ConventionPiece.Nature.TEXTE
    )


def act_pk(monde: Monde) -> dict[str, Any]:
    return {"pk": act_of(monde).pk}


def avis_pk(monde: Monde) -> dict[str, Any]:
    return {"pk": avis_of(monde).pk}


def convention_pk(monde: Monde) -> dict[str, Any]:
    return {"pk": convention_of(monde).pk}


def filed_pk(monde: Monde) -> dict[str, Any]:
    return {"pk": filed(monde).pk}
