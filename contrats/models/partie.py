"""Who prepares a domain of a commune: its référents on both sides, the DGS, the Direction des territoires."""

from typing import Any

from comptes.roles import Role
from mutualisation.visibilite import perimeter
from territoire.models import Commune


def prepares(user: Any, epci: int, commune: int, domaine: int) -> bool:
    """Whether the user writes for a domain of a commune (ids), on either side."""
    directs = user.acces.acts_for_epci(epci, Role.DIRECTION_TERRITOIRES)
    return directs or user.acces.acts_for_commune(commune, Role.DGS) or _sits(user, epci, commune, domaine)


def _sits(user: Any, epci: int, commune: int, domaine: int) -> bool:
    seats = user.acces.with_role(Role.REFERENT_COMMUNAL, Role.RESPONSABLE_SERVICE)
    mine = [titre for titre in seats if (titre.epci_id, titre.domaine_id) == (epci, domaine)]
    return any(Commune.objects.filter(perimeter(titre, "pk"), pk=commune).exists() for titre in mine)
