"""What changed between two days: arrived, left, widened, narrowed; what the catalogue or the map moved is no change."""

import csv
import io
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from comptes.models import Role
from mutualisation.comparaison import Ecart, compare, sentence
from mutualisation.models import Adhesion, Cycle, Ligne
from territoire.models import Appartenance, Commune, CommuneVersion, Filiation
from tests.factories import holder, member_commune
from tests.mutualisation.annees import NEW_YEAR, SPLIT, TODAY, cross, cycle_2028, merge, share, vote
from tests.mutualisation.editions import next_edition

pytestmark = pytest.mark.django_db
BEFORE = date(2026, 1, 1)
URL = "/qui-partage-quoi/comparaison/"
AtTime = Callable[[Any], Any]


@pytest.fixture
def cycle(at_time: Callable[[Any], Any]) -> Cycle:
    at_time(TODAY)
    return cycle_2028()


def ecart(cycle: Cycle, commune: Commune, code: str = "DA", du: date = BEFORE, au: date = NEW_YEAR) -> Ecart:
    found = compare(cycle.epci, du, au)
    column = [domaine.code for domaine in found.domaines].index(code)
    return next(rang.ecarts[column] for rang in found.rangs if rang.commune.id == commune.pk)


def notes(cycle: Cycle) -> dict[str, str]:
    return {rang.commune.nom: rang.note for rang in compare(cycle.epci, BEFORE, NEW_YEAR).rangs}


class TestCells:
    """DA has three activities; what is shared in 2026, then what is shared in 2028."""

    @pytest.mark.parametrize(
        ("before", "after", "genre", "words"),
        [
            ("", "", "n", "non partagé"),
            ("", "1 2", "a", "arrivé, 2 activités"),
            ("1 2", "", "x", "parti, 2 activités"),
            ("1", "1 2 3", "plus", "élargi, 2 activités de plus, 3 en tout"),
            ("1 2 3", "1", "moins", "rétréci, 2 activités de moins, 1 en tout"),
            ("1 2", "1 3", "m", "modifié, 1 activité de plus, 1 activité de moins, 2 en tout"),
            ("1", "2", "m", "modifié, 1 activité de plus, 1 activité de moins, 1 en tout"),
            ("1 2", "1 2", "s", "inchangé, 2 activités"),
        ],
    )
    def test_each_kind(self, cycle: Cycle, before: str, after: str, genre: str, words: str):
        commune = member_commune(cycle.epci)
        for rank in {*before.split(), *after.split()}:
            kept = rank in before and rank in after
            period = (
                {} if kept else {"fin": date(2027, 1, 1)} if rank in before else {"debut": date(2027, 1, 1)}
            )
            share(cycle.epci, commune, f"DA-0{rank}", **period)
        found = ecart(cycle, commune)
        assert (found.genre, found.mots) == (genre, words)

    def test_another_way_of_sharing_is_a_change(self, cycle: Cycle):
        commune = member_commune(cycle.epci)
        share(cycle.epci, commune, "DA-01", fin=date(2027, 1, 1), nature=Adhesion.Nature.PRESTATION)
        share(cycle.epci, commune, "DA-01", debut=date(2027, 1, 1))
        assert ecart(cycle, commune).mots == "modifié, 1 activité d'une autre façon, 1 en tout"

    def test_voted_lines_count_for_a_day_to_come(self, cycle: Cycle):
        commune = member_commune(cycle.epci)
        share(cycle.epci, commune, "DA-01")
        vote(cycle, commune, "DA-02")
        vote(cycle, commune, "DA-01", Ligne.Nature.RETRAIT)
        assert ecart(cycle, commune).genre == "m"
        assert ecart(cycle, commune, au=date(2027, 12, 31)).genre == "s"


