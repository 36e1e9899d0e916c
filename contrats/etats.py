"""The circuit of a version of a contract: its states, the acts that move it, and whose they are (produit.md §5)."""

from comptes.roles import Role
from contrats.models import VersionContrat
from mutualisation.etats import Table, Transition, to

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
        Transition("émettre l'exemplaire à signer", to(Etat.A_SIGNER, Etat.APPROUVE), DIRECTION),
    ),
)
