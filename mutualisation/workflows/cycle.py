"""Preparing, opening and closing a cycle."""

from datetime import date, time, timedelta
from itertools import pairwise
from typing import Any

from django.db import IntegrityError

from comptes.models import Habilitation, Personne
from comptes.roles import Role
from journal.models import Tache
from journal.workflows.courriel import write_mail
from journal.workflows.tache import progress, schedule
from journal.workflows.unite import record, unit, unite
from mutualisation.models import Catalogue, Cycle, Declaration
from mutualisation.models.cycle import DATES, default_dates, label_of
from mutualisation.workflows.effet import move_effect, schedule_effect
from mutualisation.workflows.verrou import locked
from socle import horloge, registres
from socle.dates import long_day
from socle.droits import ActionInterdite, require
from socle.erreurs import Refus
from territoire.models import Commune, Epci

TACHE_RAPPEL = "mutualisation.rappel"
REMINDER_DAYS = 7
MORNING = time(8)
# A phase may last one day; the next one begins another day.
MAY_BE_SAME_DAY = frozenset({"declaration_debut_on", "declaration_fin_on", "votes_fin_on"})
WHO_PREPARES = "Seule la Direction des territoires prépare un cycle."


@unite
def prepare_cycle(
    *, epci: Epci, annee: int, acteur: Personne | None, dates: dict[str, date] | None = None
) -> Cycle:
    """Create the cycle taking effect in `annee`, with default dates where none is given; not open yet.

    `acteur` is None only when a command prepares it. Raises ActionInterdite, Refus when dates
    are out of order, the year already has a cycle or the EPCI no catalogue.
    """
    if acteur and not acteur.acces.acts_for_epci(epci.pk, Role.DIRECTION_TERRITOIRES):
        raise ActionInterdite(WHO_PREPARES)
    cycle = Cycle(
        epci=epci,
        annee=annee,
        catalogue=_catalogue(epci, annee),
        **(default_dates(epci, annee) | (dates or {})),
    )
    _check_dates(cycle)
    _save_new(cycle)
    record(type="cycle.prepare", objet=cycle, epci=epci, acteur=acteur, libelle=f"Cycle {annee} préparé")
    return cycle


def _catalogue(epci: Epci, annee: int) -> Catalogue:
    if not Catalogue.objects.filter(epci=epci, gele_at__isnull=False).exists():
        raise Refus(
            "Votre EPCI n'a pas encore de catalogue : il faut l'arrêter avant de préparer un cycle.",
            field="annee",
        )
    return Catalogue.objects.in_force(epci, date(annee, 1, 1))


def _check_dates(cycle: Cycle) -> None:
    cycle.clean_fields()
    for earlier, later in pairwise(DATES):
        _check_order(cycle, earlier, later)
    if cycle.effective_on.year != cycle.annee:
        raise Refus(f"Le cycle {cycle.annee} prend effet un jour de {cycle.annee}.", field="effective_on")
    cycle.validate_constraints(exclude={"annee"})


def _check_order(cycle: Cycle, earlier: str, later: str) -> None:
    """The same order as the constraint of the table, said about the field at fault."""
    first, second = getattr(cycle, earlier), getattr(cycle, later)
    if second > first or (second == first and later in MAY_BE_SAME_DAY):
        return
    raise Refus(
        f"« {label_of(later)} » ({long_day(second)}) doit venir après « {label_of(earlier)} » ({long_day(first)}).",
        field=later,
    )


def _save_new(cycle: Cycle) -> None:
    try:
        with unit():
            cycle.save()
    except IntegrityError as error:
        raise Refus(f"Un cycle existe déjà pour {cycle.annee}.", field="annee") from error


@unite
def change_dates(*, cycle: Cycle, acteur: Personne, version: int, dates: dict[str, date]) -> Cycle:
    """Move the dates of a cycle. Raises ActionInterdite, Refus when out of order, Conflit when somebody was faster."""
    cycle = locked(Cycle, cycle.pk, version, select=("epci",))
    require(cycle, acteur, "modifier")
    if cycle.phase == Cycle.Phase.EN_VIGUEUR:
        raise Refus("Ce cycle a pris effet : ses dates ne changent plus.")
    before = {name: getattr(cycle, name).isoformat() for name in dates}
    effective_on = cycle.effective_on
    for name, day in dates.items():
        setattr(cycle, name, day)
    _check_dates(cycle)
    cycle.version += 1
    cycle.save()
    if cycle.ouvert_at:
        _schedule(cycle)
    if cycle.effective_on != effective_on:
        move_effect(cycle, effective_on)
    record(
        type="cycle.dates",
        objet=cycle,
        epci=cycle.epci,
        acteur=acteur,
        libelle=f"Dates du cycle {cycle.annee} modifiées",
        detail={"avant": before, "apres": {name: day.isoformat() for name, day in dates.items()}},
    )
    return cycle


