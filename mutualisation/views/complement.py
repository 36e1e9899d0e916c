"""Completing a line, on the commune's side."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from comptes.contexte import person
from mutualisation.forms.instruction import ReponseForm
from mutualisation.models import DemandeComplement, Ligne
from mutualisation.views.refus import status_of, tell, with_value, with_version
from mutualisation.workflows.complement import Reponse, answer_completion
from mutualisation.workflows.ligne import RELATED
from socle.droits import ActionInterdite
from socle.erreurs import Conflit, Refus
from socle.typographie import typeset

LIGNE = tuple(f"ligne__{name}" for name in RELATED)


@require_http_methods(["GET", "HEAD", "POST"])
def complement(request: HttpRequest, pk: int) -> HttpResponse:
    """A request for completion: GET shows it and its answer, POST answers and edits that line only."""
    found = _visible(request, pk)
    if request.method != "POST":
        return _page(request, found, ReponseForm(initial=_present(found.ligne)))
    if not found.ligne.declaration.prepared_by(request.user):
        raise ActionInterdite(Ligne.QUI_PEUT["completer"])
    form = ReponseForm(request.POST)
    if not form.is_valid():
        return _page(request, found, form, status=422)
    data = dict(form.cleaned_data)
    version = data.pop("version")
    try:
        answer_completion(demande=found, acteur=person(request), reponse=Reponse(**data), version=version)
    except Refus as refus:
        fresh = _visible(request, pk)
        tell(form, refus)
        with_version(form, fresh.ligne.version)
        if refus.field == "motif" and isinstance(refus, Conflit):  # the other's motive has just been told
            with_value(form, "motif_vu", _present(fresh.ligne)["motif"])
        return _page(request, fresh, form, status=status_of(refus))
    messages.success(request, typeset("Réponse envoyée : l'instruction reprend."))
    return redirect("mutualisation:ligne", pk=found.ligne_id)


def _visible(request: HttpRequest, pk: int) -> DemandeComplement:
    rows = DemandeComplement.objects.visible_to(request.user)
    return get_object_or_404(rows.select_related(*LIGNE, "demandee_par", "repondue_par"), pk=pk)


def _present(ligne: Ligne) -> dict[str, Any]:
    motif = ligne.declaration.motifs.filter(domaine=ligne.domaine_id).first()
    return {
        "precision": ligne.precision,
        "motif": motif.texte if motif else "",
        "motif_vu": motif.texte if motif else "",
        "version": ligne.version,
    }


def _page(
    request: HttpRequest, found: DemandeComplement, form: ReponseForm, status: int = 200
) -> HttpResponse:
    context = {
        "demande": found,
        "ligne": found.ligne,
        "cycle": found.ligne.declaration.cycle,
        "droits": found.ligne.abilities_for(request.user),
        "qui_peut": Ligne.QUI_PEUT["completer"],
        "form": form,
        "garde": form.is_bound,
    }
    return render(request, "mutualisation/instruction/complement.html", context, status=status)
