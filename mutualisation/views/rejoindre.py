"""What joining would mean: for the people of communes not yet in, and for whoever answers them."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from mutualisation.models import Cycle, Declaration
from mutualisation.rejoindre import read_offer
from mutualisation.views.matrice import current_epci, invented


@require_safe
def rejoindre(request: HttpRequest) -> HttpResponse:
    """The offer, as seen from the commune of the hat worn."""
    epci = current_epci(request)
    offer = read_offer(epci, request.contexte.commune_id)
    context = {
        "offre": offer,
        "mention": invented().strip(),
        "aujourdhui": epci.today,
        "declaration": _to_prepare(request, offer.cycle),
    }
    return render(request, "mutualisation/rejoindre/rejoindre.html", context)


def _to_prepare(request: HttpRequest, cycle: Cycle | None) -> int | None:
    """The id of the declaration that the hat may prepare today for the cycle told, if there is one."""
    rows = Declaration.objects.visible_to(request.user).select_related("cycle__epci", "commune", "epci")
    found = rows.filter(cycle=cycle, commune=request.contexte.commune_id).first() if cycle else None
    return found.pk if found and found.abilities_for(request.user)["modifier"] else None
