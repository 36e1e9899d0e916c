"""The signed copy: deposited from the circuit, examined on a page, confirmed; or a refusal to sign."""

from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from comptes.contexte import person
from contrats.exemplaires import awaited, doubts
from contrats.forms.signature import ConfirmerForm, SigneForm
from contrats.models import ExemplaireSigne
from contrats.views.circuit import circuit_page, refusal_form, visible_version
from contrats.workflows.signature import confirm_signed, deposit_signed, refuse_to_sign
from documents.views.piece import serve_piece
from mutualisation.views.refus import status_of, tell
from socle import horloge
from socle.droits import require
from socle.erreurs import Refus
from socle.saisie import number

CERTIFICATS = {
    "verifie": ("v", "certificat vérifié"),
    "non_verifie": ("o", "révocation non vérifiée"),
    "revoque": ("r", "certificat révoqué"),
    "inconnu": ("o", "autorité non reconnue"),
}
RELATED = (
    "piece__deposee_par",
    "version_contrat__epci",
    "version_contrat__commune",
    "document",
)


@require_POST
def deposer(request: HttpRequest, pk: int) -> HttpResponse:
    """Deposit the signed copy; what it is stands on the next page, where it is confirmed."""
    version = visible_version(request, pk)
    require(version, request.user, "conduire")
    form = SigneForm(request.POST, request.FILES)
    if not form.is_valid():
        return circuit_page(request, version, status=422, form_signe=form)
    try:
        made = deposit_signed(version=version, acteur=person(request), **form.cleaned_data)
    except Refus as refus:
        tell(form, refus)
        return circuit_page(request, visible_version(request, pk), status=status_of(refus), form_signe=form)
    return redirect("contrats:exemplaire", made.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def exemplaire(request: HttpRequest, pk: int) -> HttpResponse:
    """What a deposited file is beside the copy issued; POST confirms it."""
    row = _visible(request, pk)
    form = ConfirmerForm(request.POST or None, doutes=doubts(row), initial={"signe_on": _last_day(row)})
    if request.method != "POST":
        return _page(request, row, form)
    require(row, request.user, "confirmer")
    if not form.is_valid():
        return _page(request, row, form, 422)
    try:
        confirm_signed(exemplaire=row, acteur=person(request), **form.cleaned_data)
    except Refus as refus:
        tell(form, refus)
        return _page(request, row, form, status_of(refus))
    messages.success(request, "Le contrat est signé. Les deux parties sont prévenues.")
    return redirect("contrats:circuit", row.version_contrat_id)


@require_GET
def exemplaire_fichier(request: HttpRequest, pk: int) -> HttpResponse:
    """The signed file as it came."""
    return serve_piece(request, _visible(request, pk).piece)


@require_POST
def refuser(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that a side refuses to sign, and why."""
    version = visible_version(request, pk)
    require(version, request.user, "refuser_signature")
    form = refusal_form(request, version, request.POST)
    lue = number(request.POST.get("version")) or 0
    if not form.is_valid():
        return circuit_page(request, version, status=422, form_refus=form)
    try:
        refuse_to_sign(version=version, acteur=person(request), lue=lue, **form.cleaned_data)
    except Refus as refus:
        tell(form, refus)
        return circuit_page(request, visible_version(request, pk), status=status_of(refus), form_refus=form)
    messages.success(request, "Le refus est enregistré ; les deux parties en connaissent le motif.")
    return redirect("contrats:circuit", pk)


def _visible(request: HttpRequest, pk: int) -> ExemplaireSigne:
    rows: Any = ExemplaireSigne.objects.visible_to(request.user).select_related(*RELATED)
    found: ExemplaireSigne = get_object_or_404(rows, pk=pk)
    return found


def _last_day(row: ExemplaireSigne) -> date:
    """The local day of the last signature, today when none says it; within the days that can be."""
    epci = row.version_contrat.epci
    first = horloge.local(row.document.reserve_at, epci.fuseau).date()
    moments = filter(None, map(_moment, row.constat.get("signatures", [])))
    days = [horloge.local(moment, epci.fuseau).date() for moment in moments]
    return min(max(first, *days), epci.today) if days else epci.today


def _moment(signature: dict[str, str]) -> datetime | None:
    """When a signature says that it was made."""
    return datetime.fromisoformat(signature["signee_at"]) if signature["signee_at"] else None


def _page(request: HttpRequest, row: ExemplaireSigne, form: ConfirmerForm, status: int = 200) -> HttpResponse:
    context = {
        "exemplaire": row,
        "version": row.version_contrat,
        "signatures": [
            (one, _moment(one), CERTIFICATS[one["certificat"]]) for one in row.constat.get("signatures", [])
        ],
        "ajouts": row.constat.get("ajouts", []),
        "attendus": awaited(row),
        "form": form,
        "droits": row.abilities_for(request.user),
        "qui_peut": ExemplaireSigne.QUI_PEUT["confirmer"],
    }
    return render(request, "contrats/signature/exemplaire.html", context, status=status)
