"""Catalogue, cycle, declaration, instruction, acts, adhesions and seats."""

from mutualisation.models.acte import Acte
from mutualisation.models.adhesion import Adhesion
from mutualisation.models.catalogue import Activite, ActiviteVersion, Catalogue, Domaine, DomaineVersion
from mutualisation.models.cycle import Cycle
from mutualisation.models.declaration import Declaration, MotifDomaine
from mutualisation.models.ligne import Ligne
from mutualisation.models.siege import Siege, Titulaire

__all__ = [
    "Acte",
    "Activite",
    "ActiviteVersion",
    "Adhesion",
    "Catalogue",
    "Cycle",
    "Declaration",
    "Domaine",
    "DomaineVersion",
    "Ligne",
    "MotifDomaine",
    "Siege",
    "Titulaire",
]
