"""Évaluations préalables: the list of a cycle, and the page of one."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from comptes.contexte import person
from journal.workflows.personne import Identite
from mutualisation.evaluations import Export, compare, evaluation_progress, last_evaluation
from mutualisation.forms.evaluation import (
    AgentForm,
    EvaluationForm,
    FiltreEvaluation,
    ObservationsForm,
    present,
)
from mutualisation.models import Cycle, Evaluation, EvaluationDelegation
from mutualisation.views.cycle import visible_cycle
from mutualisation.views.refus import status_of, tell, with_version
from mutualisation.workflows.evaluation import (
    RELATED,
    delegate_evaluation,
    end_delegation,
    fill_evaluation,
    observe_evaluation,
    validate_evaluation,
)
from socle.droits import require
from socle.erreurs import Conflit, Refus
from socle.liste import asked_format, listed
from socle.tableur import Tableau, table_response
from socle.typographie import typeset


@require_GET
def evaluations(request: HttpRequest, pk: int) -> HttpResponse:
    """The évaluations of a cycle that the user sees, on a page or as a sheet (`format`)."""
    cycle = visible_cycle(request, pk)
    rows = Evaluation.objects.visible_to(request.user).filter(declaration__cycle=cycle).wanted()
    ordered = rows.select_related("commune", "domaine").order_by(
        "commune__tri", "commune_id", "domaine__ordre", "pk"
    )
    filtre = FiltreEvaluation(request.GET, queryset=ordered, request=request)
    if kind := asked_format(request):
        return table_response(_table(cycle, filtre), kind)
    context = {
        "cycle": cycle,
        "avancement": evaluation_progress(cycle, rows),
        **listed(request, filtre),
    }
    return render(request, "mutualisation/evaluation/evaluations.html", context)


def _table(cycle: Cycle, filtre: FiltreEvaluation) -> Tableau:
    title = f"Évaluations préalables {cycle.annee}, {cycle.epci}"
    lines = [Export.row(one) for one in filtre.qs]
    return Tableau(f"evaluations-{cycle.annee}", title, Export.ENTETE, lines, "Évaluations")


@require_http_methods(["GET", "HEAD", "POST"])
def evaluation(request: HttpRequest, pk: int) -> HttpResponse:
    """One évaluation: GET shows it; POST saves it, and hands it over with `action=transmettre`."""
    found = _visible(request, pk)
    if request.method != "POST":
        return _page(request, found)
    require(found, request.user, "renseigner")
    form = EvaluationForm(request.POST)
    if not form.is_valid():
        return _page(request, found, form=form, status=422)
    send = request.POST.get("action") == "transmettre"
    try:
        fill_evaluation(
            evaluation=found,
            acteur=person(request),
            version=form.cleaned_data["version"],
            contenu=form.contenu,
            transmettre=send,
        )
    except Refus as refus:
        return _refused(request, pk, form, refus, "form")
    messages.success(request, "Évaluation transmise." if send else "Évaluation enregistrée.")
    return redirect("mutualisation:evaluation", pk=pk)


@require_POST
def evaluation_observer(request: HttpRequest, pk: int) -> HttpResponse:
    """Save the observations of the EPCI; `action=renvoyer` hands the évaluation back."""
    found = _visible(request, pk)
    require(found, request.user, "observer")
    form = ObservationsForm(request.POST, auto_id="id_epci_%s")
    if not form.is_valid():
        return _page(request, found, observations=form, status=422)
    back = request.POST.get("action") == "renvoyer"
    try:
        observe_evaluation(evaluation=found, acteur=person(request), renvoyer=back, **form.cleaned_data)
    except Refus as refus:
        return _refused(request, pk, form, refus, "observations")
    said = "Évaluation renvoyée à la commune, qui est prévenue." if back else "Observations enregistrées."
    messages.success(request, typeset(said))
    return redirect("mutualisation:evaluation", pk=pk)


@require_POST
def evaluation_valider(request: HttpRequest, pk: int) -> HttpResponse:
    """Confirm what the commune handed over, with the observations typed beside; pressing twice changes nothing."""
    found = _visible(request, pk)
    form = ObservationsForm(request.POST, auto_id="id_epci_%s")
    if not form.is_valid():
        require(found, request.user, "valider")
        return _page(request, found, observations=form, status=422)
    try:
        validate_evaluation(evaluation=found, acteur=person(request), **form.cleaned_data)
    except Refus as refus:
        return _refused(request, pk, form, refus, "observations")
    messages.success(request, typeset("Évaluation validée."))
    return redirect("mutualisation:evaluation", pk=pk)


@require_POST
def evaluation_deleguer(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask an agent of the commune to fill it."""
    found = _visible(request, pk)
    require(found, request.user, "deleguer")
    form = AgentForm(request.POST, auto_id="id_agent_%s")
    if not form.is_valid():
        return _page(request, found, agent=form, status=422)
    try:
        delegate_evaluation(evaluation=found, acteur=person(request), identite=Identite(**form.cleaned_data))
    except Refus as refus:
        return _refused(request, pk, form, refus, "agent")
    messages.success(request, typeset("Évaluation déléguée : l'agent reçoit un lien par courriel."))
    return redirect("mutualisation:evaluation", pk=pk)


