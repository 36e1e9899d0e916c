"""What communes share on a day of effect: in force that day, or accepted and waiting for it."""

from collections.abc import Collection
from datetime import date

from django.db.models import QuerySet

from mutualisation.models import Adhesion, Catalogue, Domaine, Ligne
from territoire.models import Commune, Epci


def activites_on(epci: Epci, commune: Commune, on: date) -> frozenset[int]:
    """Activities a contract taking effect on a day covers: in force that day, or accepted and waiting for it."""
    return activites_by_commune(epci, [commune.pk], on)[commune.pk]


def activites_by_commune(epci: Epci, communes: Collection[int], on: date) -> dict[int, frozenset[int]]:
    """The same for many communes (their ids), in two queries."""
    return {pk: frozenset(found) for pk, found in natures_by_commune(epci, communes, on).items()}


def natures_by_commune(epci: Epci, communes: Collection[int], on: date) -> dict[int, dict[int, str]]:
    """How each of these activities is shared (Adhesion.Nature), by activity id, by commune id; in two queries."""
    shared: dict[int, dict[int, str]] = {pk: {} for pk in communes}
    present = Adhesion.objects.on(on).filter(epci=epci, commune__in=communes).order_by("pk")
    for commune, activite, nature in present.values_list("commune_id", "activite_id", "nature"):
        shared[commune][activite] = nature
    waiting = _waiting(epci, on).filter(commune__in=communes)
    for commune, activite, asked in waiting.values_list("commune_id", "activite_id", "nature"):
        _apply(shared[commune], activite, Ligne.Nature(asked))
    return shared


def _apply(shared: dict[int, str], activite: int, asked: Ligne.Nature) -> None:
    """What an accepted line makes of an activity; a revision of level leaves it shared as it was."""
    if asked == Ligne.Nature.RETRAIT:
        shared.pop(activite, None)
        return
    before = shared.get(activite, Adhesion.Nature.MUTUALISATION.value)
    shared[activite] = Ligne.PARTAGE.get(asked, before)


def waiting_lines(epci: Epci, commune: Commune, on: date) -> QuerySet[Ligne]:
    """Accepted lines that wait for their effect, due on a day at the latest, oldest cycle first."""
    return _waiting(epci, on).filter(commune=commune)


def _waiting(epci: Epci, on: date) -> QuerySet[Ligne]:
    lignes = Ligne.objects.changing().filter(
        epci=epci,
        arbitrage=Ligne.Arbitrage.ACCEPTEE,
        appliquee_at=None,
        declaration__cycle__effective_on__lte=on,
        declaration__cycle__clos_at=None,
    )
    return lignes.order_by("declaration__cycle__annee", "pk")


def domaines_on(epci: Epci, commune: Commune, on: date) -> list[Domaine]:
    """Domains a contract taking effect on a day covers, in the order of the catalogue."""
    return domaines_by_commune(epci, [commune.pk], on)[commune.pk]


def domaines_by_commune(epci: Epci, communes: Collection[int], on: date) -> dict[int, list[Domaine]]:
    """The same for many communes (their ids), in as many queries as for one."""
    shared = activites_by_commune(epci, communes, on)
    if not any(shared.values()):
        return {pk: [] for pk in shared}
    catalogue = Catalogue.objects.in_force(epci, on).read()
    wanted = {
        commune: [domaine.id for domaine in catalogue.domaines if domaine.activite_ids & activites]
        for commune, activites in shared.items()
    }
    found = Domaine.objects.in_bulk({pk for pks in wanted.values() for pk in pks})
    return {commune: [found[pk] for pk in pks] for commune, pks in wanted.items()}
