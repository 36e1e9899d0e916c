"""The one journal, the mails and the scheduled jobs."""

from journal.models.courriel import Courriel, PieceJointe
from journal.models.evenement import CompteurEvenement, Evenement, EvenementDetail
from journal.models.tache import Tache

__all__ = ["CompteurEvenement", "Courriel", "Evenement", "EvenementDetail", "PieceJointe", "Tache"]
