"""EPCI, pôles and communes, with their dated names, codes and memberships."""

from territoire.models.commune import Appartenance, Commune, CommuneVersion
from territoire.models.epci import Epci, JourFerie, Pole

__all__ = ["Appartenance", "Commune", "CommuneVersion", "Epci", "JourFerie", "Pole"]
