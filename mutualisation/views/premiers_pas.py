"""The first steps of an EPCI, for those who take them."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from mutualisation.premiers_pas import PremiersPas, remaining
from mutualisation.views.matrice import current_epci
from socle.droits import require


@require_safe
def premiers_pas(request: HttpRequest) -> HttpResponse:
    """What is to be done before the first cycle, each step with its state and where it is done."""
    pas = PremiersPas(current_epci(request))
    require(pas, request.user, "suivre")
    steps = pas.read()
    context = {
        "epci": pas.epci,
        "pas": [(step, step.open_to(request.user, pas.epci)) for step in steps],
        "restent": remaining(steps),
    }
    return render(request, "mutualisation/premiers_pas/premiers_pas.html", context)
