"""From acts to adhesions: on the date of effect they open and close by themselves, once, whatever crashed in between.

A line takes effect only when acts of both assemblies are exécutoires. Exécutoire by the cycle's date, even if recorded later:
effect from that date. Exécutoire later: the Direction sets a day that is not earlier. A waiting retrait leaves the adhesion
open. A line recorded late only says what was shared until the next decision about the same activity.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from functools import partial

from django.db import transaction

from comptes.models import Personne
from journal.models import Tache
from journal.workflows.tache import run_each, schedule
from journal.workflows.unite import record, unite
from mutualisation.derivations import read_derivations
from mutualisation.frise import Sort
from mutualisation.models import Cycle, Declaration, Ligne
from mutualisation.partages import targets
from mutualisation.workflows.derivation import apply_editions, awaiting_edition, replay
from mutualisation.workflows.verrou import locked
from socle import horloge
from socle.dates import day_and_year
from socle.droits import require
from socle.erreurs import Refus
from territoire.models import Epci

TACHE_EFFET = "mutualisation.effet"


def executoire_dates(lignes: Iterable[int]) -> dict[int, tuple[date | None, date | None]]:
    """For each line, the earliest day its commune's act and the EPCI's act are exécutoires (None while missing)."""
    rows = Ligne.objects.filter(pk__in=lignes).with_acts()
    return {
        pk: (commune_on, epci_on)
        for pk, commune_on, epci_on in rows.values_list("pk", "acte_commune_on", "acte_epci_on")
    }


def date_effects(lignes: Sequence[int]) -> None:
    """Give their day of effect to accepted lines whose two acts were exécutoires by the date of the cycle."""
    accepted = Ligne.objects.filter(pk__in=lignes, arbitrage=Ligne.Arbitrage.ACCEPTEE, effet_on=None)
    days = executoire_dates(accepted.values_list("pk", flat=True))
    ready: dict[date, list[int]] = {}
    for pk, effective_on in accepted.values_list("pk", "declaration__cycle__effective_on"):
        commune_on, epci_on = days[pk]
        if commune_on and epci_on and max(commune_on, epci_on) <= effective_on:
            ready.setdefault(effective_on, []).append(pk)
    for effective_on, pks in ready.items():
        Ligne.objects.filter(pk__in=pks).update(effet_on=effective_on)
        # Midnight may strike between the check of the day and the commit: look once more after it.
        transaction.on_commit(partial(apply_after_commit, lignes=pks), robust=True)


@unite
def apply_after_commit(*, lignes: Sequence[int]) -> None:
    """Apply the lines just dated whose day has come meanwhile; most often there is none."""
    ligne = Ligne.objects.select_related("epci").filter(pk__in=lignes).order_by("pk").first()
    if ligne:
        apply_ready(ligne.epci, lignes)


def move_effect(cycle: Cycle, before: date) -> None:
    """The date of effect of a cycle moved: lines dated to the old one, not yet applied, are dated again."""
    lignes = Ligne.objects.filter(declaration__cycle=cycle, effet_on=before, appliquee_at=None)
    pks = list(lignes.order_by("pk").values_list("pk", flat=True))
    Ligne.objects.filter(pk__in=pks).update(effet_on=None)
    date_effects(pks)
    apply_ready(cycle.epci, pks)


@unite
def set_effect_date(*, ligne: Ligne, acteur: Personne, effet_on: date) -> Ligne:
    """Set the day of effect of a line whose acts were exécutoires after the cycle's date; never earlier than they."""
    ligne = locked(Ligne, ligne.pk, select=("epci", "declaration__cycle", "commune", "activite"))
    require(ligne, acteur, "dater")
    commune_on, epci_on = executoire_dates([ligne.pk])[ligne.pk]
    if not (commune_on and epci_on):
        raise Refus("Les actes des deux assemblées doivent d'abord être enregistrés.", field="effet_on")
    earliest, expected = max(commune_on, epci_on), ligne.declaration.cycle.effective_on
    if earliest <= expected:
        raise Refus(
            f"Les actes étaient exécutoires à temps : la ligne prend effet le {day_and_year(expected)}.",
            field="effet_on",
        )
    if effet_on < earliest:
        raise Refus(f"La date d'effet ne peut pas précéder le {day_and_year(earliest)}.", field="effet_on")
    ligne.effet_on = effet_on
    ligne.version += 1
    ligne.save(update_fields=["effet_on", "version"])
    record(
        type="ligne.datee",
        objet=ligne,
        epci=ligne.epci,
        commune=ligne.commune,
        acteur=acteur,
        libelle=f"{ligne.commune}, {ligne.activite} : effet fixé au {day_and_year(effet_on)}",
    )
    schedule_effect(ligne.declaration.cycle, effet_on)
    apply_ready(ligne.epci, [ligne.pk])
    return ligne


