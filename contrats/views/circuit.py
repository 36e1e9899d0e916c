"""The circuit of a version of a contract: its page, its acts, its remarks, its two documents and the proof between them."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from comptes.contexte import person
from contrats.circuit import advised, awaited, missing, read_steps
from contrats.etats import CIRCUIT
from contrats.forms.avenant import AbandonForm
from contrats.forms.circuit import ActeAnnuleForm, ApprobationForm, RemarqueForm, ReponseForm, RouvrirForm
from contrats.forms.signature import RefusForm, SigneForm
from contrats.models import Contrat, ExemplaireSigne, Remarque, VersionContrat
from contrats.views.contrat import WHOLE
from contrats.workflows import circuit, remarque
from documents.models import Document
from documents.views.document import serve
from mutualisation.views.refus import status_of, tell
from socle.droits import ActionInterdite, require
from socle.erreurs import Refus
from socle.saisie import number
from socle.typographie import typeset

RELATED = ("epci", "commune", "contrat", "arrete", "a_signer", "consolide")
# What a button of the page does, and what is then said.
ACTES = {
    "relecture": (circuit.send_for_review, "Le contrat est en relecture : la commune est prévenue."),
    "projet": (circuit.take_back, "Le contrat est de nouveau un projet."),
    "arreter": (circuit.settle, "Le texte est arrêté pour le vote. Son document se prépare."),
    "a_signer": (circuit.issue_to_sign, "L'exemplaire à signer est émis. Son document se prépare."),
}


def visible_version(request: HttpRequest, pk: int) -> VersionContrat:
    """A version of which the user sees something, or 404."""
    rows: Any = VersionContrat.objects.visible_to(request.user).select_related(*RELATED)
    version: VersionContrat = get_object_or_404(rows, pk=pk)
    return version


def whole_version(request: HttpRequest, pk: int) -> VersionContrat:
    """A version the user reads from cover to cover; 403 for who reads some of its fiches only."""
    version = visible_version(request, pk)
    if not Contrat.objects.whole_for(request.user).filter(pk=version.contrat_id).exists():
        raise ActionInterdite(WHOLE)
    return version


@require_GET
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """Where the contract stands, what is missing, who acts next, and its remarks."""
    return circuit_page(request, visible_version(request, pk))


def circuit_page(
    request: HttpRequest, version: VersionContrat, *, status: int = 200, **forms: Any
) -> HttpResponse:
    """The page of the circuit; `forms` are those sent, with what is to be corrected."""
    context = {
        "version": version,
        "etapes": read_steps(version),
        "attendu": awaited(version, request.user),
        "manques": missing(version),
        "conseils": advised(version),
        "approbations": version.approbations.all(),
        "remarques": _remarks(request, version, forms),
        "droits": version.abilities_for(request.user),
        "lit_tout": Contrat.objects.whole_for(request.user).filter(pk=version.contrat_id).exists(),
        "form_remarque": RemarqueForm(version=version, user=request.user),
        "form_rouvrir": RouvrirForm(),
        "form_approbation": ApprobationForm(),
        "form_acte": ActeAnnuleForm(version=version),
        "annulable": CIRCUIT.allows("annuler un acte", version.etat),
        "form_signe": SigneForm(),
        "form_refus": refusal_form(request, version),
        "exemplaires": ExemplaireSigne.objects.visible_to(request.user)
        .filter(version_contrat=version)
        .select_related("piece", "version_contrat"),
        "form_abandon": AbandonForm(),
        "refus": None,
        **forms,
    }
    return render(request, "contrats/circuit/circuit.html", context, status=status)


def refusal_form(request: HttpRequest, version: VersionContrat, data: Any = None) -> RefusForm:
    """Who refuses to sign: the people of the commune speak for it alone."""
    directs = version.abilities_for(request.user)["conduire"]
    return RefusForm(data, commune_seule=not directs)


def _remarks(request: HttpRequest, version: VersionContrat, forms: dict[str, Any]) -> list[dict[str, Any]]:
    """The remarks the user may see, each with his rights and the form of his answer."""
    seen: Any = Remarque.objects.visible_to(request.user)
    rows = seen.filter(version_contrat=version).select_related(
        "engagement__domaine", "auteur", "repondue_par", "close_par", "version_contrat__epci"
    )
    bound = forms.pop("reponse", None)
    return [
        {
            "remarque": row,
            "droits": row.abilities_for(request.user),
            "form": bound[1] if bound and bound[0] == row.pk else ReponseForm(auto_id=f"reponse-{row.pk}-%s"),
        }
        for row in rows
    ]


@require_POST
def agir(request: HttpRequest, pk: int) -> HttpResponse:
    """POST `acte`, one of ACTES: move the version along its circuit."""
    version = visible_version(request, pk)
    require(version, request.user, "conduire")
    acte, said = ACTES.get(request.POST.get("acte", ""), (None, ""))
    if acte is None:
        return circuit_page(
            request, version, status=422, refus=Refus("Choisissez une des actions proposées.")
        )
    try:
        acte(version=version, acteur=person(request), lue=read_version(request))
    except Refus as refus:
        return circuit_page(request, visible_version(request, pk), status=status_of(refus), refus=refus)
    messages.success(request, typeset(said))
    return redirect("contrats:circuit", pk)


def read_version(request: HttpRequest) -> int:
    """The version of the row that the page showed; 0 when it says none."""
    return number(request.POST.get("version")) or 0


@require_POST
def rouvrir(request: HttpRequest, pk: int) -> HttpResponse:
    """Open a settled text again, with a motive."""
    version = visible_version(request, pk)
    require(version, request.user, "conduire")
    form = RouvrirForm(request.POST)
    if not form.is_valid():
        return circuit_page(request, version, status=422, form_rouvrir=form)
    try:
        circuit.reopen(
            version=version,
            acteur=person(request),
            lue=read_version(request),
            motif=form.cleaned_data["motif"],
        )
    except Refus as refus:
        tell(form, refus)
        return circuit_page(request, visible_version(request, pk), status=status_of(refus), form_rouvrir=form)
    messages.success(request, typeset("Texte rouvert : la commune est prévenue."))
    return redirect("contrats:circuit", pk)


@require_POST
def approuver(request: HttpRequest, pk: int) -> HttpResponse:
    """Record the act of an assembly."""
    version = visible_version(request, pk)
    require(version, request.user, "conduire")
    form = ApprobationForm(request.POST)
    if not form.is_valid():
        return circuit_page(request, version, status=422, form_approbation=form)
    try:
        circuit.approve(version=version, acteur=person(request), cote=form.cote, **form.cleaned_data)
    except Refus as refus:
        tell(form, refus)
        return circuit_page(
            request, visible_version(request, pk), status=status_of(refus), form_approbation=form
        )
    messages.success(request, typeset("Acte enregistré."))
    return redirect("contrats:circuit", pk)


@require_POST
def annuler_acte(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back the act of one assembly, recorded by mistake."""
    version = visible_version(request, pk)
    require(version, request.user, "conduire")
    form = ActeAnnuleForm(request.POST, version=version)
    if not form.is_valid():
        return circuit_page(request, version, status=422, form_acte=form)
    try:
        circuit.withdraw_approval(
            version=version, acteur=person(request), lue=read_version(request), **form.cleaned_data
        )
    except Refus as refus:
        tell(form, refus)
        return circuit_page(request, visible_version(request, pk), status=status_of(refus), form_acte=form)
    messages.success(request, typeset("L'acte est annulé : enregistrez celui qui le remplace."))
    return redirect("contrats:circuit", pk)


