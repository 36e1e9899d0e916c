"""What a commune still waits for before its choices take effect, from the opinions to the attribution de compensation."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from comptes.contexte import person
from mutualisation.forms.acte import CompensationForm, DateTardiveForm
from mutualisation.models import Acte, Declaration, EffetAC, Ligne
from mutualisation.suivi import Avancement, read_one
from mutualisation.views.acte import may_record
from mutualisation.views.refus import status_of, tell
from mutualisation.workflows.acte import date_late_lines
from mutualisation.workflows.compensation import SUITES, advance_effects
from socle.droits import ActionInterdite
from socle.erreurs import Refus
from socle.typographie import plural, typeset

VERBES = {EffetAC.Etat.VOTE: "Passer à voté", EffetAC.Etat.NOTIFIE: "Passer à notifié"}


def _visible(request: HttpRequest, pk: int) -> Declaration:
    rows = Declaration.objects.visible_to(request.user)
    return get_object_or_404(rows.select_related("cycle__epci", "commune", "epci"), pk=pk)


@require_GET
def suivi(request: HttpRequest, pk: int) -> HttpResponse:
    """Steps, lines, acts, opinions, convention and attribution de compensation of a commune."""
    return _page(request, _visible(request, pk))


def _page(
    request: HttpRequest,
    declaration: Declaration,
    date_form: DateTardiveForm | None = None,
    ac_form: CompensationForm | None = None,
    status: int = 200,
) -> HttpResponse:
    cycle = declaration.cycle
    avancement = read_one(cycle, request.user, declaration.commune)
    covering = Acte.objects.visible_to(request.user).standing().filter(lignes__declaration=declaration)
    peut = may_record(request, cycle)
    context = {
        "declaration": declaration,
        "commune": declaration.commune,
        "cycle": cycle,
        "avancement": avancement,
        "actes": covering.select_related("commune", "piece").distinct().order_by("adopte_on", "pk"),
        "peut": peut,
        "date_form": date_form or DateTardiveForm(),
        "ac_form": ac_form or CompensationForm(auto_id="id_ac_%s"),
        "effets": _effects(avancement),
        "suites": _next(avancement) if peut else [],
    }
    return render(request, "mutualisation/suivi/suivi.html", context, status=status)


def _effects(avancement: Avancement | None) -> list[dict[str, Any]]:
    """The effect of each domain that has an accepted line, costed or not."""
    if avancement is None:
        return []
    known = {effet.domaine_id: effet for effet in avancement.faits.effets}
    domaines = {lue.ligne.domaine_id: lue.ligne.domaine for lue in avancement.lues}
    paid = avancement.faits.refactures
    return [
        {"domaine": domaine, "effet": known.get(pk), "etat": _state(known.get(pk), paid.get(pk, ""))}
        for pk, domaine in domaines.items()
    ]


def _state(effet: EffetAC | None, paiement: str) -> tuple[str, str]:
    """(tone, words); `paiement` is how it is paid, when the attribution de compensation does not pay it."""
    if paiement:
        return "n", paiement
    etat = EffetAC.Etat(effet.etat) if effet else EffetAC.Etat.NON_CHIFFRE
    tons = {EffetAC.Etat.NON_CHIFFRE: "n", EffetAC.Etat.VOTE: "v", EffetAC.Etat.NOTIFIE: "v"}
    return tons.get(etat, "a"), str(etat.label)


def _next(avancement: Avancement | None) -> list[dict[str, Any]]:
    """The bulk acts that have something to move."""
    effets = avancement.faits.effets if avancement else ()
    counts = {cible: sum(effet.etat == source for effet in effets) for cible, source in SUITES.items()}
    return [
        {"etat": cible, "verbe": VERBES[cible], "nombre": count} for cible, count in counts.items() if count
    ]


@require_POST
def suivi_dater(request: HttpRequest, pk: int) -> HttpResponse:
    """Set the day of effect of the late lines of a commune."""
    declaration = _visible(request, pk)
    if not may_record(request, declaration.cycle):
        raise ActionInterdite(Ligne.QUI_PEUT["dater"])
    form = DateTardiveForm(request.POST)
    status = 422
    if form.is_valid():
        try:
            dated = date_late_lines(declaration=declaration, acteur=person(request), **form.cleaned_data)
        except Refus as refus:
            tell(form, refus)
            status = status_of(refus)
        else:
            said = plural(len(dated), "ligne datée", "lignes datées")
            messages.success(request, typeset(f"{said}."))
            return redirect("mutualisation:suivi", pk=pk)
    return _page(request, declaration, date_form=form, status=status)


@require_POST
def suivi_ac(request: HttpRequest, pk: int) -> HttpResponse:
    """Pass the effects on the attribution de compensation to « voté » or « notifié »."""
    declaration = _visible(request, pk)
    if not may_record(request, declaration.cycle):
        raise ActionInterdite(EffetAC.QUI_PEUT["chiffrer"])
    form = CompensationForm(request.POST, auto_id="id_ac_%s")
    status = 422
    if form.is_valid():
        try:
            moved = advance_effects(declaration=declaration, acteur=person(request), **form.cleaned_data)
        except Refus as refus:
            tell(form, refus)
            status = status_of(refus)
        else:
            word = moved[0].get_etat_display()
            said = plural(len(moved), f"effet {word}", f"effets {word}s")
            messages.success(request, typeset(f"Attribution de compensation : {said}."))
            return redirect("mutualisation:suivi", pk=pk)
    return _page(request, declaration, ac_form=form, status=status)
