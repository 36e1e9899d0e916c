"""What an act of an assembly must be before a contract rests on it."""

from contrats.models import Cote
from contrats.models.contrat import ActeCite
from mutualisation.models import Acte
from socle.erreurs import Refus
from territoire.models import Epci


def check_act(given: ActeCite, epci: Epci) -> None:
    """Refuse an act of the other side, dates to come or out of order; a Refus names its field."""
    communal = given.type == Acte.Type.CONSEIL_MUNICIPAL
    if communal != (given.cote == Cote.COMMUNE):
        raise Refus("Cet acte n'est pas de cette assemblée.", field="type")
    if max(given.adopte_on, given.executoire_on) > epci.today:
        raise Refus("Cette date est à venir : un acte s'enregistre une fois adopté.", field="executoire_on")
    if given.executoire_on < given.adopte_on:
        raise Refus("Un acte ne peut pas être exécutoire avant d'être adopté.", field="executoire_on")
