"""Following the deliberations on the attribution de compensation, for all the domains of a commune at once."""

from comptes.models import Personne
from journal.workflows.unite import unite
from mutualisation.models import Declaration, EffetAC, Ligne
from mutualisation.workflows.etude import cost_effect
from socle.droits import ActionInterdite
from socle.erreurs import Refus

# What a bulk act leads to, from where; costing and arbitrating are done domain by domain, with the study.
SUITES = {EffetAC.Etat.VOTE: EffetAC.Etat.ARBITRE, EffetAC.Etat.NOTIFIE: EffetAC.Etat.VOTE}
NOTHING = {
    EffetAC.Etat.VOTE: "Aucun effet arbitré n'attend de vote : chiffrez et arbitrez d'abord, domaine par domaine.",
    EffetAC.Etat.NOTIFIE: "Aucun effet voté n'attend d'être notifié.",
}


@unite
def advance_effects(
    *, declaration: Declaration, acteur: Personne, etat: str, reference: str = ""
) -> list[EffetAC]:
    """Pass the arbitrated effects of a commune to « voté », or the voted ones to « notifié »; amounts stay as they are.

    `reference` names the deliberations, for the journal. Returns the effects moved. Raises ActionInterdite, Refus when
    none waits or for another state.
    """
    target = EffetAC.Etat(etat) if etat in EffetAC.Etat.values else None
    if target not in SUITES:
        raise Refus("Choisissez : voté ou notifié.", field="etat")
    if not EffetAC(epci_id=declaration.epci_id).abilities_for(acteur)["chiffrer"]:
        raise ActionInterdite(EffetAC.QUI_PEUT["chiffrer"])
    accepted = declaration.lignes.filter(arbitrage=Ligne.Arbitrage.ACCEPTEE)
    rows = declaration.effets_ac.filter(etat=SUITES[target], domaine__in=accepted.values("domaine"))
    waiting = list(rows.select_related("domaine").order_by("domaine__ordre", "pk"))
    if not waiting:
        raise Refus(NOTHING[target], field="etat")
    return [
        cost_effect(
            declaration=declaration, domaine=effet.domaine, acteur=acteur, etat=target, motif=reference
        )
        for effet in waiting
    ]
