"""Preparing, opening and closing a cycle."""

from collections.abc import Iterator
from datetime import date, time, timedelta
from itertools import pairwise

from django.db import IntegrityError

from comptes.destinataires import Carnet, recipients
from comptes.models import Personne
from comptes.roles import Role
from journal.models import Tache
from journal.workflows.courriel import Lettre, write_mails
from journal.workflows.tache import progress, schedule
from journal.workflows.unite import record, unit, unite
from mutualisation.calendrier import dates_of, worked_dates
from mutualisation.models import Catalogue, Cycle, Declaration
from mutualisation.models.cycle import DATES, default_dates, label_of
from mutualisation.workflows.catalogue import edition_for
from mutualisation.workflows.effet import move_effect, schedule_effect
from mutualisation.workflows.evaluation import schedule_evaluations
from mutualisation.workflows.verrou import locked
from socle import horloge, registres
from socle.dates import day_and_year, long_day
from socle.droits import ActionInterdite, require
from socle.erreurs import Refus
from territoire.models import Commune, Epci, Filiation
from territoire.models.commune import CommuneQuerySet

TACHE_ARRIVEES = "mutualisation.arrivees"
TACHE_RAPPEL = "mutualisation.rappel"
REMINDER_DAYS = 7
MORNING = time(8)
# A membership may begin on any day: drafts are completed before the reminder of the same morning.
EARLY = time(7)
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
    """Move the dates of a cycle, each to a working day; once it is open, one mail tells each person it touches.

    Drafts are not touched. Raises ActionInterdite, Refus as `dated`, Conflit when somebody was faster.
    """
    cycle = locked(Cycle, cycle.pk, version, select=("epci",))
    require(cycle, acteur, "modifier")
    before = dates_of(cycle)
    cycle = dated(cycle, dates)
    moved = [name for name, day in dates_of(cycle).items() if day != before[name]]
    if not moved:
        return cycle
    cycle.version += 1
    cycle.save()
    if cycle.ouvert_at:
        _schedule(cycle)
        _announce_dates(cycle, before, moved)
    if "effective_on" in moved:
        move_effect(cycle, before["effective_on"])
    record(
        type="cycle.dates",
        objet=cycle,
        epci=cycle.epci,
        acteur=acteur,
        libelle=f"Dates du cycle {cycle.annee} modifiées",
        detail={
            "avant": {name: before[name].isoformat() for name in moved},
            "apres": {name: getattr(cycle, name).isoformat() for name in moved},
        },
    )
    return cycle


def dated(cycle: Cycle, dates: dict[str, date]) -> Cycle:
    """The cycle with other dates, each moved to the working day before; not saved.

    Raises Refus when they are out of order, once it has taken effect, or when they would close the campaign on
    people who are typing.
    """
    if cycle.phase == Cycle.Phase.EN_VIGUEUR:
        raise Refus("Ce cycle a pris effet : ses dates ne changent plus.")
    declaring = cycle.declarations_ouvertes
    for name, day in worked_dates(cycle.epci, dates, dates_of(cycle)).items():
        setattr(cycle, name, day)
    _check_dates(cycle)
    if declaring and not cycle.declarations_ouvertes:
        _refuse_closing(cycle)
    return cycle


def _refuse_closing(cycle: Cycle) -> None:
    begun = cycle.declaration_debut_on <= cycle.epci.today
    field = "declaration_fin_on" if begun else "declaration_debut_on"
    raise Refus(
        "La campagne est ouverte, des déclarations sont en cours de saisie : elle doit couvrir aujourd'hui.",
        field=field,
    )


def _announce_dates(cycle: Cycle, before: dict[str, date], moved: list[str]) -> None:
    """One mail to each person touched, whatever the number of her communes."""
    changes = [(label_of(name), before[name], getattr(cycle, name)) for name in moved]
    write_mails(
        Lettre(
            destinataire=personne,
            epci=cycle.epci,
            type="cycle_dates",
            objet=cycle,
            occurrence=str(cycle.version),
            sujet=f"Les dates du cycle {cycle.annee} changent",
            contexte={"cycle": cycle, "changements": changes},
        )
        for personne in touched_by_dates(cycle)
    )


