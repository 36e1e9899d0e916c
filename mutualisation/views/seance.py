"""When the councils sit: the list of all of them, and the page of each, where its sittings are entered."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from comptes.contexte import person
from journal.models import Evenement
from mutualisation.forms.seance import SeancesForm
from mutualisation.models import Seance
from mutualisation.seances import Calendrier, address, next_sittings, told
from mutualisation.views.matrice import current_epci
from mutualisation.views.refus import status_of, tell
from mutualisation.workflows.seance import enter_sittings, withdraw_sitting
from socle.dates import JOURS, long_day
from socle.droits import require
from socle.erreurs import Refus
from socle.liste import asked_format
from socle.tableur import Tableau, table_response
from socle.typographie import plural, typeset
from territoire.models import Commune, Epci

SHOWN = 20


@require_safe
def seances(request: HttpRequest) -> HttpResponse:
    """The councils with their next sitting; `sans` keeps those that have none; `format` gives a sheet."""
    epci = current_epci(request)
    every = next_sittings(epci, Commune.objects.members_of(epci, epci.today))
    without = [row for row in every if row.prochaine is None]
    rows = without if request.GET.get("sans") else every
    if kind := asked_format(request):
        return table_response(_sheet(epci, rows), kind)
    context = {
        "epci": epci,
        "lignes": [(row, address(row.commune)) for row in rows],
        "sans": len(without),
        "filtre": bool(request.GET.get("sans")),
    }
    return render(request, "mutualisation/seance/seances.html", context)


def _sheet(epci: Epci, rows: list[Calendrier]) -> Tableau:
    title = f"Prochaines séances des conseils, {epci}, le {epci.today:%d/%m/%Y}"
    header = ("Conseil", "Prochaine séance", "Lieu ou objet", "Séances à venir")
    lines = [
        (
            str(row.commune or epci),
            row.prochaine.jour if row.prochaine else None,
            row.prochaine.note if row.prochaine else "aucune séance saisie",
            row.nombre,
        )
        for row in rows
    ]
    return Tableau("seances", title, header, lines, "Séances")


@require_http_methods(["GET", "HEAD", "POST"])
def seances_epci(request: HttpRequest) -> HttpResponse:
    """The sittings of the conseil of the EPCI; the Direction enters and takes them back (`retirer`, a day)."""
    return _council(request, current_epci(request), None)


@require_http_methods(["GET", "HEAD", "POST"])
def seances_commune(request: HttpRequest, pk: int) -> HttpResponse:
    """The same of a conseil municipal, read by the whole EPCI; the commune or the Direction acts."""
    epci = current_epci(request)
    return _council(request, epci, get_object_or_404(Commune.objects.members_of(epci, epci.today), pk=pk))


def _council(request: HttpRequest, epci: Epci, commune: Commune | None) -> HttpResponse:
    if request.method != "POST":
        if kind := asked_format(request):
            return table_response(_calendar(epci, commune), kind)
        return _page(request, epci, commune, SeancesForm(today=epci.today))
    require(Seance(epci=epci, commune=commune), request.user, "tenir")
    if "retirer" in request.POST:
        return _withdraw(request, epci, commune, request.POST["retirer"])
    form = SeancesForm(request.POST, today=epci.today)
    if not form.is_valid():
        return _page(request, epci, commune, form, 422)
    try:
        added = enter_sittings(epci=epci, commune=commune, acteur=person(request), **form.cleaned_data)
    except Refus as refus:
        tell(form, refus)
        return _page(request, epci, commune, form, status_of(refus))
    _say(request, added, form)
    return redirect(address(commune))


def _withdraw(request: HttpRequest, epci: Epci, commune: Commune | None, asked: str) -> HttpResponse:
    """Take back the sitting of a day, as the button wrote it; the same again says the same."""
    try:
        day = date.fromisoformat(asked)
        withdraw_sitting(epci=epci, commune=commune, jour=day, acteur=person(request))
    except ValueError:
        messages.error(request, "Ce jour n'existe pas : rien n'est retiré.")
    except Refus as refus:
        messages.error(request, typeset(refus.message))
    else:
        messages.success(request, f"Séance du {long_day(day)} retirée.")
    return redirect(address(commune))


def _say(request: HttpRequest, added: list[Seance], form: SeancesForm) -> None:
    days = [seance.jour for seance in added]
    said = f"{told(days, 'ajoutée')}." if days else "Ces séances étaient déjà au calendrier."
    if form.passees:
        said += f" {plural(len(form.passees), 'date passée laissée', 'dates passées laissées')} de côté."
    messages.success(request, typeset(said))


def _calendar(epci: Epci, commune: Commune | None) -> Tableau:
    title = f"Séances du conseil, {commune or epci}, le {epci.today:%d/%m/%Y}"
    rows = Seance.objects.filter(epci=epci, commune=commune).order_by("jour")
    lines = [(row.jour, JOURS[row.jour.weekday()], row.note) for row in rows]
    return Tableau("seances", title, ("Date", "Jour", "Lieu ou objet"), lines, "Séances")


def _page(
    request: HttpRequest, epci: Epci, commune: Commune | None, form: SeancesForm, status: int = 200
) -> HttpResponse:
    known = Seance.objects.filter(epci=epci, commune=commune)
    told_of: Any = Evenement.objects.visible_to(request.user).about(commune or epci)
    context = {
        "epci": epci,
        "commune": commune,
        "adresse": address(commune),
        "a_venir": known.filter(jour__gte=epci.today).order_by("jour"),
        "passees": known.filter(jour__lt=epci.today).order_by("-jour")[:SHOWN],
        "evenements": told_of.filter(epci=epci, type__startswith="seance.").select_related("acteur")[:SHOWN],
        "form": form,
        "peut": Seance(epci=epci, commune=commune).abilities_for(request.user)["tenir"],
        "qui_peut": Seance.QUI_PEUT["tenir"],
    }
    return render(request, "mutualisation/seance/conseil.html", context, status=status)
