"""Declaring by keyboard: an unchanged renewal in five interactions; then extend, revise, withdraw, and be told."""

import pytest

from mutualisation.models import Declaration
from tests.factories import PASSWORD, Monde
from tests.mutualisation.editions import bloc, exclude
from tests.navigateur.clavier import Clavier

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
