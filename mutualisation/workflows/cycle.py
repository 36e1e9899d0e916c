"""Preparing, opening and closing a cycle."""

from collections.abc import Collection, Iterator
from datetime import date, time, timedelta
from itertools import pairwise

from django.db import IntegrityError
from django.db.models import QuerySet

from comptes.destinataires import Carnet, heads_by_commune, recipients
from comptes.models import Personne
from comptes.roles import Role
from journal.models import Tache
from journal.workflows.courriel import Lettre, write_mails
from journal.workflows.tache import schedule
from journal.workflows.unite import record, unit, unite
from mutualisation.calendrier import dates_of, worked_dates
from mutualisation.ecarts import read_cycle_changes
from mutualisation.etats import CYCLE, DEPOT, etat_of
from mutualisation.models import Catalogue, Cycle, Declaration, Etude, Evaluation, EvaluationDelegation
from mutualisation.models.cycle import DATES, default_dates, label_of
from mutualisation.workflows.campagne import PREPARE, schedule_reminder
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
# A membership may begin on any day: drafts are completed before the reminder of the same morning.
EARLY = time(7)
# A phase may last one day; the next one begins another day.
MAY_BE_SAME_DAY = frozenset({"declaration_debut_on", "declaration_fin_on", "votes_fin_on"})
TOLD = (Role.DGS, Role.MAIRE, Role.DIRECTION_TERRITOIRES)
WHO_PREPARES = "Seule la Direction des territoires prépare un cycle."


@unite
def prepare_cycle(
    *, epci: Epci, annee: int, acteur: Personne | None, dates: dict[str, date] | None = None
) -> Cycle:
    """Create the cycle taking effect in `annee`, with default dates where none is given, each on a working day; not open yet.

    `acteur` is None only when a command prepares it. Raises ActionInterdite, Refus when dates
    are out of order, the year already has a cycle or the EPCI no catalogue.
    """
    if acteur and not acteur.acces.acts_for_epci(epci.pk, Role.DIRECTION_TERRITOIRES):
        raise ActionInterdite(WHO_PREPARES)
    cycle = Cycle(
        epci=epci,
        annee=annee,
        catalogue=_catalogue(epci, annee),
        **(default_dates(epci, annee) | worked_dates(epci, dates or {}, {})),
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
        for personne in touched_by_dates(cycle, moved)
    )


def touched_by_dates(cycle: Cycle, moved: Collection[str]) -> list[Personne]:
    """Who is told when some of DATES move; nobody while the cycle is not open, or when none moves.

    The DGS, maires and Direction, and those who began a draft for their commune; the agents of évaluations to fill when
    the days of the évaluations move, who conducts a study to do when the point d'arrêt does.
    """
    if not (cycle.ouvert_at and moved):
        return []
    told = set(recipients(cycle.epci, *TOLD, on=cycle.epci.today)) | _drafters(cycle)
    if {"evaluation_debut_on", "evaluation_fin_on"}.intersection(moved):
        told |= _agents(cycle)
    if "point_arret_on" in moved:
        told |= _conductors(cycle)
    return sorted(told, key=lambda personne: (personne.tri, personne.pk))


def _drafters(cycle: Cycle) -> set[Personne]:
    """Who saved last a draft not submitted yet, while she still prepares the choices of that commune."""
    drafts = cycle.declarations.filter(etat=Declaration.Etat.BROUILLON, enregistree_par__isnull=False)
    begun = set(drafts.values_list("commune_id", "enregistree_par_id"))
    preparing = Carnet(cycle.epci, PREPARE).by_commune(cycle.epci.today)
    return {p for commune, people in preparing.items() for p in people if (commune.pk, p.pk) in begun}


def _agents(cycle: Cycle) -> set[Personne]:
    """The agents to whom an évaluation still to hand over is delegated."""
    wanted = Evaluation.objects.filter(declaration__cycle=cycle, transmise_at=None).wanted()
    rows = EvaluationDelegation.objects.filter(evaluation__in=wanted, retiree_at=None)
    return set(Personne.objects.filter(pk__in=rows.values("personne"), is_active=True))


def _conductors(cycle: Cycle) -> set[Personne]:
    """Who conducts a study whose avis is awaited."""
    rows = Etude.objects.filter(declaration__cycle=cycle).awaited()
    return set(Personne.objects.filter(pk__in=rows.values("conduite_par"), is_active=True))


@unite
def open_cycle(*, cycle: Cycle, acteur: Personne | None) -> Cycle:
    """Open the campaign: a draft for each member commune, the jobs of the year, a mail to each; twice changes nothing.

    The cycle takes the edition of the catalogue of its day, frozen with it when it is still a draft. `acteur` is None only
    when a command opens it (demonstration, first cycle of an installation). Raises ActionInterdite, Refus when that
    draft is not ready.
    """
    cycle = Cycle.objects.select_for_update(of=("self",), no_key=True).select_related("epci").get(pk=cycle.pk)
    if acteur and not acteur.acces.acts_for_epci(cycle.epci_id, Role.DIRECTION_TERRITOIRES):
        raise ActionInterdite(Cycle.QUI_PEUT["ouvrir"])
    if cycle.ouvert_at:
        return cycle
    CYCLE.move("ouvrir", etat_of(cycle))
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
    """Members to declare: one that succeeds communes of the cycle only when a draft of theirs has not been submitted.

    What they have submitted stands for it, and it declares in the next cycle.
    """
    members = Commune.objects.members_of(cycle.epci, cycle.epci.today)
    elders = Filiation.objects.filter(ancienne__declarations__cycle=cycle, effective_on__lte=cycle.epci.today)
    orphans = elders.filter(ancienne__in=_left_behind(cycle).values("commune"))
    waiting = elders.exclude(nouvelle__in=orphans.values("nouvelle"))
    return members.exclude(declarations__cycle=cycle).exclude(pk__in=waiting.values("nouvelle"))


