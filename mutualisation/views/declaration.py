"""The yearly choices of a commune: one page to prepare, one to read again, one act to submit, one to take back."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from comptes.contexte import person
from comptes.visibilite import COMMUNE_ROLES
from documents.views.document import serve
from mutualisation.brouillon import Saisie
from mutualisation.campagne import READERS
from mutualisation.changements import read_choices
from mutualisation.ecarts import read_cycle_changes
from mutualisation.feuille import Feuille, earlier_receipts, read_saved_sheet, read_sheet
from mutualisation.forms.declaration import LettreForm, read_saisie, read_shortcut
from mutualisation.models import Declaration
from mutualisation.regles import read_rules
from mutualisation.views.qualite import qualite_of
from mutualisation.views.refus import status_of
from mutualisation.visa import missing_visa, required_visa, visa_asked_at, visa_stands
from mutualisation.workflows.declaration import (
    RELATED,
    next_steps,
    save_draft,
    submit_declaration,
    withdraw_declaration,
)
from socle.droits import require
from socle.erreurs import Conflit, Refus
from socle.saisie import number
from socle.typographie import typeset


@require_GET
def ma_declaration(request: HttpRequest) -> HttpResponse:
    """To the declaration of the hat's commune: the one being declared, else the latest."""
    contexte = request.contexte
    if contexte is None or contexte.commune_id is None:
        return _no_declaration(request, commune="")
    mine = Declaration.objects.visible_to(request.user).filter(
        epci=contexte.epci_id, commune=contexte.commune_id
    )
    latest = (
        mine.filter(cycle__ouvert_at__isnull=False).select_related("cycle__epci").order_by("-cycle__annee")
    )
    declarations = list(latest)
    declaring = [one for one in declarations if one.ouverte]
    if not declarations:
        return _no_declaration(request, commune=contexte.commune_nom)
    return redirect("mutualisation:declaration", pk=(declaring or declarations)[0].pk)


