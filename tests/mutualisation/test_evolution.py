"""The history of an EPCI year after year, in figures, in a curve, in a table."""

import io
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from comptes.models import Role
from mutualisation.evolution import Point, draw, read_evolution
from mutualisation.models import Adhesion, Cycle, Ligne
from tests.factories import EpciFactory, holder, member_commune
from tests.mutualisation.annees import TODAY, cross, cycle_2028, share, vote
from tests.mutualisation.editions import next_edition

pytestmark = pytest.mark.django_db
URL = "/qui-partage-quoi/evolution/"
# Communes that share on each 1 January, of Bordeaux Métropole: eleven by mutualisation and four more that only
# regularise in 2016, then one cycle after the other.
BORDEAUX = {2016: 15, 2017: 18, 2018: 18, 2019: 20, 2020: 21, 2021: 22}


@pytest.fixture
def cycle(at_time: Callable[[Any], Any]) -> Cycle:
    at_time(TODAY)
    return cycle_2028()


@pytest.fixture
def bordeaux(cycle: Cycle) -> Cycle:
    """28 communes, of which 22 enter from 2016 to 2021."""
    communes = [member_commune(cycle.epci) for _ in range(28)]
    cycle.epci.appartenances.update(debut=date(2015, 1, 1))
    entered = 0
    for year, count in BORDEAUX.items():
        for rank, commune in enumerate(communes[entered:count]):
            only = year == 2016 and rank >= 11
            nature = Adhesion.Nature.REGULARISATION if only else Adhesion.Nature.MUTUALISATION
            share(cycle.epci, commune, "DA-01", "DA-02", debut=date(year, 1, 1), nature=nature)
        entered = count
    return cycle


def by_year(points: Sequence[Point]) -> dict[int, int]:
    return {point.jour.year: point.communes for point in points}


def test_the_history_of_bordeaux(bordeaux: Cycle):
    points = read_evolution(bordeaux.epci)
    assert by_year(points) == {**BORDEAUX, **dict.fromkeys(range(2022, 2028), 22)}
    first = points[0]
    assert (first.membres, first.communes - first.regularisees, first.regularisees) == (28, 11, 4)
    assert {point.domaines for point in points} == set(BORDEAUX.values())


def test_a_domain_counts_once_by_commune_whatever_its_activities(cycle: Cycle):
    share(cycle.epci, member_commune(cycle.epci), "DA-01", "DA-02", "DB-01", debut=date(2026, 1, 1))
    share(cycle.epci, member_commune(cycle.epci), "DA-01", debut=date(2026, 1, 1))
    assert [(p.domaines, p.moyenne) for p in read_evolution(cycle.epci)] == [(3, 1.5), (3, 1.5)]


def test_a_year_begun_after_its_first_day_shows_the_year_after(cycle: Cycle):
    share(cycle.epci, member_commune(cycle.epci), "DA-01", debut=date(2026, 2, 1))
    assert by_year(read_evolution(cycle.epci)) == {2027: 1}


def test_what_is_voted_draws_the_year_to_come(cycle: Cycle, at_time: Callable[[Any], Any]):
    commune = member_commune(cycle.epci)
    share(cycle.epci, commune, "DA-01", debut=date(2027, 1, 1))
    next_edition(cycle, {"DA-01": ["DA-11", "DA-12"]})
    vote(cycle, member_commune(cycle.epci), "DB-01")
    vote(cycle, commune, "DC-01")
    before = read_evolution(cycle.epci)
    assert [(p.jour.year, p.communes, p.domaines) for p in before] == [(2027, 1, 1), (2028, 2, 3)]
    cross(cycle, at_time)
    assert read_evolution(cycle.epci) == before


def test_a_commune_that_leaves_is_no_longer_counted(cycle: Cycle):
    commune = member_commune(cycle.epci)
    share(cycle.epci, commune, "DA-01", debut=date(2026, 1, 1), fin=date(2027, 1, 1))
    vote(cycle, commune, "DA-01", Ligne.Nature.RETRAIT)
    assert by_year(read_evolution(cycle.epci))[2027] == 0


