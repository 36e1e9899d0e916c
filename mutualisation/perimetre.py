"""What the filters of a list offer its reader: no commune, pôle or domain of which he would see nothing."""

from functools import reduce
from operator import or_
from typing import Any

from django.db.models import QuerySet

from comptes.acces import Titre
from comptes.roles import Role
from comptes.visibilite import NOBODY
from mutualisation.models import Domaine
from mutualisation.visibilite import perimeter
from territoire.models import Commune, Epci, Pole

SEATS = (Role.REFERENT_COMMUNAL, Role.RESPONSABLE_SERVICE)


def communes_of(user: Any, epci: Epci) -> QuerySet[Commune]:
    """The members of an EPCI, in French order, that one of the user's titles covers."""
    titres = _titles(user, epci)
    members = Commune.objects.members_of(epci, epci.today)
    if _everywhere(titres):
        return members
    return members.filter(reduce(or_, (perimeter(titre, "pk") for titre in titres), NOBODY))


def poles_of(user: Any, epci: Epci) -> QuerySet[Pole]:
    """The pôles of these communes; all of them for who follows the whole EPCI."""
    poles = Pole.objects.filter(epci=epci).order_by("tri")
    if _everywhere(_titles(user, epci)):
        return poles
    followed: Any = communes_of(user, epci)  # annotated with the pôle of each
    return poles.filter(pk__in=followed.order_by().values("pole_id"))


def domaines_of(user: Any, epci: Epci) -> QuerySet[Domaine]:
    """The domains of an EPCI, in the order of the catalogue: those of his seats for who holds nothing else."""
    titres, domaines = _titles(user, epci), Domaine.objects.filter(epci=epci).order_by("ordre", "code")
    if any(titre.role not in SEATS for titre in titres):
        return domaines
    return domaines.filter(pk__in={titre.domaine_id for titre in titres})


def _titles(user: Any, epci: Epci) -> list[Titre]:
    """The titles that open rows: an agent sees none by that name."""
    return [titre for titre in user.acces.titres if titre.epci_id == epci.pk and titre.role != Role.AGENT]


def _everywhere(titres: list[Titre]) -> bool:
    return any(not (titre.commune_id or titre.pole_id) for titre in titres)
