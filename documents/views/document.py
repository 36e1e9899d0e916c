"""Serving an issued document; the owner of the document checks who may read it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import condition

from documents.models import Document, DocumentContenu


def serve(request: HttpRequest, document: Document) -> HttpResponse:
    """The PDF, or a page that waits while it is being prepared (202), or says it was annulled (410)."""
    if document.emis:
        return _pdf(request, document)
    status = 202 if document.etat == Document.Etat.RESERVE else 410
    return render(request, "documents/document/attente.html", {"document": document}, status=status)


@condition(etag_func=lambda request, document: f'"{document.sha256}"')
def _pdf(request: HttpRequest, document: Document) -> HttpResponse:
    octets = DocumentContenu.objects.values_list("octets", flat=True).get(document=document)
    response = HttpResponse(bytes(octets), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{document.nom_fichier}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response
