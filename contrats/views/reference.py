"""A fiche beside its reference: what it took up, what it may take up."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from comptes.contexte import person
from contrats.fiche import LIBELLES
from contrats.forms.fusion import SEEN, fingerprints, seen_by
from contrats.models import Engagement
from contrats.reference import RUBRIQUES, read_propositions, reference_of, state_of_rubric
from contrats.views.engagement import visible_engagement
from contrats.workflows.reference import adopt
from mutualisation.views.refus import status_of
from socle.droits import require
from socle.erreurs import Refus


@require_http_methods(["GET", "HEAD", "POST"])
def reprendre(request: HttpRequest, pk: int) -> HttpResponse:
    """GET shows both texts side by side, rubric by rubric; POST takes up what is ticked, and nothing else."""
    found = visible_engagement(request, pk)
    require(found, request.user, "modifier")
    if request.method != "POST":
        return _page(request, found)
    chosen = request.POST.getlist("reprendre")
    try:
        adopt(engagement=found, acteur=person(request), choisies=chosen, vues=seen_by(request.POST))
    except Refus as refus:
        return _page(request, visible_engagement(request, pk), refus, chosen)
    messages.success(request, "Ce que vous avez coché est dans la fiche. Adaptez-le à la commune.")
    return redirect("contrats:engagement", pk)


def _page(
    request: HttpRequest, found: Engagement, refus: Refus | None = None, chosen: list[str] | None = None
) -> HttpResponse:
    offered = read_propositions(found)
    fiche = reference_of(found)
    whole = {one.rubrique: one for one in offered.textes if not one.ajoute}
    names = [*RUBRIQUES, *(name for name in whole if name not in RUBRIQUES)]
    context: dict[str, Any] = {
        "engagement": found,
        "fiche": fiche,
        "rubriques": [
            {
                "libelle": LIBELLES[name],
                "texte": getattr(found, name),
                "etat": state_of_rubric(found, name, fiche) if name in RUBRIQUES else None,
                "proposition": whole.get(name),
            }
            for name in names
        ],
        "ajouts": [one for one in offered.textes if one.ajoute],
        "mesures": offered.mesures,
        "libelles": LIBELLES,
        "vues": [(f"{SEEN}{name}", vue) for name, vue in fingerprints(found).items()],
        "refus": refus.message if refus else "",
        "cochees": chosen or [],
        "a_reprendre": any(not one.deja for one in (*offered.textes, *offered.mesures)),
    }
    status = status_of(refus) if refus else 200
    return render(request, "contrats/reference/reprendre.html", context, status=status)
