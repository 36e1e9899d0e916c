"""Deciding on the lines of a declaration."""

from comptes.models import Habilitation, Personne
from comptes.roles import Role
from journal.workflows.courriel import write_mail
from journal.workflows.unite import record, unite
from mutualisation.models import Ligne
from mutualisation.workflows.effet import apply_ready, date_effects
from mutualisation.workflows.verrou import locked
from socle import horloge
from socle.droits import require
from socle.erreurs import Refus
from socle.typographie import spaced

RELATED = ("declaration__cycle__epci", "commune", "epci", "activite", "domaine")
MOTIF_MAX = 2000


@unite
def arbitrate(
    *, ligne: Ligne, acteur: Personne, decision: str, motif: str, qualite: str, version: int | None = None
) -> Ligne:
    """Accept, refuse or postpone a line; refusing or postponing must say why, and the commune is told.

    The same decision twice changes nothing. Raises Refus without motive, ActionInterdite, Conflit when `version` is old.
    """
    decision = Ligne.Arbitrage(decision)
    ligne = locked(Ligne, ligne.pk, select=RELATED)
    if (ligne.arbitrage, ligne.arbitrage_motif) == (decision, motif):
        return ligne
    ligne = locked(Ligne, ligne.pk, version, select=RELATED)
    require(ligne, acteur, "arbitrer")
    _check_motive(decision, motif)
    _decide(ligne, acteur, decision, motif, qualite)
    date_effects([ligne.pk])
    apply_ready(ligne.epci, [ligne.pk])
    _tell(ligne, acteur)
    return ligne


def _check_motive(decision: Ligne.Arbitrage, motif: str) -> None:
    if decision not in (Ligne.Arbitrage.ACCEPTEE, Ligne.Arbitrage.REFUSEE, Ligne.Arbitrage.REPORTEE):
        raise Refus("Choisissez : accepter, refuser ou reporter.", field="decision")
    if decision != Ligne.Arbitrage.ACCEPTEE and not motif.strip():
        raise Refus("Dites pourquoi : le motif est transmis à la commune.", field="motif")
    if len(motif) > MOTIF_MAX:
        raise Refus(
            f"Le motif tient en {spaced(MOTIF_MAX)} caractères ; celui-ci en compte {spaced(len(motif))}.",
            field="motif",
        )


def _decide(ligne: Ligne, acteur: Personne, decision: Ligne.Arbitrage, motif: str, qualite: str) -> None:
    before = ligne.get_arbitrage_display()
    ligne.arbitrage = decision
    ligne.arbitrage_motif = motif
    ligne.arbitree_at = horloge.now()
    ligne.arbitree_par = acteur
    ligne.arbitree_qualite = qualite
    ligne.effet_on = None
    ligne.version += 1
    ligne.save()
    record(
        type="ligne.arbitree",
        objet=ligne,
        epci=ligne.epci,
        commune=ligne.commune,
        acteur=acteur,
        qualite=qualite,
        libelle=f"{ligne.commune}, {ligne.activite} : {ligne.get_nature_display()} {ligne.get_arbitrage_display()}",
        contenu={"activite": ligne.activite.code, "nature": ligne.nature, "arbitrage": ligne.arbitrage},
        detail={"avant": before, "motif": motif},
    )


def _tell(ligne: Ligne, acteur: Personne) -> None:
    rows = Habilitation.objects.on(ligne.epci.today).filter(
        epci=ligne.epci, commune=ligne.commune, role=Role.DGS
    )
    for row in rows.select_related("personne").order_by("pk"):
        write_mail(
            destinataire=row.personne,
            epci=ligne.epci,
            type="ligne_arbitree",
            objet=ligne,
            occurrence=str(ligne.version),
            sujet=f"{ligne.activite} : {ligne.get_nature_display()} {ligne.get_arbitrage_display()}",
            contexte={"ligne": ligne, "acteur": acteur},
        )
