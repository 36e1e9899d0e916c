"""The whole loading, in order."""

from collections.abc import Callable
from datetime import date, datetime, time
from operator import itemgetter
from random import Random

from contrats.models import Contrat
from contrats.workflows.clause import load_reference_clauses
from contrats.workflows.fiche import load_reference_fiches
from demo.chargement import (
    annee,
    avenant,
    campagne,
    choix,
    conventions,
    gens,
    seances,
    signature,
    territoire,
)
from demo.chargement.noms import Registre
from demo.horloge import replay_until, set_now
from journal.models import Tache
from mutualisation.models import Adhesion, Catalogue, Domaine
from mutualisation.models.cycle import default_dates
from mutualisation.workflows.catalogue import load_reference_catalogue
from socle import horloge
from territoire.models import Commune, Epci
from territoire.workflows.epci import load_epci

Say = Callable[[str], object]
SINCE_YEARS = 12
MORNING = time(9)


def load(siren: str, day: date, say: Say) -> Epci:
    """Load an EPCI as it could stand at nine in the morning of a day: same arguments, same data.

    Raises EpciInconnu. `say` is given a French line at each step.
    """
    random = Random(f"{siren}-{day}")  # noqa: S311 (invented data, the same each time)
    epci, catalogue = _ground(siren, day)
    target = horloge.at_hour(day, MORNING, epci.fuseau)
    communes = list(Commune.objects.members_of(epci, day))
    say(f"{epci.nom} : {len(communes)} communes.")
    territoire.draw(epci, communes)
    sharing = choix.sharing_communes(communes, random)
    choix.past_cycles(epci, day.year)
    choix.adhesions(epci, catalogue, sharing, day.year, random)
    conventions.past_conventions(epci)
    seances.sittings(epci, communes, day.year)
    say("Choix des trois dernières années inventés.")
    who = _people(epci, communes, sharing, day, random)
    say("Personnes inventées.")
    inside = choix.shown(sharing)
    signed = signature.sign_past_contract(who, inside, day.year)
    _live(who, sharing, signed, target, random)
    say("Campagne, contrats, programmes et revues de l'année.")
    with horloge.at(target):
        annee.programmes(epci, day.year, random)
        _offer(who, inside, communes, sharing)
    set_now(target)
    return epci


def _ground(siren: str, day: date) -> tuple[Epci, Catalogue]:
    since = date(day.year - SINCE_YEARS, 1, 1)
    epci = load_epci(siren=siren, since=since)
    with horloge.at(horloge.midnight(since, epci.fuseau)):
        catalogue = load_reference_catalogue(epci=epci, effective_on=since)
        load_reference_fiches(epci=epci)
        load_reference_clauses(epci=epci)
    return epci, catalogue


def _people(
    epci: Epci, communes: list[Commune], sharing: list[Commune], day: date, random: Random
) -> gens.Gens:
    debut = date(day.year - choix.YEARS, 1, 1)
    who = gens.Gens(epci, debut, Registre(random))
    gens.people(who, communes, [commune.pk for commune in sharing])
    gens.president(who)
    for commune in sharing:
        gens.communal_seats(who, commune, _shared_domaines(commune, day))
    return who


def _shared_domaines(commune: Commune, day: date) -> list[Domaine]:
    shared = Adhesion.objects.on(day).filter(commune=commune).values("activite__versions__domaine")
    return list(Domaine.objects.filter(pk__in=shared))


def _live(
    who: gens.Gens, sharing: list[Commune], signed: Contrat | None, target: datetime, random: Random
) -> None:
    """The year up to `target`: jobs and people's acts each at their instant, in order."""
    day = horloge.local(target, who.epci.fuseau).date()
    cycle = annee.open_campaign(who.epci, day.year + 1)
    begin = horloge.at_hour(cycle.ouverture_on, MORNING, who.epci.fuseau)
    drafted = [one for one in sharing if signed is None or one.pk != signed.commune_id]
    with horloge.at(begin):
        annee.contracts(who.epci, drafted, date(day.year, 1, 1), random)
    acts = [
        *campagne.steps(who, cycle, sharing, random),
        *(avenant.steps(who, signed, day) if signed else ()),
    ]
    _play(acts, begin, target)
    if day >= default_dates(who.epci, day.year + 2)["ouverture_on"]:
        annee.open_campaign(who.epci, day.year + 2)
    replay_until(target, floor=begin)
    _check(who.epci)
    annee.hold_reviews(who, target, random)


def _play(acts: list[campagne.Step], begin: datetime, target: datetime) -> None:
    for moment, act in sorted(acts, key=itemgetter(0)):
        if moment < target:
            replay_until(moment, floor=begin)
            with horloge.at(moment):
                act()


def _check(epci: Epci) -> None:
    failed = Tache.objects.filter(epci=epci).exclude(erreur="").first()
    if failed:
        raise RuntimeError(f"{failed.cle} : {failed.erreur}")


def _offer(who: gens.Gens, inside: Commune, communes: list[Commune], sharing: list[Commune]) -> None:
    outside = max(
        set(communes) - set(sharing), key=lambda commune: (commune.population, commune.pk), default=inside
    )
    domaines = _shared_domaines(inside, who.epci.today)
    gens.visitors(who, inside, outside, domaines[-1])
    gens.absences(who, inside, domaines[0])
