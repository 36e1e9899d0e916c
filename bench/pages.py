"""What a page costs for an EPCI of 158 communes, beside one of 28: queries, then time."""

from collections.abc import Callable
from typing import NamedTuple

from django.test import Client

from bench.banc import Banc, Terrain, address, get, queries
from bench.harnais import Releve, cpu_seconds, mesure

Where = Callable[[Terrain], tuple[Client, str]]


class Page(NamedTuple):
    """A page of the site, and who asks for it where."""

    nom: str
    where: Where


def _direction(route: str) -> Where:
    return lambda terrain: (terrain.direction, address(route))


MATRICE = Page("Qui partage quoi", _direction("mutualisation:matrice"))
DECLARATION = Page(
    "Déclaration", lambda terrain: (terrain.dgs, address("mutualisation:declaration", terrain.declaration.pk))
)
COMPARAISON = Page("Comparer deux dates", _direction("mutualisation:comparaison"))
PAGES = (
    Page("Accueil, Direction des territoires", _direction("accueil")),
    Page("Accueil, DGS", lambda terrain: (terrain.dgs, address("accueil"))),
    DECLARATION,
    Page("Campagne", _direction("mutualisation:campagne")),
    Page(
        "Instruction",
        lambda terrain: (terrain.direction, address("mutualisation:instruction", terrain.cycle.pk)),
    ),
    MATRICE,
    COMPARAISON,
    Page("Évolution", _direction("mutualisation:evolution")),
    Page("Rejoindre", lambda terrain: (terrain.dgs, address("mutualisation:rejoindre"))),
    Page("Contrats", _direction("contrats:contrats")),
    Page("Revues", _direction("revues:revues")),
    Page("Tableau des revues", _direction("revues:tableau")),
)
TIMED = (MATRICE, COMPARAISON, DECLARATION)


def _count(page: Page) -> Callable[[Banc], Releve]:
    return lambda banc: Releve(queries(*page.where(banc.grand)), queries(*page.where(banc.petit)))


def _time(page: Page) -> Callable[[Banc], Releve]:
    def measure(banc: Banc) -> Releve:
        large, small = page.where(banc.grand), page.where(banc.petit)
        return cpu_seconds(lambda: get(*large), lambda: get(*small))

    return measure


for _page in PAGES:
    mesure(
        f"Requêtes SQL – {_page.nom}",
        unite="requêtes",
        reference="la même page, pour 28 communes au lieu de 158",
        objectif=1.0,
    )(_count(_page))
for _page in TIMED:
    mesure(
        f"Temps du serveur – {_page.nom}",
        unite="s CPU",
        reference="la même page, pour 28 communes au lieu de 158",
    )(_time(_page))
