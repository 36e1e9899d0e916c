"""Who has declared, who is late."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from comptes.roles import Role
from mutualisation.campagne import Compte, Export, Tableau, board, current_cycle, read_board, require_reader
from mutualisation.forms.campagne import FiltreCampagne
from mutualisation.models import Cycle
from mutualisation.tableur import csv_response, xlsx_response
from socle.saisie import number


@require_GET
def campagne(request: HttpRequest) -> HttpResponse:
    """The board of a cycle (`cycle`, the current one by default), filtered, on a page or as a sheet (`format`)."""
    require_reader(request.user, request.epci)
    cycle = _chosen(request)
    if cycle is None:
        return render(request, "mutualisation/campagne/aucune.html")
    rows = board(cycle, request.user)
    filtre = FiltreCampagne(request.GET, queryset=rows, request=request)
    if request.GET.get("format") in ("csv", "xlsx"):
        return _sheet(request.GET["format"], cycle, filtre)
    return render(request, "mutualisation/campagne/campagne.html", _context(request, cycle, rows, filtre))


def _chosen(request: HttpRequest) -> Cycle | None:
    wanted = request.GET.get("cycle", "")
    if not wanted:
        return current_cycle(request.epci)
    rows = Cycle.objects.visible_to(request.user).filter(epci=request.epci).select_related("epci")
    return get_object_or_404(rows, pk=number(wanted) or 0)


def _context(request: HttpRequest, cycle: Cycle, rows: Any, filtre: FiltreCampagne) -> dict[str, Any]:
    query = request.GET.copy()
    query.pop("format", None)
    tableau = Tableau(read_board(rows, cycle))
    return {
        "cycle": cycle,
        "cycles": Cycle.objects.filter(epci=request.epci).order_by("-annee"),
        "droits": cycle.abilities_for(request.user),
        "tableau": tableau,
        "mots": _words(tableau.ensemble),
        "peut_preparer": request.user.acces.acts_for_epci(cycle.epci_id, Role.DIRECTION_TERRITOIRES),
        "suivis": read_board(filtre.qs, cycle),
        "filtre": filtre,
        "requete": query.urlencode(),
        "close": cycle.epci.today > cycle.declaration_fin_on,
    }


def _words(compte: Compte) -> dict[str, str]:
    """The words under each figure."""
    return {
        "deposees": "déclarations déposées" if compte.deposees > 1 else "déclaration déposée",
        "brouillons": "brouillons à déposer" if compte.brouillons > 1 else "brouillon à déposer",
        "sans_reponse": "communes sans réponse" if compte.sans_reponse > 1 else "commune sans réponse",
    }


def _sheet(kind: str, cycle: Cycle, filtre: FiltreCampagne) -> HttpResponse:
    shown = filtre.qs.select_related("accuse", "commune", "deposee_par", "enregistree_par")
    rows = [Export.row(suivi) for suivi in read_board(shown, cycle)]
    name = f"campagne-{cycle.annee}.{kind}"
    if kind == "csv":
        return csv_response(name, Export.ENTETE, rows)
    title = f"Campagne {cycle.annee}, {cycle.epci}"
    return xlsx_response(name, title, Export.ENTETE, rows, feuille="Campagne")
