"""The pages of what is refused: a forbidden act says who can, a form too long says that it is."""

from http import HTTPStatus

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

DEFAULT = "Vous n'avez pas le droit de faire cela."
TOO_LONG = (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403 with the sentence of the refusal."""
    return render(request, "403.html", {"message": str(exception) or DEFAULT}, status=HTTPStatus.FORBIDDEN)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """413 for a form with more fields or text than the server reads, else 400; nothing may be read of such a request."""
    too_long = isinstance(exception, TOO_LONG)
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE if too_long else HTTPStatus.BAD_REQUEST
    return HttpResponse(render_to_string(f"{status.value}.html"), status=status)