def touched_by_dates(cycle: Cycle) -> list[Personne]:
    """Who is told when the dates move: DGS, Direction, those who began a draft; nobody while the cycle is not open."""
    if not cycle.ouvert_at:
        return []
    told = set(recipients(cycle.epci, Role.DGS, Role.DIRECTION_TERRITOIRES, on=cycle.epci.today))
    drafts = cycle.declarations.filter(etat=Declaration.Etat.BROUILLON)
    told |= set(Personne.objects.filter(pk__in=drafts.values("enregistree_par"), is_active=True))
    return sorted(told, key=lambda personne: (personne.tri, personne.pk))


@unite
def open_cycle(*, cycle: Cycle, acteur: Personne | None) -> Cycle:
    """Open the campaign: a draft for each member commune, the jobs of the year, a mail to each DGS; twice changes nothing.

    The cycle takes the edition of the catalogue of its day, frozen with it when it is still a draft. `acteur` is None only
    when a command opens it (demonstration, first cycle of an installation). Raises ActionInterdite, Refus when that
    draft is not ready.
    """
    cycle = Cycle.objects.select_for_update(of=("self",)).select_related("epci").get(pk=cycle.pk)
    if acteur and not acteur.acces.acts_for_epci(cycle.epci_id, Role.DIRECTION_TERRITOIRES):
        raise ActionInterdite(Cycle.QUI_PEUT["ouvrir"])
    if cycle.ouvert_at:
        return cycle
    cycle.ouvert_at = horloge.now()
    cycle.ouvert_par = acteur
    cycle.catalogue = edition_for(cycle, acteur)
    cycle.save(update_fields=["ouvert_at", "ouvert_par", "catalogue"])
    communes = _begin_drafts(cycle)
    _schedule(cycle)
    _announce(cycle, communes)
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


def _begin_drafts(cycle: Cycle) -> list[Commune]:
    """A draft for each member commune that has none; returns these communes."""
    communes = list(_without_draft(cycle))
    Declaration.objects.bulk_create(
        Declaration(epci=cycle.epci, cycle=cycle, commune=commune) for commune in communes
    )
    return communes


def _without_draft(cycle: Cycle) -> CommuneQuerySet:
    """Members to declare; one that succeeds communes of the cycle waits for the next: their declarations stand for it."""
    members = Commune.objects.members_of(cycle.epci, cycle.epci.today)
    elders = Filiation.objects.filter(ancienne__declarations__cycle=cycle)
    return members.exclude(declarations__cycle=cycle).exclude(pk__in=elders.values("nouvelle"))


@unite
def complete_drafts(*, cycle: Cycle) -> None:
    """During the campaign, give its draft and its mail to a commune that joined the EPCI after the opening.

    Twice, or outside the campaign, changes nothing.
    """
    if not cycle.declarations_ouvertes or not _without_draft(cycle).exists():
        return
    cycle = locked(Cycle, cycle.pk, select=("epci",))
    communes = _begin_drafts(cycle)
    _announce(cycle, communes)
    begun = cycle.declarations.filter(commune__in=communes).select_related("commune", "cycle")
    for declaration in begun.order_by("commune__tri", "pk"):
        record(
            type="declaration.ouverte",
            objet=declaration,
            epci=cycle.epci,
            commune=declaration.commune,
            acteur=None,
            libelle=f"{declaration} ouverte en cours de campagne",
            contenu={"annee": cycle.annee},
        )


def run_arrivals(tache: Tache) -> None:
    """Job: each morning of the campaign, begin the drafts of those who joined, then schedule the next morning."""
    cycle = Cycle.objects.select_related("epci").get(pk=tache.parametres["cycle"])
    complete_drafts(cycle=cycle)
    tomorrow = date.fromisoformat(tache.parametres["jour"]) + timedelta(days=1)
    if tomorrow <= cycle.declaration_fin_on and not cycle.clos_at:
        _schedule_arrivals(cycle, tomorrow)


