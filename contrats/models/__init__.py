"""The contrat d'engagement, its versions, and what is promised domain by domain."""

from contrats.models.contrat import Contrat, VersionContrat
from contrats.models.engagement import Engagement, Indicateur
from contrats.models.fiche import Fiche

__all__ = ["Contrat", "Engagement", "Fiche", "Indicateur", "VersionContrat"]
