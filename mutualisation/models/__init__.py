"""Catalogue, cycle, declaration, instruction, acts, adhesions and seats."""

from mutualisation.models.absence import Absence
from mutualisation.models.acte import Acte
from mutualisation.models.adhesion import Adhesion
from mutualisation.models.avis import Avis
from mutualisation.models.catalogue import (
    Activite,
    ActiviteVersion,
    Bloc,
    Catalogue,
    Domaine,
    DomaineVersion,
    Exclusion,
    Prerequis,
    Succession,
)
from mutualisation.models.complement import DemandeComplement
from mutualisation.models.convention import Convention, ConventionPiece
from mutualisation.models.cycle import Cycle
from mutualisation.models.declaration import Declaration, MotifDomaine
from mutualisation.models.etude import EffetAC, Etude
from mutualisation.models.evaluation import Evaluation, EvaluationDelegation
from mutualisation.models.ligne import Ligne
from mutualisation.models.reglage import Reglage
from mutualisation.models.reprise import Reprise
from mutualisation.models.seance import Seance
from mutualisation.models.siege import Siege, Titulaire

__all__ = [
    "Absence",
    "Acte",
    "Activite",
    "ActiviteVersion",
    "Adhesion",
    "Avis",
    "Bloc",
    "Catalogue",
    "Convention",
    "ConventionPiece",
    "Cycle",
    "Declaration",
    "DemandeComplement",
    "Domaine",
    "DomaineVersion",
    "EffetAC",
    "Etude",
    "Evaluation",
    "EvaluationDelegation",
    "Exclusion",
    "Ligne",
    "MotifDomaine",
    "Prerequis",
    "Reglage",
    "Reprise",
    "Seance",
    "Siege",
    "Succession",
    "Titulaire",
]
