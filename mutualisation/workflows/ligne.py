"""A line that people decide on: locked after its declaration, and refused with the true reason."""

from comptes.models import Personne
from comptes.roles import Role
from mutualisation.models import Declaration, Ligne
from mutualisation.workflows.verrou import locked
from socle.droits import require
from socle.erreurs import Refus

RELATED = ("declaration__cycle__epci", "commune", "epci", "activite", "domaine")


def locked_line(pk: int, version: int | None = None) -> Ligne:
    """The line, locked; its declaration first, so that the point d'arrêt cannot be confirmed meanwhile."""
    declaration = Ligne.objects.values_list("declaration", flat=True).get(pk=pk)
    Declaration.objects.select_for_update(of=("self",)).get(pk=declaration)
    return locked(Ligne, pk, version, select=RELATED)


def require_on_line(ligne: Ligne, acteur: Personne, action: str) -> None:
    """As `require`; the Direction, which could act at another time, is told by Refus what to do first."""
    if acteur.acces.acts_for_epci(ligne.epci_id, Role.DIRECTION_TERRITOIRES):
        if ligne.declaration.arretee:
            raise Refus(
                f"Le point d'arrêt {ligne.commune.de} est confirmé des deux côtés : rouvrez-le d'abord."
            )
        if ligne.arbitrage == Ligne.Arbitrage.ABANDONNEE:
            raise Refus("La commune a retiré cette demande : il n'y a plus rien à décider.")
    require(ligne, acteur, action)
