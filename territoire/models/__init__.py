"""EPCI, pôles and communes, with their dated names, codes and memberships."""

from territoire.models.commune import Appartenance, Commune, CommuneVersion
from territoire.models.epci import Epci, JourFerie, Pole, today_of
from territoire.models.mouvement import Affiliation, Filiation

__all__ = [
    "Affiliation",
    "Appartenance",
    "Commune",
    "CommuneVersion",
    "Epci",
    "Filiation",
    "JourFerie",
    "Pole",
    "today_of",
]
