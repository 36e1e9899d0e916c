"""Teams: who is in each one, the number to call, composing them, changing them, dissolving them."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from comptes.contexte import person
from comptes.models import Equipe
from comptes.roles import Role
from mutualisation.forms.equipe import EquipeChangeeForm, EquipeForm
from mutualisation.views.matrice import current_epci
from mutualisation.views.refus import status_of, tell, with_version
from mutualisation.workflows.equipe import (
    WHO_COMPOSES,
    change_equipe,
    compose_equipe,
    dissolve_equipe,
    seats_held,
)
from socle.droits import ActionInterdite
from socle.erreurs import Conflit, Refus
from socle.liste import asked_format
from socle.tableur import Tableau, table_response
from socle.typographie import enumerate_french, in_french_order
from territoire.models import Epci


@require_http_methods(["GET", "HEAD", "POST"])
def equipes(request: HttpRequest) -> HttpResponse:
    """The teams of the EPCI, on a page or as a sheet (`format`); the Direction composes a new one."""
    epci = current_epci(request)
    if request.method != "POST":
        if kind := asked_format(request):
            return table_response(_sheet(epci), kind)
        return _show(request, epci, EquipeForm(equipe=Equipe(epci=epci)))
    _check_right(request, epci)
    form = EquipeForm(request.POST, equipe=Equipe(epci=epci))
    if not form.is_valid():
        return _show(request, epci, form, 422)
    try:
        equipe = compose_equipe(epci=epci, acteur=person(request), **form.cleaned_data)
    except Refus as refus:
        tell(form, refus)
        return _show(request, epci, form, status_of(refus))
    messages.success(request, f"{equipe} : équipe créée. Elle peut tenir un siège.")
    return redirect("mutualisation:equipes")


def _sheet(epci: Epci) -> Tableau:
    lines = [(one.nom, enumerate_french(_members(one)), one.telephone) for one in _teams(epci)]
    title = f"Équipes, {epci}, le {epci.today:%d/%m/%Y}"
    return Tableau("equipes", title, ("Équipe", "Membres", "Téléphone"), lines, "Équipes")


def _members(equipe: Equipe) -> list[str]:
    return [str(one) if one.is_active else f"{one} (compte fermé)" for one in equipe.membres.all()]


def _teams(epci: Epci) -> list[Equipe]:
    return in_french_order(Equipe.objects.filter(epci=epci).standing().prefetch_related("membres"))


def _may_compose(request: HttpRequest, epci: Epci) -> bool:
    return person(request).acces.acts_for_epci(epci.pk, Role.DIRECTION_TERRITOIRES)


def _check_right(request: HttpRequest, epci: Epci) -> None:
    if not _may_compose(request, epci):
        raise ActionInterdite(WHO_COMPOSES)


def _show(request: HttpRequest, epci: Epci, form: EquipeForm, status: int = 200) -> HttpResponse:
    context = {
        "equipes": _teams(epci),
        "peut_composer": _may_compose(request, epci),
        "qui_peut": WHO_COMPOSES,
        "form": form,
    }
    return render(request, "mutualisation/equipe/equipes.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def equipe(request: HttpRequest, pk: int) -> HttpResponse:
    """A team, changed by the Direction; who was slower is told (409)."""
    found = _found(request, pk)
    form = EquipeChangeeForm(request.POST if request.method == "POST" else None, equipe=found)
    if not form.is_valid():
        return _change_page(request, found, form, 422 if form.is_bound else 200)
    try:
        changed = change_equipe(equipe=found, acteur=person(request), **form.cleaned_data)
    except Refus as refus:
        tell(form, refus)
        if isinstance(refus, Conflit):
            found.refresh_from_db()
            with_version(form, found.version)
        return _change_page(request, found, form, status_of(refus))
    messages.success(request, f"{changed} : équipe à jour.")
    return redirect("mutualisation:equipes")


@require_POST
def dissoudre(request: HttpRequest, pk: int) -> HttpResponse:
    """End a team that holds no seat."""
    found = _found(request, pk)
    try:
        dissolve_equipe(equipe=found, acteur=person(request))
    except Refus as refus:
        messages.error(request, refus.message)
        return redirect("mutualisation:equipe", pk)
    messages.success(request, f"{found} : équipe dissoute.")
    return redirect("mutualisation:equipes")


def _found(request: HttpRequest, pk: int) -> Equipe:
    """The team; 404 for one of another EPCI, 403 for who does not compose."""
    rows = Equipe.objects.visible_to(request.user).filter(epci=current_epci(request))
    found: Equipe = get_object_or_404(rows.select_related("epci"), pk=pk)
    _check_right(request, found.epci)
    return found


def _change_page(request: HttpRequest, found: Equipe, form: EquipeChangeeForm, status: int) -> HttpResponse:
    context = {
        "equipe": found,
        "form": form,
        "sieges": list(seats_held(found)),
        "aujourdhui": found.epci.today,
    }
    return render(request, "mutualisation/equipe/equipe.html", context, status=status)
