"""« Sièges à pourvoir »: those that nobody will answer soon, for who may name somebody."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from comptes.roles import Role
from mutualisation.models import Siege
from mutualisation.vacances import HORIZON, Vacance, of_hat
from mutualisation.views.matrice import current_epci
from socle.droits import ActionInterdite
from socle.liste import asked_format
from socle.tableur import Tableau, table_response
from territoire.models import Epci

ENTETE = ("Siège", "Rôle", "Titulaire", "À partir du", "Ce qui se passe", "Pourquoi")


@require_safe
def sieges_a_pourvoir(request: HttpRequest) -> HttpResponse:
    """The seats about to be left empty: of the EPCI for the Direction, of her commune for a DGS; also as a sheet."""
    epci = current_epci(request)
    if request.contexte.role not in (Role.DIRECTION_TERRITOIRES, Role.DGS):
        raise ActionInterdite(Siege.QUI_PEUT["nommer"])
    found = of_hat(request.contexte)
    if kind := asked_format(request):
        return table_response(_sheet(epci, found), kind)
    context = {"vacances": found, "jours": HORIZON.days}
    return render(request, "mutualisation/siege/a_pourvoir.html", context)


def _sheet(epci: Epci, found: list[Vacance]) -> Tableau:
    lines = [
        (
            str(one.siege),
            one.siege.role.label,
            str(one.titulaire),
            one.le,
            "absence sans suppléant" if one.absence else "plus de titulaire",
            one.motif,
        )
        for one in found
    ]
    title = f"Sièges à pourvoir, {epci}, le {epci.today:%d/%m/%Y}"
    return Tableau("sieges-a-pourvoir", title, ENTETE, lines, "À pourvoir")
