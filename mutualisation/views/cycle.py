"""The calendar of a year: prepare it, change its dates, open it, close it."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from comptes.contexte import person
from comptes.destinataires import heads_by_commune
from comptes.roles import Role
from mutualisation.calendrier import (
    dates_of,
    election_warning,
    following,
    next_year,
    preview_dates,
    proposed_dates,
    shifted,
    year_without_cycle,
)
from mutualisation.campagne import READERS
from mutualisation.ecarts import read_cycle_changes
from mutualisation.forms.cycle import AnneeForm, DatesForm, SemainesForm
from mutualisation.models import Cycle
from mutualisation.views.refus import status_of, tell, with_version
from mutualisation.workflows.cycle import (
    WHO_PREPARES,
    change_dates,
    close_cycle,
    dated,
    open_cycle,
    prepare_cycle,
    touched_by_dates,
)
from socle.dates import ONE_DAY
from socle.droits import ActionInterdite, require
from socle.erreurs import Refus
from territoire.models import Commune

CLOSING = (
    "Le cycle reste lisible, avec ses déclarations, ses décisions et ses actes.",
    "Ses dates ne changent plus ; ses demandes ne s'instruisent, ne se décident et ne se rouvrent plus.",
    "Un acte tardif s'enregistre encore, et la date d'effet de ses lignes se fixe encore.",
    "Ses demandes qui n'ont pas pris effet ne comptent plus parmi les changements à venir.",
)


def _periods(found: Cycle) -> list[tuple[Cycle.Phase, date, date | None]]:
    """The phases of a cycle with their first and last days, as `Cycle.phase` tells them apart."""
    return [
        (Cycle.Phase.PREPARATION, found.ouverture_on, found.declaration_debut_on - ONE_DAY),
        (Cycle.Phase.DECLARATION, found.declaration_debut_on, found.declaration_fin_on),
        (Cycle.Phase.INSTRUCTION, found.declaration_fin_on + ONE_DAY, found.votes_debut_on - ONE_DAY),
        (Cycle.Phase.DELIBERATION, found.votes_debut_on, found.effective_on - ONE_DAY),
        (Cycle.Phase.EN_VIGUEUR, found.effective_on, None),
    ]


def visible_cycle(request: HttpRequest, pk: int) -> Cycle:
    """The cycle, or 404 when it is another EPCI's."""
    return get_object_or_404(Cycle.objects.visible_to(request.user).select_related("epci"), pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
def cycle_nouveau(request: HttpRequest) -> HttpResponse:
    """Prepare a cycle: dates are proposed for the year asked (`annee`), and everything typed stays when refused."""
    if request.epci is None or not request.user.acces.acts_for_epci(
        request.epci.pk, Role.DIRECTION_TERRITOIRES
    ):
        raise ActionInterdite(WHO_PREPARES)
    year_form = AnneeForm(request.GET if "annee" in request.GET else {"annee": next_year(request.epci)})
    annee = year_form.cleaned_data["annee"] if year_form.is_valid() else next_year(request.epci)
    jours = proposed_dates(request.epci, annee)
    form = DatesForm(request.POST if request.method == "POST" else None, jours=jours)
    valid = form.is_valid()
    if form.is_bound:
        form.tell_typed(request.epci)
    if valid and year_form.is_valid():
        try:
            cycle = prepare_cycle(epci=request.epci, annee=annee, acteur=person(request), dates=form.dates)
        except Refus as refus:
            tell(form, refus)
        else:
            messages.success(request, f"Cycle {annee} préparé. Il reste à l'ouvrir.")
            return redirect("mutualisation:cycle", pk=cycle.pk)
    context = {
        "form": form,
        "annee_form": year_form,
        "annee": annee,
        "avertissements": [
            phrase for phrase in (election_warning(annee), year_without_cycle(request.epci, annee)) if phrase
        ],
    }
    return render(request, "mutualisation/cycle/nouveau.html", context, status=_status(form))


def _status(form: DatesForm) -> int:
    return 422 if form.is_bound and form.errors else 200


@require_GET
def cycle(request: HttpRequest, pk: int) -> HttpResponse:
    """The calendar of a cycle, for everyone in the EPCI; its links for those who run it."""
    found = visible_cycle(request, pk)
    droits = found.abilities_for(request.user)
    context = {
        "cycle": found,
        "droits": droits,
        "etapes": _steps(found),
        "pilote": request.user.acces.acts_for_epci(found.epci_id, *READERS),
        "ouverture": _before_opening(found) if droits["ouvrir"] else None,
        "suite": following(found),
        "catalogue_change": len(read_cycle_changes(found)),
    }
    return render(request, "mutualisation/cycle/cycle.html", context)


def _steps(found: Cycle) -> list[dict[str, Any]]:
    """The phases in order, each done, present or to come."""
    periods = _periods(found)
    present = [phase for phase, _, _ in periods].index(found.phase) if not found.clos_at else len(periods)
    words = {-1: ("v", "terminée"), 0: ("a", "en cours"), 1: ("n", "à venir")}
    return [
        {
            "nom": phase.label.capitalize(),
            "debut": debut,
            "fin": fin,
            "etat": words[(index > present) - (index < present)],
        }
        for index, (phase, debut, fin) in enumerate(periods)
    ]


def _before_opening(found: Cycle) -> dict[str, int]:
    """Who will be told when the cycle opens."""
    today = found.epci.today
    return {
        "communes": Commune.objects.members_of(found.epci, today).count(),
        "prevenus": len(set().union(*heads_by_commune(found.epci, today).values())),
    }


@require_http_methods(["GET", "HEAD", "POST"])
def cycle_dates(request: HttpRequest, pk: int) -> HttpResponse:
    """Change the dates: typed, or moved together by `semaines`; shown before and after, then confirmed (`confirmer`).

    Somebody faster is told (409), out of order is refused, and what was typed stays.
    """
    found = visible_cycle(request, pk)
    require(found, request.user, "modifier")
    jours = dates_of(found)
    if request.method != "POST":
        weeks = SemainesForm(request.GET if "semaines" in request.GET else None)
        proposed = shifted(found, weeks.cleaned_data["semaines"]) if weeks.is_valid() else jours
        form = DatesForm(jours=jours, proposees=proposed, initial={"version": found.version})
        return _dates_page(request, found, form, weeks)
    form = DatesForm(request.POST, jours=jours)
    if not form.is_valid():
        return _dates_page(request, found, form, status=422)
    try:
        if "confirmer" not in request.POST:
            return _preview_page(request, found, form)
        change_dates(
            cycle=found,
            acteur=person(request),
            version=form.cleaned_data["version"] or 0,
            dates=form.dates,
        )
    except Refus as refus:
        tell(form, refus)
        found = visible_cycle(request, pk)
        with_version(form, found.version)
        return _dates_page(request, found, form, status=status_of(refus))
    messages.success(request, "Dates enregistrées.")
    return redirect("mutualisation:cycle", pk=pk)


def _preview_page(request: HttpRequest, found: Cycle, form: DatesForm) -> HttpResponse:
    after = dated(visible_cycle(request, found.pk), form.dates)
    before = dates_of(found)
    moved = [name for name, day in dates_of(after).items() if day != before[name]]
    apercu = preview_dates(found, after, form.dates, touched_by_dates(found, moved))
    context = {"cycle": found, "form": form, "apercu": apercu}
    return render(request, "mutualisation/cycle/apercu.html", context)


def _dates_page(
    request: HttpRequest,
    found: Cycle,
    form: DatesForm,
    weeks: SemainesForm | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {"cycle": found, "form": form, "semaines_form": weeks or SemainesForm()}
    return render(request, "mutualisation/cycle/dates.html", context, status=status)


@require_POST
def cycle_ouvrir(request: HttpRequest, pk: int) -> HttpResponse:
    """Open the campaign; pressing twice changes nothing. A draft of the catalogue that is not ready is told."""
    found = visible_cycle(request, pk)
    try:
        open_cycle(cycle=found, acteur=person(request))
    except Refus as refus:
        messages.error(request, f"Le cycle n'est pas ouvert. {refus.message}")
    else:
        messages.success(
            request, f"Cycle {found.annee} ouvert : chaque commune a sa déclaration et en est prévenue."
        )
    return redirect("mutualisation:cycle", pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
def cycle_clore(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, then close the cycle; confirming twice changes nothing."""
    found = visible_cycle(request, pk)
    if request.method == "POST":
        close_cycle(cycle=found, acteur=person(request))
        messages.success(request, f"Cycle {found.annee} clos.")
        return redirect("mutualisation:cycle", pk=pk)
    require(found, request.user, "clore")
    context = {
        "titre": f"Clore le cycle {found.annee} ?",
        "phrase": "Un cycle clos ne se rouvre pas.",
        "consequences": CLOSING,
        "verbe": "Clore le cycle",
        "url_retour": reverse("mutualisation:cycle", args=[pk]),
    }
    return render(request, "composants/confirmation.html", context)
