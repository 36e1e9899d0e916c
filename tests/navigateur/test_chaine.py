"""The whole chain, by keyboard only: declare, accept, acts, 1 January, matrix, contract, review, minutes, API."""

from datetime import UTC, date, datetime

import pytest

from comptes.models import Personne, Role
from demo.horloge import set_now
from demo.models import Visiteur
from documents.controle import check_pdf
from journal.workflows.tache import run_due
from mutualisation.models import Activite, Domaine
from mutualisation.workflows.catalogue import load_reference_catalogue
from mutualisation.workflows.cycle import open_cycle, prepare_cycle
from mutualisation.workflows.siege import appoint
from socle import horloge
from tests import factories
from tests.navigateur.clavier import Clavier

pytestmark = pytest.mark.django_db(transaction=True)
START = datetime(2027, 2, 10, 8, tzinfo=UTC)
SINCE = date(2020, 1, 1)


@pytest.fixture
def secret(moving_clock: None) -> str:
    """An EPCI in its campaign: Mérignac shares one activity of Finances. Returns the token of the intranet."""
    epci = factories.EpciFactory(nom="Bordeaux Métropole", type="METRO")
    commune = factories.member_commune(epci, nom="Mérignac")
    factories.member_commune(epci, nom="L'Haÿ-les-Roses")
    with horloge.at(datetime(2026, 11, 15, tzinfo=UTC)):
        load_reference_catalogue(epci=epci, effective_on=SINCE)
        factories.AdhesionFactory(
            epci=epci,
            commune=commune,
            activite=Activite.objects.get(code="FIN-01"),
            debut=date(2025, 1, 1),
            fin=None,
        )
        cycle = prepare_cycle(epci=epci, annee=2028, acteur=None)
    _people(epci, commune)
    with horloge.at(datetime(2026, 12, 1, 8, tzinfo=UTC)):
        open_cycle(cycle=cycle, acteur=None)
    set_now(START)
    service = factories.holder(Role.SERVICE, epci, nom="Intranet")
    return factories.JetonFactory.with_secret(personne=service)[1]


def _people(epci, commune) -> None:
    offered = {
        "DGS de Mérignac": factories.holder(
            Role.DGS, epci, commune=commune, nom="Etcheverry", prenom="Claire"
        ),
        "Direction des territoires": factories.holder(
            Role.DIRECTION_TERRITOIRES, epci, nom="Duprat", prenom="Paul"
        ),
    }
    finances = Domaine.objects.get(code="FIN")
    for cote, where in (("epci", None), ("commune", commune)):
        referent = Personne.objects.create(email=f"{cote}@exemple.invalid", nom="Référent", prenom=cote)
        appoint(
            epci=epci, cote=cote, domaine=finances, debut=SINCE, acteur=None, personne=referent, commune=where
        )
    for ordre, (text, personne) in enumerate(offered.items()):
        Visiteur.objects.create(personne=personne, presentation=text, ordre=ordre)


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
    clavier.press("DGS de Mérignac", "button")
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
    _leave(clavier, "Claire Etcheverry")


def _leave(clavier: Clavier, nom: str) -> None:
    clavier.toggle(nom)
    clavier.press("Se déconnecter", "button")


def _accept(clavier: Clavier) -> None:
    clavier.press("Direction des territoires", "button")
    clavier.press("Instruire")
    clavier.press("Accepter : Dette et trésorerie", "button")
    assert "acceptée" in clavier.text()


def _record_acts(clavier: Clavier) -> None:
    clavier.press("1er avril", "button")
    clavier.press("9 juillet", "button")
    clavier.press("8 octobre", "button")
    clavier.press("Mes échéances", "a")
    clavier.press("Enregistrer")
    clavier.press("Enregistrer sa délibération")
    _act(clavier, "2027-10-01")
    clavier.press("Enregistrer un acte de l'EPCI")
    _act(clavier, "2027-10-04")
    assert "complet" in clavier.text()


def _act(clavier: Clavier, day: str) -> None:
    clavier.type("Numéro", f"N-{day}")
    clavier.fill_date("Adopté le", day)
    clavier.fill_date("Exécutoire le", day)
    clavier.press("Enregistrer l'acte", "button")


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
