"""The HTML twin of a contract: the whole text, from the same data and the same templates as its PDF."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from contrats.donnees import contract_data
from contrats.models import VersionContrat
from contrats.views.circuit import whole_version
from documents.models import Document

SETTLED = "arrete"


@require_safe
def lire(request: HttpRequest, pk: int) -> HttpResponse:
    """The contract to read: a draft as of today, else the copy to sign, or the settled text (`texte=arrete`), as frozen."""
    version = whole_version(request, pk)
    document = _document(version, request.GET.get("texte", ""))
    context: dict[str, Any] = {
        "version": version,
        "lu": document,
        "contrat": document.source["contrat"] if document else contract_data(version),
        "document": document.reference if document else "",
        "groupement": version.epci.nom_commun.removeprefix("la "),
    }
    return render(request, "contrats/contrat/lire.html", context)


def _document(version: VersionContrat, asked: str) -> Document | None:
    """The document read: None for a draft."""
    return version.arrete if asked == SETTLED or not version.a_signer else version.a_signer
