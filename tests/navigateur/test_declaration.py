"""Declaring by keyboard: an unchanged renewal in five interactions; then extend, revise, withdraw, and be told."""

import re

import pytest

from mutualisation.models import Declaration
from socle import horloge
from tests.factories import PASSWORD, Monde
from tests.mutualisation.editions import bloc, exclude
from tests.mutualisation.gestes import prepare
from tests.navigateur.clavier import Clavier
from tests.navigateur.conftest import DAY

pytestmark = pytest.mark.django_db(transaction=True)
MOST_INTERACTIONS = 5


def current(monde: Monde) -> Declaration:
    return Declaration.objects.get(pk=monde.a.declaration.pk)


def test_an_unchanged_renewal_takes_five_interactions_from_the_page_of_sign_in(
    monde: Monde, clavier: Clavier
):
    """Typing a field or pressing a button is one interaction."""
    steps = [
        lambda: clavier.type("Adresse électronique", monde.a.dgs.email),
        lambda: clavier.type("Mot de passe", PASSWORD),
        lambda: clavier.press("Se connecter", "button"),
        lambda: clavier.press("Déclarer"),
        lambda: clavier.press("déposer tel quel", "button"),
    ]
    assert len(steps) <= MOST_INTERACTIONS
    clavier.open("/connexion/")
    for step in steps:
        step()
    assert "AD-2028-001" in clavier.text()
    assert current(monde).deposee


def test_extend_revise_and_take_back_by_keyboard(monde: Monde, clavier: Clavier):
    bloc(monde.a.declaration, "Paie", "DB-01", "DB-03")
    exclude(monde.a.declaration, "DC-01")
    clavier.sign_in(monde.a.dgs)
    clavier.open(f"/declarations/{monde.a.declaration.pk}/")
    clavier.check_reflow()
    _extend(clavier)
    _revise(clavier)
    clavier.check()
    clavier.check_reflow()
    clavier.press("Relire et déposer", "button")
    assert "revoir le niveau de service de « Voirie, activité 1 »" in clavier.text()
    clavier.press("Déposer", "button")
    assert "AD-2028-001" in clavier.text()
    clavier.press("Retirer ce dépôt")
    clavier.press("Retirer le dépôt", "button")
    assert "AD-2028-001 (dépôt retiré, PDF)" in clavier.text()
    assert not current(monde).deposee


def _extend(clavier: Clavier) -> None:
    """The other activity of the bloc follows by itself, and the page says why."""
    clavier.toggle("2 autres domaines")
    clavier.toggle("Ressources humaines")
    clavier.toggle("Ressources humaines, activité 1")
    said = clavier.page.get_by_role("status").filter(has_text="cochée aussi")
    said.wait_for()
    assert clavier.page.get_by_role("checkbox", name="Ressources humaines, activité 3").is_checked()
    clavier.page.get_by_role("status").filter(has_text="Brouillon enregistré").wait_for()


def _revise(clavier: Clavier) -> None:
    clavier.page.keyboard.press("Control+Home")
    clavier.page.evaluate("() => document.activeElement.blur()")
    clavier.toggle("Voirie")
    clavier.toggle("niveau de service : Voirie")
    clavier.focus("Voirie, activité 1", "select")
    clavier.page.keyboard.press("End")  # the last way offered: its level of service
    clavier.type("Ce que la commune demande : Voirie, activité 1", "Deux passages par semaine.")
    clavier.page.get_by_text("niveau à revoir en 2028").wait_for()


BOTTOM = "() => document.querySelector('.agir [value=relire]').getBoundingClientRect().bottom"


