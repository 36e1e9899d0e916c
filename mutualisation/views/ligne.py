"""One line: what is asked, where its instruction stands, what is decided, when it has effect."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST

from comptes.contexte import person
from comptes.roles import Role
from journal.models import Evenement
from mutualisation.arrets import broken_rules
from mutualisation.delais import read_delays
from mutualisation.forms.instruction import QUALITE, ComplementForm, DateEffetForm, DecisionForm
from mutualisation.lignes import RELATED, LigneLue
from mutualisation.models import Declaration, Ligne
from mutualisation.views.refus import status_of, tell, with_version
from mutualisation.workflows.complement import ask_completion
from mutualisation.workflows.effet import set_effect_date
from mutualisation.workflows.etude import study_of
from mutualisation.workflows.instruction import arbitrate, mark_receivable
from socle.droits import ActionInterdite
from socle.erreurs import Refus
from socle.typographie import typeset

COMPLEMENT = "id_complement_%s"  # two forms of the page have fields of the same name


@require_http_methods(["GET", "HEAD", "POST"])
def ligne(request: HttpRequest, pk: int) -> HttpResponse:
    """One line: GET shows it, POST decides (and goes back to `suite`)."""
    lue = _read(request, pk)
    if request.method != "POST":
        return _page(request, lue)
    if not lue.ligne.abilities_for(request.user)["arbitrer"]:
        raise ActionInterdite(Ligne.QUI_PEUT["arbitrer"])
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return _page(request, lue, decision=form, status=422)
    try:
        decided = arbitrate(ligne=lue.ligne, acteur=person(request), **form.cleaned_data)
    except Refus as refus:
        return _refused(request, lue, form, refus, "decision")
    messages.success(
        request,
        typeset(f"{lue.ligne.commune}, {lue.ligne.activite} : demande {decided.get_arbitrage_display()}."),
    )
    return redirect(_back(request, lue.ligne))


def _refused(request: HttpRequest, lue: LigneLue, form: forms.Form, refus: Refus, which: str) -> HttpResponse:
    """The page again, with the refusal at its field; sending again is then a decision on the present version."""
    fresh = _read(request, lue.ligne.pk)
    tell(form, refus)
    with_version(form, fresh.ligne.version)
    return _page(request, fresh, status=status_of(refus), **{which: form})


@require_POST
def ligne_recevable(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that the line may be studied."""
    lue = _read(request, pk)
    try:
        mark_receivable(ligne=lue.ligne, acteur=person(request))
    except Refus as refus:
        messages.error(request, typeset(refus.message))
    else:
        messages.success(request, typeset("La ligne est recevable : elle peut être étudiée."))
    return redirect("mutualisation:ligne", pk=pk)