@unite
def open_cycle(*, cycle: Cycle, acteur: Personne | None) -> Cycle:
    """Open the campaign: a draft for each member commune, the jobs of the year, a mail to each DGS; twice changes nothing.

    `acteur` is None only when a command opens it (demonstration, first cycle of an installation).
    """
    cycle = Cycle.objects.select_for_update(of=("self",)).select_related("epci").get(pk=cycle.pk)
    if acteur and not acteur.acces.acts_for_epci(cycle.epci_id, Role.DIRECTION_TERRITOIRES):
        raise ActionInterdite(Cycle.QUI_PEUT["ouvrir"])
    if cycle.ouvert_at:
        return cycle
    cycle.ouvert_at = horloge.now()
    cycle.ouvert_par = acteur
    cycle.save(update_fields=["ouvert_at", "ouvert_par"])
    communes = list(Commune.objects.members_of(cycle.epci, cycle.epci.today))
    Declaration.objects.bulk_create(
        Declaration(epci=cycle.epci, cycle=cycle, commune=commune) for commune in communes
    )
    _schedule(cycle)
    _announce(cycle)
    for start in registres.demarrages:
        start(cycle.epci)
    record(
        type="cycle.ouvert",
        objet=cycle,
        epci=cycle.epci,
        acteur=acteur,
        libelle=f"Cycle {cycle.annee} ouvert : {len(communes)} communes",
        contenu={"annee": cycle.annee, "effective_on": cycle.effective_on.isoformat()},
    )
    return cycle


def _schedule(cycle: Cycle) -> None:
    """The jobs of a cycle; when its dates moved, a new key replaces the old job, which then finds nothing to do."""
    schedule_effect(cycle, cycle.effective_on)
    day = cycle.declaration_fin_on - timedelta(days=REMINDER_DAYS)
    schedule(
        epci=cycle.epci,
        type=TACHE_RAPPEL,
        cle=f"{TACHE_RAPPEL}:{cycle.pk}:{day}",
        due_at=horloge.at_hour(day, MORNING, cycle.epci.fuseau),
        parametres={"cycle": cycle.pk, "jour": day.isoformat()},
    )


def _announce(cycle: Cycle) -> None:
    perime_at = horloge.midnight(cycle.declaration_fin_on + timedelta(days=1), cycle.epci.fuseau)
    for habilitation in _dgs(cycle.epci):
        write_mail(
            destinataire=habilitation.personne,
            epci=cycle.epci,
            type="cycle_ouvert",
            objet=cycle,
            occurrence=str(habilitation.commune_id),
            sujet=f"Vos choix au 1er janvier {cycle.annee} : à déposer avant le {long_day(cycle.declaration_fin_on)}",
            contexte={"cycle": cycle, "commune": habilitation.commune},
            perime_at=perime_at,
        )


def _dgs(epci: Epci) -> Any:
    rows = Habilitation.objects.on(epci.today).filter(epci=epci, role=Role.DGS)
    return rows.select_related("personne", "commune").order_by("commune__tri", "pk")


def run_reminder(tache: Tache) -> None:
    """Job: a week before the end, remind the DGS of communes that have not submitted. Past the end, nothing leaves."""
    cycle = Cycle.objects.select_related("epci").get(pk=tache.parametres["cycle"])
    moved = tache.parametres["jour"] != (cycle.declaration_fin_on - timedelta(days=REMINDER_DAYS)).isoformat()
    if moved or not cycle.declarations_ouvertes:
        return
    late = set(
        cycle.declarations.filter(etat=Declaration.Etat.BROUILLON).values_list("commune_id", flat=True)
    )
    awaited = [habilitation for habilitation in _dgs(cycle.epci) if habilitation.commune_id in late]
    for done, habilitation in enumerate(awaited, start=1):
        _remind(cycle, habilitation)
        progress(tache, fait=done, total=len(awaited))


@unite
def _remind(cycle: Cycle, habilitation: Habilitation) -> None:
    assert habilitation.commune  # a DGS has one: constraint habilitation_perimeter
    write_mail(
        destinataire=habilitation.personne,
        epci=cycle.epci,
        type="declaration_rappel",
        objet=cycle,
        occurrence=f"{habilitation.commune_id}:{cycle.declaration_fin_on}",
        sujet=f"Dernière semaine pour déclarer les choix {habilitation.commune.de}",
        contexte={"cycle": cycle, "commune": habilitation.commune},
        perime_at=horloge.midnight(cycle.declaration_fin_on + timedelta(days=1), cycle.epci.fuseau),
    )


@unite
def close_cycle(*, cycle: Cycle, acteur: Personne) -> Cycle:
    """Close a cycle that is in force: its lines still waiting stay where they are, readable; twice changes nothing.

    Raises ActionInterdite for anyone but the Direction, and before the cycle takes effect.
    """
    cycle = Cycle.objects.select_for_update(of=("self",)).select_related("epci").get(pk=cycle.pk)
    if cycle.clos_at and acteur.acces.acts_for_epci(cycle.epci_id, Role.DIRECTION_TERRITOIRES):
        return cycle
    require(cycle, acteur, "clore")
    cycle.clos_at = horloge.now()
    cycle.save(update_fields=["clos_at"])
    record(
        type="cycle.clos", objet=cycle, epci=cycle.epci, acteur=acteur, libelle=f"Cycle {cycle.annee} clos"
    )
    return cycle