@require_POST
def remarquer(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a remark."""
    version = visible_version(request, pk)
    require(version, request.user, "remarquer")
    form = RemarqueForm(request.POST, version=version, user=request.user)
    if not form.is_valid():
        return circuit_page(request, version, status=422, form_remarque=form)
    article, engagement = form.place
    remarque.remark(
        version=version,
        acteur=person(request),
        texte=form.cleaned_data["texte"],
        article=article,
        engagement=engagement,
    )
    messages.success(request, typeset("Remarque envoyée à l'autre partie."))
    return redirect("contrats:circuit", pk)


def _visible_remark(request: HttpRequest, pk: int) -> Remarque:
    rows: Any = Remarque.objects.visible_to(request.user).select_related("version_contrat__epci")
    found: Remarque = get_object_or_404(rows, pk=pk)
    return found


@require_POST
def repondre(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer a remark of the other side."""
    found = _visible_remark(request, pk)
    require(found, request.user, "repondre")
    version = visible_version(request, found.version_contrat_id)
    form = ReponseForm(request.POST, auto_id=f"reponse-{pk}-%s")
    if not form.is_valid():
        return circuit_page(request, version, status=422, reponse=(pk, form))
    try:
        remarque.answer(
            remarque=found,
            acteur=person(request),
            lue=read_version(request),
            reponse=form.cleaned_data["reponse"],
        )
    except Refus as refus:
        tell(form, refus)
        return circuit_page(request, version, status=status_of(refus), reponse=(pk, form))
    messages.success(request, typeset("Réponse envoyée."))
    return redirect("contrats:circuit", version.pk)


@require_POST
def clore(request: HttpRequest, pk: int) -> HttpResponse:
    """Close a remark."""
    found = _visible_remark(request, pk)
    remarque.close(remarque=found, acteur=person(request))
    return redirect("contrats:circuit", found.version_contrat_id)


@require_GET
def arrete_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """The text settled for the vote."""
    return _document(request, pk, "arrete")


@require_GET
def a_signer_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """The copy to sign."""
    return _document(request, pk, "a_signer")


def _document(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    document: Document | None = getattr(whole_version(request, pk), name)
    return serve(request, get_object_or_404(Document, pk=document.pk if document else None))


@require_GET
def consolide_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """The whole text as a signed avenant leaves it."""
    return _document(request, pk, "consolide")


@require_GET
def preuve(request: HttpRequest, pk: int) -> HttpResponse:
    """What differs between the text voted and the copy to sign: mentions of the acts, and nothing else."""
    version = whole_version(request, pk)
    get_object_or_404(Document, pk=version.a_signer_id)
    ecarts = circuit.compared(version)
    context = {"version": version, "ecarts": ecarts, "conforme": all(one.permise for one in ecarts)}
    return render(request, "contrats/circuit/preuve.html", context)
