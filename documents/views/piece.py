"""Serving a deposited file; the owner of the file checks who may read it."""

from django.http import HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from django.views.decorators.http import condition

from documents.models import Piece, PieceContenu


@condition(etag_func=lambda request, piece: f'"{piece.sha256}"')
def serve_piece(request: HttpRequest, piece: Piece) -> HttpResponse:
    """The file as it came, to save; a browser never runs it as a page of the site."""
    octets = PieceContenu.objects.values_list("octets", flat=True).get(piece=piece)
    response = HttpResponse(bytes(octets), content_type=piece.type_mime)
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=piece.nom)
    response["X-Content-Type-Options"] = "nosniff"
    return response
