"""The effect of a declaration on the attribution de compensation: always said, even when it is not costed."""

from decimal import Decimal

from mutualisation.changements import Choix
from mutualisation.models import Cycle, Declaration, EffetAC
from socle.dates import day_and_year
from socle.typographie import FINE, enumerate_french

NOTHING = "Effet sur l'attribution de compensation : aucun."


def ac_sentence(cycle: Cycle) -> str:
    """What is said of an effect that is not costed: when it will be known."""
    return (
        "Effet sur l'attribution de compensation : non chiffré ; première estimation avant le point d'arrêt "
        f"du {day_and_year(cycle.point_arret_on)}."
    )


def ac_sentences(declaration: Declaration, choix: Choix) -> list[str]:
    """One sentence by domain that changes and is costed, then one for those that are not; one query."""
    if not choix.changes:
        return [NOTHING]
    rows = EffetAC.objects.filter(declaration=declaration).exclude(etat=EffetAC.Etat.NON_CHIFFRE)
    known = {effet.domaine_id: effet for effet in rows.order_by("pk")}
    costed = [(etat, known[etat.domaine.id]) for etat in choix.changes if etat.domaine.id in known]
    said = [_costed(etat.domaine.libelle, effet) for etat, effet in costed]
    others = [f"« {etat.domaine.libelle} »" for etat in choix.changes if etat.domaine.id not in known]
    if others and said:
        said.append(f"{ac_sentence(declaration.cycle)[:-1]} : {enumerate_french(others)}.")
    return said or [ac_sentence(declaration.cycle)]


def _costed(libelle: str, effet: EffetAC) -> str:
    return (
        f"Effet de « {libelle} » sur l'attribution de compensation, {effet.get_etat_display()} : "
        f"fonctionnement, {_amount(effet.fonctionnement)} ; investissement, {_amount(effet.investissement)}."
    )


def _amount(euros: Decimal | None) -> str:
    """« 12 300 € retenus par an », « 4 000 € rendus par an », « rien »: what is positive is kept from the commune."""
    if not euros:
        return "rien"
    text = f"{abs(euros):,.2f}".removesuffix(".00").replace(",", FINE).replace(".", ",")
    return f"{text} € {'retenus' if euros > 0 else 'rendus'} par an"
