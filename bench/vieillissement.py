"""What ten years of choices cost on the pages of 158 communes, beside the years of the demonstration for 28."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime

from django.db import connection
from django.db.models import Min

from bench.banc import Banc, Terrain, get, queries
from bench.harnais import Releve, cpu_seconds, mesure
from bench.pages import PAGES, TIMED, Page
from journal.workflows.unite import record, unite
from mutualisation.models import Adhesion, Cycle, Declaration, Ligne
from mutualisation.models.cycle import default_dates
from socle import horloge
from territoire.models import Commune

ANNEES = 10
LIGNES = 20  # a commune and year
EVENEMENTS = 40  # a commune and year
REFERENCE = "la même page, pour 28 communes et les années de la démonstration"


def aged(banc: Banc) -> Terrain:
    """The large EPCI with ten cycles, their lines, adhesions and events; aged once, then kept until the run ends."""
    terrain = banc.grand
    missing = ANNEES - terrain.epci.cycles.count()
    if missing > 0:
        first = min(terrain.epci.cycles.values_list("annee", flat=True))
        for annee in range(first - missing, first):
            _add_year(terrain, annee)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    return terrain


def _add_year(terrain: Terrain, annee: int) -> None:
    """A closed cycle: each commune entered some activities, for that year only."""
    epci, opened = terrain.epci, datetime(annee - 1, 1, 4, tzinfo=UTC)
    cycle = Cycle.objects.create(
        epci=epci, annee=annee, catalogue=terrain.cycle.catalogue, ouvert_at=opened, clos_at=opened,
        **default_dates(epci, annee),
    )  # fmt: skip
    communes = Commune.objects.filter(declarations__cycle=terrain.cycle)
    declarations = Declaration.objects.bulk_create(
        Declaration(epci=epci, cycle=cycle, commune=commune) for commune in communes
    )
    lignes = Ligne.objects.bulk_create(one for each in declarations for one in _lines(each, annee))
    ends = _first_days(terrain)
    Adhesion.objects.bulk_create(
        Adhesion(
            epci=epci, commune_id=ligne.commune_id, activite_id=ligne.activite_id, ligne=ligne,
            debut=date(annee, 1, 1), fin=date(annee + 1, 1, 1),
        )
        for ligne in lignes
        if ends.get((ligne.commune_id, ligne.activite_id), date.max) > date(annee, 12, 31)
    )  # fmt: skip
    _add_events(declarations)


def _first_days(terrain: Terrain) -> dict[tuple[int, int], date]:
    """The first day of sharing by (commune, activity): an earlier year must not run over it."""
    rows = Adhesion.objects.filter(epci=terrain.epci).order_by().values("commune", "activite")
    return {(one["commune"], one["activite"]): one["day"] for one in rows.annotate(day=Min("debut"))}


def _lines(declaration: Declaration, annee: int) -> Iterator[Ligne]:
    """Entries in activities that turn with the year."""
    start = annee % 7
    offered = declaration.cycle.catalogue.activites.order_by("activite__code")
    someone = declaration.epci.evenements.exclude(acteur=None)[0].acteur
    for domaine, activite in offered.values_list("domaine_id", "activite_id")[start : start + LIGNES]:
        yield Ligne(
            declaration=declaration, epci_id=declaration.epci_id, commune_id=declaration.commune_id, domaine_id=domaine,
            activite_id=activite, nature=Ligne.Nature.ENTREE, arbitrage=Ligne.Arbitrage.ACCEPTEE,
            arbitree_at=horloge.now(), arbitree_par=someone, effet_on=date(annee, 1, 1), appliquee_at=horloge.now(),
        )  # fmt: skip


@unite
def _add_events(declarations: list[Declaration]) -> None:
    for declaration in declarations:
        for rank in range(EVENEMENTS):
            record(
                type="declaration.ancienne",
                objet=declaration,
                epci=declaration.epci,
                commune=declaration.commune,
                acteur=None,
                libelle=f"{declaration}, événement {rank}",
            )


def _count(page: Page) -> Callable[[Banc], Releve]:
    return lambda banc: Releve(queries(*page.where(aged(banc))), queries(*page.where(banc.petit)))


def _time(page: Page) -> Callable[[Banc], Releve]:
    def measure(banc: Banc) -> Releve:
        large, small = page.where(aged(banc)), page.where(banc.petit)
        return cpu_seconds(lambda: get(*large), lambda: get(*small))

    return measure


for _page in PAGES:
    mesure(f"Requêtes SQL après dix ans – {_page.nom}", unite="requêtes", reference=REFERENCE, objectif=1.0)(
        _count(_page)
    )
for _page in TIMED:
    mesure(f"Temps du serveur après dix ans – {_page.nom}", unite="s CPU", reference=REFERENCE)(_time(_page))
