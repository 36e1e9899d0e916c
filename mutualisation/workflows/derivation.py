"""What gives way to what, put into effect: the heirs of activities and of communes take over their adhesions."""

import logging
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet

from journal.models import Tache
from journal.workflows.tache import schedule
from journal.workflows.unite import record, unite
from mutualisation.derivations import Cle, Derivation, component, read_derivations
from mutualisation.frise import Decision, Frise, decision_of
from mutualisation.models import Activite, Adhesion, Catalogue, Domaine, Ligne
from mutualisation.workflows.periodes import Periodes
from socle import horloge
from socle.dates import ONE_DAY, day_and_year
from socle.typographie import enumerate_french, plural
from territoire.models import Commune, Epci

logger = logging.getLogger(__name__)
logger = logging.getLogger(__name__)
TACHE_EDITION = "mutualisation.edition"
CHOSEN_IN = (
    "declaration__cycle__annee",
    "declaration__cycle__catalogue__effective_on",
    "declaration__cycle__ouverture_on",
)


@dataclass(frozen=True)
class Rejeu:
    """What was played again: the timeline, the pairs it changed, and those shared on the eve of the first day."""

    frise: Frise
    changed: set[Cle]
    veille: set[Cle]


def replay(epci: Epci, cles: Iterable[Cle], since: date, lignes: Iterable[Ligne] = ()) -> Rejeu:
    """Write the periods of some pairs, and of all that bears on them, from a day on, inside the unit of the caller.

    Everything that happened since is played again, in order, `lignes` taking effect besides those that have: what is recorded
    late finds its place.
    """
    derivations = read_derivations(epci, epci.today)
    reach = component(cles, derivations)
    periodes = Periodes(epci, reach)
    decisions = [*_in_effect(reach, since), *(_dated(ligne) for ligne in lignes)]
    played = [derivation for derivation in derivations if derivation.day >= since]
    frise = Frise(periodes.known(since), decisions, derivations, since=since, jouees=played)
    veille = {cle for cle in reach if periodes.shared_on(cle, since - ONE_DAY)}
    return Rejeu(frise, periodes.write(frise), veille)


def _dated(ligne: Ligne) -> Decision:
    assert ligne.effet_on  # only dated lines are put into effect
    return decision_of(ligne, ligne.effet_on)


def _in_effect(cles: Collection[Cle], since: date) -> Iterator[Decision]:
    """The lines in effect about some pairs; those of before a day only have precedence over older cycles."""
    rows = Ligne.objects.filter(
        appliquee_at__isnull=False,
        commune__in={commune for commune, _ in cles},
        activite__in={activite for _, activite in cles},
    ).exclude(nature=Ligne.Nature.REVISION)
    # Values, not objects: ten years of lines are read for each commune.
    for commune, activite, nature, day, annee, catalogue_on, ouverture_on, pk in rows.order_by(
        "pk"
    ).values_list("commune_id", "activite_id", "nature", "effet_on", *CHOSEN_IN, "pk"):
        cle = (commune, activite)
        yield Decision(pk, cle, nature, day, annee, catalogue_on, ouverture_on, acquise=day < since)


def schedule_edition(edition: Catalogue) -> None:
    """Schedule the effect of a frozen edition at midnight of the EPCI on its first day."""
    schedule(
        epci=edition.epci,
        type=TACHE_EDITION,
        cle=f"{TACHE_EDITION}:{edition.pk}:{edition.effective_on}",
        due_at=horloge.midnight(edition.effective_on, edition.epci.fuseau),
        parametres={"epci": edition.epci_id},
    )


def run_edition(tache: Tache) -> None:
    """Job: put into effect the editions whose day has come."""
    apply_editions(Epci.objects.get(pk=tache.parametres["epci"]))


def apply_editions(epci: Epci) -> None:
    """Put into effect the frozen editions whose day has come, in order, one transaction per commune; twice changes nothing.

    Raises ExceptionGroup once all communes were tried when some failed: the edition, and those after it, wait for them.
    """
    for edition in _waiting_editions(epci, epci.today).order_by("effective_on").select_related("epci"):
        _apply_day(epci, edition.effective_on)
        _mark_applied(edition=edition)


def _waiting_editions(epci: Epci, day: date) -> QuerySet[Catalogue]:
    return Catalogue.objects.filter(
        epci=epci, gele_at__isnull=False, appliquee_at=None, effective_on__lte=day
    )


