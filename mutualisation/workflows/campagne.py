"""During a campaign: more days for one commune, reminders to those that have not submitted."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from comptes.destinataires import Carnet, heads_by_commune
from comptes.models import Personne
from comptes.roles import Role
from journal.models import Courriel, Tache
from journal.workflows.courriel import Lettre, write_mails
from journal.workflows.tache import progress, schedule
from journal.workflows.unite import record, unite
from mutualisation.calendrier import not_worked
from mutualisation.campagne import RAPPEL, RELANCE, of_members
from mutualisation.models import Cycle, Declaration
from mutualisation.workflows.verrou import locked
from socle import horloge
from socle.dates import day_and_year, long_day
from socle.droits import ActionInterdite
from socle.erreurs import Refus
from territoire.models import Commune, Epci
from territoire.models.epci import WorkingDays

TACHE_RAPPEL = "mutualisation.rappel"
WEEK = timedelta(weeks=1)
MORNING = time(8)
WHO_EXTENDS = "Seule la Direction des territoires accorde un délai à une commune."
WHO_REMINDS = "Seule la Direction des territoires relance les communes."
PREPARE = (Role.DGS, Role.MAIRE, Role.COLLABORATEUR)


def require_direction(acteur: Personne, epci: int, sentence: str) -> None:
    """Refuse, with the sentence saying who can, anyone but the Direction of an EPCI (its id)."""
    if not acteur.acces.acts_for_epci(epci, Role.DIRECTION_TERRITOIRES):
        raise ActionInterdite(sentence)


@unite
def grant_extension(*, declaration: Declaration, acteur: Personne, until: date, motif: str) -> Declaration:
    """Let one commune declare until a day included, traced and told to those who prepare; the same day again changes nothing.

    A day that is not worked moves to the working day before. It is reminded in its own last week. Raises ActionInterdite,
    Refus for a day that is past, not after the end of the campaign or not before the point d'arrêt, and for a declaration
    already submitted or a campaign not begun.
    """
    require_direction(acteur, declaration.epci_id, WHO_EXTENDS)
    declaration = locked(Declaration, declaration.pk, select=("cycle__epci", "commune", "epci"))
    check_extension(declaration)
    until = _worked(declaration.cycle, until)
    if declaration.prolongee_on == until:
        return declaration
    declaration.prolongee_on = until
    declaration.version += 1
    declaration.save(update_fields=["prolongee_on", "version"])
    record(
        type="declaration.prolongee",
        objet=declaration,
        epci=declaration.epci,
        commune=declaration.commune,
        acteur=acteur,
        libelle=f"{declaration} : délai accordé jusqu'au {day_and_year(until)}",
        contenu={"until": until.isoformat()},
        detail={"motif": motif},
    )
    _tell_extension(declaration, motif)
    if until - WEEK > declaration.epci.today:  # sooner, the mail that grants it is reminder enough
        schedule_reminder(declaration.cycle, until)
    return declaration


def check_extension(declaration: Declaration) -> None:
    """Raises Refus when more days would serve nothing."""
    if declaration.deposee:
        raise Refus("Cette déclaration est déposée : elle n'a pas besoin de délai.")
    obstacle = no_extension(declaration.cycle)
    if obstacle:
        raise Refus(obstacle)


def no_extension(cycle: Cycle) -> str:
    """Why no commune may be granted more days today; empty when one may."""
    today, arret = cycle.epci.today, cycle.point_arret_on
    if cycle.clos_at:
        return f"Le cycle {cycle.annee} est clos : il est trop tard pour un délai."
    if today == arret:
        return "Le point d'arrêt est aujourd'hui : il est trop tard pour un délai."
    if today > arret:
        return f"Le point d'arrêt du {long_day(arret)} est passé : il est trop tard pour un délai."
    if not cycle.ouvert_at or today < cycle.declaration_debut_on:
        return f"La campagne ouvre le {long_day(cycle.declaration_debut_on)} : accordez un délai ensuite."
    return ""


def last_extension(cycle: Cycle) -> date:
    """The last day that may be granted: both sides confirm at the point d'arrêt what was deposited before it."""
    return WorkingDays(cycle.epci).before(cycle.point_arret_on - timedelta(days=1))


