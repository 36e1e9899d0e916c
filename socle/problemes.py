"""Errors of the API as `application/problem+json` (RFC 9457): French words, a code for programs."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler, set_rollback

CONTENT_TYPE = "application/problem+json"
# HTTP status: (stable code, title)
WORDS = {
    400: ("invalide", "Demande incorrecte"),
    401: ("non_authentifie", "Authentification nécessaire"),
    403: ("interdit", "Action interdite"),
    404: ("introuvable", "Objet introuvable"),
    405: ("methode", "Méthode non permise"),
    406: ("format", "Format non proposé"),
    415: ("format", "Format non accepté"),
    429: ("debit", "Trop de demandes"),
}
NOT_FOUND = "Cet objet n'existe pas, ou vous n'y avez pas accès."
WITHOUT_CREDENTIALS = "Donnez un jeton : « Authorization: Bearer mac_… »."
NOT_ACCEPTABLE = "L'API répond en JSON : demandez « Accept: application/json »."
KEPT_HEADERS = ("WWW-Authenticate", "Allow", "Retry-After")


def problem(exc: Exception, context: dict[str, Any]) -> Response | None:
    """What REST framework answers for an exception of a view; None lets the server fail as usual."""
    response = exception_handler(exc, context)
    if response is None:
        return None
    set_rollback()
    code, title = WORDS.get(response.status_code, ("erreur", "Erreur"))
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": title,
        "status": response.status_code,
        "code": code,
    }
    if isinstance(exc, exceptions.ValidationError):
        body |= {"detail": _sentence(response.data), "erreurs": response.data}
    else:
        body["detail"] = _detail(exc)
    kept = {name: response[name] for name in KEPT_HEADERS if name in response}
    return Response(body, response.status_code, headers=kept, content_type=CONTENT_TYPE)


def _sentence(errors: dict[str, list[str]]) -> str:
    """Every error on one line, for who reads only `detail`."""
    return " ".join(f"{name} : {' '.join(map(str, texts))}" for name, texts in errors.items())


def _detail(exc: Exception) -> str:
    if isinstance(exc, Http404 | exceptions.NotFound):
        return NOT_FOUND
    if isinstance(exc, exceptions.NotAuthenticated):
        return WITHOUT_CREDENTIALS
    if isinstance(exc, exceptions.NotAcceptable):
        return NOT_ACCEPTABLE
    if isinstance(exc, PermissionDenied):
        return str(exc)
    return str(getattr(exc, "detail", exc))
