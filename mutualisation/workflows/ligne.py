"""A line that people decide on: locked after its declaration, and refused with the true reason."""

from comptes.models import Personne
from comptes.roles import Role
from mutualisation.models import Cycle, Declaration, Ligne
from mutualisation.workflows.verrou import locked
from socle.dates import day_and_year
from socle.droits import require
from socle.erreurs import Refus

RELATED = ("declaration__cycle__epci", "commune", "epci", "activite", "domaine")


def locked_line(pk: int, version: int | None = None) -> Ligne:
    """The line, locked; its cycle and its declaration first, so that dates stay and no point d'arrêt is confirmed meanwhile."""
    cycle, declaration = Ligne.objects.values_list("declaration__cycle", "declaration").get(pk=pk)
    locked(Cycle, cycle)
    Declaration.objects.select_for_update(of=("self",), no_key=True).get(pk=declaration)
    return locked(Ligne, pk, version, select=RELATED)


def require_on_line(ligne: Ligne, acteur: Personne, action: str) -> None:
    """As `require`; the Direction, which could act at another time, is told by Refus what to do first."""
    directs = acteur.acces.acts_for_epci(ligne.epci_id, Role.DIRECTION_TERRITOIRES)
    refuse_closed(ligne.declaration.cycle, allowed=directs)
    if directs:
        if ligne.declaration.arretee:
            raise Refus(
                f"Le point d'arrêt {ligne.commune.de} est confirmé des deux côtés : rouvrez-le d'abord."
            )
        if ligne.arbitrage == Ligne.Arbitrage.ABANDONNEE:
            raise Refus("La commune a retiré cette demande : il n'y a plus rien à décider.")
    require(ligne, acteur, action)


def refuse_closed(cycle: Cycle, *, allowed: bool) -> None:
    """Tell who would otherwise be allowed that the cycle is closed; the others are refused by their rights."""
    if allowed and cycle.clos_at:
        raise Refus(f"Le cycle {cycle.annee} est clos : ses demandes et ses décisions ne changent plus.")


def refuse_voted(ligne: Ligne) -> None:
    """A line that an assembly has voted is not undone by one person: the act goes first."""
    acte = ligne.actes.order_by("adopte_on", "pk").first()
    if acte:
        raise Refus(
            f"« {ligne.activite} » est déjà votée ({acte} du {day_and_year(acte.adopte_on)}) : il faut d'abord que la "
            "Direction des territoires annule ou corrige l'acte."
        )
