"""Editions of the catalogue: prepare one, see what it changes and whom it touches, freeze it."""

from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from comptes.contexte import person
from comptes.roles import Role
from mutualisation.ecarts import MOTS, TONES, read_changes, read_reach
from mutualisation.editions import EditionLue, edition_before, read_edition
from mutualisation.forms.edition import EditionForm, JourEditionForm, JourForm
from mutualisation.models import Catalogue
from mutualisation.views.catalogue import show_edition
from mutualisation.views.matrice import current_epci
from mutualisation.views.refus import status_of, tell, with_version
from mutualisation.workflows.catalogue import (
    WHO_BEGINS,
    begin_edition,
    change_day,
    default_day,
    discard_edition,
    freeze_edition,
    missing_to_freeze,
)
from socle.dates import day_and_year
from socle.droits import ActionInterdite, require
from socle.erreurs import Refus
from socle.saisie import number


def visible_edition(request: HttpRequest, pk: int) -> Catalogue:
    """The edition, or 404 when it is another EPCI's, or a draft for who does not see everything."""
    found: Catalogue = get_object_or_404(
        Catalogue.objects.visible_to(request.user).select_related("epci"), pk=pk
    )
    return found


def drafted(request: HttpRequest, pk: int) -> Catalogue:
    """The draft that the user may change; 403 with the sentence for the others, and once frozen."""
    found = visible_edition(request, pk)
    require(found, request.user, "modifier")
    return found


def fill(
    request: HttpRequest,
    form: EditionForm,
    act: Callable[..., Any],
    *,
    template: str,
    context: dict[str, Any],
    adresse: str,
    merci: str,
) -> HttpResponse:
    """A form about a draft (`context["lue"]`): shown, refused with everything typed, or done by `act` and left for `adresse`."""
    status = 200
    if form.is_bound:
        status = 422
        if form.is_valid():
            try:
                act(acteur=person(request), version=form.cleaned_data["version"], **_typed(form))
            except Refus as refus:
                tell(form, refus)
                with_version(form, Catalogue.objects.get(pk=context["lue"].edition.pk).version)
                status = status_of(refus)
            else:
                messages.success(request, merci)
                return redirect(adresse)
    path = f"mutualisation/edition/{template}.html"
    return render(request, path, {**context, "edition": context["lue"].edition, "form": form}, status=status)


def _typed(form: EditionForm) -> dict[str, Any]:
    return {name: value for name, value in form.valeurs.items() if name != "version"}


def press(
    request: HttpRequest, act: Callable[..., Any], *, adresse: str, merci: str = ""
) -> HttpResponseRedirect:
    """One gesture without anything typed: done, or told why not at the top of the page one comes back to."""
    try:
        act(acteur=person(request))
    except Refus as refus:
        messages.error(request, refus.message)
    else:
        if merci:
            messages.success(request, merci)
    return redirect(adresse)


@require_http_methods(["GET", "HEAD", "POST"])
def editions(request: HttpRequest) -> HttpResponse:
    """Every edition of the EPCI, the latest first; the Direction begins the next one."""
    epci = current_epci(request)
    begins = request.user.acces.acts_for_epci(epci.pk, Role.DIRECTION_TERRITOIRES)
    form = JourForm(
        request.POST if request.method == "POST" else None, initial={"effective_on": default_day(epci)}
    )
    status = 200
    if form.is_bound:
        if not begins:
            raise ActionInterdite(WHO_BEGINS)
        status = 422
        if form.is_valid():
            try:
                draft = begin_edition(epci=epci, acteur=person(request), **form.cleaned_data)
            except Refus as refus:
                tell(form, refus)
            else:
                return redirect("mutualisation:edition", pk=draft.pk)
    rows = Catalogue.objects.visible_to(request.user).filter(epci=epci).order_by("-effective_on")
    context = {
        "editions": _with_states(list(rows.select_related("epci")), epci.today),
        "form": form,
        "epci": epci,
        "peut_preparer": begins and not Catalogue.objects.filter(epci=epci, gele_at=None).exists(),
        "qui_peut": "" if begins else WHO_BEGINS,
    }
    return render(request, "mutualisation/edition/editions.html", context, status=status)


def _with_states(rows: list[Catalogue], today: date) -> list[tuple[Catalogue, tuple[str, str]]]:
    """Each edition, the latest first, with the (tone, words) of where it stands on a day."""
    begun = [row for row in rows if row.gele and row.effective_on <= today]
    return [(row, _state(row, begun)) for row in rows]


