"""What this floor tells the floors below."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.urls import reverse

from comptes.models import Personne
from contrats.models import Engagement, Verification, VersionContrat
from contrats.workflows.circuit import SETTLED, TO_SIGN
from documents.gabarit import render_document
from documents.models import Document
from mutualisation.models import Domaine
from socle import registres
from socle.registres import Lien
from territoire.models import Commune


def register() -> None:
    """Fill the registries of the ground floor."""
    registres.liens.register("contrats", links)
    for type in (SETTLED, TO_SIGN):
        registres.rendus.register(type, render_contract)
        registres.remplacements.register(type, follow_document)


def links(user: Personne, commune: Commune, domaine: Domaine, on: date) -> Iterable[Lien]:
    """From a domain of a commune to its fiche d'engagement, for who may see it."""
    rows: Any = Engagement.objects.visible_to(user).filter(commune=commune, domaine=domaine)
    engagement = rows.order_by("-version_contrat__numero").first()
    if engagement:
        yield Lien("Ouvrir le contrat", reverse("contrats:engagement", args=[engagement.pk]))


def render_contract(document: Document) -> bytes:
    """The settled text, or the copy to sign, from its frozen data."""
    context = {"contrat": document.source["contrat"], "document": document.reference}
    return render_document("pdf/contrat.html", context, document)


def follow_document(annulled: Document, new: Document) -> None:
    """A version whose document was annulled points to the one that stands in for it, under the same code."""
    VersionContrat.objects.filter(arrete=annulled).update(arrete=new)
    VersionContrat.objects.filter(a_signer=annulled).update(a_signer=new)
    Verification.objects.filter(document=annulled).update(document=new)
