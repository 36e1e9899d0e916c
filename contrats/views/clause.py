"""The clauses of the contracts: read by the whole EPCI; drafted, rehearsed and published by the Direction."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from comptes.contexte import person
from comptes.roles import Role
from contrats.champs import CHAMPS
from contrats.clauses import as_written, of_contract, read_texts, texts_in_force, to_html
from contrats.faits import read_facts
from contrats.forms.clause import ApercuForm, ClauseForm, InsererForm, ReglageContratForm
from contrats.models import Clause, JeuClauses, ReglageContrat, VersionContrat
from contrats.repetition import Ecart, compare, rehearse
from contrats.workflows.clause import (
    WHO,
    abandon_clauses,
    begin_clauses,
    change_contract_settings,
    missing_to_publish,
    publish_clauses,
    save_clause,
)
from mutualisation.views.acte import sheet
from mutualisation.views.matrice import current_epci
from mutualisation.views.refus import status_of, tell, with_version
from socle.droits import require
from socle.erreurs import Refus
from socle.liste import asked_format
from socle.saisie import number
from socle.typographie import typeset
from territoire.models import Epci

ENTETE = ("Clause", "Texte publié", "En préparation", "Clause en préparation", "Texte en préparation")


def visible_set(request: HttpRequest, pk: int) -> JeuClauses:
    """A set the user may read, or 404."""
    rows: Any = JeuClauses.objects.visible_to(request.user).select_related(
        "epci", "modifie_par", "publie_par"
    )
    found: JeuClauses = get_object_or_404(rows, pk=pk)
    return found


def visible_draft(request: HttpRequest, pk: int) -> JeuClauses:
    """A draft the user may read, or 404."""
    jeu = visible_set(request, pk)
    if jeu.publie:
        raise Http404
    return jeu


@require_safe
def clauses(request: HttpRequest) -> HttpResponse:
    """The articles in force, what the draft changes in them, and every set."""
    epci = current_epci(request)
    sets = list(_sets(request, epci))
    draft = next((jeu for jeu in sets if not jeu.publie), None)
    ecarts = compare(draft) if draft else tuple(Ecart(one, one) for one in texts_in_force(epci))
    if kind := asked_format(request):
        rows = [_cells(ecart, bool(draft)) for ecart in ecarts]
        return sheet(kind, "clauses", f"Clauses du contrat d'engagement, {epci}", ENTETE, rows)
    context = {
        "epci": epci,
        "brouillon": draft,
        "publie": next((jeu for jeu in sets if jeu.publie), None),
        "jeux": sets,
        "ecarts": ecarts,
        "change": any(ecart.change for ecart in ecarts),
        "ecrit": request.user.acces.acts_for_epci(epci.pk, Role.DIRECTION_TERRITOIRES),
        "qui_peut": WHO,
        "reglage": ReglageContrat.objects.of(epci),
    }
    return render(request, "contrats/clause/clauses.html", context)


def _sets(request: HttpRequest, epci: Epci) -> Any:
    rows = JeuClauses.objects.visible_to(request.user).filter(epci=epci)
    return rows.select_related("publie_par", "modifie_par").order_by("-numero")


def _cells(ecart: Ecart, drafted: bool) -> list[Any]:
    state = ("modifié" if ecart.change else "inchangé") if drafted else ""
    changed = (ecart.apres.nom, ecart.apres.texte) if ecart.change else ("", "")
    return [ecart.avant.nom, ecart.avant.texte, state, *changed]


@require_POST
def commencer(request: HttpRequest) -> HttpResponse:
    """Begin a draft, or go to the one already begun."""
    draft = begin_clauses(epci=current_epci(request), acteur=person(request))
    return redirect("contrats:jeu_clauses", draft.pk)


@require_safe
def jeu_clauses(request: HttpRequest, pk: int) -> HttpResponse:
    """A whole set, as written; a draft leads to the pages that edit it."""
    jeu = visible_set(request, pk)
    context = {
        "jeu": jeu,
        "textes": [(one, to_html(one.texte, as_written)) for one in read_texts(jeu)],
        "change": {ecart.apres.article for ecart in compare(jeu) if ecart.change}
        if not jeu.publie
        else set(),
        "droits": jeu.abilities_for(request.user),
    }
    return render(request, "contrats/clause/jeu.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def clause(request: HttpRequest, pk: int, article: int) -> HttpResponse:
    """Edit one article of a draft; `apercu` shows what was typed in a contract, and writes nothing."""
    jeu = visible_set(request, pk)
    found = get_object_or_404(Clause.objects.select_related("modifiee_par"), jeu=jeu, article=article)
    require(jeu, request.user, "modifier")
    if request.method != "POST":
        return _edit(request, jeu, found, ClauseForm(initial=ClauseForm.initial_of(found)))
    form = ClauseForm(request.POST)
    if "apercu" in request.POST:
        return _edit(request, jeu, found, form, apercu=str(form["texte"].value() or ""))
    return _save(request, jeu, found, form)


def _save(request: HttpRequest, jeu: JeuClauses, found: Clause, form: ClauseForm) -> HttpResponse:
    if not form.is_valid():
        return _edit(request, jeu, found, form, status=422)
    typed = form.cleaned_data
    try:
        save_clause(
            clause=found,
            acteur=person(request),
            version=typed["version"] or 0,
            titre=typed["titre"],
            texte=typed["texte"],
        )
    except Refus as refus:
        tell(form, refus)
        status = status_of(refus)
        present = Clause.objects.select_related("modifiee_par").get(pk=found.pk)
        if status == 409:
            with_version(form, present.version)
        return _edit(request, jeu, present, form, status=status, conflit=status == 409)
    messages.success(request, typeset(f"« {found} » enregistré dans les clauses en préparation."))
    return redirect("contrats:jeu_clauses", jeu.pk)


def _edit(
    request: HttpRequest,
    jeu: JeuClauses,
    found: Clause,
    form: ClauseForm,
    *,
    status: int = 200,
    conflit: bool = False,
    apercu: str | None = None,
) -> HttpResponse:
    shown = ApercuForm(request.POST or None, versions=_versions(request, jeu.epci))
    context = {
        "jeu": jeu,
        "clause": found,
        "form": form,
        "apercu_form": shown,
        "inserer": InsererForm(),
        "champs": [(name, *champ[:2]) for name, champ in CHAMPS.items()],
        "conflit": conflit,
        "apercu": _preview(jeu.epci, shown, apercu) if apercu is not None else "",
    }
    return render(request, "contrats/clause/modifier.html", context, status=status)


def _versions(request: HttpRequest, epci: Epci) -> Any:
    rows: Any = VersionContrat.objects.visible_to(request.user).filter(epci=epci)
    drafts = rows.filter(etat__in=VersionContrat.PREPARATION)
    return drafts.select_related("commune", "epci").order_by("commune__tri", "pk")


def _preview(epci: Epci, form: ApercuForm, texte: str) -> str:
    """What was typed, in the contract chosen, or with its fields as written."""
    version = form.cleaned_data.get("contrat") if form.is_valid() else None
    said = of_contract(read_facts(epci, [version])[version.pk]) if version else as_written
    return to_html(texte, said)


@require_safe
def repetition(request: HttpRequest, pk: int) -> HttpResponse:
    """What publishing a draft would change; `contrat` opens one of the contracts, side by side."""
    return _rehearsal(request, visible_draft(request, pk))


def _rehearsal(
    request: HttpRequest, jeu: JeuClauses, *, status: int = 200, refus: Refus | None = None
) -> HttpResponse:
    repetition = rehearse(jeu)
    asked = number(request.GET.get("contrat"))
    droits = jeu.abilities_for(request.user)
    context = {
        "jeu": jeu,
        "repetition": repetition,
        "ouvert": next((one for one in repetition.contrats if one.version.pk == asked), None),
        "droits": droits,
        "manque": missing_to_publish(jeu, person(request), repetition) if droits["modifier"] else [],
        "refus": refus,
    }
    return render(request, "contrats/clause/repetition.html", context, status=status)


@require_POST
def publier(request: HttpRequest, pk: int) -> HttpResponse:
    """Publish a draft as its rehearsal showed it."""
    jeu = visible_set(request, pk)
    try:
        publish_clauses(jeu=jeu, acteur=person(request), version=number(request.POST.get("version")) or 0)
    except Refus as refus:
        if jeu.publie:
            messages.error(request, refus.message)
            return redirect("contrats:clauses")
        return _rehearsal(request, visible_draft(request, pk), status=status_of(refus), refus=refus)
    messages.success(
        request, typeset("Clauses publiées : les contrats en préparation les impriment désormais.")
    )
    return redirect("contrats:clauses")


@require_http_methods(["GET", "HEAD", "POST"])
def abandonner(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, then give up a draft."""
    jeu = visible_set(request, pk)
    require(jeu, request.user, "modifier")
    if request.method == "POST":
        abandon_clauses(jeu=jeu, acteur=person(request))
        messages.success(request, typeset("Préparation abandonnée : les clauses publiées ne changent pas."))
        return redirect("contrats:clauses")
    context = {
        "titre": f"Abandonner les {str(jeu).lower()} ?",
        "phrase": "Ce qui a été préparé n'est plus proposé ; l'historique garde ce qui a été écrit.",
        "consequences": ["Les clauses publiées ne changent pas.", "Aucun contrat ne change."],
        "verbe": "Abandonner",
        "url_retour": reverse("contrats:jeu_clauses", args=[pk]),
    }
    return render(request, "composants/confirmation.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def reglages(request: HttpRequest) -> HttpResponse:
    """The settings of the contracts, changed by the Direction; somebody faster is told (409)."""
    epci = current_epci(request)
    reglage = ReglageContrat.objects.of(epci)
    require(reglage, request.user, "modifier")
    posted = request.POST if request.method == "POST" else None
    form = ReglageContratForm(posted, initial=ReglageContratForm.initial_of(reglage))
    status = 200
    if form.is_bound:
        status = 422
        if form.is_valid():
            values = {**form.cleaned_data, "version": form.cleaned_data["version"] or 0}
            try:
                change_contract_settings(epci=epci, acteur=person(request), **values)
            except Refus as refus:
                tell(form, refus)
                with_version(form, ReglageContrat.objects.of(epci).version)
                status = status_of(refus)
            else:
                messages.success(request, "Réglages enregistrés.")
                return redirect("contrats:clauses")
    return render(request, "contrats/clause/reglages.html", {"form": form, "epci": epci}, status=status)
