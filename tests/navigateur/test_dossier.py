"""From the sittings of a council to its dossier, by keyboard."""

import io

import docx
import pytest

from tests.factories import Monde
from tests.navigateur.clavier import Clavier, plain

pytestmark = pytest.mark.django_db(transaction=True)


def test_from_the_sittings_to_the_dossier(monde: Monde, clavier: Clavier) -> None:
    clavier.sign_in(monde.a.dgs)
    clavier.open(f"/contrats/versions/{monde.a.version.pk}/circuit/")
    clavier.press("Séances du conseil municipal")
    assert "Aucune séance à venir n'est saisie." in clavier.text()
    _enter(clavier)
    clavier.press("Retirer : séance du mardi 9 novembre 2027", "button")
    assert "Séance du mardi 9 novembre 2027 retirée" in clavier.text()
    clavier.check_reflow()
    _download(monde, clavier)


def _enter(clavier: Clavier) -> None:
    """A slip is told beside what was typed; corrected, the days are there."""
    clavier.type("Jours des séances", "vendredi 15 octobre 2027\nlundi 9 novembre 2027")
    clavier.type("Lieu ou objet", "Hôtel de ville")
    with clavier.page.expect_navigation() as arrival:
        clavier.focus("Ajouter", "button")
        clavier.page.keyboard.press("Enter")
    clavier.arrived(arrival.value, 422)
    assert "ce jour est un mardi" in clavier.text()
    assert "lundi 9 novembre 2027" in clavier.page.input_value("textarea[name=jours]")
    clavier.focus("Jours des séances", "textarea")
    clavier.page.keyboard.press("Control+a")
    clavier.page.keyboard.type("vendredi 15 octobre 2027\n09/11/2027")
    clavier.press("Ajouter", "button")
    assert "2 séances ajoutées" in clavier.text() and "Hôtel de ville" in clavier.text()


def _download(monde: Monde, clavier: Clavier) -> None:
    clavier.open(f"/contrats/versions/{monde.a.version.pk}/circuit/")
    clavier.focus("Dossier de conseil, projet (DOCX)", "a")
    with clavier.page.expect_download() as arrived:
        clavier.page.keyboard.press("Enter")
    assert arrived.value.suggested_filename == f"{monde.a.version.reference}-dossier-de-conseil.docx"
    document = docx.Document(io.BytesIO(arrived.value.path().read_bytes()))
    words = [plain(one.text) for one in document.paragraphs]
    assert "Séance retenue : le vendredi 15 octobre 2027" in words
