"""What the assemblies need to vote, to be reworked in a word processor: the dossier of a commune, the text of the EPCI."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from comptes.contexte import person
from comptes.roles import Role
from contrats.deliberation_epci import read_vote, write_deliberation
from contrats.dossier import read_dossier
from contrats.dossier_docx import write_dossier
from contrats.models import VersionContrat
from contrats.views.circuit import whole_version
from documents.docx import TYPE
from mutualisation.views.matrice import current_epci
from socle.droits import ActionInterdite
from socle.typographie import typeset

NOTHING = "Aucun texte arrêté n'attend le vote de l'EPCI."


@require_safe
def dossier_docx(request: HttpRequest, pk: int) -> HttpResponse:
    """The dossier as things stand today, for those who read the whole contract; never kept, so never out of date."""
    version = whole_version(request, pk)
    return _attached(f"{version.reference}-dossier-de-conseil", write_dossier(read_dossier(version)))


@require_safe
def deliberation_epci(request: HttpRequest) -> HttpResponse:
    """The projet de délibération of the EPCI for every text settled, for the Direction; back to the list without any."""
    epci = current_epci(request)
    if not person(request).acces.acts_for_epci(epci.pk, Role.DIRECTION_TERRITOIRES):
        raise ActionInterdite(VersionContrat.QUI_PEUT["conduire"])
    vote = read_vote(epci)
    if vote is None:
        messages.info(request, typeset(NOTHING))
        return redirect("contrats:contrats")
    return _attached("projet-de-deliberation-epci", write_deliberation(vote))


def _attached(name: str, octets: bytes) -> HttpResponse:
    response = HttpResponse(octets, content_type=TYPE)
    response["Content-Disposition"] = f'attachment; filename="{name}.docx"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-cache"
    return response
