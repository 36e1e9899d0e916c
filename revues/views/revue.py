"""Reviews: the list and its exports, the board, one review, the reason why one was not held."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_safe

from comptes.contexte import hat, person
from contrats.models import Engagement
from journal.models import Evenement
from mutualisation.tableur import csv_response, xlsx_response
from revues.forms import MotifForm, RevueFilter
from revues.models import CompteRendu, Revue
from revues.participants import participants
from revues.tableau import MOIS_COURTS, read_board, read_figures, scope
from revues.workflows.revue import cancel_review
from socle import horloge
from socle.droits import require
from socle.erreurs import Conflit, Refus
from socle.saisie import number
from territoire.models import Epci

PER_PAGE = 50
RELATED = ("epci", "commune", "domaine", "compte_rendu")
HEADER = ("Commune", "Revue", "Domaine", "Prévue le", "À", "Lieu", "État", "Tenue le", "Motif")


@require_safe
def revues(request: HttpRequest) -> HttpResponse:
    """The reviews of the hat, filtered; `format=csv` or `xlsx` gives the same rows as a sheet."""
    contexte = hat(request)
    epci: Epci = request.epci
    filtre = RevueFilter(request.GET, scope(person(request), contexte), epci=epci)
    rows = filtre.ordered.select_related("commune", "domaine", "epci")
    if request.GET.get("format") in ("csv", "xlsx"):
        return _export(rows, epci, request.GET["format"])
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "filtre": filtre,
        "parametres": _parameters(request),
        "filtree": _is_filtered(request),
    }
    return render(request, "revues/revue/liste.html", context)


def _parameters(request: HttpRequest) -> str:
    kept = {
        name: str(value) for name, value in request.GET.items() if name not in ("page", "format") and value
    }
    return urlencode(kept)


def _is_filtered(request: HttpRequest) -> bool:
    return any(request.GET.get(name) for name in RevueFilter.Meta.fields)


def _export(rows: QuerySet[Revue], epci: Epci, format: str) -> HttpResponse:
    lines = [_line(row, epci) for row in rows]
    name = f"revues-{epci.today}.{format}"
    if format == "csv":
        return csv_response(name, HEADER, lines)
    return xlsx_response(
        name, f"Revues – {epci}, le {epci.today:%d/%m/%Y}", HEADER, lines, figees=2, feuille="Revues"
    )


def _line(row: Revue, epci: Epci) -> tuple[str | date | None, ...]:
    local = horloge.local(row.prevue_at, epci.fuseau)
    state = "compte rendu attendu" if row.en_retard else row.get_etat_display()
    domaine = row.domaine.libelle if row.domaine else ""
    return (
        row.commune.nom,
        row.get_type_display(),
        domaine,
        local.date(),
        f"{local:%H:%M}",
        row.lieu,
        state,
        row.tenue_on,
        row.motif,
    )


@require_safe
def tableau(request: HttpRequest) -> HttpResponse:
    """Held over planned, communes by months of a year: the same number of queries for any number of communes."""
    contexte = hat(request)
    epci: Epci = request.epci
    this_year = epci.today.year
    annee = _year(request.GET.get("annee"), this_year)
    mine = scope(person(request), contexte)
    context = {
        "annee": annee,
        "annees": range(this_year - 3, this_year + 2),
        "mois": MOIS_COURTS,
        "rangs": read_board(mine, epci, annee),
        "chiffres": read_figures(mine, epci, annee),
    }
    return render(request, "revues/revue/tableau.html", context)


def _year(value: str | None, default: int) -> int:
    year = int(value) if value and value.isdecimal() and len(value) == 4 else default
    return year if 2000 <= year <= 2100 else default


@require_safe
def revue(request: HttpRequest, pk: int) -> HttpResponse:
    """One review: when, where, who is expected, what was said last time; its minutes once issued."""
    found = get_object_or_404(Revue.objects.visible_to(request.user).select_related(*RELATED), pk=pk)
    minutes = found.compte_rendu if found.etat == Revue.Etat.TENUE else None
    context = {
        "revue": found,
        "prevue_at": horloge.local(found.prevue_at, found.epci.fuseau),
        "participants": participants(found),
        "droits": found.abilities_for(request.user),
        "compte_rendu": minutes,
        "points": list(minutes.points.order_by("ordre")) if minutes else [],
        "ensemble": list(minutes.revues.select_related("domaine").order_by("prevue_at", "pk"))
        if minutes
        else [],
        "observations_ouvertes": bool(minutes and minutes.observation_until_on >= found.epci.today),
        "precedente": _previous(request, found),
        "engagement": _engagement(request, found),
        "historique": Evenement.objects.visible_to(request.user).about(found).exists(),
    }
    return render(request, "revues/revue/detail.html", context)


def _previous(request: HttpRequest, found: Revue) -> dict[str, Any] | None:
    """The last review of the same kind that was held before this one, with its points."""
    same = Revue.objects.visible_to(request.user).filter(
        epci=found.epci_id, commune=found.commune_id, type=found.type, domaine=found.domaine_id
    )
    held = same.filter(
        etat=Revue.Etat.TENUE, prevue_at__lt=found.prevue_at, compte_rendu__etat=CompteRendu.Etat.EMIS
    )
    last = held.select_related("compte_rendu").order_by("-prevue_at", "-pk").first()
    if last is None:
        return None
    return {"revue": last, "points": list(last.compte_rendu.points.order_by("ordre"))}


def _engagement(request: HttpRequest, found: Revue) -> Engagement | None:
    if not found.domaine_id:
        return None
    mine = Engagement.objects.visible_to(request.user).filter(
        commune=found.commune_id, domaine=found.domaine_id
    )
    return mine.order_by("-version_contrat__numero").first()


@require_http_methods(["GET", "HEAD", "POST"])
def non_tenue(request: HttpRequest, pk: int) -> HttpResponse:
    """Say why a review was not held. What was typed stays when somebody else was faster (409)."""
    found = get_object_or_404(Revue.objects.visible_to(request.user).select_related(*RELATED), pk=pk)
    if found.etat == Revue.Etat.NON_TENUE:
        return redirect("revues:revue", pk)
    require(found, request.user, "annuler")
    form = MotifForm(request.POST or None)
    status, version = 200, found.version
    if request.method == "POST":
        status, version = (
            422,
            number(request.POST.get("version")) or 0,
        )
        if form.is_valid():
            try:
                cancel_review(
                    revue=found, acteur=person(request), motif=form.cleaned_data["motif"], version=version
                )
            except Conflit as conflit:
                form.add_error(None, conflit.message)
                status, version = 409, Revue.objects.get(pk=pk).version
            except Refus as refus:
                form.add_error(refus.field, refus.message)
            else:
                messages.success(request, "La revue est notée non tenue, avec son motif.")
                return redirect("revues:revue", pk)
    context = {"revue": found, "form": form, "version": version}
    return render(request, "revues/revue/non_tenue.html", context, status=status)