def _worked(cycle: Cycle, until: date) -> date:
    """The day asked for, or the working day before it. Raises Refus when it cannot be granted."""
    day = WorkingDays(cycle.epci).before(until)
    fault = _wrong_day(cycle, day)
    if fault:
        raise Refus(fault if day == until else f"{not_worked(until)} {fault}", field="until")
    return day


def _wrong_day(cycle: Cycle, day: date) -> str:
    if day < cycle.epci.today:
        return "Ce jour est passé."
    if day <= cycle.declaration_fin_on:
        return (
            f"La campagne dure déjà jusqu'au {long_day(cycle.declaration_fin_on)} pour toutes les communes."
        )
    if day > last_extension(cycle):
        return (
            f"Le point d'arrêt est le {long_day(cycle.point_arret_on)} : le délai finit au plus tard le "
            f"{long_day(last_extension(cycle))}."
        )
    return ""


def _tell_extension(declaration: Declaration, motif: str) -> None:
    until = declaration.limite_on
    people = Carnet(declaration.epci, PREPARE, declaration.commune).people(PREPARE, declaration.epci.today)
    write_mails(
        Lettre(
            destinataire=personne,
            epci=declaration.epci,
            type="declaration_delai",
            objet=declaration,
            occurrence=str(declaration.version),
            sujet=f"Délai jusqu'au {day_and_year(until)} pour déclarer les choix {declaration.commune.de}",
            contexte={"declaration": declaration, "motif": motif},
            perime_at=_end_of(until, declaration.epci),
        )
        for personne in people
    )


def _end_of(day: date, epci: Epci) -> datetime:
    return horloge.midnight(day + timedelta(days=1), epci.fuseau)


@dataclass(frozen=True)
class Attendue:
    """A commune that may still submit, who would be reminded, and why it cannot be (empty when it can)."""

    declaration: Declaration
    gens: list[Personne]
    empechement: str

    @property
    def commune(self) -> Commune:
        return self.declaration.commune

    @property
    def peut(self) -> bool:
        return not self.empechement

    @property
    def libelle(self) -> str:
        """« Floirac : Claire Etcheverry »."""
        return f"{self.commune} : {', '.join(map(str, self.gens))}"


def read_awaited(cycle: Cycle) -> list[Attendue]:
    """The communes that may submit today and have not, in French order; a fixed number of queries."""
    drafts = of_members(cycle.declarations.filter(etat=Declaration.Etat.BROUILLON), cycle)
    ordered = drafts.select_related("commune").order_by("commune__tri", "pk")
    rows = [_with(row, cycle) for row in ordered]
    people, told = heads_by_commune(cycle.epci, cycle.epci.today), _told_today(cycle)
    return [_awaited(row, people.get(row.commune, []), row.commune_id in told) for row in rows if row.ouverte]


def _with(row: Declaration, cycle: Cycle) -> Declaration:
    row.cycle = cycle
    return row


def _awaited(row: Declaration, gens: list[Personne], told: bool) -> Attendue:
    obstacle = "déjà relancée aujourd'hui" if told else "" if gens else "ni DGS ni maire à prévenir"
    return Attendue(row, gens, obstacle)


def _told_today(cycle: Cycle) -> set[int]:
    """Ids of the communes reminded today, by the Direction or by the reminder of the last week."""
    today = Courriel.objects.filter(ecrit_at__gte=horloge.midnight(cycle.epci.today, cycle.epci.fuseau))
    told = today.filter(type__in=(RELANCE, RAPPEL), objet_type="mutualisation.declaration").values("objet_id")
    return set(cycle.declarations.filter(pk__in=told).values_list("commune_id", flat=True))