@require_POST
def delegation_fin(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a delegation back."""
    visible = Evaluation.objects.visible_to(request.user)
    found = get_object_or_404(EvaluationDelegation.objects.filter(evaluation__in=visible), pk=pk)
    end_delegation(delegation=found, acteur=person(request))
    messages.success(request, typeset("Délégation retirée."))
    return redirect("mutualisation:evaluation", pk=found.evaluation_id)


def _visible(request: HttpRequest, pk: int) -> Evaluation:
    rows = Evaluation.objects.visible_to(request.user)
    return get_object_or_404(rows.select_related(*RELATED, "transmise_par", "validee_par"), pk=pk)


def _refused(request: HttpRequest, pk: int, form: forms.Form, refus: Refus, which: str) -> HttpResponse:
    """The page again, with everything typed; a conflict also says what the other one saved in the same fields."""
    fresh = _visible(request, pk)
    tell(form, refus)
    if "version" in form.fields:
        with_version(form, fresh.version)
    theirs = _differences(form, fresh) if isinstance(refus, Conflit) else []
    return _page(request, fresh, theirs=theirs, status=status_of(refus), **{which: form})


def _differences(form: forms.Form, fresh: Evaluation) -> list[tuple[str, Any]]:
    """(label, present value) of each field that was saved otherwise."""
    stored = present(fresh)
    names = [name for name in form.fields if name != "version"]
    typed = {name: form.cleaned_data.get(name) for name in names}
    return [
        (str(form.fields[name].label), stored[name])
        for name in names
        if (typed[name] or None) != (stored[name] or None)
    ]


def _page(
    request: HttpRequest,
    found: Evaluation,
    *,
    form: forms.Form | None = None,
    observations: forms.Form | None = None,
    agent: forms.Form | None = None,
    theirs: list[tuple[str, Any]] | None = None,
    status: int = 200,
) -> HttpResponse:
    before = last_evaluation(found)
    delegations = found.delegations.filter(retiree_at=None).select_related("personne", "deleguee_par")
    context = {
        "evaluation": found,
        "cycle": found.declaration.cycle,
        "droits": found.abilities_for(request.user),
        "form": form or EvaluationForm(initial=present(found)),
        "observations_form": observations or ObservationsForm(initial=present(found), auto_id="id_epci_%s"),
        "agent_form": agent or AgentForm(auto_id="id_agent_%s"),
        "delegations": delegations.order_by("deleguee_at", "pk"),
        "avant": before,
        "comparaisons": compare(found, before) if before else [],
        "autres": theirs or [],
        "qui_peut": Evaluation.QUI_PEUT["renseigner"],
    }
    return render(request, "mutualisation/evaluation/evaluation.html", context, status=status)
