"""The library of reference fiches: the list, one domain, writing it and what each of its activities adds."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from comptes.contexte import person
from contrats.bibliotheque import Export, FicheLue, read_library
from contrats.forms.contrat import IndicateurFormSet, initial_row
from contrats.forms.fiche import FicheActiviteForm, FicheForm
from contrats.fusion import describe
from contrats.models import Fiche, FicheActivite
from contrats.workflows.fiche import save_reference
from journal.models import Evenement
from mutualisation.matrice import edition_on
from mutualisation.models import Activite, Domaine
from mutualisation.views.acte import sheet
from mutualisation.views.matrice import current_epci
from socle.droits import require
from socle.erreurs import Conflit
from socle.liste import asked_format
from socle.saisie import number
from territoire.models import Epci

ROWS = "indicateurs"


def _library(epci: Epci) -> list[FicheLue]:
    edition = edition_on(epci, epci.today)
    return read_library(edition) if edition else []


@require_GET
def fiches(request: HttpRequest) -> HttpResponse:
    """Each domain of the catalogue in force, with its reference fiche; on a page or as a sheet."""
    epci = current_epci(request)
    lues = _library(epci)
    if kind := asked_format(request):
        title = f"Fiches de référence, {epci}"
        return sheet(kind, "fiches-de-reference", title, Export.ENTETE, Export.rows(lues))
    context = {"lues": lues, "droits": Fiche(epci=epci).abilities_for(request.user), "epci": epci}
    return render(request, "contrats/fiche/fiches.html", context)


def _domaine(request: HttpRequest, pk: int) -> Domaine:
    return get_object_or_404(Domaine.objects.visible_to(request.user).select_related("epci", "fiche"), pk=pk)


def _fiche_of(domaine: Domaine) -> Fiche:
    """The fiche of a domain, or the one that nobody wrote yet."""
    return getattr(domaine, "fiche", None) or Fiche(epci=domaine.epci, domaine=domaine)


@require_GET
def fiche(request: HttpRequest, pk: int) -> HttpResponse:
    """The reference fiche of a domain, and what each activity of the catalogue in force adds to it."""
    domaine = _domaine(request, pk)
    lue = next((one for one in _library(domaine.epci) if one.domaine.id == pk), None)
    if lue is None:
        raise Http404
    found = _fiche_of(domaine)
    seen = Evenement.objects.visible_to(request.user)
    context = {
        "domaine": domaine,
        "lue": lue,
        "fiche": found,
        "textes": [
            (field.label, getattr(found, name)) for name, field in FicheForm(instance=found).fields.items()
        ],
        "indicateurs": [describe(row) for row in found.indicateurs],
        "activites": [
            (one, own, own and [describe(row) for row in own.indicateurs]) for one, own in lue.activites
        ],
        "droits": found.abilities_for(request.user),
        "historique": bool(found.pk) and seen.about(found).exists(),
    }
    return render(request, "contrats/fiche/fiche.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def modifier(request: HttpRequest, pk: int) -> HttpResponse:
    """Write the reference fiche of a domain. A save over somebody else's is refused (409), and what was typed stays."""
    domaine = _domaine(request, pk)
    context = {
        "titre": str(domaine),
        "domaine": domaine,
        "phrase": "Les contrats déjà commencés gardent ce qu'ils ont repris ; leurs pages disent que la référence a changé.",
    }
    return _write(request, _fiche_of(domaine), FicheForm, context)


@require_http_methods(["GET", "HEAD", "POST"])
def activite_modifier(request: HttpRequest, pk: int) -> HttpResponse:
    """Write what an activity adds to the fiche of its domain."""
    found = get_object_or_404(
        Activite.objects.visible_to(request.user).select_related("epci", "fiche"), pk=pk
    )
    own = getattr(found, "fiche", None) or FicheActivite(epci=found.epci, activite=found)
    context = {
        "titre": str(found),
        "domaine": _domaine_of(found),
        "phrase": "Proposé aux contrats qui partagent cette activité, à la suite de la fiche du domaine.",
    }
    return _write(request, own, FicheActiviteForm, context)


def _domaine_of(activite: Activite) -> Domaine:
    """The domain where the activity stands in the catalogue in force; 404 when it is offered no more."""
    epci = activite.epci
    edition = edition_on(epci, epci.today)
    held = edition and edition.activites.filter(activite=activite).select_related("domaine").first()
    if not held:
        raise Http404
    return held.domaine


def _write(
    request: HttpRequest,
    found: Fiche | FicheActivite,
    form_class: type[FicheForm] | type[FicheActiviteForm],
    context: dict[str, Any],
) -> HttpResponse:
    require(found, request.user, "modifier")
    seen = Evenement.objects.visible_to(request.user).about(found) if found.pk else None
    context["historique"] = found._meta.label_lower if seen and seen.exists() else ""
    context["fiche"] = found
    if request.method != "POST":
        initial = [initial_row(row) for row in found.indicateurs]
        formset = IndicateurFormSet(initial=initial, prefix=ROWS)
        return _page(request, found.version, form_class(instance=found), formset, context)
    read = number(request.POST.get("version")) or 0
    form: Any = form_class(request.POST, instance=found)
    formset = IndicateurFormSet(request.POST, prefix=ROWS)
    if not (form.is_valid() & formset.is_valid()):
        return _page(request, read, form, formset, context, 422)
    try:
        save_reference(
            fiche=found,
            acteur=person(request),
            version=read,
            valeurs=form.cleaned_data,
            indicateurs=formset.rows(),
        )
    except Conflit as conflit:
        current = _stored(found)
        told = {"conflit": conflit.message, "enregistre": form.stored(current)}
        return _page(request, current.version, form, formset, context | told, 409)
    except ValidationError as fault:
        form.add_error(None, fault.messages)
        return _page(request, read, form, formset, context, 422)
    messages.success(request, "La fiche de référence est enregistrée.")
    return redirect("contrats:fiche", context["domaine"].pk)


def _stored(found: Fiche | FicheActivite) -> Fiche | FicheActivite:
    """As it stands now: the page may have been read before anybody wrote it."""
    if isinstance(found, Fiche):
        return Fiche.objects.get(domaine=found.domaine)
    return FicheActivite.objects.get(activite=found.activite)


def _page(
    request: HttpRequest, version: int, form: Any, formset: Any, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    values = {
        "form": form,
        "formset": formset,
        "version": version,
        "conflit": "",
        "enregistre": [],
        "retour": reverse("contrats:fiche", args=[context["domaine"].pk]),
    }
    return render(request, "contrats/fiche/modifier.html", {**values, **context}, status=status)
