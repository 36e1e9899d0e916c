"""What joining would mean: for the people of communes not yet in, and for whoever answers them."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from mutualisation.rejoindre import read_offer
from mutualisation.views.matrice import current_epci, invented


@require_safe
def rejoindre(request: HttpRequest) -> HttpResponse:
    """The offer, as seen from the commune of the hat worn."""
    epci = current_epci(request)
    offer = read_offer(epci, request.contexte.commune_id)
    context = {"offre": offer, "mention": invented().strip(), "aujourdhui": epci.today}
    return render(request, "mutualisation/rejoindre/rejoindre.html", context)
