"""The colour of an EPCI, as the stylesheet that comes last."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from socle.couleur import readable
from territoire.models import Epci

RATIO = 7.0  # what static/css/theme.css expects of --epci


@login_not_required
@require_safe
@cache_control(public=True, max_age=3600)
def stylesheet(request: HttpRequest, pk: int) -> HttpResponse:
    """`--epci`, darkened until it is readable; empty when the EPCI chose no colour."""
    couleur = get_object_or_404(Epci, pk=pk).couleur
    css = f":root {{ --epci: {readable(couleur, RATIO)}; }}\n" if couleur else ""
    return HttpResponse(css, content_type="text/css; charset=utf-8")
