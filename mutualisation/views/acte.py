"""The acts of the two assemblies: who still misses what, recording one, correcting it."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from comptes.contexte import person
from comptes.roles import Role
from documents.views.piece import serve_piece
from mutualisation.actes import already_voted, by_commune, to_vote
from mutualisation.campagne import require_reader
from mutualisation.forms.acte import (
    ActeForm,
    AnnulationForm,
    CorrectionForm,
    FiltreActes,
    FiltreSuivi,
    PartieForm,
)
from mutualisation.lignes import LigneLue
from mutualisation.models import Acte, Cycle
from mutualisation.suivi import Export, bars, read_progress
from mutualisation.views.cycle import visible_cycle
from mutualisation.views.refus import status_of, tell, with_version
from mutualisation.workflows.acte import WHO, cancel_act, correct_act, record_act
from socle import horloge
from socle.droits import ActionInterdite, require
from socle.erreurs import Refus
from socle.liste import asked_format, listed
from socle.tableur import Tableau, table_response
from socle.typographie import plural, typeset

ENTETE = (
    "Acte",
    "Numéro",
    "Assemblée",
    "Adopté le",
    "Exécutoire le",
    "Télétransmission",
    "Lignes",
    "Fichier",
    "Saisi par",
    "Annulé le",
    "Motif de l'annulation",
)


@require_GET
def actes(request: HttpRequest, pk: int) -> HttpResponse:
    """Communes × steps, the latest first; on a page or as a sheet (`format`)."""
    cycle = visible_cycle(request, pk)
    require_reader(request.user, cycle.epci)
    everyone = read_progress(cycle, request.user)
    filtre = FiltreSuivi(request.GET, cycle=cycle, user=request.user)
    shown = filtre.apply(everyone)
    if kind := asked_format(request):
        rows = [Export.row(row) for row in shown]
        return sheet(kind, f"actes-{cycle.annee}", _title(cycle), Export.header(cycle), rows)
    context = {
        "cycle": cycle,
        "filtre": filtre,
        "avancements": shown,
        "total": len(everyone),
        "complets": sum(1 for row in everyone if row.complet),
        "sans_convention": sum(1 for row in everyone if row.faits.convention is None),
        "barres": bars(shown),
        "peut": may_record(request, cycle),
    }
    return render(request, "mutualisation/acte/actes.html", context)


def _title(cycle: Cycle) -> str:
    return f"Actes, avis et conventions {cycle.annee}, {cycle.epci}"


def sheet(kind: str, name: str, title: str, header: Any, rows: list[Any]) -> HttpResponse:
    """A list as a sheet, in one of FORMATS."""
    return table_response(Tableau(name, title, header, rows, "Suivi"), kind)


def may_record(request: HttpRequest, cycle: Cycle) -> bool:
    """Whether the user records the acts of a cycle."""
    return bool(request.user.acces.acts_for_epci(cycle.epci_id, Role.DIRECTION_TERRITOIRES))


@require_GET
def actes_enregistres(request: HttpRequest, pk: int) -> HttpResponse:
    """The acts recorded in a cycle, cancelled ones too, filtered; on a page or as a sheet."""
    cycle = visible_cycle(request, pk)
    rows = Acte.objects.visible_to(request.user).filter(cycle=cycle)
    related = rows.select_related("commune", "epci", "piece", "saisi_par", "annule_par")
    ordered = related.prefetch_related("lignes").order_by("-adopte_on", "-pk")
    filtre = FiltreActes(request.GET, queryset=ordered, request=request)
    if kind := asked_format(request):
        cells = [_cells(acte) for acte in filtre.qs]
        return sheet(kind, f"actes-enregistres-{cycle.annee}", _title(cycle), ENTETE, cells)
    context = {"cycle": cycle, "peut": may_record(request, cycle), **listed(request, filtre)}
    return render(request, "mutualisation/acte/enregistres.html", context)


def _cells(acte: Acte) -> list[Any]:
    return [
        acte.get_type_display(),
        acte.numero,
        acte.commune.nom if acte.commune else acte.epci.nom,
        acte.adopte_on,
        acte.executoire_on,
        acte.teletransmission,
        len(acte.lignes.all()),
        acte.piece.nom if acte.piece else "",
        str(acte.saisi_par),
        horloge.local(acte.annule_at, acte.epci.fuseau).date() if acte.annule_at else None,
        acte.annule_motif,
    ]


@require_http_methods(["GET", "HEAD", "POST"])
def acte_nouveau(request: HttpRequest, pk: int) -> HttpResponse:
    """Record an act: `type` and `commune` in the address say whose it is, then the form lists the lines it may cover."""
    cycle = visible_cycle(request, pk)
    if not may_record(request, cycle):
        raise ActionInterdite(WHO)
    partie = PartieForm(request.GET if "type" in request.GET else None, epci=cycle.epci)
    if not partie.is_valid():
        return _new_page(request, cycle, partie)
    type_, commune = partie.cleaned_data["type"], partie.cleaned_data["commune"]
    lues = to_vote(cycle, request.user, type_, commune)
    form = _form(request, cycle, lues, type_)
    if request.method == "POST" and form.is_valid():
        try:
            acte = record_act(
                cycle=cycle, acteur=person(request), type=type_, commune=commune, **form.cleaned_data
            )
        except Refus as refus:
            tell(form, refus)
            return _new_page(request, cycle, partie, form, lues, status_of(refus))
        messages.success(request, _said(acte))
        return redirect("mutualisation:actes", pk=cycle.pk)
    return _new_page(request, cycle, partie, form, lues, 422 if form.is_bound else 200)


def _form(request: HttpRequest, cycle: Cycle, lues: list[LigneLue], type_: str) -> ActeForm:
    """Pre-checked: the lines that this assembly has not voted yet."""
    return ActeForm(
        *_sent(request),
        lignes=[lue.ligne.pk for lue in lues],
        aujourdhui=cycle.epci.today,
        initial={"lignes": [lue.ligne.pk for lue in lues if not already_voted(lue, type_)]},
    )


def _sent(request: HttpRequest) -> tuple[Any, Any]:
    return (request.POST, request.FILES) if request.method == "POST" else (None, None)


def _said(acte: Acte) -> str:
    return typeset(f"Acte n° {acte.numero} enregistré pour {plural(acte.lignes.count(), 'ligne')}.")


def _new_page(
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
        {"lue": lue, "cochee": str(lue.ligne.pk) in ticked, "deja": bool(type_) and already_voted(lue, type_)}
        for lue in group
    ]


def visible_act(request: HttpRequest, pk: int) -> Acte:
    """The act, or 404 when it is another commune's or another EPCI's."""
    rows = Acte.objects.visible_to(request.user)
    related = ("cycle__epci", "commune", "epci", "piece", "saisi_par", "annule_par")
    return get_object_or_404(rows.select_related(*related), pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
def acte(request: HttpRequest, pk: int) -> HttpResponse:
    """One act: GET shows it, POST corrects it while none of its lines has taken effect."""
    found = visible_act(request, pk)
    lues = to_vote(found.cycle, request.user, found.type, found.commune)
    form = CorrectionForm(
        *_sent(request),
        lignes=[lue.ligne.pk for lue in lues],
        aujourdhui=found.epci.today,
        initial=_present(found),
    )
    if request.method != "POST":
        return _act_page(request, found, form, lues)
    require(found, request.user, "corriger")
    if not form.is_valid():
        return _act_page(request, found, form, lues, 422)
    try:
        correct_act(acte=found, acteur=person(request), **form.cleaned_data)
    except Refus as refus:
        found.refresh_from_db()
        tell(form, refus)
        with_version(form, found.version)
        return _act_page(request, found, form, lues, status_of(refus))
    messages.success(request, typeset(f"Acte n° {form.cleaned_data['numero']} corrigé."))
    return redirect("mutualisation:acte", pk=pk)


def _present(found: Acte) -> dict[str, Any]:
    names = ("numero", "adopte_on", "executoire_on", "teletransmission", "version")
    covered = list(found.lignes.order_by("pk").values_list("pk", flat=True))
    return {name: getattr(found, name) for name in names} | {"lignes": covered}


def _act_page(
    request: HttpRequest, found: Acte, form: CorrectionForm, lues: list[LigneLue], status: int = 200
) -> HttpResponse:
    covered = found.lignes.select_related("commune", "domaine", "activite")
    droits = found.abilities_for(request.user)
    context = {
        "acte": found,
        "cycle": found.cycle,
        "form": form,
        "droits": droits,
        "groupes": _groups(form, lues, "") if droits["corriger"] else [],
        "lignes": covered.order_by("commune__tri", "commune_id", "domaine__ordre", "activite__code", "pk"),
        "qui_peut": Acte.QUI_PEUT["corriger"],
        "pilote": may_record(request, found.cycle),
    }
    return render(request, "mutualisation/acte/acte.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def acte_annuler(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask why, then cancel the act; pressing twice changes nothing."""
    found = visible_act(request, pk)
    form = AnnulationForm(
        request.POST if request.method == "POST" else None, initial={"version": found.version}
    )
    if form.is_valid():
        try:
            cancel_act(acte=found, acteur=person(request), **form.cleaned_data)
        except Refus as refus:
            tell(form, refus)
            with_version(form, found.version)
            return _cancel_page(request, found, form, status_of(refus))
        messages.success(request, typeset(f"Acte n° {found.numero} annulé : ses lignes attendent un acte."))
        return redirect("mutualisation:actes", pk=found.cycle_id)
    require(found, request.user, "corriger")
    return _cancel_page(request, found, form, 422 if form.is_bound else 200)


def _cancel_page(request: HttpRequest, found: Acte, form: AnnulationForm, status: int) -> HttpResponse:
    context = {"acte": found, "cycle": found.cycle, "form": form, "lignes": found.lignes.count()}
    return render(request, "mutualisation/acte/annuler.html", context, status=status)


@require_GET
def acte_fichier(request: HttpRequest, pk: int) -> HttpResponse:
    """The file of an act."""
    found = visible_act(request, pk)
    if found.piece is None:
        raise Http404
    return serve_piece(request, found.piece)
