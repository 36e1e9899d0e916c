"""Who sees the rows of a domain in a commune: those who see the commune, and those who hold a seat."""

from typing import Any

from django.db.models import Q

from comptes.acces import Titre
from comptes.roles import Role
from comptes.visibilite import members_of_pole, of_commune


def of_domaine(
    user: Any, epci: str = "epci_id", commune: str = "commune_id", domaine: str = "domaine_id"
) -> Q:
    """Rows of the user's communes, and of the domains he answers for (a responsable sees his domains everywhere he serves)."""
    condition = of_commune(user, epci, commune)
    for titre in user.acces.with_role(Role.REFERENT_COMMUNAL, Role.RESPONSABLE_SERVICE):
        condition |= Q(**{epci: titre.epci_id, domaine: titre.domaine_id}) & perimeter(titre, commune)
    return condition


def perimeter(titre: Titre, commune: str) -> Q:
    """Rows inside the perimeter of a title: its commune, its pôle's communes, or all."""
    if titre.commune_id:
        return Q(**{commune: titre.commune_id})
    if titre.pole_id:
        return Q(**{f"{commune}__in": members_of_pole(titre.pole_id)})
    return Q()
