"""Pages: nothing twice, nothing lost, whatever is written between two of them; the journal in its order."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from journal.models import Evenement
from journal.workflows.unite import record, unit
from socle.pagination import BAD_CURSOR, Cursor
from territoire.models import Epci
from tests.api.conftest import Lire
from tests.factories import AdhesionFactory, EpciFactory, HabilitationFactory, Monde, fresh, member_commune

pytestmark = pytest.mark.django_db


def walk(lire: Lire, who: Any, path: str, direction: str = "suivant", **filters: Any) -> list[dict[str, Any]]:
    """Every row, page after page."""
    rows: list[dict[str, Any]] = []
    page = lire(path, who, **filters).json()
    while True:
        rows = rows + page["resultats"] if direction == "suivant" else page["resultats"] + rows
        if not page[direction]:
            return rows
        page = lire(page[direction], who).json()


def events(epci: Epci, count: int, commune: Any = None) -> None:
    with unit():
        for number in range(count):
            record(type="essai", objet=epci, epci=epci, libelle=f"{number}", acteur=None, commune=commune)


def test_a_walk_reads_everything_once(monde: Monde, lire: Lire):
    for _ in range(4):
        member_commune(monde.epci)
    for size in (1, 2, 3, 7, 8, 200):
        rows = [row["id"] for row in walk(lire, monde.secret, "communes/", taille=size)]
        assert rows == sorted(set(rows)), size
        assert len(rows) == 7, size


def test_a_walk_back_reads_the_same_rows_in_the_same_order(monde: Monde, lire: Lire):
    forward = walk(lire, monde.secret, "activites/", taille=4)
    second = lire(lire("activites/", monde.secret, taille=4).json()["suivant"], monde.secret).json()
    last = lire(second["suivant"], monde.secret).json()
    assert walk(lire, monde.secret, last["precedent"], "precedent") == forward[:8]
    assert second["resultats"] == forward[4:8]


def test_the_first_page_has_nothing_before_and_the_last_nothing_after(monde: Monde, lire: Lire):
    first = lire("activites/", monde.secret, taille=5).json()
    last = lire(first["suivant"], monde.secret).json()
    assert (first["precedent"], last["suivant"]) == (None, None)
    assert lire(last["precedent"], monde.secret).json()["resultats"] == first["resultats"]


def test_a_full_last_page_promises_no_other(monde: Monde, lire: Lire):
    assert lire("activites/", monde.secret, taille=9).json()["suivant"] is None


def test_filters_follow_from_page_to_page(monde: Monde, lire: Lire):
    rows = walk(lire, monde.secret, "activites/", taille=2, domaine=monde.domaine.pk)
    assert [row["code"] for row in rows] == ["DA-01", "DA-02", "DA-03"]


def test_what_is_inserted_or_removed_between_two_pages_moves_nothing(monde: Monde, lire: Lire):
    kept = [AdhesionFactory(epci=monde.epci).pk for _ in range(4)]
    first = lire("adhesions/", monde.secret, taille=3).json()
    read = [row["id"] for row in first["resultats"]]
    monde.epci.adhesions.get(pk=read[0]).delete()
    added = AdhesionFactory(epci=monde.epci).pk
    rest = [row["id"] for row in walk(lire, monde.secret, first["suivant"])]
    assert rest == [pk for pk in kept if pk not in read] + [added]


def test_the_row_of_the_cursor_may_disappear(monde: Monde, lire: Lire):
    extra = [AdhesionFactory(epci=monde.epci).pk for _ in range(3)]
    first = lire("adhesions/", monde.secret, taille=3).json()
    monde.epci.adhesions.get(pk=first["resultats"][-1]["id"]).delete()
    assert [row["id"] for row in lire(first["suivant"], monde.secret).json()["resultats"]] == extra[1:]


FORGED = [
    "",
    "x",
    "é",
    "=",
    "\x00",
    "a" * 5000,
    Cursor((1, 2)).encode(),  # a cursor of two values for a list of one
    Cursor((2**63,)).encode(),
    Cursor((10**18 * 9 + 10**18,)).encode(),
    "cD0xMA",  # p=10
    "KzEuMi4z",  # +1.2.3
    "Ky0x",  # +-1
]


def test_a_forged_cursor_is_refused(monde: Monde, lire: Lire):
    for cursor in FORGED:
        response = lire("communes/", monde.secret, curseur=cursor)
        assert (response.status_code, response["Content-Type"]) == (400, "application/problem+json"), cursor
        assert response.json()["erreurs"] == {"curseur": [BAD_CURSOR]}, cursor


def test_a_cursor_of_the_journal_holds_two_values(monde: Monde, lire: Lire):
    assert lire("evenements/", monde.secret, curseur=Cursor((1,)).encode()).status_code == 400
    assert lire("evenements/", monde.secret, curseur=Cursor((1, 2)).encode()).status_code == 200


def test_a_wrong_size_is_refused(monde: Monde, lire: Lire):
    for size in ("0", "-1", "201", "dix", "1.5", "", "9" * 30, "٣"):
        response = lire("communes/", monde.secret, taille=size)
        assert response.status_code == 400, size
        assert response.json()["erreurs"] == {"taille": ["Donnez un nombre entier de 1 à 200."]}, size


def test_the_bounds_of_the_size_are_accepted(monde: Monde, lire: Lire):
    assert [lire("communes/", monde.secret, taille=size).status_code for size in (1, 200)] == [200, 200]


def test_a_page_has_fifty_rows_unless_told(monde: Monde, lire: Lire):
    events(monde.epci, 51)
    assert len(lire("evenements/", monde.secret).json()["resultats"]) == 50


# The journal


def test_the_journal_is_read_in_order_without_gap(monde: Monde, lire: Lire):
    for count in (3, 1, 7):
        events(monde.epci, count)
        events(monde.epci_voisin, 2)
    last, numbers = 0, []
    while rows := lire("evenements/", monde.secret, apres=last, taille=2).json()["resultats"]:
        numbers += [row["numero"] for row in rows]
        last = numbers[-1]
    assert numbers == list(range(1, 12))


def test_what_is_about_accounts_keeps_its_number_and_nothing_else(monde: Monde, lire: Lire):
    events(monde.epci, 1)
    with unit():
        record(type="compte.ouvert", objet=monde.direction, epci=monde.epci, libelle="Zoé Petit", acteur=None)
    events(monde.epci, 1)
    rows = lire("evenements/", monde.secret).json()["resultats"]
    assert [(row["numero"], row["type"]) for row in rows] == [(1, "essai"), (2, "reserve"), (3, "essai")]
    assert {**rows[1], "id": 0, "survenu_at": ""} == {
        "id": 0, "epci": monde.epci.pk, "numero": 2, "survenu_at": "", "type": "reserve", "commune": None,
        "objet_type": "", "objet_id": 0, "libelle": "Réservé", "contenu": {},
    }  # fmt: skip


@pytest.mark.parametrize(
    "choice", [{"type": "compte.ouvert"}, {"objet_type": "comptes.personne"}, {"objet_id": "{pk}"}]
)
def test_a_filter_does_not_tell_what_a_reserved_line_is_about(
    monde: Monde, lire: Lire, choice: dict[str, str]
):
    with unit():
        record(type="compte.ouvert", objet=monde.direction, epci=monde.epci, libelle="Zoé Petit", acteur=None)
    asked = {name: value.format(pk=monde.direction.pk) for name, value in choice.items()}
    assert lire("evenements/", monde.secret, **asked).json()["resultats"] == []


def test_a_long_journal_is_read_to_its_end_by_its_cursor(monde: Monde, lire: Lire):
    """More events than any offset a library may cap: the cursor holds the number, not a count of rows."""
    events(monde.epci, 1500)
    numbers = [row["numero"] for row in walk(lire, monde.secret, "evenements/", taille=200)]
    assert numbers == list(range(1, 1501))


def test_events_written_while_reading_come_at_the_end(monde: Monde, lire: Lire):
    events(monde.epci, 4)
    page = lire("evenements/", monde.secret, taille=3).json()
    events(monde.epci, 2)
    rest = walk(lire, monde.secret, page["suivant"])
    assert [row["numero"] for row in rest] == [4, 5, 6]


def test_two_journals_of_one_account_follow_each_other(monde: Monde, lire: Lire):
    HabilitationFactory(personne=monde.service, service=True, epci=monde.epci_voisin)
    for _ in range(2):
        events(monde.epci, 2)
        events(monde.epci_voisin, 1)
    rows = walk(lire, fresh(monde.service), "evenements/", taille=2)
    one, two = monde.epci.pk, monde.epci_voisin.pk
    expected = [*((one, number) for number in range(1, 5)), *((two, number) for number in (1, 2))]
    assert [(row["epci"], row["numero"]) for row in rows] == expected


def test_an_event_is_minimal(monde: Monde, lire: Lire):
    events(monde.epci, 1)
    row = lire("evenements/", monde.secret).json()["resultats"][0]
    assert row == {
        "id": Evenement.objects.get(epci=monde.epci).pk,
        "epci": monde.epci.pk,
        "numero": 1,
        "survenu_at": "2027-02-10T10:00:00+01:00",
        "type": "essai",
        "commune": None,
        "objet_type": "territoire.epci",
        "objet_id": monde.epci.pk,
        "libelle": "0",
        "contenu": {},
    }


def test_links_are_absolute_and_carry_every_parameter(monde: Monde, lire: Lire):
    EpciFactory()
    link = lire("activites/", monde.secret, taille=1, epci=monde.epci.pk).json()["suivant"]
    parts = urlsplit(link)
    assert (parts.scheme, parts.netloc, parts.path) == ("http", "testserver", "/api/v1/activites/")
    assert set(parse_qs(parts.query)) == {"curseur", "taille", "epci"}
