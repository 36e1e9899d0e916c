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

    The same act again, with the same dates, covers lines accepted since. Raises Refus for dates out of order, an act already
    recorded for these lines, no line, or a line of another commune; ActionInterdite.
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
    acte = _insert(acte, covered)
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


def _insert(acte: Acte, covered: list[int]) -> Acte:
    """Insert the act; one already recorded is taken again when it covers lines accepted since."""
    try:
        with unit():
            acte.save()
    except IntegrityError as error:
        known = Acte.objects.select_for_update(of=("self",)).get(
            epci=acte.epci, commune=acte.commune, numero=acte.numero, adopte_on=acte.adopte_on
        )
        if not _completes(known, acte, covered):
            raise Refus(_already(acte), field="numero") from error
        return known
    return acte


def _completes(known: Acte, acte: Acte, covered: list[int]) -> bool:
    same = (known.cycle_id, known.type, known.executoire_on) == (acte.cycle_id, acte.type, acte.executoire_on)
    return same and not known.lignes.filter(pk__in=covered).exists()


def _already(acte: Acte) -> str:
    return f"L'acte n° {acte.numero} du {acte.adopte_on:%d/%m/%Y} est déjà enregistré."


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
