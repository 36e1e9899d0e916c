"""The opinions of the committees: the list, recording one, correcting it."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from comptes.contexte import person
from documents.views.piece import serve_piece
from mutualisation.forms.acte import AnnulationForm
from mutualisation.forms.avis import AvisForm, CorrectionAvisForm, FiltreAvis
from mutualisation.models import Avis, Cycle
from mutualisation.views.acte import may_record, sheet
from mutualisation.views.cycle import visible_cycle
from mutualisation.views.refus import status_of, tell, with_version
from mutualisation.workflows.avis import cancel_avis, correct_avis, record_avis
from socle import horloge
from socle.droits import ActionInterdite, require
from socle.erreurs import Refus
from socle.liste import asked_format, listed

ENTETE = (
    "Instance",
    "Commune",
    "Rendu le",
    "Sans objet",
    "Collège du personnel",
    "Collège de l'employeur",
    "Observations",
    "Fichier",
    "Saisi par",
    "Annulé le",
    "Motif de l'annulation",
)
FIELDS = (
    "type",
    "commune",
    "rendu_on",
    "sans_objet",
    "sens_personnel",
    "sens_employeur",
    "observations",
    "version",
)


@require_GET
def avis_enregistres(request: HttpRequest, pk: int) -> HttpResponse:
    """The opinions recorded in a cycle, filtered; on a page or as a sheet."""
    cycle = visible_cycle(request, pk)
    rows = Avis.objects.visible_to(request.user).filter(cycle=cycle)
    related = rows.select_related("commune", "epci", "piece", "saisi_par", "annule_par")
    filtre = FiltreAvis(request.GET, queryset=related.order_by("-rendu_on", "-pk"), request=request)
    if kind := asked_format(request):
        cells = [_cells(row) for row in filtre.qs]
        return sheet(kind, f"avis-{cycle.annee}", f"Avis {cycle.annee}, {cycle.epci}", ENTETE, cells)
    context = {"cycle": cycle, "peut": may_record(request, cycle), **listed(request, filtre)}
    return render(request, "mutualisation/avis/enregistres.html", context)


def _cells(row: Avis) -> list[Any]:
    return [
        row.get_type_display(),
        row.commune.nom if row.commune else "toutes",
        row.rendu_on,
        "oui" if row.sans_objet else "",
        row.get_sens_personnel_display(),
        row.get_sens_employeur_display(),
        row.observations,
        row.piece.nom if row.piece else "",
        str(row.saisi_par),
        horloge.local(row.annule_at, row.epci.fuseau).date() if row.annule_at else None,
        row.annule_motif,
    ]


@require_http_methods(["GET", "HEAD", "POST"])
def avis_nouveau(request: HttpRequest, pk: int) -> HttpResponse:
    """Record an opinion; `type` and `commune` in the address fill the form."""
    cycle = visible_cycle(request, pk)
    if not may_record(request, cycle):
        raise ActionInterdite(Avis.QUI_PEUT["corriger"])
    initial = {name: request.GET.get(name, "") for name in ("type", "commune")}
    form = AvisForm(*_sent(request), epci=cycle.epci, initial=initial)
    if form.is_valid():
        try:
            record_avis(cycle=cycle, acteur=person(request), saisie=form.saisie)
        except Refus as refus:
            tell(form, refus)
            return _form_page(request, cycle, form, status_of(refus))
        messages.success(request, "Avis enregistré.")
        return redirect("mutualisation:avis_enregistres", pk=cycle.pk)
    return _form_page(request, cycle, form, 422 if form.is_bound else 200)


def _sent(request: HttpRequest) -> tuple[Any, Any]:
    return (request.POST, request.FILES) if request.method == "POST" else (None, None)


def _form_page(request: HttpRequest, cycle: Cycle, form: AvisForm, status: int) -> HttpResponse:
    return render(request, "mutualisation/avis/nouveau.html", {"cycle": cycle, "form": form}, status=status)


def visible_avis(request: HttpRequest, pk: int) -> Avis:
    """The opinion, or 404 when it is another commune's or another EPCI's."""
    related = ("cycle__epci", "commune", "epci", "piece", "saisi_par", "annule_par")
    return get_object_or_404(Avis.objects.visible_to(request.user).select_related(*related), pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
def avis(request: HttpRequest, pk: int) -> HttpResponse:
    """One opinion: GET shows it, POST corrects it."""
    found = visible_avis(request, pk)
    initial = {name: getattr(found, name) for name in FIELDS}
    form = CorrectionAvisForm(*_sent(request), epci=found.epci, initial=initial)
    if request.method != "POST":
        return _page(request, found, form)
    require(found, request.user, "corriger")
    if not form.is_valid():
        return _page(request, found, form, 422)
    try:
        correct_avis(
            avis=found, acteur=person(request), version=form.cleaned_data["version"], saisie=form.saisie
        )
    except Refus as refus:
        found.refresh_from_db()
        tell(form, refus)
        with_version(form, found.version)
        return _page(request, found, form, status_of(refus))
    messages.success(request, "Avis corrigé.")
    return redirect("mutualisation:avis", pk=pk)


def _page(request: HttpRequest, found: Avis, form: CorrectionAvisForm, status: int = 200) -> HttpResponse:
    context = {
        "avis": found,
        "cycle": found.cycle,
        "form": form,
        "droits": found.abilities_for(request.user),
        "qui_peut": Avis.QUI_PEUT["corriger"],
    }
    return render(request, "mutualisation/avis/avis.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def avis_annuler(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask why, then cancel the opinion; pressing twice changes nothing."""
    found = visible_avis(request, pk)
    form = AnnulationForm(
        request.POST if request.method == "POST" else None, initial={"version": found.version}
    )
    status = 422 if form.is_bound else 200
    if form.is_valid():
        try:
            cancel_avis(avis=found, acteur=person(request), **form.cleaned_data)
        except Refus as refus:
            tell(form, refus)
            with_version(form, found.version)
            status = status_of(refus)
        else:
            messages.success(request, "Avis annulé.")
            return redirect("mutualisation:avis_enregistres", pk=found.cycle_id)
    else:
        require(found, request.user, "corriger")
    context = {"avis": found, "cycle": found.cycle, "form": form}
    return render(request, "mutualisation/avis/annuler.html", context, status=status)


@require_GET
def avis_fichier(request: HttpRequest, pk: int) -> HttpResponse:
    """The file of an opinion."""
    found = visible_avis(request, pk)
    if found.piece is None:
        raise Http404
    return serve_piece(request, found.piece)
