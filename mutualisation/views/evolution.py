"""How sharing grew, year after year: two curves, their table twin, exports."""

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from mutualisation.evolution import Courbe, Point, draw, read_evolution
from mutualisation.views.matrice import current_epci, file_name, invented
from socle.liste import asked_format
from socle.tableur import Tableau, table_response
from territoire.models import Epci


@require_safe
def evolution(request: HttpRequest) -> HttpResponse:
    """Communes that share and domains they share each 1 January; `format=xlsx`, `ods` or `csv` gives the figures."""
    epci = current_epci(request)
    points = read_evolution(epci)
    if kind := asked_format(request):
        return table_response(_table(epci, points), kind)
    context = {
        "points": points,
        "courbes": _curves(points) if points else [],
        "aujourdhui": epci.today,
        "mention": invented().strip(),
    }
    return render(request, "mutualisation/evolution/evolution.html", context)


def _curves(points: Sequence[Point]) -> list[Courbe]:
    communes, domaines = [point.communes for point in points], [point.domaines for point in points]
    return [
        draw("communes", "Communes qui partagent", ("commune", "communes"), points, communes),
        draw("domaines", "Domaines partagés", ("domaine partagé", "domaines partagés"), points, domaines),
    ]


def _table(epci: Epci, points: Sequence[Point]) -> Tableau:
    return Tableau(
        nom=file_name("evolution", epci.today),
        titre=f"{epci.nom}, communes qui partagent et domaines partagés, année par année.{invented()}",
        entete=[
            "Au",
            "Communes membres",
            "Communes qui partagent",
            "dont par régularisation seulement",
            "Domaines partagés",
        ],
        lignes=[[p.jour, p.membres, p.communes, p.regularisees, p.domaines] for p in points],
        feuille="Évolution",
    )
