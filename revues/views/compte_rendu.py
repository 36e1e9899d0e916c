"""Minutes: writing them on one page, reading them again, issuing them, the printed document."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from comptes.contexte import person
from comptes.models import Personne
from documents.views.document import serve
from revues.forms import NO_NAME, BasePoints, CompteRenduForm, point_formset
from revues.models import CompteRendu, Revue
from revues.participants import participants
from revues.tableau import between
from revues.workflows.compte_rendu import issue_minutes, observation_end, recipients_of, write_minutes
from socle import horloge
from socle.droits import require
from socle.erreurs import Conflit, Refus
from socle.saisie import number

RELATED = ("epci", "commune", "domaine", "compte_rendu")
POINT_FIELDS = ("nature", "texte", "responsable", "echeance_on")
ISSUED = (
    "Ce compte rendu a été émis entre-temps : il ne change plus. "
    "Votre texte est ci-dessous, pour que vous puissiez le copier."
)


def _get(request: HttpRequest, pk: int) -> Revue:
    return get_object_or_404(Revue.objects.visible_to(request.user).select_related(*RELATED), pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
def rediger(request: HttpRequest, pk: int) -> HttpResponse:
    """The minutes of a visit on one page; saved as a draft, then read again and issued."""
    revue = _get(request, pk)
    if revue.etat != Revue.Etat.PREVUE:
        if request.method == "POST" and revue.etat == Revue.Etat.TENUE:
            return _too_late(request, revue)
        return redirect("revues:revue", pk)
    require(revue, request.user, "tenir")
    if request.method == "POST":
        return _save(request, revue)
    form = CompteRenduForm(instance=revue.compte_rendu, initial=_initial(revue), **_form_args(request, revue))
    return _page(request, revue, form, _stored_points(revue.compte_rendu))


def _form_args(request: HttpRequest, revue: Revue) -> dict[str, Any]:
    return {"revue": revue, "candidates": groupable(revue, person(request)), "today": revue.epci.today}


def groupable(revue: Revue, user: Personne) -> list[Revue]:
    """Reviews of the same commune on the same day that the user may write about in the same minutes."""
    day = revue.jour
    same_day = between(day, day.fromordinal(day.toordinal() + 1), revue.epci.fuseau)
    rows = Revue.objects.visible_to(user).filter(same_day, epci=revue.epci_id, commune=revue.commune_id)
    others = (
        rows.filter(etat=Revue.Etat.PREVUE).exclude(pk=revue.pk).select_related("commune", "domaine", "epci")
    )
    mine = (None, revue.compte_rendu_id)
    return [
        o
        for o in others.order_by("prevue_at", "pk")
        if o.compte_rendu_id in mine and o.abilities_for(user)["tenir"]
    ]


def _initial(revue: Revue) -> dict[str, Any]:
    minutes = revue.compte_rendu
    if minutes:
        return {
            "groupees": list(minutes.revues.exclude(pk=revue.pk).order_by("pk").values_list("pk", flat=True))
        }
    expected = [f"{p}, {p.fonction}" if p.fonction else str(p) for p in participants(revue)]
    return {
        "tenue_on": min(revue.jour, revue.epci.today),
        "lieu": revue.lieu,
        "presents": "\n".join(expected),
    }


def _stored_points(minutes: CompteRendu | None) -> BasePoints:
    points = list(minutes.points.order_by("ordre").values(*POINT_FIELDS)) if minutes else []
    return point_formset(initial=points, kept=len(points))


def _save(request: HttpRequest, revue: Revue) -> HttpResponse:
    # A fresh instance: what the page shows of the draft must not change with what is typed.
    form = CompteRenduForm(request.POST, instance=_blank(revue), **_form_args(request, revue))
    held = form.is_valid()
    points = point_formset(request.POST, tenue_on=form.cleaned_data.get("tenue_on"))
    version = _version(request)
    if not (points.is_valid() and held):
        return _page(request, revue, form, points, version=version, status=422)
    try:
        write_minutes(
            revue=revue,
            acteur=person(request),
            valeurs=form.values(),
            points=points.rows(),
            groupees=form.cleaned_data.get("groupees", ()),
            version=version,
        )
    except Conflit as conflit:
        return _conflict(request, revue, form, points, conflit.message)
    except (Refus, ValidationError) as refus:
        form.add_error(_field(form, refus), refus.message if isinstance(refus, Refus) else refus.messages)
        return _page(request, revue, form, points, version=version, status=422)
    if request.POST.get("suite") == "relire":
        return redirect("revues:emettre", revue.pk)
    messages.success(
        request, "Le brouillon est enregistré. Personne d'autre que ceux qui l'écrivent ne le lit."
    )
    return redirect("revues:rediger", revue.pk)


def _blank(revue: Revue) -> CompteRendu:
    return CompteRendu(epci=revue.epci, commune=revue.commune)


def _field(form: CompteRenduForm, refus: Exception) -> str | None:
    field = getattr(refus, "field", None)
    return field if field in form.fields else None


def _version(request: HttpRequest) -> int | None:
    """The version of the draft the page read; None for a first save."""
    value = request.POST.get("version", "")
    return number(value)


def _conflict(
    request: HttpRequest, revue: Revue, form: CompteRenduForm, points: BasePoints, message: str
) -> HttpResponse:
    current = _get(request, revue.pk)
    if current.etat != Revue.Etat.PREVUE:
        return _too_late(request, current)
    minutes = current.compte_rendu
    version = minutes.version if minutes else None
    return _page(request, current, form, points, version=version, conflit=message, status=409)


def _too_late(request: HttpRequest, revue: Revue) -> HttpResponse:
    form = CompteRenduForm(
        request.POST, instance=_blank(revue), revue=revue, candidates=[], today=revue.epci.today
    )
    return _page(request, revue, form, point_formset(request.POST), conflit=ISSUED, fige=True, status=409)


def _page(
    request: HttpRequest,
    revue: Revue,
    form: CompteRenduForm,
    points: BasePoints,
    *,
    version: int | None = None,
    conflit: str = "",
    fige: bool = False,
    status: int = 200,
) -> HttpResponse:
    minutes = revue.compte_rendu
    context = {
        "revue": revue,
        "prevue_at": horloge.local(revue.prevue_at, revue.epci.fuseau),
        "form": form,
        "groupables": "groupees" in form.fields,
        "formset": points,
        "version": version if request.method == "POST" else (minutes.version if minutes else None),
        "conflit": conflit,
        "fige": fige,
        "enregistre": minutes if conflit else None,
        "points_enregistres": list(minutes.points.order_by("ordre")) if conflit and minutes else [],
        "aucun_agent": NO_NAME,
    }
    return render(request, "revues/compte_rendu/rediger.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def emettre(request: HttpRequest, pk: int) -> HttpResponse:
    """Read the minutes again, then issue them: they never change afterwards."""
    revue = _get(request, pk)
    minutes = revue.compte_rendu
    if revue.etat != Revue.Etat.PREVUE:
        return redirect("revues:revue", pk)
    require(revue, request.user, "tenir")
    if minutes is None:
        return redirect("revues:rediger", pk)
    if request.method != "POST":
        return _confirm(request, revue, minutes)
    try:
        issued = issue_minutes(minutes=minutes, acteur=person(request), version=_version(request))
    except Refus as refus:
        status = 409 if isinstance(refus, Conflit) else 422
        return _confirm(request, _get(request, pk), refus=refus.message, status=status)
    messages.success(request, f"Le compte rendu {issued.document} est émis et envoyé.")
    return redirect("revues:revue", pk)


def _confirm(
    request: HttpRequest,
    revue: Revue,
    minutes: CompteRendu | None = None,
    *,
    refus: str = "",
    status: int = 200,
) -> HttpResponse:
    minutes = minutes or revue.compte_rendu
    assert minutes  # a draft never loses its minutes without being issued
    revues = list(minutes.revues.select_related("epci", "commune", "domaine").order_by("prevue_at", "pk"))
    context = {
        "revue": revue,
        "compte_rendu": minutes,
        "revues": revues,
        "points": list(minutes.points.order_by("ordre")),
        "destinataires": recipients_of(minutes, revues),
        "observation_until_on": observation_end(revue.epci),
        "refus": refus,
    }
    return render(request, "revues/compte_rendu/emettre.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def compte_rendu_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """The issued minutes, as printed; a POST is about their number (documents.views)."""
    rows = CompteRendu.objects.visible_to(request.user).select_related("document")
    minutes = get_object_or_404(rows, pk=pk)
    if minutes.document is None:
        raise Http404
    return serve(request, minutes.document)
