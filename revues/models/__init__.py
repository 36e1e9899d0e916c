"""Reviews in the town hall and their minutes."""

from revues.models.compte_rendu import CompteRendu, Point
from revues.models.revue import Revue

__all__ = ["CompteRendu", "Point", "Revue"]
