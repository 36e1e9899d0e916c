"""« Changement d'exécutif »: what lapses on a day, for a commune or for the EPCI, and where to see to it."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from comptes.roles import Role
from contrats.executif import lapsing
from mutualisation.forms.matrice import JourField
from mutualisation.views.matrice import current_epci
from socle.droits import ActionInterdite
from territoire.models import Commune, Epci

WHO = "L'administrateur et la Direction des territoires préparent un changement d'exécutif."


class JourForm(forms.Form):
    """The first day of the new executive."""

    le = JourField(label="Premier jour du nouvel exécutif")


@require_safe
def executif_epci(request: HttpRequest) -> HttpResponse:
    """What lapses when the EPCI elects another president."""
    return _page(request, _led(request), None)


@require_safe
def executif_commune(request: HttpRequest, pk: int) -> HttpResponse:
    """What lapses when a commune elects another maire."""
    epci = _led(request)
    return _page(request, epci, get_object_or_404(Commune.objects.members_of(epci, epci.today), pk=pk))


def _led(request: HttpRequest) -> Epci:
    epci = current_epci(request)
    if not request.user.acces.acts_for_epci(epci.pk, Role.ADMINISTRATEUR, Role.DIRECTION_TERRITOIRES):
        raise ActionInterdite(WHO)
    return epci


def _page(request: HttpRequest, epci: Epci, commune: Commune | None) -> HttpResponse:
    form = JourForm(request.GET if "le" in request.GET else {"le": epci.today})
    valid = form.is_valid()
    le = form.cleaned_data["le"] if valid else epci.today
    context = {
        "epci": epci,
        "commune": commune,
        "form": form,
        "le": le,
        "suites": [
            (suite, request.user.acces.acts_for_epci(epci.pk, suite.par))
            for suite in lapsing(epci, commune, le)
        ],
    }
    return render(request, "contrats/signataire/executif.html", context, status=200 if valid else 422)
