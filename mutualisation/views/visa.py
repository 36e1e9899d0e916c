"""The mayor's agreement: the page he is sent, the request, the letter he signed."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from comptes.contexte import person
from documents.views.piece import serve_piece
from mutualisation.feuille import read_sheet
from mutualisation.forms.declaration import LettreForm
from mutualisation.models import Declaration
from mutualisation.views.declaration import page_context, show_to_submit, visible_declaration
from mutualisation.views.refus import tell
from mutualisation.workflows.visa import attach_letter, give_visa, request_visa
from socle.droits import require
from socle.erreurs import Refus
from socle.typographie import typeset


@require_http_methods(["GET", "HEAD", "POST"])
def visa(request: HttpRequest, pk: int) -> HttpResponse:
    """What the mayor approves, in plain French; opening it does nothing, the button does."""
    found = visible_declaration(request, pk)
    if request.method == "POST":
        return _give(request, found)
    context = page_context(request, read_sheet(found)) | {"qui_peut": Declaration.QUI_PEUT["viser"]}
    return render(request, "mutualisation/visa/visa.html", context)


def _give(request: HttpRequest, found: Declaration) -> HttpResponse:
    empreinte = str(request.POST.get("empreinte", ""))
    try:
        give_visa(declaration=found, acteur=person(request), empreinte=empreinte)
    except Refus as refus:
        messages.error(request, typeset(refus.message))
    else:
        messages.success(request, typeset("Choix visés. Le directeur général des services peut déposer."))
    return redirect("mutualisation:visa", pk=found.pk)


@require_POST
def visa_demander(request: HttpRequest, pk: int) -> HttpResponse:
    """Send the mayor the link."""
    found = visible_declaration(request, pk)
    try:
        request_visa(declaration=found, acteur=person(request))
    except Refus as refus:
        messages.error(request, typeset(refus.message))
    else:
        who = "Vous serez" if found.signed_by(request.user) else "Le directeur général des services sera"
        messages.success(request, typeset(f"Le maire a reçu le lien. {who} prévenu quand il aura visé."))
    return redirect("mutualisation:declaration_relire", pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
def lettre(request: HttpRequest, pk: int) -> HttpResponse:
    """The letter that the mayor signed: GET gives it back, POST joins it."""
    found = visible_declaration(request, pk)
    if request.method == "POST":
        return _join(request, found)
    if not found.lettre:
        raise Http404
    return serve_piece(request, found.lettre)


def _join(request: HttpRequest, found: Declaration) -> HttpResponse:
    if not found.prepared_by(request.user):
        require(found, request.user, "modifier")
    form = LettreForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            attach_letter(declaration=found, acteur=person(request), fichier=form.cleaned_data["lettre"])
        except Refus as refus:
            tell(form, refus)
        else:
            messages.success(request, typeset("Lettre jointe."))
            return redirect(reverse("mutualisation:declaration_relire", args=[found.pk]) + "#deposer")
    return show_to_submit(request, found, form, status=422)