def _schedule_arrivals(cycle: Cycle, day: date) -> None:
    schedule(
        epci=cycle.epci,
        type=TACHE_ARRIVEES,
        cle=f"{TACHE_ARRIVEES}:{cycle.pk}:{day}",
        due_at=horloge.at_hour(day, EARLY, cycle.epci.fuseau),
        parametres={"cycle": cycle.pk, "jour": day.isoformat()},
    )


def _schedule(cycle: Cycle) -> None:
    """The jobs of a cycle; when its dates moved, a new key replaces the old job, which then finds nothing to do."""
    schedule_effect(cycle, cycle.effective_on)
    schedule_evaluations(cycle)
    _schedule_arrivals(cycle, max(cycle.declaration_debut_on, cycle.epci.today))
    day = cycle.declaration_fin_on - timedelta(days=REMINDER_DAYS)
    schedule(
        epci=cycle.epci,
        type=TACHE_RAPPEL,
        cle=f"{TACHE_RAPPEL}:{cycle.pk}:{day}",
        due_at=horloge.at_hour(day, MORNING, cycle.epci.fuseau),
        parametres={"cycle": cycle.pk, "jour": day.isoformat()},
    )


def _announce(cycle: Cycle, communes: list[Commune]) -> None:
    """A mail to the DGS of these communes."""
    effect, end = day_and_year(cycle.effective_on), long_day(cycle.declaration_fin_on)
    subject = f"Vos choix au {effect} : à déposer avant le {end}"
    write_mails(
        letter
        for commune, people in dgs_by_commune(cycle.epci).items()
        if commune in communes
        for letter in _letters(cycle, commune, people, "cycle_ouvert", subject)
    )


def dgs_by_commune(epci: Epci) -> dict[Commune, list[Personne]]:
    """The DGS of each commune today, communes in French order; one without DGS is left out."""
    return Carnet(epci, [Role.DGS]).by_commune(epci.today)


def _letters(
    cycle: Cycle, commune: Commune, people: list[Personne], type: str, sujet: str
) -> Iterator[Lettre]:
    """A mail about a commune to each of its DGS; it is past its point once declarations are closed."""
    for personne in people:
        yield Lettre(
            destinataire=personne,
            epci=cycle.epci,
            type=type,
            objet=cycle,
            occurrence=f"{commune.pk}:{cycle.declaration_fin_on}",
            sujet=sujet,
            contexte={"cycle": cycle, "commune": commune},
            perime_at=horloge.midnight(cycle.declaration_fin_on + timedelta(days=1), cycle.epci.fuseau),
        )


def run_reminder(tache: Tache) -> None:
    """Job: a week before the end, remind the DGS of communes that have not submitted. Past the end, nothing leaves."""
    cycle = Cycle.objects.select_related("epci").get(pk=tache.parametres["cycle"])
    moved = tache.parametres["jour"] != (cycle.declaration_fin_on - timedelta(days=REMINDER_DAYS)).isoformat()
    if moved or not cycle.declarations_ouvertes:
        return
    drafts = cycle.declarations.filter(etat=Declaration.Etat.BROUILLON)
    late = set(drafts.values_list("commune_id", flat=True))
    awaited = {c: people for c, people in dgs_by_commune(cycle.epci).items() if c.pk in late}
    for done, (commune, people) in enumerate(awaited.items(), start=1):
        _remind(cycle, commune, people)
        progress(tache, fait=done, total=len(awaited))


@unite
def _remind(cycle: Cycle, commune: Commune, people: list[Personne]) -> None:
    subject = f"Dernière semaine pour déclarer les choix {commune.de}"
    write_mails(_letters(cycle, commune, people, "declaration_rappel", subject))


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
