"""The states of what contracts are made of (produit.md §5), the acts that move them, and whose they are."""

from comptes.roles import Role
from contrats.models import JeuClauses, LigneProgramme, LotContrats, VersionContrat
from socle.etats import Table, Transition, to

Etat = VersionContrat.Etat
DIRECTION = (Role.DIRECTION_TERRITOIRES,)
CIRCUIT = Table(
    "Version d'un contrat d'engagement",
    "le contrat",
    Etat,
    (
        Transition("envoyer en relecture", to(Etat.EN_RELECTURE, Etat.PROJET), DIRECTION),
        Transition("revenir au projet", to(Etat.PROJET, Etat.EN_RELECTURE), DIRECTION),
        Transition("arrêter pour le vote", to(Etat.ARRETE, Etat.EN_RELECTURE), DIRECTION),
        Transition("rouvrir", to(Etat.EN_RELECTURE, Etat.ARRETE), DIRECTION),
        Transition("approuver", to(Etat.APPROUVE, Etat.ARRETE), DIRECTION),
        Transition("annuler un acte", to(Etat.ARRETE, Etat.ARRETE, Etat.APPROUVE), DIRECTION),
        Transition("émettre l'exemplaire à signer", to(Etat.A_SIGNER, Etat.APPROUVE), DIRECTION),
        Transition("confirmer l'exemplaire signé", to(Etat.SIGNE, Etat.A_SIGNER), DIRECTION),
        Transition("refuser de signer", to(Etat.APPROUVE, Etat.A_SIGNER), (*DIRECTION, Role.DGS, Role.MAIRE)),
        Transition(
            "abandonner",
            to(Etat.ABANDONNE, Etat.PROJET, Etat.EN_RELECTURE, Etat.ARRETE, Etat.APPROUVE),
            DIRECTION,
        ),
    ),
)
CLAUSES = Table(
    "Jeu de clauses du contrat (une autre personne publie, quand l'EPCI l'a réglé ainsi)",
    "le jeu de clauses",
    JeuClauses.Etat,
    (Transition("publier", to(JeuClauses.Etat.PUBLIE, JeuClauses.Etat.BROUILLON), DIRECTION),),
)
EtatLot = LotContrats.Etat
LOT = Table(
    "Lot de contrats",
    "le lot",
    EtatLot,
    (
        Transition("terminer", to(EtatLot.TERMINE, EtatLot.EN_COURS), ()),
        Transition("annuler", to(EtatLot.ANNULE, EtatLot.EN_COURS), DIRECTION),
        Transition("reprendre", to(EtatLot.EN_COURS, EtatLot.TERMINE, EtatLot.ANNULE), DIRECTION),
    ),
)

Ligne = LigneProgramme.Etat
BOTH_SIDES = (*DIRECTION, Role.DGS, Role.REFERENT_COMMUNAL, Role.RESPONSABLE_SERVICE)
PROGRAMME = Table(
    "Ligne du programme de l'année",
    "la ligne",
    Ligne,
    (
        Transition("faire", to(Ligne.FAIT, Ligne.PREVU, Ligne.REPORTE), BOTH_SIDES),
        Transition("reporter", to(Ligne.REPORTE, Ligne.PREVU, Ligne.REPORTE), BOTH_SIDES),
        Transition("remettre au programme", to(Ligne.PREVU, Ligne.FAIT, Ligne.REPORTE), BOTH_SIDES),
    ),
)
