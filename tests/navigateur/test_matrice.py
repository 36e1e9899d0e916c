"""« Qui partage quoi » by keyboard only: a state, a cell by the arrows, two dates, the years, joining."""

from datetime import date

import pytest
from django.urls import reverse

from comptes.roles import Role
from mutualisation.models import Adhesion
from tests.factories import AdhesionFactory, Monde, activite, holder
from tests.navigateur.clavier import Clavier

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_state_a_cell_two_dates_the_years(monde: Monde, clavier: Clavier) -> None:
    AdhesionFactory(
        epci=monde.epci,
        commune=monde.b.commune,
        activite=activite(monde.epci, "DB-01"),
        debut=date(2027, 1, 1),
        nature=Adhesion.Nature.PRESTATION,
    )
    clavier.sign_in(monde.direction)
    clavier.open(reverse("mutualisation:matrice"))
    clavier.check_reflow()
    clavier.choose("État", "En prestation")
    clavier.press("Afficher", "button")
    assert "1 commune a au moins un domaine dans l'état « en prestation »." in clavier.text()
    _open_the_cell(clavier)
    _compare(clavier)
    clavier.open(reverse("mutualisation:evolution"))
    assert "Communes qui partagent" in clavier.text()
    clavier.check_reflow()


def _open_the_cell(clavier: Clavier) -> None:
    """One Tab stop, then the arrows: from the commune to the second domain."""
    clavier.focus("Œuilly", "a")
    clavier.page.keyboard.press("ArrowRight")
    clavier.page.keyboard.press("ArrowRight")
    with clavier.page.expect_navigation():
        clavier.page.keyboard.press("Enter")
    clavier.check()
    assert "depuis le 1er janvier 2027, en prestation" in clavier.text()


def _compare(clavier: Clavier) -> None:
    clavier.open(reverse("mutualisation:matrice"))
    clavier.press("Comparer deux dates", "a")
    clavier.fill_date("Entre le", "2026-01-01")
    clavier.press("Comparer", "button")
    assert "1 domaine arrivé, dans 1 commune." in clavier.text()
    clavier.check_reflow()
    clavier.press("Voir en liste", "a")
    assert "Œuilly" in clavier.text()
    assert "L'Haÿ-les-Roses" not in clavier.text()
    clavier.check_reflow()


def test_a_commune_not_yet_in_reads_what_joining_means(monde: Monde, clavier: Clavier) -> None:
    clavier.sign_in(holder(Role.DGS, monde.epci, commune=monde.c))
    clavier.open("/")
    clavier.press("Ce que rejoindre veut dire", "a")
    assert "moins de 5 communes" in clavier.text().lower()
    clavier.check_reflow()
