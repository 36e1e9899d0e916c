"""Three contracts at once, by keyboard: what will happen, launch, follow, cancel, take up again, take away."""

import io
from zipfile import ZipFile

import pytest

from contrats.models import LotContrats
from contrats.workflows.lot import treat
from journal.workflows.tache import run_due
from tests.contrats.lots import states, three
from tests.factories import Monde
from tests.navigateur.clavier import Clavier

pytestmark = pytest.mark.django_db(transaction=True)
# The page shows itself again once nothing moves.
STILL = "#avancement:not([hx-get])"


def test_three_contracts_from_the_review_to_the_archive(monde: Monde, clavier: Clavier) -> None:
    three(monde)
    clavier.sign_in(monde.direction)
    clavier.open("/contrats/")
    clavier.press("Agir sur plusieurs contrats à la fois")
    assert "Le projet est à jour" in clavier.text()
    _review(monde, clavier)
    _settle_the_second_time(monde, clavier)
    _take_away(clavier)


def _review(monde: Monde, clavier: Clavier) -> None:
    """Two of the three, the third being left unticked; cancelled half-way, then taken up again."""
    _choose(clavier, 1)
    assert "3 contrats peuvent l'être sur 3" in clavier.text()
    clavier.check_reflow()
    clavier.toggle("Saint-Louis-de-Montferrand")
    clavier.press("Lancer sur les contrats cochés", "button")
    assert "0 sur 2 contrats traités" in clavier.text()
    clavier.check_reflow()
    lot = LotContrats.objects.get()
    treat(ligne=lot.lignes.order_by("commune__tri")[0].pk)
    clavier.press("Annuler ce qui reste", "button")
    assert "Ce qui est fait reste fait." in clavier.text()
    assert states(monde) == ["en_relecture", "projet", "projet"]
    clavier.press("Reprendre le contrat qui n'est pas fait", "button")
    run_due()
    clavier.page.wait_for_selector(STILL)
    assert "2 sur 2 contrats traités" in clavier.text()
    assert states(monde) == ["en_relecture", "en_relecture", "projet"]


def _settle_the_second_time(monde: Monde, clavier: Clavier) -> None:
    """One is refused, mended, and done with the others' numbers after it."""
    clavier.press("Lots")
    clavier.check_reflow()
    clavier.press("Agir sur plusieurs contrats")
    _choose(clavier, 2)
    assert "2 contrats peuvent l'être sur 3" in clavier.text()
    clavier.press("Lancer sur les contrats cochés", "button")
    monde.b.version.engagements.update(niveau_attendu="")
    run_due()
    clavier.page.wait_for_selector(STILL)
    clavier.check()
    assert "1 fait, 1 refusé." in clavier.text()
    assert "Le niveau de service attendu" in clavier.text()
    monde.b.version.engagements.update(niveau_attendu="Deux jours.")
    clavier.press("Reprendre le contrat qui n'est pas fait", "button")
    run_due()
    clavier.page.wait_for_selector(STILL)
    clavier.check()
    assert "CA-2028-002 (PDF)" in clavier.text()


def _take_away(clavier: Clavier) -> None:
    link = clavier.page.get_by_role("link", name="Télécharger les documents (ZIP)")
    archive = ZipFile(io.BytesIO(clavier.fetch(link.get_attribute("href"))))
    assert [name[8:] for name in archive.namelist()[1:]]
    assert len(archive.namelist()) == 3


def _choose(clavier: Clavier, rank: int) -> None:
    """The act of a rank in the list, the first being 0; the list starts on the act shown."""
    clavier.focus("Ce que vous voulez faire", "select")
    clavier.page.keyboard.press("Home")
    for _ in range(rank):
        clavier.page.keyboard.press("ArrowDown")
    clavier.press("Afficher", "button")
