"""Two 1 January by keyboard only: extend, then withdraw one and take another; matrix, list and contract follow."""

from io import BytesIO

import pytest
from pypdf import PdfReader

from tests.navigateur.annee import DGS, DIRECTION, campaign, leave, record_both_acts
from tests.navigateur.clavier import Clavier, plain

pytestmark = pytest.mark.django_db(transaction=True)
BUDGET, DEBT, FORESIGHT = (
    "Préparation budgétaire",
    "Dette et trésorerie",
    "Prospective et analyse financières",
)
FIRST, SECOND = "2028-01-01", "2029-01-01"


def test_matrix_list_and_contract_follow_two_january(moving_clock: None, clavier: Clavier) -> None:
    campaign()
    clavier.page.set_default_timeout(60_000)  # a move of the clock plays months of jobs
    clavier.open("/connexion/")
    _extend(clavier)
    _decide(clavier, DEBT)
    _to_january(clavier, 2027, "1er avril", "8 octobre")
    _shared(clavier, FIRST, {BUDGET, DEBT})
    _printed(clavier, "Préparer le projet", {BUDGET, DEBT}, {FORESIGHT})
    _open_the_next_cycle(clavier)
    _withdraw_one_and_take_another(clavier)
    _decide(clavier, BUDGET, FORESIGHT)
    _to_january(clavier, 2028, "31 mars", "octobre")
    _shared(clavier, SECOND, {DEBT, FORESIGHT})
    _shared(clavier, FIRST, {BUDGET, DEBT})
    _printed(clavier, "Préparer pour le 1er janvier 2029", {DEBT, FORESIGHT}, {BUDGET})


def _extend(clavier: Clavier) -> None:
    clavier.press(DGS, "button")
    clavier.press("Déclarer")
    clavier.toggle("Finances")
    clavier.toggle(DEBT)
    _submit(clavier, "AD-2028-001")


def _submit(clavier: Clavier, receipt: str) -> None:
    clavier.press("Relire et déposer", "button")
    clavier.press("Déposer", "button")
    assert receipt in clavier.text()
    leave(clavier, "Claire Etcheverry")


def _decide(clavier: Clavier, *accepted: str) -> None:
    clavier.press(DIRECTION, "button")
    clavier.press("Instruire")
    for activite in accepted:
        clavier.press(f"Accepter : {activite}", "button")


def _to_january(clavier: Clavier, annee: int, *days: str) -> None:
    """The banner moves the clock to the votes; both acts are recorded; then the year turns."""
    for day in days:
        clavier.press(day, "button")
    record_both_acts(clavier, annee)
    clavier.press("1er janvier", "button")


def _shared(clavier: Clavier, on: str, expected: set[str]) -> None:
    """The cell of the matrix, its story and the list of the commune say what is shared on a day."""
    clavier.press("Qui partage quoi", "a")
    clavier.fill_date("Au", on)
    clavier.press("Afficher", "button")
    matrix = clavier.page.url
    _go_to(clavier, "Finances")
    rows = [plain(text).split("\t") for text in clavier.page.locator("main tbody tr").all_inner_texts()]
    assert {row[0] for row in rows if row[1] in ("Partagée", "Part")} == expected
    clavier.open(matrix.removeprefix(clavier.root))
    _go_to(clavier, "Mérignac")
    assert f"{len(expected)} activités sur 8" in clavier.text()


def _go_to(clavier: Clavier, name: str) -> None:
    """The matrix is one Tab stop, on its first commune: down to Mérignac, then right until a name; Enter opens it."""
    clavier.focus("L'Haÿ-les-Roses", "a")
    clavier.page.keyboard.press("ArrowDown")
    for _ in range(18):
        if name in clavier.focused():
            break
        clavier.page.keyboard.press("ArrowRight")
    with clavier.page.expect_navigation():
        clavier.page.keyboard.press("Enter")
    clavier.check()


def _printed(clavier: Clavier, button: str, told: set[str], untold: set[str]) -> None:
    """The contract prepared for the year in force prints what is shared, and nothing else of the domain."""
    clavier.press("Contrats", "a")
    clavier.focus("Projets préparés pour", "select")
    clavier.page.keyboard.press("ArrowDown")  # after the next 1 January, the one in force
    clavier.press("Afficher", "button")
    clavier.press(button, "button")
    link = clavier.page.get_by_role("link", name="Lire le projet").first.get_attribute("href")
    pages = PdfReader(BytesIO(clavier.fetch(link))).pages
    text = " ".join(plain(" ".join(page.extract_text() for page in pages)).split())
    assert [one for one in told if one not in text] == []
    assert [one for one in untold if one in text] == []


def _open_the_next_cycle(clavier: Clavier) -> None:
    clavier.press("Campagne", "a")
    clavier.press("Préparer un cycle", "a")
    clavier.press("Préparer le cycle 2029", "button")
    clavier.press("Ouvrir le cycle", "button")
    clavier.press("1er février", "button")
    leave(clavier, "Paul Duprat")


def _withdraw_one_and_take_another(clavier: Clavier) -> None:
    """A shared activity is unticked: its motive is asked for, then given."""
    clavier.press(DGS, "button")
    clavier.press("Déclarer")
    clavier.toggle("Finances")
    clavier.toggle(BUDGET)
    clavier.toggle(FORESIGHT)
    clavier.press("Relire et déposer", "button")
    assert "Il manque encore" in clavier.text()
    clavier.press("Revenir aux choix", "a")
    clavier.type("Pourquoi ce changement", "La commune recrute un chargé du budget.")
    _submit(clavier, "AD-2029-001")
