"""What joining would mean to a commune not yet in: the calendar, the catalogue, figures about the communes already in.

A figure describes a group of communes, never fewer than the settings of the EPCI allow (Reglage.agregat_minimum); nor does
the difference between two figures of the page.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from statistics import median_low
from typing import Any

from django.db.models import Q
from django.urls import reverse

from comptes.acces import Titre
from mutualisation.derivations import Cle
from mutualisation.matrice import edition_on
from mutualisation.models import Adhesion, Cycle, Reglage
from mutualisation.models.catalogue import CatalogueLu, DomaineLu
from mutualisation.partages import voted_lines
from socle.registres import Carte, Lien
from socle.typographie import plural
from territoire.models import Commune, Epci

# What is said of a figure that, taken from another, would describe too few communes.
RETENU = "non publié"


@dataclass(frozen=True)
class DomaineOffert:
    """A domain of the catalogue, and how many communes share something of it: all of them, then those of similar size."""

    lu: DomaineLu
    communes: str
    proches: str = ""


@dataclass(frozen=True)
class Voisinage:
    """The communes closest to one by their population."""

    nombre: int
    de: int
    a: int


@dataclass(frozen=True)
class Offre:
    """What the page says."""

    epci: Epci
    membres: int
    partageuses: str
    entree: str
    minimum: int
    domaines: tuple[DomaineOffert, ...]
    voisinage: Voisinage | None
    cycle: Cycle | None


def read_offer(epci: Epci, commune: int | None) -> Offre:
    """The offer as seen from a commune (its id) or from none; a fixed number of queries."""
    today, minimum = epci.today, Reglage.objects.of(epci).agregat_minimum
    edition = edition_on(epci, today)
    catalogue = edition.read() if edition else CatalogueLu(())
    pairs, entries = _shares(epci, today, catalogue)
    populations = dict(Commune.objects.members_of(epci, today).values_list("pk", "population"))
    near = _nearest(populations, commune, minimum)
    return Offre(
        epci=epci,
        membres=len(populations),
        partageuses=at_least(len({pk for pk, _ in pairs}), minimum),
        entree=_entry(entries, minimum),
        minimum=minimum,
        domaines=tuple(_offered(domaine, pairs, near, commune, minimum) for domaine in catalogue.domaines),
        voisinage=_neighbourhood(populations, near),
        cycle=_next_cycle(epci, today),
    )


def at_least(count: int, minimum: int) -> str:
    """« 12 communes », or « moins de 5 communes » when the figure would describe too few."""
    return plural(count, "commune") if count >= minimum else f"moins de {minimum} communes"


def _offered(
    domaine: DomaineLu, pairs: Collection[Cle], near: Collection[int], own: int | None, minimum: int
) -> DomaineOffert:
    sharing = {commune for commune, pk in pairs if pk == domaine.id}
    close = _close(sharing, near, own, minimum) if near else ""
    return DomaineOffert(domaine, at_least(len(sharing), minimum), close)


def _close(sharing: set[int], near: Collection[int], own: int | None, minimum: int) -> str:
    """How many of the neighbours share, unless the whole less them would tell what fewer than the minimum do.

    The reader knows what her own commune does: it hides nobody.
    """
    others = sharing.difference(near, {own})
    if len(sharing) >= minimum > len(others):
        return RETENU
    return at_least(len(sharing.intersection(near)), minimum)


def _shares(epci: Epci, today: date, catalogue: CatalogueLu) -> tuple[set[Cle], dict[int, set[int]]]:
    """(commune, domain) pairs shared today; and by commune the domains of its first day."""
    domaine_of = catalogue.domaine_of
    rows = Adhesion.objects.filter(epci=epci, debut__lte=today).order_by("debut", "pk")
    pairs: set[Cle] = set()
    first: dict[int, date] = {}
    entries: dict[int, set[int]] = {}
    for commune, activite, debut, fin in rows.values_list("commune_id", "activite_id", "debut", "fin"):
        domaine = domaine_of.get(activite)
        if domaine is None:
            continue
        if first.setdefault(commune, debut) == debut:
            entries.setdefault(commune, set()).add(domaine.id)
        if fin is None or fin > today:
            pairs.add((commune, domaine.id))
    return pairs, entries


def _entry(entries: Mapping[int, Collection[int]], minimum: int) -> str:
    """How many domains half of the communes began with, at most; nothing when too few of them began."""
    if len(entries) < minimum:
        return ""
    return plural(median_low(len(domains) for domains in entries.values()), "domaine")


def _nearest(populations: Mapping[int, int], commune: int | None, minimum: int) -> list[int]:
    """The ids of the other members closest by their population, three times the minimum; none when it leaves out too few."""
    own, count = populations.get(commune) if commune else None, 3 * minimum
    others = [pk for pk in populations if pk != commune]
    if own is None or len(others) - count < minimum:
        return []
    return sorted(others, key=lambda pk: (abs(populations[pk] - own), pk))[:count]


def _neighbourhood(populations: Mapping[int, int], near: Iterable[int]) -> Voisinage | None:
    sizes = [populations[pk] for pk in near]
    return Voisinage(len(sizes), min(sizes), max(sizes)) if sizes else None


def _next_cycle(epci: Epci, today: date) -> Cycle | None:
    """The first cycle in which one may still declare."""
    coming = Cycle.objects.filter(epci=epci, clos_at=None, declaration_fin_on__gte=today)
    return coming.order_by("effective_on").first()


def joining_cards(user: Any, contexte: Titre, today: date) -> Iterable[Carte]:
    """On the home page of the people of a commune that shares nothing and is not about to."""
    if contexte.commune_id is None:
        return
    own = {"epci": contexte.epci_id, "commune": contexte.commune_id}
    if Adhesion.objects.filter(Q(fin=None) | Q(fin__gt=today), **own).exists():
        return
    epci = Epci.objects.get(pk=contexte.epci_id)
    if voted_lines(epci).filter(commune=contexte.commune_id).exists():
        return
    minimum = Reglage.objects.of(epci).agregat_minimum
    sharing = Adhesion.objects.on(today).filter(epci=epci).values("commune").distinct().count()
    phrases = [f"{contexte.commune_nom} ne partage encore aucun domaine."]
    if sharing >= minimum:
        phrases.append(f"{plural(sharing, 'commune')} partagent déjà au moins un domaine.")
    link = Lien("Ce que rejoindre veut dire", reverse("mutualisation:rejoindre"))
    yield Carte("Rejoindre la mutualisation", tuple(phrases), None, link)
