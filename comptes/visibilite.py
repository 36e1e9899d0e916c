"""The one rule of who sees the rows of a commune, composed by every `visible_to`."""

from typing import Any

from django.db.models import Q, QuerySet

from comptes.acces import Titre
from comptes.roles import ROLES_COMMUNE, Role
from territoire.models import Appartenance, today_of

COMMUNE_ROLES = tuple(Role(value) for value in ROLES_COMMUNE)
NOBODY = Q(pk__in=())


def pairs(titres: list[Titre], epci: str, commune: str) -> Q:
    """Rows of the (EPCI, commune) pairs of some titles: a commune that changed EPCI keeps its two histories apart."""
    condition = NOBODY
    for epci_id, commune_id in sorted({(t.epci_id, t.commune_id or 0) for t in titres if t.commune_id}):
        condition |= Q(**{epci: epci_id, commune: commune_id})
    return condition


def members_of_pole(pole_id: int | None) -> QuerySet:
    """Ids of the communes that stand in a pôle today."""
    present = Appartenance.objects.on(today_of("epci"))
    return present.filter(pole=pole_id).values("commune")


def of_commune(user: Any, epci: str = "epci_id", commune: str = "commune_id") -> Q:
    """Rows the user sees as a whole: his commune's, his pôle's communes', his EPCI's."""
    acces = user.acces
    condition = pairs(acces.with_role(*COMMUNE_ROLES), epci, commune)
    if acces.epcis_entiers:
        condition |= Q(**{f"{epci}__in": acces.epcis_entiers})
    for titre in acces.with_role(Role.DIRECTEUR_POLE):
        condition |= Q(**{epci: titre.epci_id, f"{commune}__in": members_of_pole(titre.pole_id)})
    return condition
