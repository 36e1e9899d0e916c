"""What every list of the API shares: cursor pages, strict filters, errors as problem+json in French."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import exceptions, status
from rest_framework.pagination import CursorPagination
from rest_framework.response import Response
from rest_framework.views import exception_handler, set_rollback

TITLES = {
    400: "Demande incorrecte",
    401: "Authentification nécessaire",
    403: "Action interdite",
    404: "Objet introuvable",
    405: "Méthode non permise",
    406: "Format non proposé",
    415: "Format non accepté",
    429: "Trop de demandes",
}


class CursorPages(CursorPagination):
    """Pages that stay stable under writes; `curseur` is opaque, `taille` goes up to 200."""

    page_size = 50
    max_page_size = 200
    page_size_query_param = "taille"
    cursor_query_param = "curseur"
    ordering = "pk"


class StrictFilterBackend(DjangoFilterBackend):
    """django-filter, where an unknown parameter is an error that names it rather than a filter silently ignored."""

    shared = frozenset({"taille", "curseur"})

    def filter_queryset(self, request: Any, queryset: Any, view: Any) -> Any:
        filterset = self.get_filterset(request, queryset, view)
        known = self.shared | set(filterset.get_filters() if filterset else ())
        unknown = sorted(set(request.query_params) - known)
        if unknown:
            raise exceptions.ValidationError({name: ["Ce paramètre n'existe pas."] for name in unknown})
        return super().filter_queryset(request, queryset, view)


def problem(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Errors as `application/problem+json` (RFC 9457) with a stable `code` and French words."""
    response = exception_handler(exc, context)
    if response is None:
        return None
    set_rollback()
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": TITLES.get(response.status_code, "Erreur"),
        "status": response.status_code,
        "code": _code(exc),
    }
    body["erreurs" if isinstance(exc, exceptions.ValidationError) else "detail"] = _detail(exc, response)
    return Response(body, response.status_code, headers=_kept_headers(response), content_type="application/problem+json")


def _code(exc: Exception) -> str:
    if isinstance(exc, Http404):
        return "introuvable"
    if isinstance(exc, PermissionDenied | exceptions.PermissionDenied):
        return "interdit"
    return {status.HTTP_400_BAD_REQUEST: "invalide", 401: "non_authentifie", 405: "methode"}.get(
        getattr(exc, "status_code", 0), "erreur"
    )


def _detail(exc: Exception, response: Response) -> Any:
    if isinstance(exc, Http404):
        return "Cet objet n'existe pas, ou vous n'y avez pas accès."
    if isinstance(exc, exceptions.ValidationError):
        return response.data
    return str(getattr(exc, "detail", exc))


def _kept_headers(response: Response) -> dict[str, str]:
    return {name: response[name] for name in ("WWW-Authenticate", "Allow", "Retry-After") if name in response}