@pytest.mark.parametrize("height", [900, 720])
def test_what_to_press_stays_in_sight_however_long_what_changes(monde: Monde, clavier: Clavier, height: int):
    leaving = ["DA-01", "DA-02", "DA-03", "DB-01", "DB-02", "DC-01"]
    with horloge.at(DAY):
        prepare(monde.a.declaration, monde.a.dgs, plus=leaving[1:], moins=leaving[:1])
    clavier.page.set_viewport_size({"width": 1280, "height": height})
    clavier.sign_in(monde.a.dgs)
    clavier.open(f"/declarations/{monde.a.declaration.pk}/")
    for _ in range(4):
        assert 0 < clavier.page.evaluate(BOTTOM) <= height
        clavier.page.evaluate("() => window.scrollBy(0, 400)")


PAUSE_MS = 3000  # longer than the pause after which the page saves by itself
TELLING = "() => document.getElementById('erreurs').getBoundingClientRect().top"


def test_what_a_colleague_writes_meanwhile_waits_for_a_press(monde: Monde, clavier: Clavier):
    """The page says it where one is writing, then saves nothing by itself until « Enregistrer » decides."""
    sent = _open_motive(monde, clavier)
    _write_elsewhere(monde, "Écrit par le collaborateur.")
    clavier.type("Pourquoi ce changement ?", "Écrit ici.")
    clavier.page.clock.fast_forward(PAUSE_MS)
    told = clavier.page.get_by_role("alert").filter(has_text="Écrit par le collaborateur.")
    told.wait_for()
    assert clavier.page.locator(".champ.en-faute .faute", has_text="Écrit par le collaborateur.").is_visible()
    clavier.page.keyboard.press("Control+End")
    assert 0 <= clavier.page.evaluate(TELLING) < 900
    clavier.page.keyboard.type(" Et encore.")
    clavier.page.clock.fast_forward(PAUSE_MS)
    assert _motive(monde) == "Écrit par le collaborateur."
    clavier.check()
    clavier.press("Enregistrer le brouillon", "button")
    assert sent == ["brouillon", "enregistrer"]
    assert _motive(monde) == "Écrit ici. Et encore."
    clavier.errors = [error for error in clavier.errors if "status of 409" not in error]


def test_a_text_that_could_not_be_shown_is_not_overwritten(monde: Monde, clavier: Clavier):
    """A colleague writes it, another part of the page is saved while one is in the field: still a conflict."""
    sent = _open_motive(monde, clavier)
    clavier.focus("Pourquoi ce changement ?", "textarea")
    _write_elsewhere(monde, "Écrit par le collaborateur.")
    for key in ("x", "Backspace"):
        clavier.page.keyboard.press(key)
    with clavier.page.expect_response(lambda response: response.request.method == "POST"):
        clavier.page.clock.fast_forward(PAUSE_MS)
    clavier.page.get_by_role("status").filter(has_text="Brouillon enregistré").wait_for()
    clavier.page.keyboard.type("Écrit ici.")
    clavier.page.clock.fast_forward(PAUSE_MS)
    clavier.page.get_by_role("alert").filter(has_text="Écrit par le collaborateur.").wait_for()
    assert (_motive(monde), sent) == ("Écrit par le collaborateur.", ["brouillon", "brouillon"])
    clavier.errors = [error for error in clavier.errors if "status of 409" not in error]


def _open_motive(monde: Monde, clavier: Clavier) -> list[str]:
    """The page of A, with the fold of its motive open and a clock that moves when told; gives what its saves will ask."""
    sent: list[str] = []
    asked = re.compile(r'(?:name="action"\s+|&action=)(\w+)')
    clavier.page.on("request", lambda one: sent.extend(asked.findall(one.post_data or "")))
    clavier.page.clock.install()
    clavier.sign_in(monde.a.dgs)
    clavier.open(f"/declarations/{monde.a.declaration.pk}/")
    clavier.toggle("Voirie")
    return sent


def _write_elsewhere(monde: Monde, text: str) -> None:
    motifs = {monde.domaine.pk: text}
    with horloge.at(DAY):
        prepare(current(monde), monde.a.collaborateur, motifs=motifs)


def _motive(monde: Monde) -> str:
    return current(monde).motifs.get(domaine=monde.domaine).texte
