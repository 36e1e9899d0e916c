"""The list of reviews, its exports, the board held / planned, the card of the home page."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from comptes.contexte import choices
from revues.cartes import cards
from revues.models import Point, Revue
from revues.tableau import read_board, read_figures
from tests.factories import CompteRenduFactory, RevueFactory, domaine, member_commune

LIST, BOARD = "revues:revues", "revues:tableau"
PAST = datetime(2027, 1, 12, 9, tzinfo=UTC)


def page(client: Any, user: Any, name: str, query: str = "") -> str:
    client.force_login(user)
    response = client.get(reverse(name) + query)
    assert response.status_code == 200
    return response.content.decode().replace("\u00a0", " ").replace("\u202f", " ")


def reviews(monde: Any, commune: Any, count: int, held: int, prevue_at: datetime = PAST) -> None:
    for rank in range(count):
        code = ("DA", "DB", "DC")[rank % 3]
        minutes = CompteRenduFactory(epci=monde.epci, commune=commune)
        state = {"tenue": True, "compte_rendu": minutes} if rank < held else {}
        RevueFactory(
            epci=monde.epci,
            commune=commune,
            domaine=domaine(monde.epci, code),
            periode_on=date(2000 + rank, 1, 1),
            prevue_at=prevue_at + timedelta(minutes=rank),
            **state,
        )


# The list


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {"A prevue", "A tenue", "B prevue", "B tenue"}),
        ("?etat=a_venir", {"A prevue", "B prevue"}),
        ("?etat=retard", set()),
        ("?etat=tenue", {"A tenue", "B tenue"}),
        ("?etat=non_tenue", set()),
        ("?mois=2027-01", {"A tenue", "B tenue"}),
        ("?mois=2027-02", {"A prevue", "B prevue"}),
        ("?type=contrat", set()),
        ("?commune={a}", {"A prevue", "A tenue"}),
        ("?commune={a}&mois=2027-01", {"A tenue"}),
        ("?domaine={da}", {"A prevue", "A tenue", "B prevue", "B tenue"}),
    ],
)
def test_filters(monde: Any, client: Any, query: str, expected: set[str]) -> None:
    names = {
        f"{side} {r.etat}": r.pk
        for side in "AB"
        for r in Revue.objects.filter(commune=getattr(monde, side.lower()).commune)
    }
    html = page(client, monde.direction, LIST, query.format(a=monde.a.commune.pk, da=monde.domaine.pk))
    shown = {name for name, pk in names.items() if f'href="/revues/{pk}/"' in html}
    assert shown == expected


def test_late_is_past_and_silent(monde: Any, client: Any, at_time: Any) -> None:
    at_time("2027-03-01 10:00")
    html = page(client, monde.direction, LIST, "?etat=retard")
    assert f'href="/revues/{monde.a.revue.pk}/"' in html and "compte rendu attendu" in html
    assert f'href="/revues/{monde.a.revue_tenue.pk}/"' not in html


@pytest.mark.parametrize(
    "query", ["?mois=2027-13", "?mois=hier", "?commune=999999", "?etat=x", "?mois=0000-01"]
)
def test_a_wrong_filter_is_said_not_a_crash(monde: Any, client: Any, query: str) -> None:
    client.force_login(monde.direction)
    response = client.get(reverse(LIST) + query)
    assert response.status_code == 200
    assert b"erreurs" in response.content


def test_each_hat_sees_its_own(monde: Any, client: Any) -> None:
    other = RevueFactory(epci=monde.epci, commune=monde.a.commune, domaine=domaine(monde.epci, "DB"))
    a, b = monde.a.revue.pk, monde.b.revue.pk
    expected = {
        monde.a.dgs: {a, other.pk},
        monde.a.referent: {a},
        monde.responsable: {a, b},
        monde.responsable_autre: {other.pk},
        monde.directeur: {a, other.pk},
        monde.direction_voisine: set(),
    }
    for user, pks in expected.items():
        html = page(client, user, LIST)
        assert {pk for pk in (a, b, other.pk) if f'href="/revues/{pk}/"' in html} == pks, user


def test_the_list_costs_the_same_for_one_and_for_fifty(monde: Any, client: Any) -> None:
    client.force_login(monde.direction)
    client.get(reverse(LIST))
    with CaptureQueriesContext(connection) as few:
        client.get(reverse(LIST))
    for _ in range(20):
        reviews(monde, member_commune(monde.epci), 3, 1)
    with CaptureQueriesContext(connection) as many:
        client.get(reverse(LIST))
    assert len(few) == len(many)


def test_the_second_page_keeps_the_filters(monde: Any, client: Any) -> None:
    for _ in range(20):
        reviews(monde, member_commune(monde.epci), 3, 0)
    html = page(client, monde.direction, LIST, "?mois=2027-01")
    assert "62 revues" in html and "?mois=2027-01&amp;page=2" in html
    assert 'rel="prev"' in page(client, monde.direction, LIST, "?mois=2027-01&page=2")


# Exports


def cancelled(monde: Any, motif: str) -> Revue:
    return RevueFactory(
        epci=monde.epci,
        commune=monde.a.commune,
        domaine=domaine(monde.epci, "DC"),
        etat="non_tenue",
        motif=motif,
    )


def test_csv_neutralises_formulas(monde: Any, client: Any) -> None:
    cancelled(monde, '=HYPERLINK("http://pirate")')
    client.force_login(monde.direction)
    response = client.get(reverse(LIST) + "?etat=non_tenue&format=csv")
    rows = list(csv.reader(io.StringIO(response.content.decode("utf-8-sig")), delimiter=";"))
    assert rows[0][0] == "Commune" and len(rows) == 2
    assert rows[1][0] == "L'Haÿ-les-Roses" and rows[1][-1] == '\'=HYPERLINK("http://pirate")'
    assert "attachment" in response["Content-Disposition"]


def test_xlsx_neutralises_formulas_and_follows_filters(monde: Any, client: Any) -> None:
    cancelled(monde, "+1")
    client.force_login(monde.direction)
    response = client.get(reverse(LIST) + "?etat=non_tenue&format=xlsx")
    sheet = load_workbook(io.BytesIO(response.content))["Revues"]
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[1][0] == "Commune" and len(rows) == 3
    assert rows[2][-1] == "'+1"
    assert isinstance(rows[2][3], datetime | date)


def test_a_commune_exports_its_own_only(monde: Any, client: Any) -> None:
    client.force_login(monde.a.dgs)
    text = client.get(reverse(LIST) + "?format=csv").content.decode("utf-8-sig")
    assert "L'Haÿ-les-Roses" in text and "Œuilly" not in text


# The board


def cells(monde: Any, annee: int = 2027) -> dict[str, list[Any]]:
    return {
        rang.commune: list(rang.cases)
        for rang in read_board(Revue.objects.filter(epci=monde.epci), monde.epci, annee)
    }


@pytest.mark.parametrize(
    ("count", "held", "ton", "texte"),
    [(4, 4, "v", "4/4"), (4, 3, "o", "3/4"), (4, 2, "r", "2/4"), (1, 0, "r", "0/1")],
)
def test_a_past_month(monde: Any, count: int, held: int, ton: str, texte: str) -> None:
    reviews(monde, monde.c, count, held)
    case = cells(monde)[monde.c.nom][0]
    assert (case.ton, case.texte) == (ton, texte)
    assert case.phrase.startswith("Saint-Louis-de-Montferrand, janvier 2027 : ")
    assert case.url.endswith(f"commune={monde.c.pk}&mois=2027-01")


def test_the_present_month_counts_what_is_due(monde: Any) -> None:
    reviews(monde, monde.c, 1, 1, datetime(2027, 2, 3, 9, tzinfo=UTC))
    RevueFactory(
        epci=monde.epci,
        commune=monde.c,
        domaine=domaine(monde.epci, "DB"),
        prevue_at=datetime(2027, 2, 25, 9, tzinfo=UTC),
    )
    case = cells(monde)[monde.c.nom][1]
    assert (case.ton, case.texte) == ("a", "1/2")
    assert (cells(monde)["Œuilly"][1].ton, cells(monde)["Œuilly"][1].texte) == ("n", "1")
    assert cells(monde)["Œuilly"][2].url == ""


def test_months_are_those_of_the_epci(monde: Any) -> None:
    reviews(monde, monde.c, 1, 0, datetime(2027, 1, 31, 23, 30, tzinfo=UTC))
    assert cells(monde)[monde.c.nom][1].texte == "1" or cells(monde)[monde.c.nom][1].texte == "0/1"
    assert cells(monde)[monde.c.nom][0].url == ""
    monde.epci.fuseau = "America/Martinique"
    assert cells(monde)[monde.c.nom][0].texte == "0/1"


def test_a_cell_opens_the_list_it_counts(monde: Any, client: Any) -> None:
    reviews(monde, monde.c, 4, 3)
    case = cells(monde)[monde.c.nom][0]
    client.force_login(monde.direction)
    assert "4 revues" in client.get(case.url).content.decode().replace("\u00a0", " ")


def test_the_year_is_chosen(monde: Any, client: Any) -> None:
    assert "Aucune revue n’est prévue en 2025." in page(client, monde.direction, BOARD, "?annee=2025")
    for wrong in ("abc", "99999", "0", "-1", "²027"):
        assert "Revues 2027" in page(client, monde.direction, BOARD, f"?annee={wrong}")


def test_figures(monde: Any) -> None:
    reviews(monde, monde.c, 4, 3)
    RevueFactory(
        epci=monde.epci, commune=monde.c, contrat=True, prevue_at=datetime(2027, 5, 18, 9, tzinfo=UTC)
    )
    minutes = monde.a.revue_tenue.compte_rendu
    values = {"compte_rendu": minutes, "nature": "action", "texte": "Faire", "responsable": "Voirie"}
    Point.objects.create(**values, ordre=1, echeance_on=date(2027, 2, 1))
    Point.objects.create(**values, ordre=2, echeance_on=date(2027, 3, 1))
    found = [
        (c.valeur, c.phrase, c.ton)
        for c in read_figures(Revue.objects.filter(epci=monde.epci), monde.epci, 2027)
    ]
    assert found[0][0] == "5 / 6"
    assert found[1] == ("1", "compte rendu attendu", "r")
    assert found[2][:2] == ("0 / 1", "revues de contrat du 1er semestre ; prochaine le 18 mai")
    assert found[3] == ("2", "actions décidées en revue, dont 1 à échéance passée", "o")


def test_the_board_costs_the_same_for_3_and_158_communes(monde: Any, client: Any) -> None:
    client.force_login(monde.direction)
    client.get(reverse(BOARD))
    with CaptureQueriesContext(connection) as few:
        client.get(reverse(BOARD))
    communes = [member_commune(monde.epci) for _ in range(155)]
    Revue.objects.bulk_create(
        Revue(
            epci=monde.epci,
            commune=c,
            type="domaine",
            domaine=monde.domaine,
            periode_on=date(2027, 1, 1),
            prevue_at=PAST,
            lieu="Mairie",
        )
        for c in communes
    )
    with CaptureQueriesContext(connection) as many:
        html = client.get(reverse(BOARD)).content.decode()
    assert html.count('<th scope="row">') == 157
    assert len(few) == len(many)


def test_a_commune_has_its_own_board(monde: Any, client: Any) -> None:
    html = page(client, monde.a.maire, BOARD)
    assert "L’Haÿ-les-Roses" in html and "Œuilly" not in html


# The card of the home page


def card(user: Any, today: date = date(2027, 2, 10)) -> Any:
    found = list(cards(user, choices(user.acces)[0], today))
    return found[0] if found else None


def test_the_card_tells_held_and_next(monde: Any) -> None:
    shown = card(monde.a.dgs)
    assert shown.titre == "Revues tenues depuis janvier"
    assert shown.phrases == (
        "1 tenue sur 1 prévue",
        "Prochaine : Revue Voirie, samedi 20 février 2027 à 10 h.",
    )
    assert shown.jauge == (1, 1)
    assert card(monde.direction).jauge == (2, 2)
    assert "L'Haÿ-les-Roses" in card(monde.direction).phrases[1]


def test_the_card_turns_with_the_half_year(monde: Any, at_time: Any) -> None:
    at_time("2027-07-05 10:00")
    reviews(monde, monde.a.commune, 1, 0, datetime(2027, 7, 2, 9, tzinfo=UTC))
    shown = card(monde.a.dgs, date(2027, 7, 5))
    assert (shown.titre, shown.jauge) == ("Revues tenues depuis juillet", (0, 1))
    assert shown.phrases[1] == "Aucune autre n'est encore prévue."


def test_no_card_without_reviews(monde: Any) -> None:
    assert card(monde.direction_voisine) is None
    assert card(monde.administrateur) is None
