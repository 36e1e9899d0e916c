"""Teams: who is in each one, the number to call, and composing them."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from comptes.contexte import person
from comptes.models import Equipe
from comptes.roles import Role
from mutualisation.forms.equipe import EquipeForm
from mutualisation.views.matrice import current_epci
from mutualisation.views.refus import status_of, tell
from mutualisation.workflows.equipe import WHO_COMPOSES, compose_equipe
from socle.droits import ActionInterdite
from socle.erreurs import Refus
from territoire.models import Epci


@require_http_methods(["GET", "HEAD", "POST"])
def equipes(request: HttpRequest) -> HttpResponse:
    """The teams of the EPCI; the Direction composes a new one."""
    epci = current_epci(request)
    if request.method != "POST":
        return _show(request, epci, EquipeForm(epci=epci))
    if not _may_compose(request, epci):
        raise ActionInterdite(WHO_COMPOSES)
    form = EquipeForm(request.POST, epci=epci)
    if not form.is_valid():
        return _show(request, epci, form, 422)
    try:
        equipe = compose_equipe(epci=epci, acteur=person(request), **form.cleaned_data)
    except Refus as refus:
        tell(form, refus)
        return _show(request, epci, form, status_of(refus))
    messages.success(request, f"{equipe} : équipe créée. Elle peut tenir un siège.")
    return redirect("mutualisation:equipes")


def _may_compose(request: HttpRequest, epci: Epci) -> bool:
    return person(request).acces.acts_for_epci(epci.pk, Role.DIRECTION_TERRITOIRES)


def _show(request: HttpRequest, epci: Epci, form: EquipeForm, status: int = 200) -> HttpResponse:
    context = {
        "equipes": Equipe.objects.filter(epci=epci).prefetch_related("membres").order_by("nom", "pk"),
        "peut_composer": _may_compose(request, epci),
        "qui_peut": WHO_COMPOSES,
        "form": form,
    }
    return render(request, "mutualisation/equipe/equipes.html", context, status=status)