def schedule_effect(cycle: Cycle, day: date) -> None:
    """Schedule the effect of a cycle at midnight of the EPCI on a day."""
    schedule(
        epci=cycle.epci,
        type=TACHE_EFFET,
        cle=f"{TACHE_EFFET}:{cycle.pk}:{day}",
        due_at=horloge.midnight(day, cycle.epci.fuseau),
        parametres={"cycle": cycle.pk, "jour": day.isoformat()},
    )


def run_effect(tache: Tache) -> None:
    """Job: put into effect what is ready, one transaction per commune: one that fails holds no other, and is tried again."""
    cycle = Cycle.objects.select_related("epci").get(pk=tache.parametres["cycle"])
    ready = Ligne.objects.to_apply(cycle.epci.today).filter(declaration__cycle=cycle)
    declarations = Declaration.objects.filter(pk__in=ready.values("declaration")).select_related("commune")
    parts = [
        (str(row.commune), partial(_apply_declaration, row.pk, cycle.epci))
        for row in declarations.order_by("pk")
    ]
    run_each(tache, [("le catalogue", partial(apply_editions, cycle.epci)), *parts])


def awaiting_effect(epci: Epci, day: date) -> set[int]:
    """Ids of the communes whose shares on a day still change: lines, or an edition, due by then are not in effect yet."""
    derivations = read_derivations(epci, day)
    lignes = Ligne.objects.to_apply(day).filter(epci=epci).order_by("pk")
    rows = lignes.select_related("declaration__cycle__catalogue")
    communes = {commune for row in rows for commune, _ in targets(row, derivations, row.effet_on or day)}
    return communes | awaiting_edition(epci, day)


@unite
def _apply_declaration(declaration: int, epci: Epci) -> None:
    """Lock the declaration, so that two workers cannot open the same adhesion, then apply its ready lines."""
    Declaration.objects.select_for_update(of=("self",), no_key=True).get(pk=declaration)
    ready = Ligne.objects.to_apply(epci.today).filter(declaration=declaration)
    apply_ready(epci, list(ready.values_list("pk", flat=True)))


def apply_ready(epci: Epci, lignes: Sequence[int]) -> None:
    """Open and close the adhesions of the lines that are ready, inside the unit of the caller."""
    ready = Ligne.objects.to_apply(epci.today).filter(pk__in=lignes)
    related = ("commune", "activite", "epci", "declaration__cycle__catalogue")
    ordered = ready.order_by("effet_on", "declaration__cycle__annee", "pk").select_related(*related)
    rows = list(ordered.select_for_update(of=("self",), no_key=True))
    if not rows:
        return
    sorts = _paint(epci, [row for row in rows if row.nature != Ligne.Nature.REVISION])
    Ligne.objects.filter(pk__in=[row.pk for row in rows]).update(appliquee_at=horloge.now())
    for row in rows:
        _record(row, *sorts.get(row.pk, (Sort.EFFET, 0)))


def _paint(epci: Epci, rows: list[Ligne]) -> dict[int, tuple[Sort, int]]:
    """Write the periods that the lines decide; what became of each, by id."""
    if not rows:
        return {}
    first = min(row.effet_on for row in rows if row.effet_on)
    rejeu = replay(epci, {(row.commune_id, row.activite_id) for row in rows}, first, rows)
    return {row.pk: rejeu.frise.sort(row.pk) for row in rows}


KINDS = {
    "adhesion.ouverte": "début du partage",
    "adhesion.close": "fin du partage",
    "ligne.revision": "niveau de service révisé",
}


def _record(row: Ligne, sort: Sort, annee: int) -> None:
    leaving = row.nature == Ligne.Nature.RETRAIT
    assert row.effet_on  # to_apply() keeps dated lines only
    kind = "adhesion.close" if leaving else "adhesion.ouverte"
    if row.nature == Ligne.Nature.REVISION:
        kind = "ligne.revision"
    words = f"{KINDS[kind]} le {day_and_year(row.effet_on)}"
    if sort != Sort.EFFET:
        kind, words = (
            "ligne.sans_effet",
            f"sans effet le {day_and_year(row.effet_on)}, {_why(sort, annee, leaving)}",
        )
    record(
        type=kind,
        objet=row,
        epci=row.epci,
        commune=row.commune,
        acteur=None,
        libelle=f"{row.commune}, {row.activite} : {words}",
        contenu={"activite": row.activite.code, "le": row.effet_on.isoformat()},
    )


def _why(sort: Sort, annee: int, leaving: bool) -> str:
    """Why a line changed nothing."""
    return {
        Sort.AUTREMENT: f"le cycle {annee} en a décidé autrement",
        Sort.REUNIE: "elle a été réunie avec ce qui restait partagé",
        Sort.DISPARUE: "l'activité a quitté le catalogue ou la commune n'est plus membre",
        Sort.DEJA: "elle n'était plus partagée" if leaving else "elle était déjà partagée ainsi",
    }[sort]
