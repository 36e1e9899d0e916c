"""The page of a forbidden act: it says who can."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

DEFAULT = "Vous n'avez pas le droit de faire cela."


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403 with the sentence of the refusal."""
    return render(request, "403.html", {"message": str(exception) or DEFAULT}, status=403)
