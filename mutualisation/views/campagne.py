"""Who has declared, who is late; reminding them, granting one of them more days."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from comptes.contexte import person
from comptes.roles import Role
from mutualisation.calendrier import not_worked
from mutualisation.campagne import Compte, Export, Tableau, board, current_cycle, read_board, require_reader
from mutualisation.evaluations import Progression, evaluation_progress
from mutualisation.forms.campagne import DelaiForm, FiltreCampagne, RelanceForm
from mutualisation.models import Cycle, Declaration, Evaluation
from mutualisation.views.cycle import visible_cycle
from mutualisation.views.refus import tell
from mutualisation.workflows.campagne import (
    WHO_EXTENDS,
    WHO_REMINDS,
    Attendue,
    check_extension,
    grant_extension,
    last_extension,
    no_extension,
    read_awaited,
    remind_communes,
    reminder_letters,
    require_direction,
)
from socle.dates import long_day
from socle.erreurs import Refus
from socle.liste import asked_format
from socle.saisie import number
from socle.tableur import Tableau as Table
from socle.tableur import table_response
from socle.typographie import enumerate_french, typeset


@require_GET
def campagne(request: HttpRequest) -> HttpResponse:
    """The board of a cycle (`cycle`, the current one by default), filtered, on a page or as a sheet (`format`)."""
    require_reader(request.user, request.epci)
    cycle = _chosen(request)
    if cycle is None:
        return render(request, "mutualisation/campagne/aucune.html")
    rows = board(cycle, request.user)
    filtre = FiltreCampagne(request.GET, queryset=rows, request=request)
    progress = _progress(request, cycle)
    if kind := asked_format(request):
        return table_response(_table(cycle, filtre, progress), kind)
    context = _context(request, cycle, rows, filtre, progress)
    return render(request, "mutualisation/campagne/campagne.html", context)


def _chosen(request: HttpRequest) -> Cycle | None:
    wanted = request.GET.get("cycle", "")
    if not wanted:
        return current_cycle(request.epci)
    rows = Cycle.objects.visible_to(request.user).filter(epci=request.epci).select_related("epci")
    return get_object_or_404(rows, pk=number(wanted) or 0)


def _progress(request: HttpRequest, cycle: Cycle) -> Progression:
    """How far the évaluations that the reader sees are."""
    return evaluation_progress(
        cycle, Evaluation.objects.visible_to(request.user).filter(declaration__cycle=cycle)
    )


def _context(
    request: HttpRequest, cycle: Cycle, rows: Any, filtre: FiltreCampagne, progress: Progression
) -> dict[str, Any]:
    tableau = Tableau(read_board(rows, cycle, progress.communes))
    directs = request.user.acces.acts_for_epci(cycle.epci_id, Role.DIRECTION_TERRITOIRES)
    return {
        "cycle": cycle,
        "cycles": Cycle.objects.filter(epci=request.epci).order_by("-annee"),
        "droits": cycle.abilities_for(request.user),
        "tableau": tableau,
        "mots": _words(tableau.ensemble),
        "peut_preparer": directs,
        "peut_relancer": directs and _awaits(cycle),
        "peut_prolonger": directs and not no_extension(cycle),
        "progression": progress,
        "suivis": read_board(filtre.qs, cycle, progress.communes),
        "filtre": filtre,
        "close": cycle.epci.today > cycle.declaration_fin_on,
        "a_venir": cycle.epci.today < cycle.declaration_debut_on,
    }


def _awaits(cycle: Cycle) -> bool:
    """Whether a commune may still submit: in the campaign, or in the days it was granted."""
    granted = cycle.declarations.filter(prolongee_on__gte=cycle.epci.today, etat=Declaration.Etat.BROUILLON)
    return cycle.declarations_ouvertes or (not cycle.clos_at and granted.exists())


def _words(compte: Compte) -> dict[str, str]:
    """The words under each figure."""
    return {
        "deposees": "déclarations déposées" if compte.deposees > 1 else "déclaration déposée",
        "brouillons": "brouillons à déposer" if compte.brouillons > 1 else "brouillon à déposer",
        "sans_reponse": "communes sans réponse" if compte.sans_reponse > 1 else "commune sans réponse",
    }


def _table(cycle: Cycle, filtre: FiltreCampagne, progress: Progression) -> Table:
    shown = filtre.qs.select_related("accuse", "commune", "deposee_par", "enregistree_par")
    rows = [Export.row(suivi) for suivi in read_board(shown, cycle, progress.communes)]
    title = f"Campagne {cycle.annee}, {cycle.epci}"
    return Table(f"campagne-{cycle.annee}", title, Export.ENTETE, rows, "Campagne")


@require_http_methods(["GET", "HEAD", "POST"])
def cycle_relancer(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose the communes to remind, read the very mails, then send them (`confirmer`); each gets one a day at most."""
    cycle = visible_cycle(request, pk)
    require_direction(person(request), cycle.epci_id, WHO_REMINDS)
    awaited = read_awaited(cycle)
    form = RelanceForm(request.POST if request.method == "POST" else None, awaited=awaited)
    if not form.is_valid():
        return _reminder_page(request, cycle, form, awaited)
    communes, mot = form.cleaned_data["communes"], form.cleaned_data["mot"]
    if "confirmer" not in request.POST:
        return _reading_page(request, cycle, form, [one for one in awaited if one.commune.pk in communes])
    reminded = remind_communes(cycle=cycle, communes=communes, acteur=person(request), mot=mot)
    names = enumerate_french([commune.nom for commune in reminded])
    messages.success(
        request, f"Courriel envoyé : {names}." if reminded else "Personne n'était plus à relancer."
    )
    return redirect(reverse("mutualisation:campagne") + f"?cycle={pk}")


