"""Pôles territoriaux: which communes each one gathers, drawing and erasing them."""

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from comptes.contexte import person
from comptes.roles import Role
from mutualisation.forms.pole import PREFIX, AffectationForm, PoleForm, RenommerForm, SupprimerForm
from mutualisation.matrice import members
from mutualisation.views.matrice import current_epci
from mutualisation.views.refus import status_of, tell
from mutualisation.workflows.pole import WHO_DRAWS, assign_poles, delete_pole, draw_pole, rename_pole
from socle.droits import ActionInterdite
from socle.erreurs import Refus
from socle.liste import asked_format
from socle.tableur import Tableau, table_response
from territoire.models import Epci


@require_http_methods(["GET", "HEAD", "POST"])
def poles(request: HttpRequest) -> HttpResponse:
    """The pôles and their communes; the Direction creates, renames or erases one, or says the pôle of each commune."""
    epci = current_epci(request)
    if request.method != "POST":
        if kind := asked_format(request):
            return table_response(_sheet(epci), kind)
        return _show(request, epci)
    if not _may_draw(request, epci):
        raise ActionInterdite(WHO_DRAWS)
    if any(name.startswith(PREFIX) for name in request.POST):
        return _assign(request, epci)
    if "renommer-pole" in request.POST:
        return _rename(request, epci)
    if "supprimer-pole" in request.POST:
        return _delete(request, epci)
    return _draw(request, epci)


def _sheet(epci: Epci) -> Tableau:
    noms: dict[int | None, str] = {pole.pk: pole.nom for pole in epci.poles.all()}
    lines = [(one.nom, noms.get(one.pole_id, "")) for one in members(epci, epci.today)]
    title = f"Pôles territoriaux, {epci}, le {epci.today:%d/%m/%Y}"
    return Tableau("poles", title, ("Commune", "Pôle"), lines, "Pôles")


def _may_draw(request: HttpRequest, epci: Epci) -> bool:
    return person(request).acces.acts_for_epci(epci.pk, Role.DIRECTION_TERRITOIRES)


def _draw(request: HttpRequest, epci: Epci) -> HttpResponse:
    form = PoleForm(request.POST)
    status = 422
    if form.is_valid():
        try:
            pole = draw_pole(epci=epci, nom=form.cleaned_data["nom"], acteur=person(request))
        except Refus as refus:
            tell(form, refus)
            status = status_of(refus)
        else:
            messages.success(request, f"{pole} : pôle créé. Il reste à y mettre des communes.")
            return redirect("mutualisation:poles")
    return _show(request, epci, status, form=form)


def _rename(request: HttpRequest, epci: Epci) -> HttpResponse:
    form = RenommerForm(request.POST, epci=epci)
    status = 422
    if form.is_valid():
        try:
            pole = rename_pole(**form.cleaned_data, acteur=person(request))
        except Refus as refus:
            tell(form, refus)
            status = status_of(refus)
        else:
            messages.success(request, f"Le pôle s'appelle maintenant {pole}.")
            return redirect("mutualisation:poles")
    return _show(request, epci, status, renommer=form)


def _delete(request: HttpRequest, epci: Epci) -> HttpResponse:
    form = SupprimerForm(request.POST, epci=epci)
    status = 422
    if form.is_valid():
        pole = form.cleaned_data["pole"]
        try:
            delete_pole(pole=pole, acteur=person(request))
        except Refus as refus:
            tell(form, refus)
            status = status_of(refus)
        else:
            messages.success(request, f"{pole} : pôle supprimé.")
            return redirect("mutualisation:poles")
    return _show(request, epci, status, supprimer=form)


def _assign(request: HttpRequest, epci: Epci) -> HttpResponse:
    form = AffectationForm(request.POST, epci=epci)
    status = 422
    if form.is_valid():
        try:
            moved = assign_poles(epci=epci, poles=form.poles, acteur=person(request))
        except Refus as refus:
            tell(form, refus)
            status = status_of(refus)
        else:
            messages.success(request, _moved(moved))
            return redirect("mutualisation:poles")
    return _show(request, epci, status, affectation=form)


def _moved(count: int) -> str:
    if not count:
        return "Aucune commune n'a changé de pôle."
    return f"{count} commune{'s ont' if count > 1 else ' a'} changé de pôle, à compter d'aujourd'hui."


def _show(request: HttpRequest, epci: Epci, status: int = 200, **sent: BaseForm) -> HttpResponse:
    """The page; `sent` holds the form to correct, under its name in the page."""
    found = members(epci, epci.today)
    context = {
        "poles": [
            (pole, [membre.nom for membre in found if membre.pole_id == pole.pk])
            for pole in epci.poles.order_by("tri", "pk")
        ],
        "sans_pole": [membre.nom for membre in found if membre.pole_id is None],
        "peut_dessiner": _may_draw(request, epci),
        "qui_peut": WHO_DRAWS,
        "form": PoleForm(),
        "renommer": RenommerForm(epci=epci),
        "supprimer": SupprimerForm(epci=epci),
        "affectation": AffectationForm(epci=epci),
        **sent,
    }
    return render(request, "mutualisation/pole/poles.html", context, status=status)
