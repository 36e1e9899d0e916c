"""The yearly choices of a commune: one page to prepare, one to read again, one act to submit."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from comptes.contexte import signed_in
from comptes.roles import Role
from documents.views.document import serve
from mutualisation.feuille import Feuille, read_sheet
from mutualisation.forms.declaration import read_saisie
from mutualisation.models import Declaration
from mutualisation.views.refus import status_of
from mutualisation.workflows.declaration import RELATED, Saisie, next_steps, save_draft, submit_declaration
from socle.droits import require
from socle.erreurs import Refus
from socle.typographie import typeset

QUALITES = {Role.DGS: "directeur général des services, au nom du maire", Role.MAIRE: "maire"}


@require_GET
def ma_declaration(request: HttpRequest) -> HttpResponse:
    """To the declaration of the hat's commune: the one being declared, else the latest."""
    contexte = request.contexte
    if contexte is None or contexte.commune_id is None:
        return render(request, "mutualisation/declaration/aucune.html", {"commune": None})
    mine = Declaration.objects.visible_to(request.user).filter(
        epci=contexte.epci_id, commune=contexte.commune_id
    )
    latest = (
        mine.filter(cycle__ouvert_at__isnull=False).select_related("cycle__epci").order_by("-cycle__annee")
    )
    declarations = list(latest)
    declaring = [one for one in declarations if one.cycle.declarations_ouvertes]
    if not declarations:
        return render(request, "mutualisation/declaration/aucune.html", {"commune": contexte.commune_nom})
    return redirect("mutualisation:declaration", pk=(declaring or declarations)[0].pk)


@require_http_methods(["GET", "HEAD", "POST"])
def declaration(request: HttpRequest, pk: int) -> HttpResponse:
    """The page of a declaration: GET shows it, POST saves the draft."""
    found = _visible(request, pk)
    return _save(request, found) if request.method == "POST" else _show(request, found)


def _visible(request: HttpRequest, pk: int) -> Declaration:
    rows = Declaration.objects.visible_to(request.user)
    return get_object_or_404(rows.select_related(*RELATED, "accuse", "deposee_par", "enregistree_par"), pk=pk)


def _save(request: HttpRequest, found: Declaration) -> HttpResponse:
    if not found.prepared_by(request.user):
        require(found, request.user, "modifier")
    saisie = None
    try:
        saisie = read_saisie(request.POST)
        saved = save_draft(declaration=found, acteur=signed_in(request), saisie=saisie)
    except Refus as refus:
        return _show(request, _visible(request, found.pk), saisie, refus)
    action = request.POST.get("action")
    if action == "relire":
        return redirect("mutualisation:declaration_relire", pk=saved.pk)
    if action == "enregistrer":
        messages.success(request, "Brouillon enregistré.")
    return redirect("mutualisation:declaration", pk=saved.pk)


def _show(
    request: HttpRequest, found: Declaration, saisie: Saisie | None = None, refus: Refus | None = None
) -> HttpResponse:
    """The page to fill in for who may (or whose typing was just refused), the page to read for the others."""
    feuille = read_sheet(found, saisie=saisie, refus=refus)
    context = _context(request, feuille) | {"refus": refus}
    page = "feuille" if context["droits"]["modifier"] or saisie else "lecture"
    status = status_of(refus) if refus else 200
    return render(request, f"mutualisation/declaration/{page}.html", context, status=status)


def _context(request: HttpRequest, feuille: Feuille) -> dict[str, Any]:
    found = feuille.declaration
    hat = request.contexte
    return {
        "declaration": found,
        "cycle": found.cycle,
        "feuille": feuille,
        "droits": found.abilities_for(request.user),
        "chez_soi": bool(hat and hat.commune_id == found.commune_id),
        "aujourdhui": found.epci.today,
        "suite": next_steps(found),
    }


@require_GET
def declaration_relire(request: HttpRequest, pk: int) -> HttpResponse:
    """What will be submitted, in plain French; those who may not prepare it read the ordinary page."""
    found = _visible(request, pk)
    droits = found.abilities_for(request.user)
    if not droits["modifier"]:
        return redirect("mutualisation:declaration", pk=pk)
    context = _context(request, read_sheet(found))
    return render(
        request,
        "mutualisation/declaration/relire.html",
        context | {"qui_peut": Declaration.QUI_PEUT["deposer"], "qualite": _qualite(request, found)},
    )


@require_POST
def declaration_deposer(request: HttpRequest, pk: int) -> HttpResponse:
    """Submit « au nom du maire »; a second press finds it done."""
    found = _visible(request, pk)
    already = found.deposee
    try:
        submit_declaration(declaration=found, acteur=signed_in(request), qualite=_qualite(request, found))
    except Refus as refus:
        messages.error(request, typeset(refus.message))
        return redirect("mutualisation:declaration_relire", pk=pk)
    if not already:
        messages.success(request, typeset("Déclaration déposée. Voici ce qui se passe maintenant."))
    return redirect("mutualisation:declaration", pk=pk)


def _qualite(request: HttpRequest, found: Declaration) -> str:
    """As what the person submits: the hat when it is of this commune, else the title held there."""
    held = [t for t in request.user.acces.with_role(*QUALITES) if t.commune_id == found.commune_id]
    worn = [titre for titre in held if titre == request.contexte]
    titre = (worn or held or [None])[0]
    return QUALITES[titre.role] if titre else ""


@require_GET
def accuse(request: HttpRequest, pk: int) -> HttpResponse:
    """The accusé de dépôt, as a PDF."""
    found = get_object_or_404(
        Declaration.objects.visible_to(request.user).select_related("accuse"), pk=pk, accuse__isnull=False
    )
    return serve(request, found.accuse)
