"""The HTML twin of a contract: the whole text, or the act of an avenant, from the same data and the same templates as its PDF."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from contrats.donnees import contract_data
from contrats.models import ExemplaireSigne, VersionContrat
from contrats.views.circuit import whole_version
from documents.models import Document

SETTLED, WHOLE = "arrete", "entier"
CONSOLIDATED = {
    "exemplaire": "consolide"
}  # the whole text that an avenant leaves is for reading, not to be signed


@require_safe
def lire(request: HttpRequest, pk: int) -> HttpResponse:
    """The contract to read: a draft as of today, else the copy to sign, or the settled text (`texte=arrete`), as frozen.

    An avenant shows its act; `partie=entier`, the whole contract as it leaves it, consolidated once it is signed.
    """
    version = whole_version(request, pk)
    settled, whole = request.GET.get("texte") == SETTLED, request.GET.get("partie") == WHOLE
    document = _document(version, settled=settled, whole=whole)
    contrat = document.source["contrat"] if document else contract_data(version)
    amendment = bool(contrat.get("avenant"))
    context: dict[str, Any] = {
        "version": version,
        "lu": document,
        "fige": settled,
        "avenant": amendment,
        "acte": amendment and not whole,
        "contrat": contrat | CONSOLIDATED if amendment and whole else contrat,
        "signes": _signed_copies(request, version),
        "document": document.reference if document else "",
        "groupement": version.epci.nom_commun.removeprefix("la "),
    }
    return render(request, "contrats/contrat/lire.html", context)


def _signed_copies(request: HttpRequest, version: VersionContrat) -> QuerySet[ExemplaireSigne]:
    """The copy confirmed as the signed one, for who may see it."""
    seen: Any = ExemplaireSigne.objects.visible_to(request.user)
    found: QuerySet[ExemplaireSigne] = seen.filter(version_contrat=version, confirme_at__isnull=False)
    return found


def _document(version: VersionContrat, *, settled: bool, whole: bool) -> Document | None:
    """The document read: None for a draft."""
    if settled or not version.a_signer:
        return version.arrete
    return version.consolide if whole and version.consolide else version.a_signer
