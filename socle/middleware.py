"""What holds for every address: a GET cannot write, a wrong method gets a page."""

from collections.abc import Callable
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.loader import render_to_string

_READS = (
    "SELECT",
    "SAVEPOINT",
    "RELEASE SAVEPOINT",
    "ROLLBACK TO SAVEPOINT",
    "DECLARE",
    "FETCH",
    "CLOSE",
    "EXPLAIN",
    "WITH",
)


class WriteInRead(Exception):
    """Code reached by GET or HEAD tried to write: a programming error, never a user's."""


class ReadOnlyGetMiddleware:
    """Stand innermost: views answering GET or HEAD may only read; sessions are saved further out."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            return self.get_response(request)
        with connection.execute_wrapper(_refuse_writes):
            return self.get_response(request)


def _refuse_writes(execute: Any, sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    if not str(sql).lstrip(" (").upper().startswith(_READS):
        raise WriteInRead(str(sql)[:200])
    return execute(sql, params, many, context)


class NotAllowedPageMiddleware:
    """An address opened that only takes forms, or the other way round: a page with a way back, where Django says nothing.

    The API answers 405 by itself.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if isinstance(response, HttpResponseNotAllowed):
            response.content = render_to_string("405.html")
        return response