def reminder_letters(awaited: Attendue, mot: str) -> Iterator[Lettre]:
    """The mails that remind a commune today; a day brings one at most to each person about it."""
    declaration = awaited.declaration
    epci = declaration.cycle.epci
    for personne in awaited.gens:
        yield Lettre(
            destinataire=personne,
            epci=epci,
            type=RELANCE,
            objet=declaration,
            occurrence=epci.today.isoformat(),
            sujet=f"Choix {declaration.commune.de} pour {declaration.cycle.annee} : "
            f"à déposer au plus tard le {long_day(declaration.limite_on)}",
            contexte={"declaration": declaration, "mot": mot},
            perime_at=_end_of(declaration.limite_on, epci),
        )


def schedule_reminder(cycle: Cycle, last: date) -> None:
    """Schedule the reminder of those whose last day this is, a week before it."""
    day = last - WEEK
    schedule(
        epci=cycle.epci,
        type=TACHE_RAPPEL,
        cle=f"{TACHE_RAPPEL}:{cycle.pk}:{cycle.version}:{day}",
        due_at=horloge.at_hour(day, MORNING, cycle.epci.fuseau),
        parametres={"cycle": cycle.pk, "jour": day.isoformat()},
    )


def run_reminder(tache: Tache) -> None:
    """Job: a week before their own last day, remind the communes that may still submit and have not.

    When that day moved since, nothing leaves; a commune that the Direction reminded today is left alone.
    """
    cycle = Cycle.objects.select_related("epci").get(pk=tache.parametres["cycle"])
    last = date.fromisoformat(tache.parametres["jour"]) + WEEK
    awaited = [one for one in read_awaited(cycle) if one.peut and one.declaration.limite_on == last]
    for done, one in enumerate(awaited, start=1):
        _remind_by_rule(one)
        progress(tache, fait=done, total=len(awaited))


@unite
def _remind_by_rule(awaited: Attendue) -> None:
    declaration = awaited.declaration
    last, epci = declaration.limite_on, declaration.cycle.epci
    write_mails(
        Lettre(
            destinataire=personne,
            epci=epci,
            type=RAPPEL,
            objet=declaration,
            occurrence=last.isoformat(),
            sujet=f"Dernière semaine pour déclarer les choix {declaration.commune.de}",
            contexte={"declaration": declaration},
            perime_at=_end_of(last, epci),
        )
        for personne in awaited.gens
    )


def remind_communes(
    *, cycle: Cycle, communes: Collection[int], acteur: Personne, mot: str = ""
) -> list[Commune]:
    """Remind communes (ids) that have not submitted, one transaction for each; returns those reminded.

    One reminder for each commune and day at most: who is already told, or has submitted meanwhile, is left out.
    Raises ActionInterdite.
    """
    require_direction(acteur, cycle.epci_id, WHO_REMINDS)
    awaited: Mapping[int, Attendue] = {one.commune.pk: one for one in read_awaited(cycle) if one.peut}
    wanted = [one for pk, one in awaited.items() if pk in communes]
    return [one.commune for one in wanted if _remind(awaited=one, acteur=acteur, mot=mot)]


@unite
def _remind(*, awaited: Attendue, acteur: Personne, mot: str) -> bool:
    declaration = locked(Declaration, awaited.declaration.pk, select=("cycle__epci", "commune", "epci"))
    if declaration.deposee or Courriel.objects.filter(
        type=RELANCE,
        objet_type=declaration._meta.label_lower,
        objet_id=declaration.pk,
        occurrence=declaration.epci.today.isoformat(),
    ):
        return False
    write_mails(reminder_letters(Attendue(declaration, awaited.gens, ""), mot))
    record(
        type="declaration.relancee",
        objet=declaration,
        epci=declaration.epci,
        commune=declaration.commune,
        acteur=acteur,
        libelle=f"{declaration} : commune relancée",
        detail={"gens": [str(personne) for personne in awaited.gens], "mot": mot},
    )
    return True
