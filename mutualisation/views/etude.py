"""The study of a domain, and its effect on the attribution de compensation."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from comptes.contexte import person
from journal.models import Evenement
from mutualisation.compensation import paid_otherwise
from mutualisation.evaluations import compare, last_evaluation
from mutualisation.forms.etude import EffetForm, EtudeForm
from mutualisation.lignes import LigneLue, read_lines
from mutualisation.models import Declaration, Domaine, EffetAC, Etude, Ligne
from mutualisation.views.refus import status_of, tell, with_version
from mutualisation.workflows.etude import Travail, conductors, cost_effect, effect_of, study, study_of
from socle.droits import require
from socle.erreurs import Refus
from socle.typographie import typeset

RELATED = ("cycle__epci", "commune", "epci")


@require_http_methods(["GET", "HEAD", "POST"])
def etude(request: HttpRequest, pk: int, domaine: int) -> HttpResponse:
    """The study of a domain of a declaration: GET shows it, POST saves it."""
    declaration, domain = _visible(request, pk, domaine)
    if request.method != "POST":
        return _page(request, declaration, domain)
    require(study_of(declaration, domain), request.user, "etudier")
    form = EtudeForm(request.POST, conductors=conductors(declaration, domain))
    if not form.is_valid():
        return _page(request, declaration, domain, form=form, status=422)
    data = dict(form.cleaned_data)
    version = data.pop("version")
    try:
        study(
            declaration=declaration,
            domaine=domain,
            acteur=person(request),
            travail=Travail(**data),
            version=version,
        )
    except Refus as refus:
        tell(form, refus)
        with_version(form, study_of(declaration, domain).version)
        return _page(request, declaration, domain, form=form, status=status_of(refus))
    messages.success(request, typeset("Étude enregistrée."))
    return redirect("mutualisation:etude", pk=pk, domaine=domaine)


@require_POST
def effet_ac(request: HttpRequest, pk: int, domaine: int) -> HttpResponse:
    """Cost the effect of the domain."""
    declaration, domain = _visible(request, pk, domaine)
    effet = effect_of(declaration, domain)
    require(effet, request.user, "chiffrer")
    form = EffetForm(request.POST, effet=effet, auto_id="id_effet_%s")
    if not form.is_valid():
        return _page(request, declaration, domain, effet_form=form, status=422)
    data = form.cleaned_data
    try:
        cost_effect(
            declaration=declaration,
            domaine=domain,
            acteur=person(request),
            etat=data["etat"],
            motif=data["motif"],
            version=data["version"],
            **form.amounts,
        )
    except Refus as refus:
        tell(form, refus)
        with_version(form, effect_of(declaration, domain).version)
        return _page(request, declaration, domain, effet_form=form, status=status_of(refus))
    messages.success(request, typeset("Effet sur l'attribution de compensation enregistré."))
    return redirect("mutualisation:etude", pk=pk, domaine=domaine)


def _visible(request: HttpRequest, pk: int, domaine: int) -> tuple[Declaration, Domaine]:
    """The declaration and the domain, when the user sees a line of it that changes something; 404 otherwise."""
    lignes = Ligne.objects.visible_to(request.user).changing()
    asked = lignes.filter(declaration=pk, domaine=domaine, declaration__etat=Declaration.Etat.DEPOSEE)
    if not asked.exists():
        raise Http404
    declaration = get_object_or_404(Declaration.objects.select_related(*RELATED), pk=pk)
    return declaration, get_object_or_404(Domaine, pk=domaine)


def _page(
    request: HttpRequest,
    declaration: Declaration,
    domain: Domaine,
    *,
    form: EtudeForm | None = None,
    effet_form: EffetForm | None = None,
    status: int = 200,
) -> HttpResponse:
    found = study_of(declaration, domain)
    lignes = declaration.lignes.changing().filter(domaine=domain).order_by("activite__code", "pk")
    lues = read_lines(lignes, declaration.epci.today)
    context = {
        "declaration": declaration,
        "cycle": declaration.cycle,
        "domaine": domain,
        "etude": found,
        "lues": lues,
        "en_attente": [lue for lue in lues if lue.etape[1] and lue.ligne.etape in ("recue", "a_completer")],
        "form": form or _form(declaration, domain, found),
        "droits": found.abilities_for(request.user),
        "qui_peut": Etude.QUI_PEUT["etudier"],
        **_effect(request, declaration, domain, effet_form),
        **_evaluation(request, declaration, domain),
        "demandee_on": _asked_on(declaration, lues),
    }
    return render(request, "mutualisation/etude/etude.html", context, status=status)


def _form(declaration: Declaration, domain: Domaine, found: Etude) -> EtudeForm:
    names = ("faisabilite", "moyens", "avis", "avis_motif", "version")
    initial = {name: getattr(found, name) for name in names} | {"conduite_par": found.conduite_par_id}
    return EtudeForm(initial=initial, conductors=conductors(declaration, domain))


def _effect(
    request: HttpRequest, declaration: Declaration, domain: Domaine, form: EffetForm | None
) -> dict[str, Any]:
    """The effect for those who see the whole of the commune; nothing for the others."""
    effet = effect_of(declaration, domain)
    visible = Declaration.objects.visible_to(request.user).filter(pk=declaration.pk).exists()
    names = ("etat", "fonctionnement", "investissement", "version")
    initial = {name: getattr(effet, name) for name in names}
    return {
        "effet": effet if visible else None,
        "droits_effet": effet.abilities_for(request.user),
        "effet_form": form or EffetForm(initial=initial, effet=effet, auto_id="id_effet_%s"),
        "effet_mouvements": _moves(effet),
        "qui_chiffre": EffetAC.QUI_PEUT["chiffrer"],
        "paiement": "" if effet.pk else paid_otherwise(declaration.cycle).get(domain.pk, ""),
    }


def _moves(effet: EffetAC) -> list[dict[str, Any]]:
    """What happened to the effect, latest first, with the motive of each step back while it is kept."""
    rows = Evenement.objects.about(effet).select_related("acteur", "detail") if effet.pk else []
    return [
        {
            "quand": one.survenu_at,
            "quoi": one.libelle,
            "qui": one.acteur,
            "detail": one.detail.contenu["motif"] if hasattr(one, "detail") else "",
        }
        for one in rows
    ]


def _asked_on(declaration: Declaration, lues: list[LigneLue]) -> date | None:
    """From when the évaluation préalable of these lines will be asked; None when it is not to come."""
    debut = declaration.cycle.evaluation_debut_on
    return debut if declaration.epci.today <= debut and any(lue.a_evaluer for lue in lues) else None


def _evaluation(request: HttpRequest, declaration: Declaration, domain: Domaine) -> dict[str, Any]:
    """The évaluation préalable of the domain, beside the last one."""
    rows = declaration.evaluations.visible_to(request.user).filter(domaine=domain)
    found = rows.select_related("declaration__cycle").first()
    before = last_evaluation(found) if found else None
    return {
        "evaluation": found,
        "avant": before,
        "comparaisons": compare(found, before) if found and before else [],
    }
