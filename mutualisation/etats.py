"""The states of the yearly cycle and who moves them.

docs/etats.md is printed from here. The workflows read their sources here, so that an act nobody declared is refused, and the
tests walk every (state, act, role) cell through them and compare the state it leads to.
"""

from itertools import pairwise

from django.db import models

from comptes.roles import Role
from mutualisation.models import Convention, Cycle, Declaration, EffetAC, Evaluation, Ligne, Reprise
from socle.etats import Table, Transition, to

DIRECTION = (Role.DIRECTION_TERRITOIRES,)
ETUDE = (Role.DIRECTION_TERRITOIRES, Role.RESPONSABLE_SERVICE)
SIGNATAIRES = (Role.DGS, Role.MAIRE)
COMMUNE = (*SIGNATAIRES, Role.COLLABORATEUR)

Arbitrage, Etape, Arret = Ligne.Arbitrage, Ligne.Etape, Declaration.Arret
EtatEvaluation, EtatEffet, EtatDeclaration = Evaluation.Etat, EffetAC.Etat, Declaration.Etat
EtatConvention = Convention.Etat
EtatReprise = Reprise.Etat


class EtatCycle(models.TextChoices):
    """Where a cycle stands for who opens and closes it: two acts, and the day of effect between them."""

    A_OUVRIR = "a_ouvrir", "à ouvrir"
    OUVERT = "ouvert", "ouvert, avant sa date d'effet"
    EN_VIGUEUR = "en_vigueur", "en vigueur"
    CLOS = "clos", "clos"


DECIDABLE = (Arbitrage.A_INSTRUIRE, Arbitrage.ACCEPTEE, Arbitrage.REFUSEE, Arbitrage.REPORTEE)
ARBITRAGE = Table(
    "Arbitrage d'une ligne",
    "la ligne",
    Arbitrage,
    (
        Transition("accepter", to(Arbitrage.ACCEPTEE, *DECIDABLE), DIRECTION),
        Transition("refuser", to(Arbitrage.REFUSEE, *DECIDABLE), DIRECTION),
        Transition("reporter", to(Arbitrage.REPORTEE, *DECIDABLE), DIRECTION),
        Transition(
            "retirer",
            to(Arbitrage.ABANDONNEE, Arbitrage.A_INSTRUIRE, Arbitrage.ACCEPTEE, Arbitrage.REPORTEE),
            SIGNATAIRES,
        ),
        Transition("reprendre", to(Arbitrage.A_INSTRUIRE, Arbitrage.ABANDONNEE), SIGNATAIRES),
    ),
)
DECISIONS = {
    Arbitrage.ACCEPTEE: "accepter",
    Arbitrage.REFUSEE: "refuser",
    Arbitrage.REPORTEE: "reporter",
}
ETAPE = Table(
    "Instruction d'une ligne à instruire",
    "la ligne",
    Etape,
    (
        Transition("déclarer recevable", to(Etape.RECEVABLE, Etape.RECUE), DIRECTION),
        Transition(
            "demander un complément",
            to(Etape.A_COMPLETER, Etape.RECUE, Etape.RECEVABLE, Etape.ETUDIEE),
            DIRECTION,
        ),
        Transition("répondre", to(Etape.RECUE, Etape.A_COMPLETER), COMMUNE),
        # Whoever decides or withdraws the line: nobody waits for the answer any more.
        Transition("ne plus attendre", to(Etape.RECUE, Etape.A_COMPLETER), (*DIRECTION, *SIGNATAIRES)),
        Transition("rendre l'avis", to(Etape.ETUDIEE, Etape.RECEVABLE), ETUDE),
        Transition("retirer l'avis", to(Etape.RECEVABLE, Etape.ETUDIEE), ETUDE),
    ),
)
DEPOT = Table(
    "Dépôt d'une déclaration, tant qu'elle est ouverte et que l'instruction n'a pas commencé",
    "la déclaration",
    EtatDeclaration,
    (
        Transition("déposer", to(EtatDeclaration.DEPOSEE, EtatDeclaration.BROUILLON), SIGNATAIRES),
        Transition("retirer le dépôt", to(EtatDeclaration.BROUILLON, EtatDeclaration.DEPOSEE), SIGNATAIRES),
        Transition(
            "céder à la commune nouvelle", to(EtatDeclaration.REMPLACEE, EtatDeclaration.BROUILLON), ()
        ),
    ),
)
ARRET = Table(
    "Point d'arrêt d'une déclaration déposée",
    "le point d'arrêt",
    Arret,
    (
        Transition(
            "confirmer pour la commune",
            {Arret.A_CONFIRMER: Arret.PAR_COMMUNE, Arret.PAR_EPCI: Arret.ARRETE},
            SIGNATAIRES,
        ),
        # The line taken back is to decide: what the EPCI had confirmed is not whole any more.
        Transition(
            "confirmer en redemandant une ligne",
            to(Arret.PAR_COMMUNE, Arret.A_CONFIRMER, Arret.PAR_EPCI),
            SIGNATAIRES,
        ),
        Transition(
            "confirmer pour l'EPCI",
            {Arret.A_CONFIRMER: Arret.PAR_EPCI, Arret.PAR_COMMUNE: Arret.ARRETE},
            DIRECTION,
        ),
        Transition(
            "changer une décision", to(Arret.A_CONFIRMER, Arret.PAR_COMMUNE, Arret.PAR_EPCI), DIRECTION
        ),
        Transition(
            "rouvrir", to(Arret.A_CONFIRMER, Arret.PAR_COMMUNE, Arret.PAR_EPCI, Arret.ARRETE), DIRECTION
        ),
    ),
)
EVALUATION = Table(
    "Évaluation préalable",
    "l'évaluation",
    EtatEvaluation,
    (
        Transition(
            "transmettre",
            to(EtatEvaluation.TRANSMISE, EtatEvaluation.A_RENSEIGNER, EtatEvaluation.TRANSMISE),
            (*COMMUNE, Role.AGENT),  # the agent it is delegated to
        ),
        Transition("renvoyer", to(EtatEvaluation.A_RENSEIGNER, EtatEvaluation.TRANSMISE), DIRECTION),
        Transition("valider", to(EtatEvaluation.VALIDEE, EtatEvaluation.TRANSMISE), DIRECTION),
    ),
)
CHIFFRES = (EtatEffet.ESTIME, EtatEffet.ARBITRE, EtatEffet.VOTE, EtatEffet.NOTIFIE)
EFFET_AC = Table(
    "Effet sur l'attribution de compensation",
    "l'effet",
    EtatEffet,
    (
        Transition("revenir à non chiffré", to(EtatEffet.NON_CHIFFRE, *CHIFFRES), DIRECTION),
        Transition("estimer", to(EtatEffet.ESTIME, EtatEffet.NON_CHIFFRE, *CHIFFRES), DIRECTION),
        Transition("arbitrer", to(EtatEffet.ARBITRE, *CHIFFRES), DIRECTION),
        Transition("voter", to(EtatEffet.VOTE, *CHIFFRES[1:]), DIRECTION),
        Transition("notifier", to(EtatEffet.NOTIFIE, *CHIFFRES[2:]), DIRECTION),
    ),
)
EFFETS = {
    EtatEffet.NON_CHIFFRE: "revenir à non chiffré",
    EtatEffet.ESTIME: "estimer",
    EtatEffet.ARBITRE: "arbitrer",
    EtatEffet.VOTE: "voter",
    EtatEffet.NOTIFIE: "notifier",
}
CYCLE = Table(
    "Cycle",
    "le cycle",
    EtatCycle,
    (
        Transition("ouvrir", to(EtatCycle.OUVERT, EtatCycle.A_OUVRIR), DIRECTION),
        Transition("clore", to(EtatCycle.CLOS, EtatCycle.EN_VIGUEUR), DIRECTION),
    ),
)


