"""The account of a person: correcting it, closing it, reopening it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from comptes.annuaire import Annuaire
from comptes.contexte import person
from comptes.models import Jeton, Personne
from journal.forms import CompteForm, DepartForm
from journal.views.personne import REFUSED, add_refus, annuaire_of
from journal.workflows import compte as workflow
from socle.erreurs import Conflit, Refus
from socle.typographie import of

CONFLICT = 409


@require_http_methods(["GET", "HEAD", "POST"])
def correct(request: HttpRequest, pk: int) -> HttpResponse:
    """Name, address, function and telephone of an account; who was slower is told (409)."""
    annuaire = annuaire_of(request)
    personne = get_object_or_404(annuaire.people(), pk=pk)
    fixe = workflow.why_address_is_fixed(personne, annuaire.epci)
    form = CompteForm(request.POST if request.method == "POST" else None, personne=personne, fixe=fixe)
    if not form.is_valid():
        return _correct_page(request, personne, form, REFUSED if form.is_bound else 200)
    try:
        workflow.correct_account(
            personne=personne,
            epci=annuaire.epci,
            acteur=person(request),
            identite=form.identite,
            version=form.cleaned_data["version"],
        )
    except Conflit as conflit:
        add_refus(form, conflit)
        _show_theirs(form, personne)
        return _correct_page(request, personne, form, CONFLICT)
    except Refus as refus:
        add_refus(form, refus)
        return _correct_page(request, personne, form, REFUSED)
    messages.success(request, "Le compte est à jour.")
    return redirect("comptes:personne", pk)


def _correct_page(request: HttpRequest, personne: Personne, form: CompteForm, status: int) -> HttpResponse:
    context = {"personne": personne, "form": form}
    return render(request, "comptes/compte/corriger.html", context, status=status)


def _show_theirs(form: CompteForm, personne: Personne) -> None:
    """What is recorded now, beside what was typed: once the conflict was told, sending it again is a decision."""
    personne.refresh_from_db()
    for name, value in vars(form.identite).items():
        stored = getattr(personne, name)
        if stored != value:
            form[name].help_text = f"Valeur enregistrée : {stored or 'rien'}."
    form.data = {**form.data.dict(), "version": personne.version}


@require_http_methods(["GET", "HEAD", "POST"])
def close(request: HttpRequest, pk: int) -> HttpResponse:
    """What closing an account changes, and why it is closed; one that serves another EPCI loses its roles here only."""
    annuaire = annuaire_of(request)
    personne = get_object_or_404(annuaire.people(), pk=pk)
    if not personne.is_active:
        return redirect("comptes:personne", pk)
    form = DepartForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return _close_page(request, annuaire, personne, form)
    try:
        closed = workflow.close_account(
            personne=personne,
            epci=annuaire.epci,
            acteur=person(request),
            motif=form.cleaned_data["motif"],
        )
    except Refus as refus:
        add_refus(form, refus)
        return _close_page(request, annuaire, personne, form)
    whose = of(str(personne))
    done = f"Le compte {whose} est fermé." if closed else f"Les rôles {whose} ici ont pris fin."
    messages.success(request, done)
    still = annuaire.people().filter(pk=pk).exists()
    return redirect("comptes:personne", pk) if still else redirect("comptes:personnes")


def _close_page(
    request: HttpRequest, annuaire: Annuaire, personne: Personne, form: DepartForm
) -> HttpResponse:
    context = {
        "personne": personne,
        "form": form,
        "ailleurs": annuaire.serves_elsewhere(personne),
        "roles": len(workflow.current_roles(personne, annuaire.epci)),
        "tenues": annuaire.tenues(personne),
        "jetons": Jeton.objects.filter(personne=personne, revoque_at=None).count(),
        "soi": personne == request.user,
    }
    return render(request, "comptes/compte/fermer.html", context, status=REFUSED if form.is_bound else 200)


@require_POST
def reopen(request: HttpRequest, pk: int) -> HttpResponse:
    """Open an account again."""
    annuaire = annuaire_of(request)
    personne = get_object_or_404(annuaire.people(), pk=pk)
    try:
        workflow.reopen_account(personne=personne, epci=annuaire.epci, acteur=person(request))
    except Refus as refus:
        messages.error(request, refus.message)
    else:
        messages.success(
            request, f"Le compte {of(str(personne))} est rouvert, sans mot de passe, lien ni jeton."
        )
    return redirect("comptes:personne", pk)