def awaiting_edition(epci: Epci, day: date) -> set[int]:
    """Ids of the communes that still share, on a day, what an edition due by then and not in effect yet replaces."""
    days = set(_waiting_editions(epci, day).values_list("effective_on", flat=True))
    replaced = {pk for one in read_derivations(epci, day) if one.day in days for pk in one.activites}
    held = Adhesion.objects.on(day).filter(epci=epci, activite__in=replaced)
    return set(held.values_list("commune_id", flat=True))


def _apply_day(epci: Epci, day: date) -> None:
    """Hand over what gives way on a day, communes that become one together; those that fail hold no other."""
    errors = []
    for derivation in read_derivations(epci, day):
        for communes in _concerned(epci, derivation) if derivation.day == day else ():
            try:
                _hand_over(epci=epci, communes=communes, derivation=derivation)
            except Exception as error:
                logger.exception("handing over of %s failed for %s", day, communes)
                error.add_note(enumerate_french([str(commune) for commune in communes]))
                errors.append(error)
    if errors:
        raise ExceptionGroup(f"handing over of {day} failed", errors)


def _concerned(epci: Epci, derivation: Derivation) -> list[list[Commune]]:
    """Communes that share, on the eve or later, something that gives way; those that become one commune together."""
    rows = Adhesion.objects.filter(epci=epci).exclude(fin__lt=derivation.day)
    rows = rows.filter(activite__in=derivation.activites) | rows.filter(commune__in=derivation.communes)
    groups: dict[tuple[int, ...], list[Commune]] = {}
    for commune in Commune.objects.filter(pk__in=rows.values("commune")).order_by("tri", "pk"):
        groups.setdefault(derivation.communes.get(commune.pk) or (commune.pk,), []).append(commune)
    return list(groups.values())


@unite
def _hand_over(*, epci: Epci, communes: list[Commune], derivation: Derivation) -> None:
    Epci.objects.select_for_update(no_key=True).get(pk=epci.pk)
    held = Adhesion.objects.filter(epci=epci, commune__in=communes).exclude(fin__lt=derivation.day)
    cles = set(held.order_by("pk").values_list("commune_id", "activite_id"))
    giving = {cle for cle in cles if derivation.heirs(cle) is not None}
    rejeu = replay(epci, giving, derivation.day)
    for commune in communes:
        moved = [cle for cle in giving & rejeu.veille if cle[0] == commune.pk]
        if any(rejeu.changed.intersection((cle, *derivation.after(cle))) for cle in moved):
            _record_handed_over(epci, commune, derivation, len(moved))


def _record_handed_over(epci: Epci, commune: Commune, derivation: Derivation, moved: int) -> None:
    record(
        type="adhesion.transmise",
        objet=commune,
        epci=epci,
        commune=commune,
        acteur=None,
        libelle=f"{commune} : {plural(moved, 'adhésion transmise', 'adhésions transmises')} "
        f"le {day_and_year(derivation.day)}",
        contenu={"le": derivation.day.isoformat()},
    )


@unite
def _mark_applied(*, edition: Catalogue) -> None:
    if Catalogue.objects.filter(pk=edition.pk, appliquee_at=None).update(appliquee_at=horloge.now()):
        _refresh_labels(edition)
        record(
            type="catalogue.applique",
            objet=edition,
            epci=edition.epci,
            acteur=None,
            libelle=f"{edition} en vigueur le {day_and_year(edition.effective_on)}",
        )


def _refresh_labels(edition: Catalogue) -> None:
    """The identities take the labels and the order of the edition now in force."""
    domaines, activites = [], []
    for version in edition.domaines.select_related("domaine").order_by("pk"):
        domaine = version.domaine
        domaine.libelle, domaine.libelle_court, domaine.ordre = (
            version.libelle,
            version.libelle_court,
            version.ordre,
        )
        domaines.append(domaine)
    for offered in edition.activites.select_related("activite").order_by("pk"):
        offered.activite.libelle = offered.libelle
        activites.append(offered.activite)
    Domaine.objects.bulk_update(domaines, ["libelle", "libelle_court", "ordre"])
    Activite.objects.bulk_update(activites, ["libelle"], batch_size=500)


def apply_moves(*, epci: Epci, day: date) -> None:
    """Hand over the adhesions of the communes that merge, split or leave on a day already come; twice changes nothing.

    Recorded late, the move also takes along what the catalogue and the lines have changed since.
    """
    _apply_day(epci, day)
