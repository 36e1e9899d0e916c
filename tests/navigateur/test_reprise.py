"""Taking over what exists, by keyboard: download, deposit, correct, deposit again, confirm, undo."""

from datetime import date
from pathlib import Path

import pytest

from mutualisation.models import Adhesion
from tests.factories import Monde
from tests.mutualisation.feuilles import Type, book
from tests.navigateur.clavier import Clavier

pytestmark = pytest.mark.django_db(transaction=True)
FIELD = "#id_adhesions-fichier"


def test_a_sheet_from_its_faults_to_its_end(monde: Monde, clavier: Clavier, tmp_path: Path) -> None:
    wrong, right = tmp_path / "adhesions.xlsx", tmp_path / "adhesions-corrigees.xlsx"
    wrong.write_bytes(book(Type.ADHESIONS, ["Œuily", "DA-02", "1er janvier 2016"]))
    right.write_bytes(
        book(
            Type.ADHESIONS,
            ["Œuilly", "DA-02", "1er janvier 2016"],
            ["L'Haÿ-les-Roses", "DA-03", date(2018, 1, 1)],
        )
    )
    clavier.sign_in(monde.direction)
    clavier.open("/premiers-pas/")
    clavier.check_reflow()
    clavier.press("Reprendre une feuille d'adhésions")

    # The window that chooses a file belongs to the system: the browser is handed the file as that window would.
    clavier.page.set_input_files(FIELD, wrong)
    clavier.press("Vérifier la feuille : Les adhésions")
    assert "vouliez-vous dire « Œuilly »" in clavier.text()
    clavier.check_reflow()

    clavier.press("déposez de nouveau la feuille")
    clavier.page.set_input_files(FIELD, right)
    clavier.press("Vérifier la feuille : Les adhésions")
    assert "lignes à écrire : 2 communes et 2 activités" in clavier.text()
    assert not Adhesion.objects.filter(origine="reprise").exists()

    clavier.press("Reprendre ces 2 lignes")
    assert "2 lignes sont reprises." in clavier.text()
    assert Adhesion.objects.filter(origine="reprise").count() == 2

    clavier.press("Annuler cette reprise")
    assert "2 adhésions" in clavier.text()
    clavier.check_reflow()
    clavier.press("Annuler la reprise", "button")
    assert "2 lignes sont retirées." in clavier.text()
    assert not Adhesion.objects.filter(origine="reprise").exists()
