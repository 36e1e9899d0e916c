"""The next edition of the catalogue, by keyboard only: split, merge, form a bloc, see who is touched, freeze."""

import pytest

from mutualisation.models import Catalogue
from tests.factories import Monde
from tests.navigateur.clavier import Clavier

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_next_edition_by_keyboard(monde: Monde, clavier: Clavier) -> None:
    clavier.sign_in(monde.direction)
    clavier.open("/catalogue/")
    clavier.press("Préparer l'édition suivante", "a")
    clavier.press("Préparer l'édition", "button")
    clavier.press("Voirie", "a")
    clavier.press("Voirie, activité 1", "a")
    clavier.press("La scinder", "a")
    clavier.type("Nouvelles activités", "Chaussée")
    clavier.page.keyboard.press("Enter")
    clavier.page.keyboard.type("Trottoirs")
    clavier.press("Scinder", "button")
    clavier.press("Voirie, activité 2", "a")
    clavier.press("La fusionner", "a")
    clavier.type("Nom de l'activité réunie", "Abords")
    clavier.toggle("Fusionner aussi avec une activité d'un autre domaine")
    clavier.toggle("Espaces vert : Espaces verts, activité 1")
    clavier.press("Fusionner", "button")
    clavier.press("Former un bloc", "a")
    clavier.type("Nom du bloc", "Sols")
    clavier.toggle("Chaussée")
    clavier.toggle("Trottoirs")
    clavier.press("Former le bloc", "button")
    assert "Chaussée, Trottoirs" in clavier.text()
    clavier.press("Catalogue 2029", "a")
    clavier.press("Relire et geler", "a")
    assert "se scinde en « Chaussée » et « Trottoirs »" in clavier.text()
    assert "2 communes, 2 partages" in clavier.text()
    clavier.press("Geler l'édition", "button")
    assert "Catalogue 2029 gelé." in clavier.text()
    assert Catalogue.objects.get(effective_on__year=2029).gele