def _state(edition: Catalogue, begun: list[Catalogue]) -> tuple[str, str]:
    if not edition.gele:
        return "o", "en préparation"
    if edition not in begun:
        return "a", "gelée, à venir"
    return ("v", "en vigueur") if edition == begun[0] else ("n", "passée")


@require_safe
def edition(request: HttpRequest, pk: int) -> HttpResponse:
    """The workshop of a draft; a frozen edition as everybody reads it."""
    found = visible_edition(request, pk)
    if found.gele:
        return show_edition(request, found)
    lue = read_edition(found)
    before = edition_before(found)
    counts = Counter(ecart.genre for ecart in read_changes(found))
    context = {
        "edition": found,
        "avant": before,
        "droits": found.abilities_for(request.user),
        "familles": _families(lue),
        "comptes": [(TONES[genre], MOTS[genre], counts[genre]) for genre in MOTS if counts[genre]],
        "manque": missing_to_freeze(lue),
    }
    return render(request, "mutualisation/edition/edition.html", context)


def _families(lue: EditionLue) -> list[tuple[str, list[dict[str, Any]]]]:
    """The domains of a draft by family, in order, each with what its row says."""
    families: dict[str, list[dict[str, Any]]] = {}
    for pk, version in lue.domaines.items():
        told = {
            "version": version,
            "activites": len(lue.by_domaine[pk]),
            "blocs": sum(1 for bloc in lue.blocs.values() if bloc.domaine_id == pk),
            "requis": ", ".join(str(lue.domaines[requis]) for requis in lue.prerequis.get(pk, ())),
        }
        families.setdefault(version.get_famille_display(), []).append(told)
    return list(families.items())


@require_safe
def edition_ecarts(request: HttpRequest, pk: int) -> HttpResponse:
    """« Ce qui change depuis … »; whom it touches, for those who see everything; freezing and undoing, for the Direction."""
    found = visible_edition(request, pk)
    ecarts = read_changes(found)
    whole = found.epci_id in request.user.acces.epcis_entiers
    droits = found.abilities_for(request.user)
    context = {
        "edition": found,
        "avant": edition_before(found),
        "lignes": read_reach(found, ecarts) if whole else [(ecart, None) for ecart in ecarts],
        "portee": whole,
        "droits": droits,
        "manque": missing_to_freeze(read_edition(found)) if droits["geler"] else [],
    }
    return render(request, "mutualisation/edition/ecarts.html", context)


@require_POST
def edition_geler(request: HttpRequest, pk: int) -> HttpResponse:
    """Freeze a draft as the page showed it; what is missing, or who changed it meanwhile, is told on that page."""
    found = visible_edition(request, pk)
    require(found, request.user, "geler")
    version = number(request.POST.get("version")) or 0

    def freeze(acteur: Any) -> None:
        freeze_edition(catalogue=found, acteur=acteur, version=version)

    merci = f"{found} gelé. Il s'appliquera de lui-même le {day_and_year(found.effective_on)}."
    return press(request, freeze, adresse=reverse("mutualisation:edition_ecarts", args=[pk]), merci=merci)


@require_http_methods(["GET", "HEAD", "POST"])
def edition_jour(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a draft another first day."""
    found = drafted(request, pk)
    form = JourEditionForm(request.POST or None, edition=found, initial={"effective_on": found.effective_on})

    def change(**typed: Any) -> None:
        change_day(catalogue=found, **typed)

    return fill(
        request,
        form,
        change,
        template="jour",
        context={"lue": read_edition(found)},
        adresse=reverse("mutualisation:edition", args=[pk]),
        merci="Premier jour enregistré.",
    )


@require_http_methods(["GET", "HEAD", "POST"])
def edition_abandonner(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, then give up a draft."""
    found = drafted(request, pk)
    if request.method == "POST":

        def discard(acteur: Any) -> None:
            discard_edition(catalogue=found, acteur=acteur)

        return press(
            request, discard, adresse=reverse("mutualisation:editions"), merci="Préparation abandonnée."
        )
    context = {
        "titre": f"Abandonner la préparation du {found.nom} ?",
        "phrase": "Ce qui a été préparé est perdu.",
        "consequences": [
            "Les domaines et les activités ajoutés ici disparaissent.",
            "L'édition en vigueur ne change pas.",
        ],
        "verbe": "Abandonner",
        "url_retour": reverse("mutualisation:edition", args=[pk]),
    }
    return render(request, "composants/confirmation.html", context)