class TestWhatMovesAlone:
    @pytest.fixture
    def moved(self, cycle: Cycle) -> Cycle:
        """On 1 January 2028, DA-01 is split, DA-02 and DA-03 are merged, DC-01 is withdrawn."""
        next_edition(cycle, SPLIT)
        return cycle

    @pytest.mark.parametrize("crossed", [False, True])
    def test_a_split_and_a_merge_are_no_change(self, moved: Cycle, at_time: AtTime, crossed: bool):
        commune = member_commune(moved.epci)
        share(moved.epci, commune, "DA-01", "DA-02")
        if crossed:
            cross(moved, at_time)
        assert ecart(moved, commune).mots == "inchangé, 3 activités"

    def test_what_is_chosen_beside_a_split_is_told_alone(self, moved: Cycle):
        commune = member_commune(moved.epci)
        share(moved.epci, commune, "DA-01")
        vote(moved, commune, "DA-12", Ligne.Nature.RETRAIT)
        assert ecart(moved, commune).mots == "rétréci, 1 activité de moins, 1 en tout"

    def test_a_withdrawn_activity_has_left(self, moved: Cycle):
        commune = member_commune(moved.epci)
        share(moved.epci, commune, "DC-01")
        assert ecart(moved, commune, "DC").genre == "x"

    def test_a_domain_no_longer_offered_keeps_a_column_while_it_is_missed(self, cycle: Cycle):
        commune = member_commune(cycle.epci)
        share(cycle.epci, commune, "DC-02")
        edition = next_edition(cycle, {"DC-01": [], "DC-02": [], "DC-03": []})
        edition.domaines.filter(domaine__code="DC").delete()
        assert ecart(cycle, commune, "DC").mots == "parti, 1 activité"

    def test_a_commune_nouvelle_gathers_what_its_communes_shared(self, cycle: Cycle):
        anne, berthe = (member_commune(cycle.epci, nom=nom) for nom in ("Anne", "Berthe"))
        share(cycle.epci, anne, "DA-01")
        share(cycle.epci, berthe, "DA-02")
        nouvelle = merge(cycle.epci, "Val-Neuf", anne, berthe)
        assert ecart(cycle, nouvelle).mots == "inchangé, 2 activités"
        assert notes(cycle) == {"Val-Neuf": "réunit Anne et Berthe"}

    def test_a_commune_detached_from_another_that_stays(self, cycle: Cycle):
        anne, detached = (member_commune(cycle.epci, nom=nom) for nom in ("Anne", "La Haie"))
        Appartenance.objects.filter(commune=detached).update(debut=NEW_YEAR)
        Filiation.objects.create(ancienne=anne, nouvelle=detached, effective_on=NEW_YEAR)
        share(cycle.epci, anne, "DA-01")
        assert notes(cycle) == {"Anne": "", "La Haie": "s'est détachée d'Anne"}
        assert ecart(cycle, detached).genre == "s"

    def test_a_commune_that_leaves_takes_what_it_shared(self, cycle: Cycle):
        commune = member_commune(cycle.epci, nom="Anne")
        share(cycle.epci, commune, "DA-01")
        Appartenance.objects.filter(commune=commune).update(fin=date(2028, 1, 1))
        assert ecart(cycle, commune).genre == "x"
        assert notes(cycle) == {"Anne": "n'est plus membre"}

    def test_names_of_the_time_and_newcomers_are_said(self, cycle: Cycle):
        renamed = member_commune(cycle.epci, nom="Val-Neuf")
        CommuneVersion.objects.create(
            commune=renamed, nom="Ancy", code_insee="33001", debut=date(2020, 1, 1), fin=date(2027, 1, 1)
        )
        Appartenance.objects.filter(commune=member_commune(cycle.epci, nom="Bourg")).update(
            debut=date(2027, 1, 1)
        )
        assert notes(cycle) == {
            "Bourg": "n'était pas membre le 1er janvier 2026",
            "Val-Neuf": "s'appelait Ancy",
        }


