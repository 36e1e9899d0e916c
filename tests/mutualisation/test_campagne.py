"""The board of the campaign: states, lateness, pôles, filters, sheets, and 158 communes as cheap as 3."""

import csv
import io
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from mutualisation.campagne import current_cycle
from mutualisation.models import Cycle
from tests.factories import CycleFactory, DeclarationFactory, Monde, member_commune
from tests.mutualisation.gestes import prepare, submit
from tests.mutualisation.test_declaration import text_of

AtTime = Callable[[Any], datetime]
URL = "/campagne/"


def states(response: Any) -> dict[str, str]:
    return {suivi.declaration.commune.nom: suivi.etat[1] for suivi in response.context["suivis"]}


@pytest.fixture
def trois(monde: Monde) -> Monde:
    """A has submitted, B has begun, C has not."""
    DeclarationFactory(cycle=monde.cycle, commune=monde.c)
    prepare(monde.a.declaration, monde.a.dgs, plus=["DB-01", "DB-02"])
    submit(monde.a.declaration, monde.a.dgs)
    prepare(monde.b.declaration, monde.b.dgs, plus=["DC-01"])
    return monde


class TestTableau:
    def test_each_state_in_words_and_counts(self, trois: Monde, client: Any):
        client.force_login(trois.direction)
        response = client.get(URL)
        assert states(response) == {
            "L'Haÿ-les-Roses": "Déposée",
            "Œuilly": "Brouillon",
            "Saint-Louis-de-Montferrand": "Sans réponse",
        }
        assert [suivi.declaration.changees for suivi in response.context["suivis"]] == [2, 1, 0]
        assert "1 sur 1 déposée" in text_of(response)

    def test_after_closing_what_was_not_submitted_is_late_in_red(
        self, trois: Monde, client: Any, at_time: AtTime
    ):
        at_time("2027-02-27")
        client.force_login(trois.direction)
        response = client.get(URL)
        assert {suivi.etat for suivi in response.context["suivis"]} == {
            ("v", "Déposée"),
            ("r", "Sans réponse, brouillon commencé"),
            ("r", "Sans réponse"),
        }
        assert "Close depuis le vendredi 26 février 2027" in text_of(response)

    @pytest.mark.parametrize(
        ("query", "communes"),
        [
            ({"etat": "deposee"}, ["L'Haÿ-les-Roses"]),
            ({"etat": "brouillon"}, ["Œuilly"]),
            ({"etat": "sans_reponse"}, ["Saint-Louis-de-Montferrand"]),
            ({"q": "OEUIL"}, ["Œuilly"]),
            ({"q": "hay les"}, ["L'Haÿ-les-Roses"]),
            ({"q": "%"}, ["L'Haÿ-les-Roses", "Œuilly", "Saint-Louis-de-Montferrand"]),
            ({"q": "introuvable"}, []),
        ],
    )
    def test_filters(self, trois: Monde, client: Any, query: dict[str, str], communes: list[str]):
        client.force_login(trois.direction)
        assert list(states(client.get(URL, query))) == communes

    def test_filter_by_pole(self, trois: Monde, client: Any):
        client.force_login(trois.direction)
        sud = next(c for c in client.get(URL).context["tableau"].poles if c.nom == "Pôle Sud")
        assert (sud.deposees, sud.brouillons, sud.sans_reponse) == (0, 1, 1)
        assert list(states(client.get(URL, {"pole": sud.pole_id}))) == [
            "Œuilly",
            "Saint-Louis-de-Montferrand",
        ]

    def test_a_directeur_de_pole_sees_his_communes(self, trois: Monde, client: Any):
        client.force_login(trois.directeur)
        assert list(states(client.get(URL))) == ["L'Haÿ-les-Roses"]

    @pytest.mark.parametrize("who", ["dgs", "maire", "lecteur", "referent"])
    def test_a_commune_is_told_who_follows_it(self, trois: Monde, client: Any, who: str):
        client.force_login(getattr(trois.a, who))
        response = client.get(URL)
        assert response.status_code == 403
        assert "suivie par la Direction des territoires" in text_of(response)

    @pytest.mark.parametrize("cycle", ["0", "x", "9" * 30])
    def test_a_cycle_that_does_not_exist(self, monde: Monde, client: Any, cycle: str):
        client.force_login(monde.direction)
        assert client.get(URL, {"cycle": cycle}).status_code == 404

    def test_the_cycle_of_a_neighbour_does_not_exist(self, monde: Monde, client: Any):
        client.force_login(monde.direction)
        foreign = CycleFactory(epci=monde.epci_voisin, calendrier=True, annee=2028)
        assert client.get(URL, {"cycle": foreign.pk}).status_code == 404

    def test_a_cycle_not_open_says_so(self, monde: Monde, client: Any):
        client.force_login(monde.direction)
        assert "Le cycle n'est pas ouvert" in text_of(client.get(URL, {"cycle": monde.cycle_futur.pk}))

    def test_the_current_cycle_is_the_one_being_declared(self, monde: Monde, at_time: AtTime):
        assert current_cycle(monde.epci) == monde.cycle
        at_time("2027-06-01")
        assert current_cycle(monde.epci) == monde.cycle
        Cycle.objects.filter(pk__in=[monde.cycle.pk, monde.cycle_passe.pk]).update(ouvert_at=None)
        assert current_cycle(monde.epci) == monde.cycle_passe

    def test_158_communes_cost_the_queries_of_three(self, trois: Monde, client: Any):
        client.force_login(trois.direction)
        client.get(URL)
        with CaptureQueriesContext(connection) as few:
            client.get(URL)
        for number in range(155):
            DeclarationFactory(
                cycle=trois.cycle, commune=member_commune(trois.epci, nom=f"Commune {number:03d}")
            )
        with CaptureQueriesContext(connection) as many:
            response = client.get(URL)
        assert len(response.context["suivis"]) == 158
        assert len(many) == len(few)


class TestExport:
    def test_csv_with_formulas_neutralised(self, trois: Monde, client: Any):
        trois.c.nom = "=HYPERLINK(1)"
        trois.c.save()
        client.force_login(trois.direction)
        response = client.get(URL, {"format": "csv"})
        rows = list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig")), delimiter=";"))
        assert [row["Commune"] for row in rows] == ["'=HYPERLINK(1)", "L'Haÿ-les-Roses", "Œuilly"]
        assert rows[1]["État"] == "Déposée"
        assert rows[1]["Accusé"] == "AD-2028-001"
        assert rows[1]["Dernier mouvement"] == "2027-02-10"

    def test_xlsx_keeps_numbers_and_dates(self, trois: Monde, client: Any):
        trois.c.nom = "+A(1)"
        trois.c.save()
        client.force_login(trois.direction)
        response = client.get(URL, {"format": "xlsx"})
        sheet = load_workbook(io.BytesIO(response.content)).active
        header = next(
            n for n, row in enumerate(sheet.iter_rows(values_only=True), start=1) if row[0] == "Commune"
        )
        first, second, _ = list(sheet.iter_rows(min_row=header + 1))
        assert (first[0].value, first[0].data_type) == ("'+A(1)", "s")
        assert second[2].value == 5000
        assert second[6].value.date() == date(2027, 2, 10)

    def test_the_sheet_follows_the_filters(self, trois: Monde, client: Any):
        client.force_login(trois.direction)
        text = client.get(URL, {"format": "csv", "etat": "brouillon"}).content.decode()
        assert "Œuilly" in text
        assert "Haÿ" not in text
