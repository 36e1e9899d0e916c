"""The contrat d'engagement, its versions, their circuit, and what is promised domain by domain."""

from contrats.models.clause import Clause, JeuClauses, ReglageContrat
from contrats.models.contrat import ActeDeFin, Approbation, Contrat, Cote, VersionContrat
from contrats.models.engagement import Engagement, Indicateur
from contrats.models.exemplaire import ExemplaireSigne
from contrats.models.fiche import Fiche, FicheActivite
from contrats.models.lot import LigneLot, LotContrats
from contrats.models.programme import LigneProgramme
from contrats.models.remarque import Remarque
from contrats.models.signataire import Signataire
from contrats.models.verification import Verification

__all__ = [
    "ActeDeFin",
    "Approbation",
    "Clause",
    "Contrat",
    "Cote",
    "Engagement",
    "ExemplaireSigne",
    "Fiche",
    "FicheActivite",
    "Indicateur",
    "JeuClauses",
    "LigneLot",
    "LigneProgramme",
    "LotContrats",
    "ReglageContrat",
    "Remarque",
    "Signataire",
    "Verification",
    "VersionContrat",
]
