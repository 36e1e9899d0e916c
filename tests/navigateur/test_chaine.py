"""The whole chain, by keyboard only: declare, accept, acts, 1 January, matrix, contract, review, minutes, API."""

import pytest

from comptes.models import Role
from documents.controle import check_pdf
from journal.workflows.tache import run_due
from tests import factories
from tests.navigateur.annee import DGS, DIRECTION, campaign, leave, record_both_acts
from tests.navigateur.clavier import Clavier

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def secret(moving_clock: None) -> str:
    """The token of the intranet of an EPCI in its campaign."""
    service = factories.holder(Role.SERVICE, campaign(), nom="Intranet")
    return factories.JetonFactory.with_secret(personne=service)[1]


def test_the_whole_chain_by_keyboard(secret: str, clavier: Clavier) -> None:
    _declare(clavier)
    _accept(clavier)
    _record_acts(clavier)
    _first_of_january(clavier)
    _contract(clavier)
    _review(clavier)
    _read_by_api(clavier, secret)


def _declare(clavier: Clavier) -> None:
    clavier.open("/connexion/")
    clavier.press(DGS, "button")
    clavier.press("Déclarer")
    clavier.toggle("Finances")
    clavier.toggle("Dette et trésorerie")
    clavier.type("Pourquoi ce changement", "Départ en retraite de l'agent qui suivait la dette.")
    clavier.press("Relire et déposer", "button")
    assert "confie aussi" in clavier.text()
    clavier.press("Déposer", "button")
    assert "AD-2028-001" in clavier.text()
    run_due()
    octets = clavier.fetch(clavier.page.get_by_role("link", name="Accusé de dépôt").get_attribute("href"))
    assert check_pdf(octets) == []
    leave(clavier, "Claire Etcheverry")


def _accept(clavier: Clavier) -> None:
    clavier.press(DIRECTION, "button")
    clavier.press("Instruire")
    clavier.press("Accepter : Dette et trésorerie", "button")
    assert "acceptée" in clavier.text()


def _record_acts(clavier: Clavier) -> None:
    clavier.press("1er avril", "button")
    clavier.press("9 juillet", "button")
    clavier.press("8 octobre", "button")
    record_both_acts(clavier, 2027)


def _first_of_january(clavier: Clavier) -> None:
    clavier.press("Qui partage quoi", "a")
    assert "2 activités sur 8" not in clavier.page.content()
    clavier.press("1er janvier 2028", "button")
    assert "2 activités sur 8" in clavier.html()


def _contract(clavier: Clavier) -> None:
    clavier.press("Contrats", "a")
    clavier.press("Préparer le projet", "button")
    octets = clavier.fetch(
        clavier.page.get_by_role("link", name="Lire le projet").first.get_attribute("href")
    )
    assert check_pdf(octets) == []


def _review(clavier: Clavier) -> None:
    clavier.press("1er février", "button")
    clavier.press("Revues", "a")
    clavier.press("Revue Finances")
    clavier.press("Écrire le compte rendu")
    clavier.choose("Nature", "info")
    clavier.type("Ce qui a été dit", "Le programme du mois est tenu.")
    clavier.press("Relire et émettre", "button")
    clavier.press("Émettre le compte rendu", "button")
    assert "CR-2028-001" in clavier.text()
    run_due()
    octets = clavier.fetch(
        clavier.page.get_by_role("link", name="Lire le compte rendu").get_attribute("href")
    )
    assert check_pdf(octets) == []


def _read_by_api(clavier: Clavier, secret: str) -> None:
    held = clavier.read("/api/v1/revues/?etat=tenue", secret)
    assert [revue["domaine_code"] for revue in held] == ["FIN"]
    shared = clavier.read("/api/v1/adhesions/?le=2028-01-01", secret)
    assert [adhesion["activite_code"] for adhesion in shared] == ["FIN-01", "FIN-04"]
    types = [evenement["type"] for evenement in clavier.read("/api/v1/evenements/?taille=200", secret)]
    for expected in (
        "declaration.deposee",
        "ligne.arbitree",
        "acte.enregistre",
        "adhesion.ouverte",
        "revue.tenue",
    ):
        assert expected in types