class TestPage:
    @pytest.fixture
    def lire(self, client: Client, cycle: Cycle) -> Callable[..., str]:
        share(cycle.epci, member_commune(cycle.epci, nom="Floirac"), "DA-01", debut=date(2027, 1, 1))
        share(cycle.epci, member_commune(cycle.epci, nom="Bègles"), "DA-01")
        client.force_login(holder(Role.DGS, cycle.epci, commune=member_commune(cycle.epci, nom="Cenon")))

        def get(url: str = URL, **query: Any) -> str:
            response = client.get(url, {"du": "2026-01-01", "au": "2028-01-01", **query})
            assert response.status_code == 200
            return response.content.decode().replace("\u00a0", " ")

        return get

    def test_a_sentence_cells_in_words_and_a_legend_of_what_is_there(self, lire: Callable[..., str]):
        html = lire()
        assert (
            "Entre le 1<sup>er</sup> janvier 2026 et le 1<sup>er</sup> janvier 2028 : 1 domaine arrivé, dans 1 commune."
            in html
        )
        assert "Floirac, Voirie : arrivé, 1 activité" in html
        assert "<span>inchangé</span>" in html
        assert "<span>rétréci</span>" not in html

    def test_the_list_names_only_what_changed(self, lire: Callable[..., str]):
        html = lire(URL + "liste/")
        assert "Floirac" in html
        assert "Bègles" not in html

    @pytest.mark.parametrize(
        ("bad", "words"),
        [
            ({"du": "2027-02-31"}, "Cette date n’existe pas."),
            ({"au": "1066-10-14"}, "Choisissez une date entre"),
            ({"du": "2028-01-01", "au": "2026-01-01"}, "La seconde date doit suivre la première."),
            ({"du": "2028-01-01"}, "La seconde date doit suivre la première."),
        ],
    )
    def test_bad_dates_are_said_and_the_year_is_shown(
        self, lire: Callable[..., str], bad: dict[str, str], words: str
    ):
        for url in (URL, URL + "liste/"):
            html = lire(url, **bad)
            assert words in html
            assert "Entre le 1<sup>er</sup> janvier 2027 et le 1<sup>er</sup> janvier 2028" in html

    def test_a_pole_and_a_family_narrow_it(self, lire: Callable[..., str]):
        html = lire(famille="support")
        assert "Voirie" not in html
        assert "rien n’a changé" in html
        assert "Ce pôle n’est pas dans la liste." in lire(pole="99999")

    def test_nothing_of_what_is_only_asked(self, cycle: Cycle):
        commune = member_commune(cycle.epci)
        ligne = vote(cycle, commune, "DA-02")
        Ligne.objects.filter(pk=ligne.pk).update(effet_on=None)
        assert ecart(cycle, commune).genre == "n"

    def test_the_export_has_one_row_by_change(self, lire: Callable[..., str], client: Client):
        text = client.get(URL, {"du": "2026-01-01", "au": "2028-01-01", "format": "csv"}).content
        rows = list(csv.DictReader(io.StringIO(text.decode("utf-8-sig")), delimiter=";"))
        assert [(row["Commune"], row["Domaine"], row["Ce qui change"]) for row in rows] == [
            ("Floirac", "Voirie", "arrivé, 1 activité")
        ]

    def test_the_same_queries_for_5_and_25_communes(
        self, client: Client, cycle: Cycle, lire: Callable[..., str]
    ):
        def count() -> int:
            with CaptureQueriesContext(connection) as queries:
                lire()
            return len(queries)

        few = count()
        for _ in range(20):
            share(cycle.epci, member_commune(cycle.epci), "DA-01", "DA-02")
        assert count() == few


def test_the_sentence_agrees(cycle: Cycle):
    for rank, period in enumerate(
        ({"debut": date(2027, 1, 1)}, {"debut": date(2027, 1, 1)}, {"fin": date(2027, 1, 1)})
    ):
        share(cycle.epci, member_commune(cycle.epci, nom=f"Commune {rank}"), "DA-01", **period)
    said = sentence(compare(cycle.epci, BEFORE, NEW_YEAR))
    assert said.endswith(": 2 domaines arrivés et 1 parti, dans 3 communes.")


def test_without_catalogue_there_is_nothing_to_compare(cycle: Cycle):
    cycle.epci.catalogues.update(gele_at=None)
    assert compare(cycle.epci, BEFORE, NEW_YEAR).rangs == ()