def etat_of(cycle: Cycle) -> EtatCycle:
    """Where a cycle stands today, for who opens and closes it."""
    if cycle.clos_at:
        return EtatCycle.CLOS
    if not cycle.ouvert_at:
        return EtatCycle.A_OUVRIR
    return EtatCycle.EN_VIGUEUR if cycle.epci.today >= cycle.effective_on else EtatCycle.OUVERT


# A step is said by its date; a date taken back corrects what was said. One save may say or take back several.
CONVENTION = Table(
    "Convention de services communs, et ses avenants (une saisie peut dire ou reprendre plusieurs étapes)",
    "la convention",
    EtatConvention,
    (
        Transition("dire l'étape suivante", dict(pairwise(EtatConvention)), DIRECTION),
        Transition("revenir d'une étape", dict(pairwise(reversed(EtatConvention))), DIRECTION),
    ),
)


def steps_between(before: EtatConvention, after: EtatConvention) -> str:
    """The act that leads a convention from a state towards another, step by step."""
    order = list(EtatConvention)
    return "dire l'étape suivante" if order.index(after) > order.index(before) else "revenir d'une étape"


REPRISE = Table(
    "Reprise d'une feuille d'adhésions (pour les personnes, l'administrateur ; pour les référents, la Direction)",
    "la feuille",
    EtatReprise,
    (
        Transition(
            "confirmer",
            to(EtatReprise.ECRITE, EtatReprise.A_CONFIRMER),
            Reprise.ROLES[Reprise.Type.ADHESIONS],
        ),
        Transition(
            "confirmer une grande feuille",
            to(EtatReprise.CONFIRMEE, EtatReprise.A_CONFIRMER),
            Reprise.ROLES[Reprise.Type.ADHESIONS],
        ),
        Transition("finir d'écrire", to(EtatReprise.ECRITE, EtatReprise.CONFIRMEE), ()),
        Transition(
            "annuler", to(EtatReprise.ANNULEE, EtatReprise.ECRITE), Reprise.ROLES[Reprise.Type.ADHESIONS]
        ),
    ),
)


def tables() -> tuple[Table, ...]:
    """The tables of the yearly cycle, and of taking over what exists."""
    return (CYCLE, DEPOT, ETAPE, ARBITRAGE, ARRET, EVALUATION, EFFET_AC, CONVENTION, REPRISE)
