"""Blocs of a draft of the catalogue."""

from functools import partial

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_http_methods, require_POST

from mutualisation.forms.bloc import BlocForm
from mutualisation.models import Bloc
from mutualisation.views.domaine import address_of, read_domaine
from mutualisation.views.edition import drafted, fill, press
from mutualisation.workflows.bloc import form_bloc, undo_bloc


@require_http_methods(["GET", "HEAD", "POST"])
def bloc_nouveau(request: HttpRequest, pk: int, domaine: int) -> HttpResponse:
    """Bind activities of a domain in a bloc."""
    lue = read_domaine(request, pk, domaine)
    held = lue.domaines[domaine]
    return fill(
        request,
        BlocForm(request.POST or None, lue=lue, domaine=domaine),
        partial(form_bloc, catalogue=lue.edition, domaine=held.domaine),
        template="bloc_nouveau",
        context={"lue": lue, "domaine": held},
        adresse=address_of(lue.edition, domaine),
        merci="Bloc formé.",
    )


@require_POST
def bloc_defaire(request: HttpRequest, pk: int, bloc: int) -> HttpResponse:
    """Let communes take the activities of a bloc one by one again."""
    edition = drafted(request, pk)
    found = get_object_or_404(Bloc, catalogue=edition, pk=bloc)
    undo = partial(undo_bloc, catalogue=edition, bloc=found)
    return press(
        request, undo, adresse=address_of(edition, found.domaine_id), merci=f"Bloc « {found} » défait."
    )
