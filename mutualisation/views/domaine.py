"""Domains of a draft of the catalogue."""

from functools import partial
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from mutualisation.ecarts import losses
from mutualisation.editions import EditionLue, read_edition
from mutualisation.forms.domaine import DescriptionForm, NouveauDomaineForm
from mutualisation.models import Catalogue, Domaine, DomaineVersion
from mutualisation.views.edition import drafted, fill, press
from mutualisation.workflows.domaine import (
    add_domaine,
    change_domaine,
    demanded,
    restore_domaine,
    retire_domaine,
    shift_domaine,
)


def read_domaine(request: HttpRequest, pk: int, domaine: int) -> EditionLue:
    """The draft, read, that offers the domain; 404 when it does not."""
    lue = read_edition(drafted(request, pk))
    if domaine not in lue.domaines:
        raise Http404
    return lue


def address_of(edition: Catalogue, domaine: int) -> str:
    """The page of a domain in a draft."""
    return reverse("mutualisation:domaine", args=[edition.pk, domaine])


def held_back(
    request: HttpRequest, edition: Catalogue, quoi: str, obstacle: str, version: DomaineVersion
) -> HttpResponse:
    """The page of what may not be retired: why, and the page of the domain where that is undone."""
    context = {"quoi": quoi, "obstacle": obstacle, "edition": edition, "domaine": version}
    return render(request, "mutualisation/edition/irretirable.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def domaine_nouveau(request: HttpRequest, pk: int) -> HttpResponse:
    """Add a domain to a draft."""
    lue = read_edition(drafted(request, pk))
    form = NouveauDomaineForm(request.POST or None, lue=lue)

    def add(**typed: Any) -> None:
        add_domaine(catalogue=lue.edition, code=form.cleaned_data["code"], **typed)

    return fill(
        request,
        form,
        add,
        template="domaine_nouveau",
        context={"lue": lue},
        adresse=reverse("mutualisation:edition", args=[pk]),
        merci="Domaine ajouté. Il reste à lui donner des activités.",
    )


@require_http_methods(["GET", "HEAD", "POST"])
def domaine(request: HttpRequest, pk: int, domaine: int) -> HttpResponse:
    """A domain of a draft: its activities, its blocs, and its description to change."""
    lue = read_domaine(request, pk, domaine)
    held = lue.domaines[domaine]
    form = DescriptionForm(request.POST or None, lue=lue, domaine=domaine)
    context = {
        "lue": lue,
        "version": held,
        "activites": [(row, lue.exclusions.get(row.activite_id, "")) for row in lue.by_domaine[domaine]],
        "blocs": [(bloc, lue.by_bloc[bloc.pk]) for bloc in lue.blocs.values() if bloc.domaine_id == domaine],
    }
    return fill(
        request,
        form,
        partial(change_domaine, catalogue=lue.edition, domaine=held.domaine),
        template="domaine",
        context=context,
        adresse=address_of(lue.edition, domaine),
        merci="Domaine enregistré.",
    )


def _known(request: HttpRequest, edition: Catalogue, pk: int) -> Domaine:
    """A domain of the EPCI of an edition, in the draft or not; 404 otherwise."""
    found = Domaine.objects.filter(epci=edition.epci, pk=pk).first()
    if found is None:
        raise Http404
    return found


@require_POST
def domaine_place(request: HttpRequest, pk: int, domaine: int) -> HttpResponse:
    """Move a domain up or down."""
    edition = drafted(request, pk)
    shift = partial(
        shift_domaine,
        catalogue=edition,
        domaine=_known(request, edition, domaine),
        sens=request.POST.get("sens", ""),
    )
    return press(request, shift, adresse=reverse("mutualisation:edition", args=[pk]))


@require_http_methods(["GET", "HEAD", "POST"])
def domaine_retirer(request: HttpRequest, pk: int, domaine: int) -> HttpResponse:
    """Ask, then take a domain out of a draft."""
    lue = read_domaine(request, pk, domaine)
    held = lue.domaines[domaine]
    if request.method == "POST":
        retire = partial(retire_domaine, catalogue=lue.edition, domaine=held.domaine)
        adresse = reverse("mutualisation:edition", args=[pk])
        return press(request, retire, adresse=adresse, merci=f"« {held} » retiré.")
    if obstacle := demanded(lue, domaine):
        return held_back(request, lue.edition, str(held), obstacle, held)
    held_activites = [row.activite_id for row in lue.by_domaine[domaine]]
    context = {
        "titre": f"Retirer le domaine « {held} » ?",
        "phrase": "Il n'est plus offert à compter du premier jour de cette édition.",
        "consequences": [
            "Ses activités sont retirées avec lui ; celles qu'une autre édition offre restent dans l'histoire.",
            *losses(lue, held_activites, domaine),
            "Tant que l'édition n'est pas gelée, « Ce qui change » permet de le rétablir.",
        ],
        "verbe": "Retirer le domaine",
        "url_retour": address_of(lue.edition, domaine),
    }
    return render(request, "composants/confirmation.html", context)


@require_POST
def domaine_retablir(request: HttpRequest, pk: int, domaine: int) -> HttpResponse:
    """Put a domain back as the edition before describes it."""
    edition = drafted(request, pk)
    found = _known(request, edition, domaine)
    restore = partial(restore_domaine, catalogue=edition, domaine=found)
    adresse = reverse("mutualisation:edition_ecarts", args=[pk])
    return press(request, restore, adresse=adresse, merci=f"« {found} » : rétabli comme avant.")
