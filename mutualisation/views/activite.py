"""Activities of a draft of the catalogue."""

from functools import partial
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from mutualisation.ecarts import losses
from mutualisation.editions import EditionLue, read_edition
from mutualisation.forms.activite import ActiviteForm, FusionForm, NouvelleActiviteForm, ScissionForm
from mutualisation.models import Activite, ActiviteVersion
from mutualisation.views.domaine import address_of, held_back, read_domaine
from mutualisation.views.edition import drafted, fill, press
from mutualisation.workflows.activite import (
    add_activite,
    change_activite,
    in_bloc,
    merge_activites,
    next_code,
    restore_activite,
    retire_activite,
    shift_activite,
    split_activite,
)


def _read(request: HttpRequest, pk: int, activite: int) -> tuple[EditionLue, ActiviteVersion]:
    """The draft, read, and what it says of an activity; 404 when it does not offer it."""
    lue = read_edition(drafted(request, pk))
    if activite not in lue.activites:
        raise Http404
    return lue, lue.activites[activite]


def _context(lue: EditionLue, held: ActiviteVersion) -> dict[str, Any]:
    return {"lue": lue, "version": held, "domaine": lue.domaines[held.domaine_id]}


@require_http_methods(["GET", "HEAD", "POST"])
def activite_nouvelle(request: HttpRequest, pk: int, domaine: int) -> HttpResponse:
    """Add an activity to a domain of a draft; the first free code is proposed."""
    lue = read_domaine(request, pk, domaine)
    held = lue.domaines[domaine]
    code = next_code(lue.edition.epci, held.domaine)
    form = NouvelleActiviteForm(request.POST or None, edition=lue.edition, initial={"code": code})
    return fill(
        request,
        form,
        partial(add_activite, catalogue=lue.edition, domaine=held.domaine),
        template="activite_nouvelle",
        context={"lue": lue, "domaine": held},
        adresse=address_of(lue.edition, domaine),
        merci="Activité ajoutée.",
    )


@require_http_methods(["GET", "HEAD", "POST"])
def activite(request: HttpRequest, pk: int, activite: int) -> HttpResponse:
    """An activity of a draft: its name, its domain, to whom it is closed; and the ways to split, merge, retire it."""
    lue, held = _read(request, pk, activite)
    return fill(
        request,
        ActiviteForm(request.POST or None, lue=lue, activite=held),
        partial(change_activite, catalogue=lue.edition, activite=held.activite),
        template="activite",
        context=_context(lue, held),
        adresse=address_of(lue.edition, held.domaine_id),
        merci="Activité enregistrée.",
    )


@require_http_methods(["GET", "HEAD", "POST"])
def activite_scinder(request: HttpRequest, pk: int, activite: int) -> HttpResponse:
    """Split an activity in several."""
    lue, held = _read(request, pk, activite)
    return fill(
        request,
        ScissionForm(request.POST or None, edition=lue.edition),
        partial(split_activite, catalogue=lue.edition, activite=held.activite),
        template="scinder",
        context=_context(lue, held),
        adresse=address_of(lue.edition, held.domaine_id),
        merci=f"« {held} » scindée.",
    )


@require_http_methods(["GET", "HEAD", "POST"])
def activite_fusionner(request: HttpRequest, pk: int, activite: int) -> HttpResponse:
    """Merge an activity with others, of its domain or not."""
    lue, held = _read(request, pk, activite)
    return fill(
        request,
        FusionForm(request.POST or None, lue=lue, activite=held),
        partial(merge_activites, catalogue=lue.edition),
        template="fusionner",
        context=_context(lue, held),
        adresse=address_of(lue.edition, held.domaine_id),
        merci="Activités fusionnées.",
    )


@require_POST
def activite_place(request: HttpRequest, pk: int, activite: int) -> HttpResponse:
    """Move an activity up or down in its domain."""
    lue, held = _read(request, pk, activite)
    sens = request.POST.get("sens", "")
    shift = partial(shift_activite, catalogue=lue.edition, activite=held.activite, sens=sens)
    return press(request, shift, adresse=address_of(lue.edition, held.domaine_id))


@require_http_methods(["GET", "HEAD", "POST"])
def activite_retirer(request: HttpRequest, pk: int, activite: int) -> HttpResponse:
    """Ask, then take an activity out of a draft."""
    lue, held = _read(request, pk, activite)
    if request.method == "POST":
        retire = partial(retire_activite, catalogue=lue.edition, activite=held.activite)
        adresse = address_of(lue.edition, held.domaine_id)
        return press(request, retire, adresse=adresse, merci=f"« {held} » retirée.")
    if obstacle := in_bloc(held):
        return held_back(request, lue.edition, str(held), obstacle, lue.domaines[held.domaine_id])
    context = {
        "titre": f"Retirer « {held} » ?",
        "phrase": "Elle n'est plus offerte à compter du premier jour de cette édition.",
        "consequences": [
            *losses(lue, [held.activite_id]),
            "Pour qu'ils continuent sous un autre nom, renommez-la, scindez-la ou fusionnez-la plutôt.",
            "Tant que l'édition n'est pas gelée, « Ce qui change » permet de la rétablir.",
        ],
        "verbe": "Retirer l'activité",
        "url_retour": reverse("mutualisation:activite", args=[pk, activite]),
    }
    return render(request, "composants/confirmation.html", context)


@require_POST
def activite_retablir(request: HttpRequest, pk: int, activite: int) -> HttpResponse:
    """Put an activity back as the edition before has it."""
    edition = drafted(request, pk)
    found = get_object_or_404(Activite, epci=edition.epci, pk=activite)
    restore = partial(restore_activite, catalogue=edition, activite=found)
    adresse = reverse("mutualisation:edition_ecarts", args=[pk])
    return press(request, restore, adresse=adresse, merci=f"« {found} » : rétablie comme avant.")
