"""Who prepares a domain of a commune: its référents on both sides, the DGS, the Direction des territoires; who runs it."""

from typing import Any

from comptes.roles import Role
from mutualisation.visibilite import perimeter
from territoire.models import Commune


def prepares(user: Any, epci: int, commune: int, domaine: int) -> bool:
    """Whether the user writes for a domain of a commune (ids), on either side."""
    directs = user.acces.acts_for_epci(epci, Role.DIRECTION_TERRITOIRES)
    seats = (Role.REFERENT_COMMUNAL, Role.RESPONSABLE_SERVICE)
    dgs = user.acces.acts_for_commune(commune, Role.DGS)
    return directs or dgs or _sits(user, epci, commune, domaine, *seats)


def serves(user: Any, epci: int, commune: int, domaine: int) -> bool:
    """Whether the user answers for a domain of a commune (ids) on the side of the EPCI: its responsable, the Direction."""
    directs = user.acces.acts_for_epci(epci, Role.DIRECTION_TERRITOIRES)
    return directs or _sits(user, epci, commune, domaine, Role.RESPONSABLE_SERVICE)


def _sits(user: Any, epci: int, commune: int, domaine: int, *roles: Role) -> bool:
    seats = user.acces.with_role(*roles)
    mine = [titre for titre in seats if (titre.epci_id, titre.domaine_id) == (epci, domaine)]
    return any(Commune.objects.filter(perimeter(titre, "pk"), pk=commune).exists() for titre in mine)
