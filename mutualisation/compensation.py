"""The effect of a declaration on the attribution de compensation: always said, even when it is not costed."""

from collections.abc import Iterable
from decimal import Decimal

from mutualisation.changements import Choix
from mutualisation.models import Cycle, Declaration, DomaineVersion, EffetAC
from mutualisation.models.catalogue import DomaineLu
from socle.dates import day_and_year
from socle.typographie import FINE, enumerate_french

NOTHING = "Effet sur l'attribution de compensation : aucun."


def ac_sentence(cycle: Cycle) -> str:
    """What is said of an effect that is not costed: when it will be known."""
    return (
        "Effet sur l'attribution de compensation : non chiffré ; première estimation avant le point d'arrêt "
        f"du {day_and_year(cycle.point_arret_on)}."
    )


def paid_otherwise(cycle: Cycle) -> dict[int, str]:
    """How the domains of a cycle that are not imputed on the attribution de compensation are paid, by domain id."""
    rows = DomaineVersion.objects.filter(catalogue=cycle.catalogue_id).exclude(
        paiement=DomaineVersion.Paiement.AC
    )
    return {row.domaine_id: str(row.get_paiement_display()) for row in rows.order_by("pk")}


def ac_sentences(declaration: Declaration, choix: Choix) -> list[str]:
    """What is said of money: what is imputed on the attribution de compensation, then how the rest is paid; one query."""
    if not choix.changes:
        return [NOTHING]
    paid = _paid(etat.domaine for etat in choix.changes if not etat.domaine.impute)
    return [*_imputed(declaration, choix, named=bool(paid)), *paid]


def _imputed(declaration: Declaration, choix: Choix, *, named: bool) -> list[str]:
    """One sentence by domain that is costed, then one for those that are not, named when it does not speak of all."""
    changes = [etat for etat in choix.changes if etat.domaine.impute]
    rows = EffetAC.objects.filter(declaration=declaration).exclude(etat=EffetAC.Etat.NON_CHIFFRE)
    known = {effet.domaine_id: effet for effet in rows.order_by("pk")}
    costed = [(etat, known[etat.domaine.id]) for etat in changes if etat.domaine.id in known]
    said = [_costed(etat.domaine.libelle, effet) for etat, effet in costed]
    others = [f"« {etat.domaine.libelle} »" for etat in changes if etat.domaine.id not in known]
    if others:
        sentence = ac_sentence(declaration.cycle)
        said.append(f"{sentence[:-1]} : {enumerate_french(others)}." if said or named else sentence)
    return said


def _paid(domaines: Iterable[DomaineLu]) -> list[str]:
    """One sentence by way of paying."""
    ways: dict[str, list[str]] = {}
    for domaine in domaines:
        ways.setdefault(domaine.paiement, []).append(f"« {domaine.libelle} »")
    return [
        f"Sans effet sur l'attribution de compensation, {paiement} : {enumerate_french(names)}."
        for paiement, names in ways.items()
    ]


def _costed(libelle: str, effet: EffetAC) -> str:
    return (
        f"Effet de « {libelle} » sur l'attribution de compensation, {effet.get_etat_display()} : "
        f"fonctionnement, {amount(effet.fonctionnement)} ; investissement, {amount(effet.investissement)}."
    )


def amount(euros: Decimal | None) -> str:
    """« 12 300 € retenus par an », « 4 000 € rendus par an », « rien »: what is positive is kept from the commune."""
    if not euros:
        return "rien"
    text = f"{abs(euros):,.2f}".removesuffix(".00").replace(",", FINE).replace(".", ",")
    return f"{text} € {'retenus' if euros > 0 else 'rendus'} par an"
