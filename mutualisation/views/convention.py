"""The conventions de services communs: the list, one of them, its files."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from comptes.contexte import hat, person
from comptes.roles import Role
from documents.views.piece import serve_piece
from mutualisation.forms.convention import ConventionForm, FiltreConventions, PieceForm
from mutualisation.models import Convention, ConventionPiece, Declaration
from mutualisation.suivi import read_one, warnings
from mutualisation.views.acte import sheet
from mutualisation.views.cycle import visible_cycle
from mutualisation.views.refus import status_of, tell, with_version
from mutualisation.workflows.convention import (
    STEPS,
    file_piece,
    follow_convention,
    prepare_conventions,
    withdraw_piece,
)
from socle.droits import ActionInterdite, require
from socle.erreurs import Refus
from socle.liste import asked_format, listed
from socle.typographie import plural, typeset

ENTETE = (
    "Commune",
    "Code INSEE",
    "Convention",
    "Cycle",
    "Numéro",
    "État",
    "Approuvée le",
    "Signée le",
    "Transmise le",
    "Fichiers",
)


@require_GET
def conventions(request: HttpRequest) -> HttpResponse:
    """The conventions and avenants the user sees, filtered; on a page or as a sheet."""
    contexte = hat(request)
    rows = Convention.objects.visible_to(request.user).filter(epci=contexte.epci_id)
    related = rows.select_related("commune", "cycle").prefetch_related("pieces")
    ordered = related.order_by("commune__tri", "commune_id", "-rang")
    filtre = FiltreConventions(request.GET, queryset=ordered, request=request)
    if kind := asked_format(request):
        title = f"Conventions de services communs, {request.epci}"
        return sheet(kind, "conventions", title, ENTETE, [_cells(row) for row in filtre.qs])
    context = {
        **listed(request, filtre),
        "direction": contexte.role == Role.DIRECTION_TERRITOIRES,
        "communale": contexte.commune_id is not None,
    }
    return render(request, "mutualisation/convention/conventions.html", context)


def _cells(row: Convention) -> list[Any]:
    return [
        row.commune.nom,
        row.commune.code_insee,
        row.titre,
        row.cycle.annee,
        row.numero,
        row.etat_lu[1],
        *(getattr(row, name) for name in STEPS),
        len(row.pieces.all()),
    ]


@require_POST
def conventions_preparer(request: HttpRequest, pk: int) -> HttpResponse:
    """Create what is missing for the communes with accepted lines."""
    cycle = visible_cycle(request, pk)
    created = prepare_conventions(cycle=cycle, acteur=person(request))
    if created:
        said = plural(len(created), "suivi de convention ouvert", "suivis de convention ouverts")
        messages.success(request, typeset(f"{said} pour {cycle.annee}."))
    else:
        messages.info(request, "Chaque commune qui a une ligne acceptée a déjà son suivi de convention.")
    return redirect(f"{reverse('mutualisation:conventions')}?cycle={cycle.pk}")


def visible_convention(request: HttpRequest, pk: int) -> Convention:
    """The convention, or 404 when it is another commune's."""
    rows = Convention.objects.visible_to(request.user).select_related("epci", "commune", "cycle__epci")
    return get_object_or_404(rows, pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
def convention(request: HttpRequest, pk: int) -> HttpResponse:
    """One convention: GET shows it, POST says where it stands."""
    found = visible_convention(request, pk)
    if request.method != "POST":
        return _page(request, found, ConventionForm(initial=_present(found)), PieceForm(prefix="piece"))
    require(found, request.user, "modifier")
    form = ConventionForm(request.POST)
    if not form.is_valid():
        return _page(request, found, form, PieceForm(prefix="piece"), 422)
    try:
        follow_convention(convention=found, acteur=person(request), **form.cleaned_data)
    except Refus as refus:
        found.refresh_from_db()
        tell(form, refus)
        with_version(form, found.version)
        return _page(request, found, form, PieceForm(prefix="piece"), status_of(refus))
    messages.success(request, "Suivi enregistré.")
    return redirect("mutualisation:convention", pk=pk)


def _present(found: Convention) -> dict[str, Any]:
    return {name: getattr(found, name) for name in ("version", "numero", *STEPS)}


def _page(
    request: HttpRequest, found: Convention, form: ConventionForm, piece_form: PieceForm, status: int = 200
) -> HttpResponse:
    avancement = read_one(found.cycle, request.user, found.commune)
    declarations = Declaration.objects.visible_to(request.user).filter(
        cycle=found.cycle, commune=found.commune
    )
    others = Convention.objects.visible_to(request.user).filter(epci=found.epci, commune=found.commune)
    context = {
        "convention": found,
        "cycle": found.cycle,
        "form": form,
        "piece_form": piece_form,
        "droits": found.abilities_for(request.user),
        "qui_peut": Convention.QUI_PEUT["modifier"],
        "pieces": found.pieces.select_related("piece__deposee_par").order_by("nature", "pk"),
        "alertes": warnings(found, avancement),
        "declaration": declarations.first(),
        "autres": others.exclude(pk=found.pk).select_related("cycle", "commune").order_by("rang"),
    }
    return render(request, "mutualisation/convention/convention.html", context, status=status)


@require_POST
def convention_piece_nouvelle(request: HttpRequest, pk: int) -> HttpResponse:
    """File a PDF with a convention."""
    found = visible_convention(request, pk)
    require(found, request.user, "modifier")
    form = PieceForm(request.POST, request.FILES, prefix="piece")
    status = 422
    if form.is_valid():
        try:
            file_piece(convention=found, acteur=person(request), **form.cleaned_data)
        except Refus as refus:
            tell(form, refus)
            status = status_of(refus)
        else:
            messages.success(request, "Fichier versé au dossier.")
            return redirect("mutualisation:convention", pk=pk)
    return _page(request, found, ConventionForm(initial=_present(found)), form, status)


def _visible_piece(request: HttpRequest, pk: int) -> ConventionPiece:
    seen = Convention.objects.visible_to(request.user)
    rows = ConventionPiece.objects.filter(convention__in=seen)
    return get_object_or_404(rows.select_related("piece", "convention__commune"), pk=pk)


@require_GET
def convention_piece(request: HttpRequest, pk: int) -> HttpResponse:
    """A file of a convention."""
    return serve_piece(request, _visible_piece(request, pk).piece)


@require_http_methods(["GET", "HEAD", "POST"])
def convention_piece_retirer(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, then take the file out."""
    found = _visible_piece(request, pk)
    if not found.convention.abilities_for(request.user)["modifier"]:
        raise ActionInterdite(Convention.QUI_PEUT["modifier"])
    if request.method == "POST":
        withdraw_piece(piece=found, acteur=person(request))
        messages.success(request, "Fichier retiré du dossier.")
        return redirect("mutualisation:convention", pk=found.convention_id)
    context = {
        "titre": "Retirer ce fichier du dossier ?",
        "phrase": f"{found.piece.nom}, {found.get_nature_display()}, {found.convention.commune}.",
        "consequences": ("L'historique de la convention garde son nom et son empreinte.",),
        "verbe": "Retirer le fichier",
        "url_retour": reverse("mutualisation:convention", args=[found.convention_id]),
    }
    return render(request, "composants/confirmation.html", context)
