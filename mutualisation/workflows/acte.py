"""Recording the acts of the assemblies."""

from collections.abc import Sequence
from datetime import date

from django.db import IntegrityError

from comptes.models import Personne
from comptes.roles import Role
from journal.workflows.unite import record, unit, unite
from mutualisation.models import Acte, Cycle, Ligne
from mutualisation.workflows.effet import apply_ready, date_effects
from socle import horloge
from socle.droits import ActionInterdite
from socle.erreurs import Refus
from territoire.models import Commune

WHO = "Seule la Direction des territoires enregistre les actes des assemblées."


@unite
def record_act(
    *,
    cycle: Cycle,
    acteur: Personne,
    type: str,
    numero: str,
    adopte_on: date,
    executoire_on: date,
    lignes: Sequence[int],
    commune: Commune | None = None,
    teletransmission: str = "",
) -> Acte:
    """Record an act that covers some accepted lines; those that then have both acts get their day of effect.

    Raises Refus for dates out of order, the same act twice, no line, or a line of another commune; ActionInterdite.
    """
    if not acteur.acces.acts_for_epci(cycle.epci_id, Role.DIRECTION_TERRITOIRES):
        raise ActionInterdite(WHO)
    if (type == Acte.Type.CONSEIL_MUNICIPAL) != bool(commune):
        raise Refus(
            "Un acte du conseil municipal nomme sa commune ; un acte de l'EPCI n'en nomme pas.",
            field="commune",
        )
    covered = _covered(cycle, commune, lignes)
    if max(adopte_on, executoire_on) > cycle.epci.today:
        raise Refus(
            "Cette date est à venir : un acte s'enregistre une fois adopté et exécutoire.",
            field="executoire_on",
        )
    if executoire_on < adopte_on:
        raise Refus("Un acte ne peut pas être exécutoire avant d'être adopté.", field="executoire_on")
    acte = Acte(
        epci=cycle.epci,
        cycle=cycle,
        commune=commune,
        type=type,
        numero=numero,
        adopte_on=adopte_on,
        executoire_on=executoire_on,
        teletransmission=teletransmission,
        saisi_par=acteur,
        saisi_at=horloge.now(),
    )
    _insert(acte)
    acte.lignes.add(*covered)
    _record(acte, covered, acteur)
    date_effects(covered)
    apply_ready(cycle.epci, covered)
    return acte


def _covered(cycle: Cycle, commune: Commune | None, lignes: Sequence[int]) -> list[int]:
    """The lines, locked: two acts recorded in the same second must each see the other."""
    possible = Ligne.objects.filter(
        pk__in=lignes, declaration__cycle=cycle, arbitrage=Ligne.Arbitrage.ACCEPTEE
    )
    if commune:
        possible = possible.filter(commune=commune)
    covered = [ligne.pk for ligne in possible.order_by("pk").select_for_update(of=("self",))]
    if not covered:
        raise Refus("Choisissez au moins une ligne acceptée que cet acte approuve.", field="lignes")
    if len(covered) != len(set(lignes)):
        raise Refus(
            "Une ligne choisie n'est pas acceptée, ou n'est pas de cette commune et de ce cycle.",
            field="lignes",
        )
    return covered


def _insert(acte: Acte) -> None:
    try:
        with unit():
            acte.save()
    except IntegrityError as error:
        raise Refus(
            f"L'acte n° {acte.numero} du {acte.adopte_on:%d/%m/%Y} est déjà enregistré.", field="numero"
        ) from error


def _record(acte: Acte, covered: list[int], acteur: Personne) -> None:
    record(
        type="acte.enregistre",
        objet=acte,
        epci=acte.epci,
        commune=acte.commune,
        acteur=acteur,
        libelle=f"{acte} du {acte.adopte_on:%d/%m/%Y}, exécutoire le {acte.executoire_on:%d/%m/%Y} : {len(covered)} ligne(s)",
        contenu={"numero": acte.numero, "type": acte.type, "executoire_on": acte.executoire_on.isoformat()},
    )
