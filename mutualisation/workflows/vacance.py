"""Telling in time, once, that nobody will answer a seat: every morning, and when an absence is noted."""

from collections.abc import Iterable, Iterator
from datetime import date, time, timedelta

from comptes.destinataires import Carnet, recipients
from comptes.models import Personne
from comptes.roles import Role
from journal.models import Tache
from journal.workflows.courriel import Lettre, write_mails
from journal.workflows.tache import schedule
from journal.workflows.unite import unite
from mutualisation.models import Absence, Siege
from mutualisation.vacances import Vacance, foreseen
from socle import horloge
from socle.dates import ONE_DAY
from territoire.models import Commune, Epci

TACHE_SIEGES = "mutualisation.sieges"
VACANCE = "siege_vacance"
MORNING = time(6)
KEPT = timedelta(days=366)  # absences over for longer are of no use to anybody


def start_watch(epci: Epci) -> None:
    """Start the daily watch of an EPCI; each day schedules the next."""
    _schedule(epci, epci.today + ONE_DAY)


def _schedule(epci: Epci, day: date) -> None:
    schedule(
        epci=epci,
        type=TACHE_SIEGES,
        cle=f"{TACHE_SIEGES}:{epci.pk}:{day}",
        due_at=horloge.at_hour(day, MORNING, epci.fuseau),
    )


def run_watch(tache: Tache) -> None:
    """Job: tell what is foreseen, forget the absences of another year, and come back tomorrow."""
    epci = Epci.objects.get(pk=tache.epci_id)
    _schedule(epci, epci.today + ONE_DAY)
    Absence.objects.filter(epci=epci, fin__lte=epci.today - KEPT).delete()
    tell_vacancies(epci=epci)


@unite
def tell_vacancies(*, epci: Epci) -> None:
    """Write to those who may name somebody, once for each seat about to be left empty."""
    _tell(epci, foreseen(epci))


def tell_absence(absence: Absence) -> None:
    """The same for the seats of somebody whose absence was just noted, or changed."""
    start_watch(absence.epci)
    _tell(absence.epci, [one for one in foreseen(absence.epci) if one.absence == absence])


def _tell(epci: Epci, vacances: Iterable[Vacance]) -> None:
    found = list(vacances)
    if found:
        directs = recipients(epci, Role.DIRECTION_TERRITOIRES, on=epci.today)
        heads = Carnet(epci, [Role.DGS]).by_commune(epci.today)
        write_mails(letter for one in found for letter in _letters(one, directs, heads))


def _letters(one: Vacance, directs: list[Personne], heads: dict[Commune, list[Personne]]) -> Iterator[Lettre]:
    """To those who may name; the Direction is told of an account closed by another mail, at once (journal.workflows.compte)."""
    siege = one.siege
    known = [] if one.cause == "compte" else directs
    own = heads.get(siege.commune, []) if siege.cote == Siege.Cote.COMMUNE and siege.commune else []
    for personne in dict.fromkeys([*known, *own]):
        yield Lettre(
            destinataire=personne,
            epci=siege.epci,
            type=VACANCE,
            objet=siege,
            occurrence=one.occurrence,
            sujet=f"{siege} : {one.mots}",
            contexte={"vacance": one, "siege": siege, "role": siege.role.label},
            perime_at=horloge.midnight(one.perime_on, siege.epci.fuseau),
        )
