"""Invented choices: three years of adhesions, labelled « inventées pour la démonstration »."""

from datetime import date
from random import Random

from mutualisation.models import Adhesion, Catalogue, Cycle
from mutualisation.models.catalogue import DomaineLu
from mutualisation.workflows.cycle import prepare_cycle
from socle import horloge
from territoire.models import Commune, Epci

YEARS = 3
SHARING_PART, MOST_SHARING = 0.75, 50


def past_cycles(epci: Epci, year: int) -> None:
    """The cycles that took effect in the last three years, closed but the last."""
    for annee in range(year - YEARS + 1, year + 1):
        with horloge.at(horloge.midnight(date(annee - 2, 12, 1), epci.fuseau)):
            cycle = prepare_cycle(epci=epci, annee=annee, acteur=None)
        Cycle.objects.filter(pk=cycle.pk).update(
            ouvert_at=horloge.midnight(cycle.ouverture_on, epci.fuseau),
            clos_at=horloge.midnight(date(annee, 2, 1), epci.fuseau) if annee < year else None,
        )


def sharing_communes(communes: list[Commune], random: Random) -> list[Commune]:
    """The communes that share something: three in four, fifty at most, the second most populated among them."""
    by_size = sorted(communes, key=lambda commune: (-commune.population, commune.pk))
    others = min(MOST_SHARING, round(len(by_size) * SHARING_PART)) - 1
    wanted = by_size[1:2] + random.sample(by_size[2:], max(0, min(others, len(by_size) - 2)))
    return sorted(wanted, key=lambda commune: (commune.tri, commune.pk))


def shown(communes: list[Commune]) -> Commune:
    """The sharing commune that the sign-in page offers to enter: the most populated."""
    return max(communes, key=lambda commune: commune.population)


def adhesions(epci: Epci, catalogue: Catalogue, communes: list[Commune], year: int, random: Random) -> None:
    """Invent what each sharing commune shares, and since which of the last three 1 January.

    The one that is shown came first: it has had the time to sign a contract, then to take more.
    """
    oldest = shown(communes)
    domaines = catalogue.read().domaines
    rows = []
    for commune in communes:
        drawn = random.choice([year - 2, year - 2, year - 1, year])
        entered = year - 2 if commune == oldest else drawn
        appetite = random.uniform(0.35, 0.75)
        chosen = [domaine for domaine in domaines if random.random() < appetite] or [domaines[0]]
        for domaine in chosen:
            first = max(entered, random.choice([year - 2, year - 2, year - 1, year]))
            rows += _domain(epci, commune, domaine, range(first, year), random)
    Adhesion.objects.bulk_create(rows)


def _domain(epci: Epci, commune: Commune, domaine: DomaineLu, years: range, random: Random) -> list[Adhesion]:
    """A domain from the first of `years`; a few left it since: an end to come would need a retrait that nobody declared."""
    activites = list(domaine.activites)
    if random.random() < 0.3:
        activites = random.sample(activites, random.randint(1, len(activites) - 1))
    left = date(years.start + 1, 1, 1) if random.random() < 0.03 and years else None
    return [
        Adhesion(
            epci=epci,
            commune=commune,
            activite_id=activite.id,
            debut=date(years.start, 1, 1),
            fin=left,
            origine=Adhesion.Origine.DEMONSTRATION,
        )
        for activite in activites
    ]
