"""Who is expected at the reviews of a commune."""

from comptes.destinataires import Carnet, recipients
from comptes.models import Personne
from comptes.roles import Role
from revues.models import Revue
from territoire.models import Commune, Epci

HEADS = (Role.MAIRE, Role.DGS, Role.DIRECTION_TERRITOIRES)
PAIR = (Role.REFERENT_COMMUNAL, Role.RESPONSABLE_SERVICE)


class Participants:
    """The seats and heads of a commune, read once (a few queries) for all its reviews."""

    def __init__(self, epci: Epci, commune: Commune) -> None:
        self._carnet = Carnet(epci, (*HEADS, *PAIR), commune)

    def of(self, revue: Revue) -> list[Personne]:
        """Both référents of the domain; for a contract, the maire, the DGS and the Direction."""
        return self._carnet.people(_roles(revue), revue.jour, domaine=revue.domaine_id)


def participants(revue: Revue) -> list[Personne]:
    """Who is expected at one review, in French order."""
    return recipients(
        revue.epci, *_roles(revue), on=revue.jour, commune=revue.commune, domaine=revue.domaine_id
    )


def _roles(revue: Revue) -> tuple[Role, ...]:
    return HEADS if revue.domaine_id is None else PAIR