def _reminder_page(
    request: HttpRequest, cycle: Cycle, form: RelanceForm, awaited: list[Attendue]
) -> HttpResponse:
    context = {
        "cycle": cycle,
        "form": form,
        "possibles": [one for one in awaited if one.peut],
        "empechees": [one for one in awaited if not one.peut],
    }
    status = 422 if form.is_bound else 200
    return render(request, "mutualisation/campagne/relancer.html", context, status=status)


def _reading_page(
    request: HttpRequest, cycle: Cycle, form: RelanceForm, chosen: list[Attendue]
) -> HttpResponse:
    letters = [
        letter.compose() for one in chosen for letter in reminder_letters(one, form.cleaned_data["mot"])
    ]
    context = {"cycle": cycle, "form": form, "retenues": chosen, "courriels": letters}
    return render(request, "mutualisation/campagne/relecture.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def declaration_delai(request: HttpRequest, pk: int) -> HttpResponse:
    """Grant one commune more days to declare."""
    rows = Declaration.objects.visible_to(request.user).select_related("cycle__epci", "commune")
    declaration = get_object_or_404(rows, pk=pk)
    require_direction(person(request), declaration.epci_id, WHO_EXTENDS)
    form = DelaiForm(
        request.POST if request.method == "POST" else None, last=last_extension(declaration.cycle)
    )
    if form.is_valid():
        try:
            granted = grant_extension(declaration=declaration, acteur=person(request), **form.cleaned_data)
        except Refus as refus:
            tell(form, refus)
        else:
            messages.success(request, typeset(_granted(granted, form.cleaned_data["until"])))
            return redirect(reverse("mutualisation:campagne") + f"?cycle={declaration.cycle_id}")
    context = {"declaration": declaration, "form": form, "empechement": _obstacle(declaration)}
    status = 422 if form.is_bound else 200
    return render(request, "mutualisation/campagne/delai.html", context, status=status)


def _granted(declaration: Declaration, asked: date) -> str:
    """The day granted, and why it is not the one typed."""
    said = f"{declaration.commune} : délai accordé jusqu'au {long_day(declaration.limite_on)}."
    return said if declaration.limite_on == asked else f"{said} {not_worked(asked)}"


def _obstacle(declaration: Declaration) -> str:
    """Why more days would serve nothing; empty when they may be granted."""
    try:
        check_extension(declaration)
    except Refus as refus:
        return refus.message
    return ""
