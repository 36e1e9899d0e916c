"""Away from tomorrow, and who is called instead: by keyboard, on a phone first."""

import pytest

from mutualisation.models import Absence
from tests.factories import Monde
from tests.navigateur.clavier import WIDEST, Clavier

pytestmark = pytest.mark.django_db(transaction=True)
PHONE = {"width": 375, "height": 740}


def test_an_absence_is_noted_then_somebody_else_is_called(monde: Monde, clavier: Clavier) -> None:
    dgs = monde.a.dgs
    dgs.telephone = "05 56 00 00 06"
    dgs.save()
    clavier.sign_in(monde.a.referent)
    clavier.open("/mes-absences/")
    clavier.fill_date("Premier jour", "2027-02-10")
    clavier.fill_date("Dernier jour", "2027-02-19")
    clavier.press("Noter l'absence", "button")
    assert "absence jusqu'au 19 février 2027" in clavier.text()
    clavier.press("Modifier")
    clavier.choose("Qui appeler à la place", "Claude DGS")
    clavier.press("Enregistrer", "button")
    assert Absence.objects.get().suppleant == dgs
    _call(monde, clavier)
    clavier.sign_in(monde.a.referent)
    clavier.open("/mes-absences/")
    clavier.press("Retirer", "button")
    assert not Absence.objects.exists()


def _call(monde: Monde, clavier: Clavier) -> None:
    clavier.sign_in(monde.responsable)
    clavier.page.set_viewport_size(PHONE)
    clavier.open("/qui-appeler/")
    clavier.choose("Commune", "L'Haÿ")
    clavier.press("Afficher", "button")
    clavier.press("Voirie")
    said = clavier.text()
    assert "pendant cette absence" in said.lower() and "absence jusqu'au 19 février 2027" in said
    clavier.focus("05 56 00 00 06", "a")
    assert clavier.page.evaluate("() => document.activeElement.href") == "tel:0556000006"
    assert clavier.page.evaluate(WIDEST) <= 0


def test_a_seat_about_to_be_empty_is_filled_from_the_deadlines(monde: Monde, clavier: Clavier) -> None:
    monde.siege.titulaires.update(fin="2027-03-01")
    clavier.sign_in(monde.direction)
    clavier.open("/")
    assert "1 siège va rester sans personne" in clavier.text()
    clavier.press("Nommer")
    clavier.check_reflow()
    clavier.press("Nommer : Voirie")
    clavier.choose("Qui", "Claude Responsable-Autre")
    clavier.fill_date("À compter du", "2027-03-01")
    clavier.press("Nommer", "button")
    clavier.open("/referents/a-pourvoir/")
    assert "Aucun siège ne va rester sans personne." in clavier.text()
