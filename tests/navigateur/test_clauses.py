"""Clauses by keyboard: draft, insert a field, preview, rehearse, publish; then the contract reads them."""

import pytest

from tests.factories import Monde
from tests.navigateur.clavier import Clavier

pytestmark = pytest.mark.django_db(transaction=True)


def test_from_a_draft_to_the_contract(monde: Monde, clavier: Clavier) -> None:
    clavier.sign_in(monde.direction)
    clavier.open("/contrats/")
    clavier.press("Clauses du contrat")
    clavier.press("Préparer de nouvelles clauses", "button")
    clavier.press("Modifier Article 1 – Objet")
    clavier.focus("Texte", "textarea")
    clavier.page.keyboard.press("Control+A")
    clavier.page.keyboard.type("Le contrat de ")
    clavier.focus("Insérer ce champ", "button")
    clavier.page.keyboard.press("Enter")
    clavier.page.keyboard.type(".")
    assert clavier.page.input_value("textarea") == "Le contrat de {Nom de la commune}."
    clavier.focus("Aperçu pour", "select")
    for _ in range(2):  # no accent is typed into a list
        clavier.page.keyboard.press("ArrowDown")
    clavier.press("Voir l'aperçu", "button")
    assert "Le contrat de Œuilly." in clavier.text()
    clavier.check_reflow()
    clavier.press("Enregistrer l'article", "button")
    clavier.press("Voir ce qui change dans les contrats")
    assert "2 contrats en préparation" in clavier.text()
    clavier.press("Publier les clauses", "button")
    assert "les contrats en préparation les impriment désormais" in clavier.text()
    clavier.sign_in(monde.b.dgs)
    clavier.open(f"/contrats/versions/{monde.b.version.pk}/lire/")
    assert "Le contrat de Œuilly." in clavier.text()
    clavier.check_reflow()