def _left_behind(cycle: Cycle) -> QuerySet[Declaration]:
    """What was not submitted by communes that others have succeeded: they are members no more."""
    members = Commune.objects.members_of(cycle.epci, cycle.epci.today)
    drafts = cycle.declarations.filter(etat__in=[Declaration.Etat.BROUILLON, Declaration.Etat.REMPLACEE])
    succeeded = Filiation.objects.filter(effective_on__lte=cycle.epci.today).values("ancienne")
    left: QuerySet[Declaration] = drafts.filter(commune__in=succeeded).exclude(
        commune__in=members.order_by().values("pk")
    )
    return left


def _close_left_behind(cycle: Cycle) -> None:
    """The draft of a commune that another has succeeded is only read from then on."""
    left = _left_behind(cycle).filter(etat=Declaration.Etat.BROUILLON).select_related("commune", "cycle")
    for declaration in left.order_by("pk").select_for_update(of=("self",), no_key=True):
        declaration.etat = DEPOT.move("céder à la commune nouvelle", declaration.etat)
        declaration.version += 1
        declaration.save(update_fields=["etat", "version"])
        record(
            type="declaration.remplacee",
            objet=declaration,
            epci=cycle.epci,
            commune=declaration.commune,
            acteur=None,
            libelle=f"{declaration} : brouillon repris par la commune nouvelle",
            contenu={"annee": cycle.annee},
        )


@unite
def complete_drafts(*, cycle: Cycle) -> None:
    """Until the campaign ends, give its draft and its mail to a commune that joined, or succeeded others, since the opening.

    Twice, or outside the campaign, changes nothing.
    """
    running = cycle.ouvert_at and not cycle.clos_at and cycle.epci.today <= cycle.declaration_fin_on
    if not running:
        return
    cycle = locked(Cycle, cycle.pk, select=("epci",))
    _close_left_behind(cycle)
    if not _without_draft(cycle).exists():
        return
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
        cle=f"{TACHE_ARRIVEES}:{cycle.pk}:{cycle.version}:{day}",
        due_at=horloge.at_hour(day, EARLY, cycle.epci.fuseau),
        parametres={"cycle": cycle.pk, "jour": day.isoformat()},
    )


def _schedule(cycle: Cycle) -> None:
    """The jobs of a cycle; its version is in their keys: dates that move, even back to what they were, begin new ones.

    The old ones then find nothing to do, or the same thing, which is done once.
    """
    schedule_effect(cycle, cycle.effective_on)
    schedule_evaluations(cycle)
    _schedule_arrivals(cycle, max(cycle.declaration_debut_on, cycle.epci.today))
    schedule_reminder(cycle, cycle.declaration_fin_on)


def _announce(cycle: Cycle, communes: list[Commune]) -> None:
    """A mail to who answers for each of these communes."""
    effect, end = day_and_year(cycle.effective_on), long_day(cycle.declaration_fin_on)
    subject = f"Vos choix au {effect} : à déposer au plus tard le {end}"
    changes = len(read_cycle_changes(cycle))
    write_mails(
        letter
        for commune, people in heads_by_commune(cycle.epci, cycle.epci.today).items()
        if commune in communes
        for letter in _letters(cycle, commune, people, subject, changes)
    )


def _letters(
    cycle: Cycle, commune: Commune, people: list[Personne], sujet: str, changes: int
) -> Iterator[Lettre]:
    """The mail that opens the campaign to a commune; it is past its point once declarations are closed.

    `changes` counts what the catalogue changes since the cycle before.
    """
    for personne in people:
        yield Lettre(
            destinataire=personne,
            epci=cycle.epci,
            type="cycle_ouvert",
            objet=cycle,
            occurrence=f"{commune.pk}:{cycle.declaration_fin_on}",
            sujet=sujet,
            contexte={"cycle": cycle, "commune": commune, "catalogue_change": changes},
            perime_at=horloge.midnight(cycle.declaration_fin_on + timedelta(days=1), cycle.epci.fuseau),
        )


@unite
def close_cycle(*, cycle: Cycle, acteur: Personne) -> Cycle:
    """Close a cycle that is in force: its lines still waiting stay where they are, readable; twice changes nothing.

    Raises ActionInterdite for anyone but the Direction, and before the cycle takes effect.
    """
    cycle = Cycle.objects.select_for_update(of=("self",), no_key=True).select_related("epci").get(pk=cycle.pk)
    if cycle.clos_at and acteur.acces.acts_for_epci(cycle.epci_id, Role.DIRECTION_TERRITOIRES):
        return cycle
    require(cycle, acteur, "clore")
    CYCLE.move("clore", etat_of(cycle))
    cycle.clos_at = horloge.now()
    cycle.save(update_fields=["clos_at"])
    record(
        type="cycle.clos", objet=cycle, epci=cycle.epci, acteur=acteur, libelle=f"Cycle {cycle.annee} clos"
    )
    return cycle
