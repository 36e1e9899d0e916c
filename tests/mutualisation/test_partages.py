"""What is read today of a day to come equals what is written once that day has come."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from comptes.models import Role
from mutualisation.matrice import Case, read_matrix
from mutualisation.models import Activite, Adhesion, Cycle, Ligne
from mutualisation.partages import Partages, read_shares, voted_lines
from territoire.models import Appartenance, Commune, Epci
from tests.factories import DeclarationFactory, LigneFactory, activite, holder, member_commune
from tests.mutualisation.annees import (
    NEW_YEAR,
    SPLIT,
    TODAY,
    cross,
    cycle_2028,
    merge,
    offer_one_more,
    share,
    vote,
)
from tests.mutualisation.editions import next_edition

pytestmark = pytest.mark.django_db
EVE = date(2027, 12, 31)


@pytest.fixture
def cycle(at_time: Callable[[Any], Any]) -> Cycle:
    at_time(TODAY)
    return cycle_2028()


@pytest.fixture
def direction(cycle: Cycle) -> Any:
    return holder(Role.DIRECTION_TERRITOIRES, cycle.epci)


def read(epci: Epci, on: date) -> Partages:
    related = voted_lines(epci).select_related("declaration__cycle__catalogue").order_by("pk")
    return read_shares(epci, related, since=on, until=on)


def shared(epci: Epci, on: date) -> dict[tuple[str, str], str]:
    """(commune, code of the activity) → nature, as read for a day."""
    communes = dict(Commune.objects.order_by("pk").values_list("pk", "nom"))
    codes = dict(Activite.objects.filter(epci=epci).order_by("pk").values_list("pk", "code"))
    held = read(epci, on).on(on)
    return {(communes[commune], codes[pk]): periode.nature for (commune, pk), periode in held.items()}


def written(epci: Epci, on: date) -> dict[tuple[str, str], str]:
    """The same as the adhesions hold it."""
    rows = Adhesion.objects.filter(epci=epci).on(on).order_by("pk")
    return {(row[0], row[1]): row[2] for row in rows.values_list("commune__nom", "activite__code", "nature")}


def case(epci: Epci, user: Any, on: date, commune: Commune, code: str = "DA") -> Case:
    matrix = read_matrix(epci, user, on)
    column = [domaine.code for domaine in matrix.domaines].index(code)
    return next(rang.cases[column] for rang in matrix.rangs if rang.commune.id == commune.pk)


class TestTheDayComes:
    """Read before, written after: the same."""

    @pytest.fixture
    def everything(self, cycle: Cycle) -> Cycle:
        """An edition that splits, merges and withdraws, two communes that merge, one that leaves, lines voted for that day."""
        epci = cycle.epci
        anne, berthe, clara, denis = (
            member_commune(epci, nom=nom) for nom in ("Anne", "Berthe", "Clara", "Denis")
        )
        share(epci, anne, "DA-01", "DA-02", "DC-01")
        share(epci, berthe, "DA-03", "DB-01", nature=Adhesion.Nature.PRESTATION)
        share(epci, clara, "DA-01", "DB-02")
        share(epci, denis, "DC-02")
        next_edition(cycle, SPLIT)
        merge(epci, "Val-Neuf", anne, berthe)
        Appartenance.objects.filter(commune=denis).update(fin=NEW_YEAR)
        vote(cycle, clara, "DA-11", Ligne.Nature.RETRAIT)
        vote(cycle, clara, "DB-02", Ligne.Nature.PRESTATION)
        vote(cycle, clara, "DC-03")
        vote(cycle, clara, "DB-01", Ligne.Nature.REVISION)
        vote(cycle, anne, "DC-02")
        return cycle

    def test_read_before_as_written_after(self, everything: Cycle, at_time: Callable[[Any], Any]):
        epci = everything.epci
        before = shared(epci, NEW_YEAR)
        cross(everything, at_time)
        assert before == written(epci, NEW_YEAR)
        assert before == shared(epci, NEW_YEAR)
        assert before == {
            ("Val-Neuf", "DA-11"): "mutualisation",
            ("Val-Neuf", "DA-12"): "mutualisation",
            ("Val-Neuf", "DA-21"): "mutualisation",
            ("Val-Neuf", "DB-01"): "prestation",
            ("Val-Neuf", "DC-02"): "mutualisation",
            ("Clara", "DA-12"): "mutualisation",
            ("Clara", "DB-02"): "prestation",
            ("Clara", "DC-03"): "mutualisation",
        }

    def test_the_eve_does_not_move(self, everything: Cycle, at_time: Callable[[Any], Any]):
        epci = everything.epci
        before = shared(epci, EVE)
        assert before == written(epci, EVE)
        cross(everything, at_time)
        assert shared(epci, EVE) == before

    def test_an_edition_whose_job_is_late_is_read_all_the_same(
        self, everything: Cycle, at_time: Callable[[Any], Any]
    ):
        before = {key for key in shared(everything.epci, NEW_YEAR) if key[0] == "Clara"}
        at_time("2028-01-01 00:01")
        assert {key for key in shared(everything.epci, NEW_YEAR) if key[0] == "Clara"} == before

    def test_one_commune_alone_reads_as_among_all(self, everything: Cycle, direction: Any):
        epci = everything.epci
        val_neuf = Commune.objects.get(nom="Val-Neuf")
        lignes = voted_lines(epci).select_related("declaration__cycle__catalogue").order_by("pk")
        alone = read_shares(epci, lignes, since=NEW_YEAR, until=NEW_YEAR, communes=[val_neuf.pk])
        whole = read(epci, NEW_YEAR)
        assert alone.periodes.keys() >= {cle for cle in whole.periodes if cle[0] == val_neuf.pk}
        assert {cle: p for cle, p in alone.on(NEW_YEAR).items() if cle[0] == val_neuf.pk} == {
            cle: p for cle, p in whole.on(NEW_YEAR).items() if cle[0] == val_neuf.pk
        }


class TestWhatTheMatrixSays:
    def test_an_activity_split_neither_leaves_nor_arrives(self, cycle: Cycle, direction: Any):
        epci, commune = cycle.epci, member_commune(cycle.epci)
        share(epci, commune, "DA-01")
        next_edition(cycle, {"DA-01": ["DA-11", "DA-12"]})
        before = case(epci, direction, TODAY, commune)
        assert (before.genre, before.partent, before.arrivent) == ("p", 0, 0)
        assert case(epci, direction, NEW_YEAR, commune).mots == (
            "en partie, 2 activités sur 4, depuis le 1er janvier 2028"
        )

    def test_the_eve_seen_from_the_year_after_says_the_same(
        self, cycle: Cycle, direction: Any, at_time: Callable[[Any], Any]
    ):
        epci, commune = cycle.epci, member_commune(cycle.epci)
        share(epci, commune, "DA-01")
        next_edition(cycle, {"DA-01": ["DA-11", "DA-12"]})
        before = case(epci, direction, EVE, commune)
        cross(cycle, at_time)
        assert case(epci, direction, EVE, commune) == before

    def test_an_activity_withdrawn_leaves(self, cycle: Cycle, direction: Any):
        epci, commune = cycle.epci, member_commune(cycle.epci)
        share(epci, commune, "DC-01")
        next_edition(cycle, {"DC-01": []})
        assert case(epci, direction, TODAY, commune, "DC").genre == "x"
        assert case(epci, direction, NEW_YEAR, commune, "DC").genre == "n"

    def test_an_activity_of_the_next_edition_arrives_in_its_domain(self, cycle: Cycle, direction: Any):
        epci, commune = cycle.epci, member_commune(cycle.epci)
        offer_one_more(cycle, "DA-04")
        vote(cycle, commune, "DA-04")
        assert case(epci, direction, TODAY, commune).mots == "arrive au 1er janvier 2028, 1 activité sur 3"

    def test_what_is_asked_of_the_next_edition_shows_in_its_domain(self, cycle: Cycle, direction: Any):
        epci, commune = cycle.epci, member_commune(cycle.epci)
        offer_one_more(cycle, "DA-04")
        declaration = DeclarationFactory(cycle=cycle, commune=commune, deposee=True)
        LigneFactory(declaration=declaration, activite=activite(epci, "DA-04"))
        assert case(epci, direction, TODAY, commune).demandes == ("entrée demandée",)

    def test_communes_that_merge_keep_what_they_share(self, cycle: Cycle, direction: Any):
        epci = cycle.epci
        anne, berthe = member_commune(epci, nom="Anne"), member_commune(epci, nom="Berthe")
        share(epci, anne, "DA-01", "DA-02", "DA-03")
        nouvelle = merge(epci, "Val-Neuf", anne, berthe)
        assert case(epci, direction, EVE, anne).genre == "v"
        assert [rang.commune.nom for rang in read_matrix(epci, direction, NEW_YEAR).rangs] == ["Val-Neuf"]
        assert case(epci, direction, NEW_YEAR, nouvelle).genre == "v"

    def test_editions_and_moves_cost_the_same_queries_for_1_and_20_communes(
        self, cycle: Cycle, direction: Any
    ):
        assert direction.acces.epcis
        epci = cycle.epci
        next_edition(cycle, SPLIT)

        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                read_matrix(epci, direction, NEW_YEAR)
            return len(captured)

        share(epci, member_commune(epci), "DA-01")
        merge(epci, "Val-Neuf", member_commune(epci))
        few = queries()
        for rank in range(20):
            commune = member_commune(epci)
            share(epci, commune, "DA-01", "DA-02")
            if rank % 2:
                merge(epci, f"Neuve-{rank}", commune)
        assert queries() == few
        assert few <= 17
