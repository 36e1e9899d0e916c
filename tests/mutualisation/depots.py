"""Deposits as the table of routes needs them: submitted, taken back, with the mayor's letter."""

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from mutualisation.models import Declaration, Reglage
from mutualisation.workflows.declaration import withdraw_declaration
from mutualisation.workflows.visa import attach_letter
from tests.documents.fichiers import pdf_bytes
from tests.factories import Monde
from tests.mutualisation.gestes import submit


def deposited_pk(monde: Monde) -> dict[str, Any]:
    """A's declaration, submitted while the campaign runs."""
    return {"pk": submit(monde.a.declaration, monde.a.dgs).pk}


def former_receipt(monde: Monde) -> dict[str, Any]:
    """A's declaration, submitted and taken back: its receipt is kept, in preparation."""
    done = submit(monde.a.declaration, monde.a.dgs)
    accuse = done.accuse
    assert accuse
    withdraw_declaration(declaration=done, acteur=monde.a.dgs, version=done.version)
    return {"pk": done.pk, "numero": accuse.numero}


def with_letter(monde: Monde) -> dict[str, Any]:
    """A's draft, with the letter that the mayor signed."""
    Reglage.objects.create(epci=monde.epci, visa=Reglage.Visa.LETTRE)
    lettre = SimpleUploadedFile("lettre.pdf", pdf_bytes())
    joined: Declaration = attach_letter(declaration=monde.a.declaration, acteur=monde.a.dgs, fichier=lettre)
    return {"pk": joined.pk}
