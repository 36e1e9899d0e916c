"""The states of a review and of its minutes, and who moves them (produit.md §7)."""

from comptes.roles import Role
from revues.models import CompteRendu, Revue
from socle.etats import Table, Transition, to

Etat, EtatCompteRendu = Revue.Etat, CompteRendu.Etat
CEUX_QUI_TIENNENT = (Role.DIRECTION_TERRITOIRES, Role.DIRECTEUR_POLE, Role.RESPONSABLE_SERVICE)
REVUE = Table(
    "Revue",
    "la revue",
    Etat,
    (
        Transition("tenir", to(Etat.TENUE, Etat.PREVUE), CEUX_QUI_TIENNENT),
        Transition("noter non tenue", to(Etat.NON_TENUE, Etat.PREVUE), CEUX_QUI_TIENNENT),
        Transition("rétablir", to(Etat.PREVUE, Etat.NON_TENUE), CEUX_QUI_TIENNENT),
        Transition("annuler au départ de la commune", to(Etat.NON_TENUE, Etat.PREVUE), ()),
        Transition("annuler à la fin du contrat", to(Etat.NON_TENUE, Etat.PREVUE), ()),
    ),
)
COMPTE_RENDU = Table(
    "Compte rendu d'une revue",
    "le compte rendu",
    EtatCompteRendu,
    (Transition("émettre", to(EtatCompteRendu.EMIS, EtatCompteRendu.BROUILLON), CEUX_QUI_TIENNENT),),
)
