"""The end of a contract: the acts that decided it, and the day it no longer binds."""

from collections.abc import Sequence
from datetime import date

from comptes.models import Personne
from contrats.actes import check_act
from contrats.models import ActeDeFin, Contrat
from contrats.partages import activites_on
from contrats.workflows.circuit import BOTH_SIDES, tell_people
from contrats.workflows.contrat import last_signed
from journal.workflows.unite import record, unite
from mutualisation.workflows.verrou import locked
from socle import horloge, registres
from socle.dates import day_and_year
from socle.droits import require
from socle.erreurs import Refus

STILL_SHARED = (
    "La commune partage encore des activités à cette date : un retrait se demande dans sa déclaration, et prend effet par les "
    "actes des deux assemblées. Choisissez une autre date, ou une résiliation."
)


@unite
def end_contract(
    *,
    contrat: Contrat,
    acteur: Personne,
    lue: int,
    nature: str,
    fin_on: date,
    motif: str,
    actes: Sequence[ActeDeFin],
) -> Contrat:
    """Record the end of a signed contract; `fin_on` is the first day it no longer binds, `actes` are unsaved.

    The first end stays. Raises ActionInterdite, Conflit; Refus without motive, for acts that are missing or not of their side,
    for a day before those acts bind, and for a retrait while something is still shared (CGCT L.5211-4-2: both assemblies).
    """
    contrat = locked(Contrat, contrat.pk, lue, select=("epci", "commune"))
    require(contrat, acteur, "finir")
    _check(contrat, nature, fin_on, motif, actes)
    contrat.fin_nature, contrat.fin_on, contrat.fin_motif = nature, fin_on, motif.strip()
    contrat.version += 1
    contrat.save()
    for acte in actes:
        acte.contrat, acte.saisie_par, acte.saisie_at = contrat, acteur, horloge.now()
        acte.save()
    _tell(contrat, acteur)
    for follow in registres.fins:
        follow(contrat)
    return contrat


def _check(contrat: Contrat, nature: str, fin_on: date, motif: str, actes: Sequence[ActeDeFin]) -> None:
    if not motif.strip():
        raise Refus(
            "Dites pourquoi le contrat prend fin : le motif est transmis aux deux parties.", field="motif"
        )
    if not actes or (nature == Contrat.Fin.RETRAIT and len(actes) < 2):
        raise Refus(
            "Un retrait demande l'acte des deux assemblées, une résiliation au moins un.", field="nature"
        )
    for acte in actes:
        check_act(acte, contrat.epci)
    if fin_on < max(acte.executoire_on for acte in actes):
        raise Refus("Le contrat ne prend pas fin avant que les actes soient exécutoires.", field="fin_on")
    signed = last_signed(contrat)
    assert signed  # what « finir » asks
    if fin_on <= signed.effective_on:
        raise Refus(
            f"{signed} prend effet le {day_and_year(signed.effective_on)} : il ne finit pas avant.",
            field="fin_on",
        )
    if nature == Contrat.Fin.RETRAIT and activites_on(contrat.epci, contrat.commune, fin_on):
        raise Refus(STILL_SHARED, field="fin_on")


def _tell(contrat: Contrat, acteur: Personne) -> None:
    signed = last_signed(contrat)
    assert signed
    day = day_and_year(contrat.fin_on or contrat.epci.today)
    record(
        type="contrat.fin",
        objet=contrat,
        epci=contrat.epci,
        commune=contrat.commune,
        acteur=acteur,
        libelle=f"{contrat} : {contrat.get_fin_nature_display()}, à compter du {day}",
        contenu={
            "nature": contrat.fin_nature,
            "fin_on": contrat.fin_on.isoformat() if contrat.fin_on else None,
        },
        detail={"motif": contrat.fin_motif},
    )
    sujet = f"Contrat {signed.reference} : {contrat.get_fin_nature_display()} le {day}"
    tell_people(signed, acteur, "contrat_fini", sujet, BOTH_SIDES, {"contrat": contrat})
