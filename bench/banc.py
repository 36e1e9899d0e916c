"""What the measures stand on: a scratch database with two real EPCI, and people who ask for pages."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, time

from django.conf import settings
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from comptes.models import Personne
from comptes.roles import Role
from contrats.models import Contrat
from demo.chargement.epci import load
from journal.reveil import ticking
from mutualisation.models import Cycle, Declaration
from socle import horloge
from territoire.models import Epci

BORDEAUX_METROPOLE, PAYS_BASQUE = "243300316", "200067106"
DAY = date(2027, 2, 10)
HOST = "127.0.0.1"


@dataclass
class Terrain:
    """A loaded EPCI, and two readers: the Direction, and the DGS of a commune that shares and still drafts."""

    epci: Epci
    cycle: Cycle
    declaration: Declaration
    direction: Client
    dgs: Client

    @classmethod
    def of(cls, epci: Epci) -> "Terrain":
        cycle = Cycle.objects.filter(epci=epci, ouvert_at__isnull=False).order_by("-annee")[0]
        sharing = Contrat.objects.filter(epci=epci).values("commune")
        drafts = Declaration.objects.filter(cycle=cycle, etat=Declaration.Etat.BROUILLON, commune__in=sharing)
        declaration = drafts.order_by("-commune__population", "pk")[0]
        return cls(
            epci=epci,
            cycle=cycle,
            declaration=declaration,
            direction=_client(epci, Role.DIRECTION_TERRITOIRES),
            dgs=_client(epci, Role.DGS, commune=declaration.commune_id),
        )

    @property
    def communes(self) -> int:
        return self.epci.appartenances.on(DAY).count()


@dataclass
class Banc:
    """The small EPCI and the large one, side by side in one database."""

    petit: Terrain
    grand: Terrain


def _client(epci: Epci, role: Role, commune: int | None = None) -> Client:
    """Someone of this role, signed in."""
    person = Personne.objects.filter(
        habilitations__epci=epci, habilitations__role=role, habilitations__commune=commune
    ).order_by("pk")[0]
    client = Client(headers={"host": HOST})
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


@contextmanager
def scratch() -> Iterator[Banc]:
    """A database of its own, loaded, dropped in the end; inside, the clock stands still."""
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # where WhiteNoise looks
    name = connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        loaded = [_load(siren) for siren in (BORDEAUX_METROPOLE, PAYS_BASQUE)]
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        with horloge.at(horloge.at_hour(DAY, time(9), "Europe/Paris")):
            yield Banc(*map(Terrain.of, loaded))
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


def _load(siren: str) -> Epci:
    with ticking(), transaction.atomic():  # nobody is woken
        return load(siren, DAY, lambda line: print(f"  {line}", flush=True))


def get(client: Client, address: str) -> bytes:
    """The bytes of a page, which must be there."""
    response = client.get(address)
    if response.status_code != 200:
        raise RuntimeError(f"{address}: {response.status_code}")
    return bytes(response.content)


def queries(client: Client, address: str) -> int:
    """SQL queries of a page, warm: sessions, person and rights included."""
    get(client, address)
    with CaptureQueriesContext(connection) as captured:
        get(client, address)
    return len(captured)


def address(route: str, *arguments: int) -> str:
    return reverse(route, args=arguments)
