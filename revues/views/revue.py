"""Reviews: the list and its exports, the board, one review, the reason why one was not held, and taking it back."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from comptes.contexte import hat, person
from contrats.models import Engagement
from journal.models import Evenement
from revues.forms import MotifForm, RevueFilter
from revues.models import CompteRendu, Revue
from revues.participants import participants
from revues.tableau import MOIS_COURTS, Rang, read_board, read_figures, scope
from revues.workflows.revue import cancel_review, restore_review
from socle import horloge
from socle.dates import MOIS, day_and_year
from socle.droits import require
from socle.erreurs import Conflit, Refus
from socle.liste import PAR_PAGE, asked_format
from socle.saisie import number
from socle.tableur import Tableau, Valeur, day_and_hour, table_response
from socle.typographie import typeset
from territoire.devenir import read_devenir
from territoire.models import Epci

RELATED = ("epci", "commune", "domaine", "compte_rendu")
HEADER = ("Commune", "Revue", "Domaine", "Prévue le", "À", "Lieu", "État", "Tenue le", "Motif")


@require_safe
def revues(request: HttpRequest) -> HttpResponse:
    """The reviews of the hat, filtered; on a page or as a sheet (`format`)."""
    contexte = hat(request)
    epci: Epci = request.epci
    filtre = RevueFilter(request.GET, scope(person(request), contexte), epci=epci)
    rows = filtre.ordered.select_related("commune", "domaine", "epci")
    if kind := asked_format(request):
        return table_response(_sheet(rows, epci), kind)
    page = Paginator(rows, PAR_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "filtre": filtre,
        "filtree": _is_filtered(request),
    }
    return render(request, "revues/revue/liste.html", context)


def _is_filtered(request: HttpRequest) -> bool:
    return any(request.GET.get(name) for name in RevueFilter.Meta.fields)


def _sheet(rows: QuerySet[Revue], epci: Epci) -> Tableau:
    title = f"Revues – {epci}, le {epci.today:%d/%m/%Y}"
    lines = [_line(row, epci) for row in rows]
    return Tableau(f"revues-{epci.today}", title, HEADER, lines, "Revues", figees=2)


def _line(row: Revue, epci: Epci) -> tuple[Valeur, ...]:
    state = "compte rendu attendu" if row.en_retard else row.get_etat_display()
    domaine = row.domaine.libelle if row.domaine else ""
    return (
        row.commune.nom,
        row.get_type_display(),
        domaine,
        *day_and_hour(row.prevue_at, epci.fuseau),
        row.lieu,
        state,
        row.tenue_on,
        row.motif,
    )


@require_safe
def tableau(request: HttpRequest) -> HttpResponse:
    """Held over planned, communes by months of a year, on a page or as a sheet (`format`).

    The same number of queries for any number of communes.
    """
    contexte = hat(request)
    epci: Epci = request.epci
    this_year = epci.today.year
    annee = _year(request.GET.get("annee"), this_year)
    mine = scope(person(request), contexte)
    rangs = read_board(mine, epci, annee)
    if kind := asked_format(request):
        return table_response(_board_sheet(rangs, epci, annee), kind)
    context = {
        "annee": annee,
        "annees": range(this_year - 3, this_year + 2),
        "mois": MOIS_COURTS,
        "rangs": rangs,
        "chiffres": read_figures(mine, epci, annee),
    }
    return render(request, "revues/revue/tableau.html", context)


def _board_sheet(rangs: list[Rang], epci: Epci, annee: int) -> Tableau:
    header = ("Commune", *(nom.capitalize() for nom in MOIS))
    lines = [(rang.commune, *(case.mots for case in rang.cases)) for rang in rangs]
    title = f"Revues tenues et prévues {annee} – {epci}, le {epci.today:%d/%m/%Y}"
    return Tableau(f"revues-tenues-{annee}", title, header, lines, "Tenues et prévues")


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
        **_before(request, found),
        **_after(request, found),
        "engagement": _engagement(request, found),
        "historique": Evenement.objects.visible_to(request.user).about(found).exists(),
    }
    return render(request, "revues/revue/detail.html", context)


def _before(request: HttpRequest, found: Revue) -> dict[str, Any]:
    """The last review of the same kind held before this one, with its points; and the one just before when it was not held."""
    same = Revue.objects.visible_to(request.user).filter(
        epci=found.epci_id, commune=found.commune_id, type=found.type, domaine=found.domaine_id
    )
    before = same.filter(prevue_at__lt=found.prevue_at).order_by("-prevue_at", "-pk")
    held = before.filter(etat=Revue.Etat.TENUE, compte_rendu__etat=CompteRendu.Etat.EMIS)
    last, held_last = before.first(), held.select_related("compte_rendu").first()
    return {
        "manquee": last if last and last.etat != Revue.Etat.TENUE else None,
        "precedente": held_last,
        "points_precedents": list(held_last.compte_rendu.points.order_by("ordre")) if held_last else [],
    }


def _after(request: HttpRequest, found: Revue) -> dict[str, Any]:
    """What became of a commune that left, and the reviews of those that succeeded it, when the hat follows them."""
    devenir = read_devenir(found.epci, found.commune)
    if devenir is None:
        return {"devenir": None, "suites": []}
    followed = scope(person(request), hat(request)).filter(commune__in=devenir.heritieres)
    known = set(followed.values_list("commune", flat=True))
    return {"devenir": devenir, "suites": [one for one in devenir.heritieres if one.pk in known]}


def _engagement(request: HttpRequest, found: Revue) -> Engagement | None:
    if not found.domaine_id:
        return None
    mine: Any = Engagement.objects.visible_to(request.user)
    fiche: Engagement | None = mine.filter(commune=found.commune_id, domaine=found.domaine_id).to_read(
        found.epci.today
    )
    return fiche


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


@require_http_methods(["GET", "HEAD", "POST"])
def retablir(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask before taking back « non tenue », then do it."""
    found = get_object_or_404(Revue.objects.visible_to(request.user).select_related(*RELATED), pk=pk)
    if found.etat != Revue.Etat.NON_TENUE:
        return redirect("revues:revue", pk)
    require(found, request.user, "retablir")
    if request.method == "POST":
        return _restore(request, found)
    to_come = found.prevue_at > horloge.now()
    context = {
        "titre": "Revenir sur « non tenue »",
        "phrase": f"{found.libelle}, {found.commune}, prévue le {day_and_year(found.jour)}, est notée non tenue : "
        f"« {found.motif} ».",
        "consequences": [
            "Les personnes invitées la retrouvent dans leur agenda."
            if to_come
            else "Son compte rendu est de nouveau attendu.",
            "Ce motif et votre nom restent dans l'historique de la revue.",
        ],
        "verbe": "La remettre à tenir",
        "url_retour": reverse("revues:revue", args=[pk]),
        "version": found.version,
    }
    return render(request, "composants/confirmation_lue.html", context)


def _restore(request: HttpRequest, found: Revue) -> HttpResponse:
    try:
        restore_review(revue=found, acteur=person(request), version=number(request.POST.get("version")) or 0)
    except Conflit as conflit:
        messages.error(request, typeset(conflit.message))
    else:
        messages.success(request, typeset("La revue n'est plus notée non tenue."))
    return redirect("revues:revue", found.pk)
