"""Avenants: opening one by hand, giving it up, what it changes; and the end of a contract."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from comptes.contexte import person
from contrats.avenant import changes_of
from contrats.changements import Changement, by_section
from contrats.donnees import contract_data
from contrats.forms.avenant import AbandonForm, ActeDeFinForm, AvenantForm, FinDeContratForm
from contrats.models import ActeDeFin, Contrat, Cote, VersionContrat
from contrats.views.circuit import circuit_page, read_version, visible_version, whole_version
from contrats.workflows.avenant import abandon, open_amendment
from contrats.workflows.fin import end_contract
from mutualisation.views.acte import sheet
from mutualisation.views.refus import status_of, tell
from socle.droits import require
from socle.erreurs import Refus
from socle.liste import asked_format
from socle.saisie import number
from socle.typographie import typeset

ENTETE = ("Où", "Quoi", "Contrat initial", "Dernier texte signé", "Proposé")


def visible_contract(request: HttpRequest, pk: int) -> Contrat:
    """A contract of which the user sees something, or 404."""
    rows: Any = Contrat.objects.visible_to(request.user).select_related("epci", "commune")
    found: Contrat = get_object_or_404(rows, pk=pk)
    return found


@require_http_methods(["GET", "HEAD", "POST"])
def ouvrir(request: HttpRequest, pk: int) -> HttpResponse:
    """Open an avenant by hand."""
    contrat = visible_contract(request, pk)
    require(contrat, request.user, "amender")
    form = AvenantForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            version = open_amendment(
                contrat=contrat,
                acteur=person(request),
                effective_on=form.cleaned_data["effet"],
                objet=form.cleaned_data["objet"],
            )
        except Refus as refus:
            tell(form, refus)
            status = status_of(refus)
        else:
            messages.success(
                request, typeset(f"{version} est ouvert, au texte dernier signé : changez ses fiches.")
            )
            return redirect("contrats:contrat", pk)
    elif request.method == "POST":
        status = 422
    return render(request, "contrats/avenant/ouvrir.html", {"contrat": contrat, "form": form}, status=status)


@require_POST
def abandonner(request: HttpRequest, pk: int) -> HttpResponse:
    """Give up an avenant, with a motive."""
    version = visible_version(request, pk)
    require(version, request.user, "abandonner")
    form = AbandonForm(request.POST)
    if not form.is_valid():
        return circuit_page(request, version, status=422, form_abandon=form)
    try:
        abandon(
            version=version,
            acteur=person(request),
            lue=read_version(request),
            motif=form.cleaned_data["motif"],
        )
    except Refus as refus:
        return circuit_page(
            request, visible_version(request, pk), status=status_of(refus), refus=refus, form_abandon=form
        )
    messages.success(request, typeset(f"{version.libelle} est abandonné : la commune est prévenue."))
    return redirect("contrats:contrat", version.contrat_id)


@require_GET
def changements(request: HttpRequest, pk: int) -> HttpResponse:
    """What an avenant changes, value by value, on a page or as a sheet (`format`)."""
    version = whole_version(request, pk)
    found = changes_of(version, _data(version))
    if found is None:
        get_object_or_404(VersionContrat, pk=None)  # a first text changes nothing
    if kind := asked_format(request):
        return sheet(
            kind, "avenant", f"{version}, ce qui change", ENTETE, [_cells(one) for one in found or ()]
        )
    before = version.precedente
    context = {
        "version": version,
        "sections": by_section(found or ()),
        "signe": before,
        "avec_initial": bool(before and before.numero),
    }
    return render(request, "contrats/avenant/changements.html", context)


def _data(version: VersionContrat) -> dict[str, Any]:
    """The data of today while it is prepared, then those of its document."""
    document = version.a_signer or version.arrete
    data: dict[str, Any] = document.source["contrat"] if document else contract_data(version)
    return data


def _cells(one: Changement) -> tuple[str, ...]:
    return (one.section, one.quoi, one.initial or "", one.signe or "", one.propose or "")


@require_http_methods(["GET", "HEAD", "POST"])
def fin(request: HttpRequest, pk: int) -> HttpResponse:
    """Record the end of a contract."""
    contrat = visible_contract(request, pk)
    require(contrat, request.user, "finir")
    data = request.POST if request.method == "POST" else None
    form, acts = FinDeContratForm(data), [ActeDeFinForm(data, cote=cote) for cote in Cote]
    status = 200
    if data is not None:
        status = 422
        if all([form.is_valid(), *(one.is_valid() for one in acts)]):
            try:
                return _end(request, contrat, form, [one.acte for one in acts if one.acte])
            except Refus as refus:
                tell(form, refus)
                status = status_of(refus)
    context = {"contrat": contrat, "form": form, "actes": acts}
    return render(request, "contrats/avenant/fin.html", context, status=status)


def _end(
    request: HttpRequest, contrat: Contrat, form: FinDeContratForm, actes: list[ActeDeFin]
) -> HttpResponse:
    lue = number(request.POST.get("version")) or 0
    end_contract(contrat=contrat, acteur=person(request), lue=lue, actes=actes, **form.cleaned_data)
    messages.success(request, typeset("La fin du contrat est enregistrée : les deux parties sont prévenues."))
    return redirect("contrats:contrat", contrat.pk)
