"""The acts of the two assemblies: who still misses what, and recording one."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from comptes.contexte import signed_in
from comptes.roles import Role
from mutualisation.actes import already_voted, by_commune, read_progress, to_vote
from mutualisation.campagne import require_reader
from mutualisation.forms.acte import ActeForm, PartieForm
from mutualisation.lignes import LigneLue
from mutualisation.models import Acte, Cycle
from mutualisation.views.cycle import visible_cycle
from mutualisation.views.refus import status_of, tell
from mutualisation.workflows.acte import WHO, record_act
from socle.droits import ActionInterdite
from socle.erreurs import Refus
from socle.typographie import plural, typeset


@require_GET
def actes(request: HttpRequest, pk: int) -> HttpResponse:
    """Communes × assemblies, and the acts already recorded."""
    cycle = visible_cycle(request, pk)
    require_reader(request.user, cycle.epci)
    avancements = read_progress(cycle, request.user)
    recorded = (
        Acte.objects.visible_to(request.user).filter(cycle=cycle).select_related("commune", "saisi_par")
    )
    context = {
        "cycle": cycle,
        "avancements": avancements,
        "complets": sum(1 for avancement in avancements if avancement.complet),
        "actes": recorded.prefetch_related("lignes").order_by("-adopte_on", "-pk"),
        "peut": _may(request, cycle),
    }
    return render(request, "mutualisation/acte/actes.html", context)


def _may(request: HttpRequest, cycle: Cycle) -> bool:
    return bool(request.user.acces.acts_for_epci(cycle.epci_id, Role.DIRECTION_TERRITOIRES))


@require_http_methods(["GET", "HEAD", "POST"])
def acte_nouveau(request: HttpRequest, pk: int) -> HttpResponse:
    """Record an act: `type` and `commune` in the address say whose it is, then the form lists the lines it may cover."""
    cycle = visible_cycle(request, pk)
    if not _may(request, cycle):
        raise ActionInterdite(WHO)
    partie = PartieForm(request.GET if "type" in request.GET else None, epci=cycle.epci)
    if not partie.is_valid():
        return _page(request, cycle, partie)
    type_, commune = partie.cleaned_data["type"], partie.cleaned_data["commune"]
    lues = to_vote(cycle, request.user, type_, commune)
    form = _form(request, cycle, lues, type_)
    if request.method == "POST" and form.is_valid():
        try:
            acte = record_act(
                cycle=cycle, acteur=signed_in(request), type=type_, commune=commune, **form.cleaned_data
            )
        except Refus as refus:
            tell(form, refus)
            return _page(request, cycle, partie, form, lues, status_of(refus))
        messages.success(request, _said(acte))
        return redirect("mutualisation:actes", pk=cycle.pk)
    return _page(request, cycle, partie, form, lues, 422 if form.is_bound else 200)


def _form(request: HttpRequest, cycle: Cycle, lues: list[LigneLue], type_: str) -> ActeForm:
    """Pre-checked: the lines that this assembly has not voted yet."""
    return ActeForm(
        request.POST if request.method == "POST" else None,
        lignes=[lue.ligne.pk for lue in lues],
        aujourdhui=cycle.epci.today,
        initial={"lignes": [lue.ligne.pk for lue in lues if not already_voted(lue, type_)]},
    )


def _said(acte: Acte) -> str:
    return typeset(f"Acte n° {acte.numero} enregistré pour {plural(acte.lignes.count(), 'ligne')}.")


def _page(
    request: HttpRequest,
    cycle: Cycle,
    partie: PartieForm,
    form: ActeForm | None = None,
    lues: list[LigneLue] | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "cycle": cycle,
        "partie": partie,
        "form": form,
        "groupes": _groups(form, lues, partie.cleaned_data["type"]) if form and lues else [],
        "commune": partie.cleaned_data.get("commune") if form else None,
    }
    return render(request, "mutualisation/acte/nouveau.html", context, status=status)


def _groups(form: ActeForm, lues: list[LigneLue], type_: str) -> list[dict[str, Any]]:
    """The boxes, by commune, ticked as typed (or as proposed)."""
    ticked = {str(value) for value in form["lignes"].value() or []}
    return [
        {"commune": group[0].ligne.commune, "cases": _boxes(group, ticked, type_)}
        for group in by_commune(lues)
    ]


def _boxes(group: list[LigneLue], ticked: set[str], type_: str) -> list[dict[str, Any]]:
    return [
        {"lue": lue, "cochee": str(lue.ligne.pk) in ticked, "deja": already_voted(lue, type_)}
        for lue in group
    ]