def _no_declaration(request: HttpRequest, *, commune: str) -> HttpResponse:
    """Why a hat has no declaration to open: none yet in its commune, or it does not read them; and where to go instead."""
    hat = request.contexte
    context = {
        "commune": commune,
        "lit": bool(commune and hat.role in COMMUNE_ROLES),
        "campagne": bool(hat and request.user.acces.acts_for_epci(hat.epci_id, *READERS)),
    }
    return render(request, "mutualisation/declaration/aucune.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def declaration(request: HttpRequest, pk: int) -> HttpResponse:
    """The page of a declaration: GET shows it, POST saves the draft."""
    found = visible_declaration(request, pk)
    return _save(request, found) if request.method == "POST" else _show(request, read_sheet(found))


def visible_declaration(request: HttpRequest, pk: int) -> Declaration:
    """The declaration at an address, for who may read it; 404 for the others."""
    related = (*RELATED, "accuse", "deposee_par", "enregistree_par", "visee_par", "lettre")
    return get_object_or_404(Declaration.objects.visible_to(request.user).select_related(*related), pk=pk)


def _save(request: HttpRequest, found: Declaration) -> HttpResponse:
    if not found.prepared_by(request.user):
        require(found, request.user, "modifier")
    saisie = None
    try:
        saisie = read_saisie(request.POST)
        save_draft(declaration=found, acteur=person(request), saisie=saisie)
        _answer_missing(request, found)
    except Refus as refus:
        fresh = visible_declaration(request, found.pk)
        return _show(request, read_sheet(fresh, saisie=saisie, refus=refus), refus, typed=saisie is not None)
    return _after_save(request, found, saisie)


def _answer_missing(request: HttpRequest, found: Declaration) -> None:
    """Apply the button « Ajouter » or « Renoncer » that sent the page, if one did."""
    action = str(request.POST.get("action", ""))
    if action.startswith(("prendre-", "laisser-")):
        fresh = visible_declaration(request, found.pk)
        choix = read_choices(fresh)
        shortcut = read_shortcut(action, choix, read_rules(fresh, choix))
        if shortcut:
            save_draft(declaration=fresh, acteur=person(request), saisie=shortcut)


def _after_save(request: HttpRequest, before: Declaration, saisie: Saisie) -> HttpResponse:
    """The saved page itself for a page that saves as one goes; a message and another page for a button."""
    saved = visible_declaration(request, before.pk)
    fell = bool(before.visee_at or before.lettre_id) and not (saved.visee_at or saved.lettre_id)
    feuille = read_saved_sheet(saved, saisie, visa_tombe=fell)
    action = str(request.POST.get("action", ""))
    if action == "brouillon":
        return _show(request, feuille)
    for remarque in feuille.remarques:
        messages.info(request, typeset(remarque))
    if action == "deposer" and feuille.en_etat:
        return _submit(request, saved, feuille.choix.empreinte)
    if action in ("relire", "deposer"):
        return redirect("mutualisation:declaration_relire", pk=saved.pk)
    if action == "enregistrer":
        messages.success(request, "Brouillon enregistré.")
    domaine = number(action.partition("-")[2])
    page = reverse("mutualisation:declaration", args=[saved.pk])
    return redirect(f"{page}#domaine-{domaine}" if domaine else page)


def _show(
    request: HttpRequest, feuille: Feuille, refus: Refus | None = None, *, typed: bool = False
) -> HttpResponse:
    """The page to fill in for who may (or whose typing was just refused), the page to read for the others."""
    loaded = request.method != "POST"  # what is saved as one goes leaves this part of the page as it was
    change = len(read_cycle_changes(feuille.declaration.cycle)) if loaded else 0
    context = page_context(request, feuille) | {"refus": refus, "catalogue_change": change}
    context["conflit"] = isinstance(refus, Conflit)
    page = "feuille" if context["droits"]["modifier"] or typed else "lecture"
    status = status_of(refus) if refus else 200
    return render(request, f"mutualisation/declaration/{page}.html", context, status=status)


def page_context(request: HttpRequest, feuille: Feuille) -> dict[str, Any]:
    """What every page of a declaration shows."""
    found = feuille.declaration
    hat = request.contexte
    return {
        "declaration": found,
        "cycle": found.cycle,
        "feuille": feuille,
        "droits": found.abilities_for(request.user),
        "chez_soi": bool(hat and hat.commune_id == found.commune_id),
        "aujourdhui": found.epci.today,
        "suite": next_steps(found, feuille.choix),
        "anciens_accuses": earlier_receipts(found),
        "visa_tient": visa_stands(found, feuille.choix),
        "visa_manque": ""
        if found.deposee
        else missing_visa(found, feuille.choix, en_maire=found.submitted_as_mayor(request.user)),
    }


@require_GET
def declaration_relire(request: HttpRequest, pk: int) -> HttpResponse:
    """What will be submitted, in plain French; those who may not prepare it read the ordinary page."""
    found = visible_declaration(request, pk)
    if not found.abilities_for(request.user)["modifier"]:
        return redirect("mutualisation:declaration", pk=pk)
    return show_to_submit(request, found, LettreForm())


def show_to_submit(
    request: HttpRequest, found: Declaration, form: LettreForm, status: int = 200
) -> HttpResponse:
    """The page to read again, with the form of the mayor's letter."""
    context = page_context(request, read_sheet(found))
    # A mayor who submits himself is asked nothing.
    asked = context["visa_manque"] or found.visee_at or found.lettre_id
    context |= {
        "qui_peut": Declaration.QUI_PEUT["deposer"],
        "qualite": qualite_of(request, found),
        "visa": required_visa(found).value if asked else "",
        "visa_demande_at": visa_asked_at(found, context["feuille"].choix),
        "ensuite": "Vous pourrez déposer ensuite."
        if context["droits"]["deposer"]
        else "Le DGS ou le maire pourra déposer ensuite.",
        "form": form,
    }
    return render(request, "mutualisation/declaration/relire.html", context, status=status)


@require_POST
def declaration_deposer(request: HttpRequest, pk: int) -> HttpResponse:
    """Submit « au nom du maire »; a second press finds it done."""
    found = visible_declaration(request, pk)
    return _submit(request, found, str(request.POST.get("empreinte", "")))


def _submit(request: HttpRequest, found: Declaration, empreinte: str) -> HttpResponse:
    already, qualite = found.deposee, qualite_of(request, found)
    try:
        submit_declaration(declaration=found, acteur=person(request), qualite=qualite, empreinte=empreinte)
    except Refus as refus:
        messages.error(request, typeset(refus.message))
        return redirect("mutualisation:declaration_relire", pk=found.pk)
    if not already:
        messages.success(request, typeset("Déclaration déposée. Voici ce qui se passe maintenant."))
    return redirect("mutualisation:declaration", pk=found.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def declaration_retirer(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask before taking a deposit back, then do it."""
    found = visible_declaration(request, pk)
    if request.method == "POST":
        return _withdraw(request, found)
    require(found, request.user, "retirer")
    context = {
        "titre": "Retirer le dépôt",
        "phrase": f"La déclaration {found.commune.de} pour {found.cycle.annee} redevient un brouillon.",
        "consequences": [
            f"L'accusé {found.accuse.reference} est conservé dans l'historique ; un nouveau dépôt aura un autre numéro.",
            "La Direction des territoires est prévenue.",
            "Sans nouveau dépôt, rien ne change : la commune garde ce qu'elle partage.",
        ],
        "verbe": "Retirer le dépôt",
        "url_retour": reverse("mutualisation:declaration", args=[pk]),
        "version": found.version,
    }
    return render(request, "composants/confirmation_lue.html", context)


def _withdraw(request: HttpRequest, found: Declaration) -> HttpResponse:
    version, already = number(request.POST.get("version")), not found.deposee
    try:
        withdraw_declaration(declaration=found, acteur=person(request), version=version or 0)
    except Refus as refus:
        messages.error(request, typeset(refus.message))
    else:
        if not already:
            messages.success(request, typeset("Dépôt retiré. La déclaration est de nouveau un brouillon."))
    return redirect("mutualisation:declaration", pk=found.pk)


@require_http_methods(["GET", "POST"])
def accuse(request: HttpRequest, pk: int) -> HttpResponse:
    """The accusé de dépôt, as a PDF; a POST is about its number (documents.views)."""
    found = get_object_or_404(
        Declaration.objects.visible_to(request.user).select_related("accuse"), pk=pk, accuse__isnull=False
    )
    return serve(request, found.accuse)


@require_http_methods(["GET", "POST"])
def ancien_accuse(request: HttpRequest, pk: int, numero: int) -> HttpResponse:
    """The accusé of a deposit withdrawn since, as a PDF, or one annulled; a POST is about its number (documents.views)."""
    kept = earlier_receipts(visible_declaration(request, pk))
    found = next((document for document in kept if document.numero == numero), None)
    if found is None:
        raise Http404
    return serve(request, found)
