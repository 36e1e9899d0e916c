"""What joining would mean: figures about five communes at least, the calendar, and the card on the home page."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from comptes.models import Role
from mutualisation.models import Cycle, Reglage
from mutualisation.rejoindre import RETENU, Offre, at_least, read_offer
from socle import horloge
from territoire.models import Commune
from tests.factories import DeclarationFactory, domaine, holder, member_commune
from tests.mutualisation.annees import TODAY, cycle_2028, share, vote
from tests.mutualisation.gestes import text_of

pytestmark = pytest.mark.django_db
URL = "/qui-partage-quoi/rejoindre/"
CARD = "Rejoindre la mutualisation"


@pytest.fixture
def cycle(at_time: Callable[[Any], Any]) -> Cycle:
    at_time(TODAY)
    return cycle_2028()


@pytest.fixture
def outside(cycle: Cycle) -> Commune:
    """A commune of 3,000 inhabitants that shares nothing."""
    return member_commune(cycle.epci, nom="Cenon", population=3000)


def share_some(cycle: Cycle, count: int, *codes: str, population: int = 5000) -> None:
    for _ in range(count):
        share(cycle.epci, member_commune(cycle.epci, population=population), *codes)


def figure(offre: Offre, code: str) -> str:
    return next(domaine.communes for domaine in offre.domaines if domaine.lu.code == code)


class TestFigures:
    @pytest.mark.parametrize(
        ("count", "minimum", "words"),
        [
            (0, 5, "moins de 5 communes"),
            (4, 5, "moins de 5 communes"),
            (5, 5, "5 communes"),
            (7, 8, "moins de 8 communes"),
        ],
    )
    def test_a_figure_describes_a_group(self, count: int, minimum: int, words: str):
        assert at_least(count, minimum) == words

    def test_each_domain_and_the_whole(self, cycle: Cycle, outside: Commune):
        share_some(cycle, 4, "DA-01", "DA-02")
        share_some(cycle, 2, "DB-01")
        found = read_offer(cycle.epci, outside.pk)
        assert (found.membres, found.partageuses) == (7, "6 communes")
        assert (figure(found, "DA"), figure(found, "DC")) == ("moins de 5 communes", "moins de 5 communes")
        share_some(cycle, 1, "DA-03")
        assert figure(read_offer(cycle.epci, outside.pk), "DA") == "5 communes"

    def test_the_settings_of_the_epci_ask_for_larger_groups(self, cycle: Cycle, outside: Commune):
        Reglage.objects.create(epci=cycle.epci, agregat_minimum=8)
        share_some(cycle, 7, "DA-01")
        assert figure(read_offer(cycle.epci, outside.pk), "DA") == "moins de 8 communes"

    def test_what_ended_or_is_to_come_does_not_count(self, cycle: Cycle, outside: Commune):
        share_some(cycle, 4, "DA-01")
        share(cycle.epci, member_commune(cycle.epci), "DA-01", fin=TODAY)
        share(cycle.epci, member_commune(cycle.epci), "DA-01", debut=date(2028, 1, 1))
        assert figure(read_offer(cycle.epci, outside.pk), "DA") == "moins de 5 communes"

    def test_with_how_many_domains_half_of_them_began(self, cycle: Cycle, outside: Commune):
        share_some(cycle, 3, "DA-01", "DB-01")
        share_some(cycle, 1, "DA-01")
        assert read_offer(cycle.epci, outside.pk).entree == ""
        share_some(cycle, 1, "DA-01", "DB-01", "DC-01")
        assert read_offer(cycle.epci, outside.pk).entree == "2 domaines"

    def test_communes_of_similar_size(self, cycle: Cycle, outside: Commune):
        share_some(cycle, 6, "DA-01", population=2900)
        share_some(cycle, 9, population=3200)
        share_some(cycle, 6, "DA-01", population=90000)
        found = read_offer(cycle.epci, outside.pk)
        assert found.voisinage
        assert (found.voisinage.nombre, found.voisinage.de, found.voisinage.a) == (15, 2900, 3200)
        assert [domaine.proches for domaine in found.domaines if domaine.lu.code == "DA"] == ["6 communes"]
        assert figure(found, "DA") == "12 communes"

    def test_no_neighbourhood_when_there_are_too_few_communes_or_none_is_asked_for(
        self, cycle: Cycle, outside: Commune
    ):
        share_some(cycle, 19, "DA-01")
        assert read_offer(cycle.epci, outside.pk).voisinage is None  # 15 neighbours would leave out only four
        share_some(cycle, 1, "DA-01")
        assert read_offer(cycle.epci, outside.pk).voisinage
        assert read_offer(cycle.epci, None).voisinage is None

    @pytest.mark.parametrize(
        ("among_neighbours", "beyond", "own", "said"),
        [
            (5, 1, False, RETENU),  # six less five: the one other that shares
            (5, 4, True, RETENU),  # the reader knows that she is the fifth
            (5, 5, False, "5 communes"),
            (0, 5, False, "moins de 5 communes"),
            (2, 2, False, "moins de 5 communes"),  # neither figure says more than that
            (6, 0, False, RETENU),  # six less six: none of the others
        ],
    )
    def test_no_figure_taken_from_another_tells_what_a_few_do(
        self, cycle: Cycle, outside: Commune, among_neighbours: int, beyond: int, own: bool, said: str
    ):
        share_some(cycle, among_neighbours, "DA-01", population=3000)
        share_some(cycle, 15 - among_neighbours, population=3000)
        share_some(cycle, beyond, "DA-01", population=90000)
        share_some(cycle, 6 - beyond, population=90000)
        if own:
            share(cycle.epci, outside, "DA-01")
        found = read_offer(cycle.epci, outside.pk)
        assert [domaine.proches for domaine in found.domaines if domaine.lu.code == "DA"] == [said]


class TestPage:
    def test_what_when_and_how_many(self, client: Client, cycle: Cycle, outside: Commune):
        share_some(cycle, 5, "DA-01")
        client.force_login(holder(Role.DGS, cycle.epci, commune=outside))
        html = client.get(URL).content.decode().replace("\u00a0", " ")
        assert "Pour rejoindre le 1<sup>er</sup> janvier 2028" in html
        assert "5 communes sur 6 partagent au moins un domaine" in html

    @pytest.mark.parametrize(
        ("role", "open_", "seen"),
        [(Role.DGS, True, True), (Role.LECTEUR, True, False), (Role.DGS, False, False)],
    )
    def test_who_may_declare_today_is_taken_there(
        self, client: Client, cycle: Cycle, outside: Commune, role: Role, open_: bool, seen: bool
    ):
        declaration = DeclarationFactory(cycle=cycle, commune=outside)
        Cycle.objects.filter(pk=cycle.pk).update(ouvert_at=horloge.now() if open_ else None)
        client.force_login(holder(role, cycle.epci, commune=outside))
        html = client.get(URL).content.decode()
        assert (f'href="/declarations/{declaration.pk}/">Déclarer</a>' in html) == seen

    def test_a_domain_opens_at_its_row_of_the_catalogue(self, client: Client, cycle: Cycle, outside: Commune):
        share_some(cycle, 5, "DA-01")
        client.force_login(holder(Role.DGS, cycle.epci, commune=outside))
        pk = domaine(cycle.epci, "DB").pk
        assert f'href="/catalogue/?domaine={pk}#domaine-{pk}"' in client.get(URL).content.decode()
        catalogue = client.get(f"/catalogue/?domaine={pk}").content.decode()
        assert catalogue.count('<details class="repli" open>') == 1
        assert '<details class="repli" open>' in catalogue.split(f'id="domaine-{pk}"')[1][:300]

    def test_what_is_not_published_is_explained(self, client: Client, cycle: Cycle, outside: Commune):
        share_some(cycle, 20, "DA-01", population=3000)
        client.force_login(holder(Role.DGS, cycle.epci, commune=outside))
        assert "on connaîtrait le choix de moins de 5 communes" in text_of(client.get(URL))

    def test_without_a_cycle_to_come(self, client: Client, cycle: Cycle, outside: Commune):
        Cycle.objects.filter(pk=cycle.pk).delete()
        client.force_login(holder(Role.DIRECTION_TERRITOIRES, cycle.epci))
        assert "ne sont pas encore fixées" in client.get(URL).content.decode()

    def test_no_commune_is_named(self, client: Client, cycle: Cycle, outside: Commune):
        share(cycle.epci, member_commune(cycle.epci, nom="Floirac"), "DA-01")
        client.force_login(holder(Role.DGS, cycle.epci, commune=outside))
        assert "Floirac" not in client.get(URL).content.decode()

    def test_the_same_queries_for_5_and_25_communes(self, client: Client, cycle: Cycle, outside: Commune):
        client.force_login(holder(Role.DGS, cycle.epci, commune=outside))

        def count() -> int:
            with CaptureQueriesContext(connection) as queries:
                assert client.get(URL).status_code == 200
            return len(queries)

        share_some(cycle, 5, "DA-01")
        few = count()
        share_some(cycle, 20, "DA-01", "DB-01")
        assert count() == few


class TestCard:
    def home(self, client: Client, user: Any) -> str:
        client.force_login(user)
        return client.get("/").content.decode().replace("\u00a0", " ")

    @pytest.mark.parametrize("role", [Role.DGS, Role.MAIRE, Role.LECTEUR, Role.COLLABORATEUR])
    def test_it_greets_the_people_of_a_commune_not_yet_in(
        self, client: Client, cycle: Cycle, outside: Commune, role: Role
    ):
        share_some(cycle, 5, "DA-01")
        html = self.home(client, holder(role, cycle.epci, commune=outside))
        assert CARD in html
        assert "5 communes partagent déjà au moins un domaine." in html

    def test_too_few_communes_are_not_counted(self, client: Client, cycle: Cycle, outside: Commune):
        share_some(cycle, 4, "DA-01")
        html = self.home(client, holder(Role.DGS, cycle.epci, commune=outside))
        assert "Cenon ne partage encore aucun domaine." in html
        assert "partagent déjà" not in html

    def test_neither_a_commune_that_shares_nor_one_about_to_nor_the_direction(
        self, client: Client, cycle: Cycle, outside: Commune
    ):
        assert CARD not in self.home(client, holder(Role.DIRECTION_TERRITOIRES, cycle.epci))
        sharing = member_commune(cycle.epci)
        share(cycle.epci, sharing, "DA-01")
        assert CARD not in self.home(client, holder(Role.DGS, cycle.epci, commune=sharing))
        vote(cycle, outside, "DA-01")
        assert CARD not in self.home(client, holder(Role.DGS, cycle.epci, commune=outside))

    def test_a_commune_that_left_everything_is_greeted_again(
        self, client: Client, cycle: Cycle, outside: Commune
    ):
        share(cycle.epci, outside, "DA-01", fin=date(2027, 1, 1))
        assert CARD in self.home(client, holder(Role.DGS, cycle.epci, commune=outside))
