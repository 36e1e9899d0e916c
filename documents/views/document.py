"""Serving a document; the owner of the document checks who may read it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import condition

from comptes.contexte import person
from documents.forms import AnnulationForm
from documents.models import Document, DocumentContenu
from documents.workflows.document import annul, replace_annulled
from socle.erreurs import Refus

REFUSED = 422


def serve(request: HttpRequest, document: Document) -> HttpResponse:
    """The PDF, or the page of one that is being prepared (202) or was annulled (410), where a POST annuls or replaces it."""
    if request.method == "POST":
        return _replace(request, document) if "remplacer" in request.POST else _annul(request, document)
    if document.emis:
        return _pdf(request, document)
    return _page(request, document, AnnulationForm(), 410 if document.annule else 202)


def _annul(request: HttpRequest, document: Document) -> HttpResponse:
    form = AnnulationForm(request.POST)
    motif = form.cleaned_data["motif"] if form.is_valid() else ""
    try:
        annul(document=document, acteur=person(request), motif=motif)
    except Refus as refus:
        if refus.field == "motif":
            return _page(request, document, form, REFUSED)
        messages.error(request, refus.message)
    return redirect(request.path)


def _replace(request: HttpRequest, document: Document) -> HttpResponse:
    replace_annulled(document=document, acteur=person(request))
    return redirect(request.path)


def _page(request: HttpRequest, document: Document, form: AnnulationForm, status: int) -> HttpResponse:
    context: dict[str, Any] = {
        "document": document,
        "form": form,
        "droits": document.abilities_for(request.user),
        "en_echec": document.en_echec,
        "remplacant": Document.objects.filter(remplace=document).first(),
    }
    return render(request, "documents/document/attente.html", context, status=status)


@condition(etag_func=lambda request, document: f'"{document.sha256}"')
def _pdf(request: HttpRequest, document: Document) -> HttpResponse:
    octets = DocumentContenu.objects.values_list("octets", flat=True).get(document=document)
    response = HttpResponse(bytes(octets), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{document.nom_fichier}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response
