"""The contrat d'engagement, its versions, their circuit, and what is promised domain by domain."""

from contrats.models.contrat import Approbation, Contrat, VersionContrat
from contrats.models.engagement import Engagement, Indicateur
from contrats.models.fiche import Fiche
from contrats.models.remarque import Remarque
from contrats.models.signataire import Signataire
from contrats.models.verification import Verification

__all__ = [
    "Approbation",
    "Contrat",
    "Engagement",
    "Fiche",
    "Indicateur",
    "Remarque",
    "Signataire",
    "Verification",
    "VersionContrat",
]