@require_POST
def ligne_complement(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask the commune to complete the line."""
    lue = _read(request, pk)
    if not lue.ligne.abilities_for(request.user)["instruire"]:
        raise ActionInterdite(Ligne.QUI_PEUT["instruire"])
    form = ComplementForm(request.POST, auto_id=COMPLEMENT)
    if not form.is_valid():
        return _page(request, lue, complement=form, status=422)
    try:
        ask_completion(ligne=lue.ligne, acteur=person(request), **form.cleaned_data)
    except Refus as refus:
        return _refused(request, lue, form, refus, "complement")
    messages.success(request, typeset("Complément demandé : la commune est prévenue, le délai est suspendu."))
    return redirect("mutualisation:ligne", pk=pk)


@require_POST
def ligne_dater(request: HttpRequest, pk: int) -> HttpResponse:
    """Set the day of effect of a line whose acts are late."""
    lue = _read(request, pk)
    if not lue.ligne.abilities_for(request.user)["dater"]:
        raise ActionInterdite(Ligne.QUI_PEUT["dater"])
    form = DateEffetForm(request.POST)
    if form.is_valid():
        try:
            set_effect_date(ligne=lue.ligne, acteur=person(request), effet_on=form.cleaned_data["effet_on"])
        except Refus as refus:
            tell(form, refus)
        else:
            messages.success(request, typeset("Date d'effet enregistrée."))
            return redirect("mutualisation:ligne", pk=pk)
    return _page(request, lue, date=form, status=422)


def _read(request: HttpRequest, pk: int) -> LigneLue:
    """The line as read; 404 when it is not visible or still in a draft."""
    rows = Ligne.objects.visible_to(request.user).filter(declaration__etat=Declaration.Etat.DEPOSEE)
    found = get_object_or_404(rows.with_acts().select_related(*RELATED), pk=pk)
    return LigneLue(found, found.acte_commune_on, found.acte_epci_on, found.epci.today)


def _present(found: Ligne) -> dict[str, Any]:
    """The form as the line stands."""
    if found.arbitrage == Ligne.Arbitrage.A_INSTRUIRE:
        return {"version": found.version}
    return {
        "decision": found.arbitrage,
        "motif": found.arbitrage_motif,
        "qualite": found.arbitree_qualite or QUALITE,
        "version": found.version,
    }


def _page(
    request: HttpRequest,
    lue: LigneLue,
    *,
    decision: forms.Form | None = None,
    complement: forms.Form | None = None,
    date: forms.Form | None = None,
    status: int = 200,
) -> HttpResponse:
    found = lue.ligne
    droits = found.abilities_for(request.user)
    context = {
        "lue": lue,
        "ligne": found,
        "cycle": found.declaration.cycle,
        "droits": droits,
        "form": decision or DecisionForm(initial=_present(found)),
        "complement_form": complement
        or ComplementForm(initial={"version": found.version}, auto_id=COMPLEMENT),
        "date_form": date or DateEffetForm(initial={"effet_on": found.effet_on or lue.executoire_on}),
        "a_dater": droits["dater"] and lue.tardive,
        "qui_peut": Ligne.QUI_PEUT["arbitrer"],
        "suite": request.GET.get("suite", ""),
        **_facts(request, found),
    }
    return render(request, "mutualisation/instruction/ligne.html", context, status=status)


def _facts(request: HttpRequest, found: Ligne) -> dict[str, Any]:
    """What stands around the line: motive, completions, study, évaluation, age, acts."""
    motif = found.declaration.motifs.filter(domaine=found.domaine_id).first()
    demandes = found.complements.select_related("demandee_par", "repondue_par")
    evaluations = found.declaration.evaluations.visible_to(request.user)
    return {
        "motif": motif.texte if motif else "",
        "demandes": list(demandes.order_by("demandee_at", "pk")),
        "etude": study_of(found.declaration, found.domaine),
        "evaluation": evaluations.filter(domaine=found.domaine_id).first(),
        "delai": read_delays(found.epci, Ligne.objects.filter(pk=found.pk))[found.pk],
        "actes": found.actes.order_by("adopte_on", "pk"),
        "sans_effet": _without_effect(found),
        "a_revoir": broken_rules(found.declaration) if _reviews(request, found) else [],
        "pilote": request.user.acces.acts_for_epci(found.epci_id, Role.DIRECTION_TERRITOIRES),
    }


def _without_effect(found: Ligne) -> str:
    """Why a line that took effect changed nothing, as the journal says it; empty for the others."""
    told = (
        Evenement.objects.about(found).filter(type="ligne.sans_effet").first() if found.appliquee_at else None
    )
    return f"{told.libelle}." if told else ""


def _reviews(request: HttpRequest, found: Ligne) -> bool:
    """Whether the reader is told what the decisions break: whoever decides, while they may change."""
    return found.declaration.abilities_for(request.user)["instruire"]


def _back(request: HttpRequest, found: Ligne) -> str:
    """Where the person came from, when it is one of our pages; else the line."""
    suite = request.POST.get("suite", "")
    if suite and url_has_allowed_host_and_scheme(suite, allowed_hosts={request.get_host()}):
        return suite
    return reverse("mutualisation:ligne", args=[found.pk])
