"""The public holidays of an EPCI, year by year."""

from datetime import date

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_http_methods

from comptes.contexte import person
from comptes.roles import Role
from mutualisation.forms.jour_ferie import JourFerieForm
from mutualisation.reprise.valeurs import DERNIERE_ANNEE, PREMIERE_ANNEE
from mutualisation.views.matrice import current_epci
from mutualisation.views.refus import tell
from mutualisation.workflows.jour_ferie import WHO_KEEPS, add_holiday, remove_holiday
from socle.dates import long_day
from socle.droits import ActionInterdite
from socle.erreurs import Refus
from socle.liste import asked_format
from socle.saisie import number
from socle.tableur import Tableau, table_response
from territoire.models import Epci, JourFerie


@require_http_methods(["GET", "HEAD", "POST"])
def jours_feries(request: HttpRequest) -> HttpResponse:
    """The days not worked in `annee` (the present year by default); the Direction adds and removes some."""
    epci = current_epci(request)
    form = None
    if request.method == "POST":
        if not _keeps(request, epci):
            raise ActionInterdite(WHO_KEEPS)
        day = parse_date(request.POST.get("retirer", ""))
        if day:
            return _remove(request, epci, day)
        form = JourFerieForm(request.POST)
        done = _add(request, epci, form)
        if done:
            return done
    return _show(request, epci, form)


def _keeps(request: HttpRequest, epci: Epci) -> bool:
    return person(request).acces.acts_for_epci(epci.pk, Role.DIRECTION_TERRITOIRES)


def _add(request: HttpRequest, epci: Epci, form: JourFerieForm) -> HttpResponse | None:
    if not form.is_valid():
        return None
    try:
        row = add_holiday(epci=epci, **form.cleaned_data, acteur=person(request))
    except Refus as refus:
        tell(form, refus)
        return None
    messages.success(request, f"{row.nom}, le {long_day(row.jour)} : ce jour n'est plus travaillé.")
    return redirect(_url(row.jour.year))


def _remove(request: HttpRequest, epci: Epci, day: date) -> HttpResponse:
    remove_holiday(epci=epci, jour=day, acteur=person(request))
    messages.success(request, f"Le {long_day(day)} est un jour travaillé.")
    return redirect(_url(day.year))


def _url(year: int) -> str:
    return f"{reverse('mutualisation:jours_feries')}?annee={year}"


def _year(request: HttpRequest, epci: Epci) -> int:
    asked = number(request.GET.get("annee"))
    return asked if asked and PREMIERE_ANNEE <= asked <= DERNIERE_ANNEE else epci.today.year


def _days(epci: Epci, year: int) -> QuerySet[JourFerie]:
    return JourFerie.objects.filter(epci=epci, jour__year=year).order_by("jour")


def _sheet(epci: Epci, year: int) -> Tableau:
    lines = [(one.nom, one.jour) for one in _days(epci, year)]
    return Tableau(
        f"jours-feries-{year}", f"Jours fériés {year}, {epci}", ("Nom", "Jour"), lines, "Jours fériés"
    )


def _show(request: HttpRequest, epci: Epci, form: JourFerieForm | None) -> HttpResponse:
    year = _year(request, epci)
    if kind := asked_format(request):
        return table_response(_sheet(epci, year), kind)
    context = {
        "annee": year,
        "jours": _days(epci, year),
        "peut_tenir": _keeps(request, epci),
        "qui_peut": WHO_KEEPS,
        "form": form or JourFerieForm(),
    }
    return render(request, "mutualisation/jour_ferie/jours_feries.html", context, status=422 if form else 200)