def test_the_same_queries_for_one_year_and_for_ten(client: Client, cycle: Cycle):
    client.force_login(holder(Role.DIRECTION_TERRITOIRES, cycle.epci))

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(URL).status_code == 200
        return len(queries)

    share(cycle.epci, member_commune(cycle.epci), "DA-01", debut=date(2027, 1, 1))
    few = count()
    for year in range(2017, 2027):
        share(cycle.epci, member_commune(cycle.epci), "DA-01", "DB-02", debut=date(year, 1, 1))
    assert count() == few


class TestDrawing:
    def points(self, values: Sequence[int]) -> list[Point]:
        return [Point(date(2016 + rank, 1, 1), 28, value, 0, value) for rank, value in enumerate(values)]

    def draw(self, values: Sequence[int]) -> Any:
        return draw("c", "Communes", ("commune", "communes"), self.points(values), values)

    def test_every_point_stands_in_the_drawing_and_higher_when_it_is_more(self):
        curve = self.draw([0, 11, 22, 22])
        assert all(0 < p.x < 640 and 0 < p.y < 260 for p in curve.points)
        heights = [p.y for p in curve.points]
        assert heights[0] > heights[1] > heights[2] == heights[3]
        assert curve.trace.count(",") == 4

    @pytest.mark.parametrize(
        ("most", "top"), [(0, 2), (1, 2), (7, 8), (21, 30), (28, 30), (192, 200), (700, 800)]
    )
    def test_the_scale_ends_on_a_round_number_with_a_whole_half(self, most: int, top: int):
        assert [int(level.texte) for level in self.draw([0, most]).echelle] == [0, top // 2, top]

    def test_years_are_written_while_there_is_room_the_last_always(self):
        years = [p.annee for p in self.draw(range(30)).points]
        assert years[-1] == "2045"
        assert 8 <= sum(1 for year in years if year) <= 12

    @pytest.mark.parametrize("count", [1, 3, 5, 6, 12, 30])
    def test_a_narrow_screen_has_room_for_five_the_last_always(self, count: int):
        kept = [p.annee for p in self.draw(range(count)).points if p.annee and not p.serre]
        assert 1 <= len(kept) <= 5
        assert kept[-1] == str(2015 + count)

    def test_it_says_itself_in_a_sentence(self):
        assert self.draw([1, 22]).phrase == "1 commune au 1er janvier 2016, 22 au 1er janvier 2017."
        assert self.draw([3]).phrase == "3 communes au 1er janvier 2016."


class TestPage:
    def test_the_curve_is_named_and_has_its_table(self, client: Client, bordeaux: Cycle):
        client.force_login(holder(Role.DGS, bordeaux.epci, commune=member_commune(bordeaux.epci)))
        html = client.get(URL).content.decode().replace("\u00a0", " ")
        assert html.count('role="img"') == 2
        assert "15 communes au 1er janvier 2016, 22 au 1er janvier 2027." in html.replace(
            "<sup>er</sup>", "er"
        )
        assert "?le=2019-01-01" in html
        assert 'class="defilant"' not in html  # the curve is seen whole

    def test_nothing_yet(self, client: Client, cycle: Cycle):
        client.force_login(holder(Role.DIRECTION_TERRITOIRES, cycle.epci))
        assert "la courbe commencera avec la première" in client.get(URL).content.decode()

    def test_another_epci_is_not_counted(self, bordeaux: Cycle):
        assert read_evolution(EpciFactory()) == []

    def test_figures_leave_as_figures(self, client: Client, bordeaux: Cycle):
        client.force_login(holder(Role.DIRECTION_TERRITOIRES, bordeaux.epci))
        sheet = load_workbook(io.BytesIO(client.get(URL + "?format=xlsx").content)).active
        assert sheet is not None
        assert [cell.value for cell in sheet[3]][1:] == [28, 15, 4, 15]
