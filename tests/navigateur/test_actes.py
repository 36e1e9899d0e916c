"""The assemblies, by keyboard only: a deliberation with its file, an opinion, the EPCI's act, the convention, the board."""

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from demo.horloge import set_now
from mutualisation.models import Acte, Convention, Ligne
from tests.documents.fichiers import pdf_bytes
from tests.factories import Monde
from tests.mutualisation.gestes import accept, one_ready_line
from tests.navigateur.clavier import Clavier

pytestmark = pytest.mark.django_db(transaction=True)
DECEMBER = datetime(2027, 12, 15, 9, tzinfo=UTC)
PDF = {"name": "délibération.pdf", "mimeType": "application/pdf", "buffer": pdf_bytes()}


@pytest.fixture
def ligne(monde: Monde) -> Ligne:
    """A line of A, accepted; the assemblies have voted."""
    found = accept(one_ready_line(monde.a.declaration, monde.a.dgs), monde.direction)
    set_now(DECEMBER)
    return found


def test_from_the_first_opinion_to_the_convention(monde: Monde, ligne: Ligne, clavier: Clavier) -> None:
    clavier.sign_in(monde.direction)
    clavier.open(reverse("mutualisation:actes", args=[monde.cycle.pk]))
    _opinion(clavier)
    clavier.press("Qui manque quoi", "a")
    clavier.press("Enregistrer sa délibération")
    clavier.page.set_input_files("#id_fichier", files=[PDF])
    _act(clavier, "2027-11-24")
    clavier.press("Enregistrer un acte de l'EPCI")
    _act(clavier, "2027-11-26")
    assert "actes complets" in clavier.text()
    clavier.press("Ouvrir le suivi de 1 convention", "button")
    _convention(clavier)
    clavier.open(reverse("mutualisation:actes", args=[monde.cycle.pk]))
    assert "Approuvée" in clavier.text() and "Rendu" in clavier.text()
    clavier.check_reflow()
    _correct(clavier)
    _read(monde, clavier)


def _opinion(clavier: Clavier) -> None:
    clavier.press("L'Haÿ-les-Roses", "a")
    assert "En attente d'acte" in clavier.text()
    clavier.press("Enregistrer l'avis de son comité")
    clavier.fill_date("Rendu le", "2027-10-12")
    clavier.choose("Collège du personnel", "favorable")
    clavier.press("Enregistrer l'avis", "button")
    assert "rendu le 12 octobre 2027" in clavier.text()


def _act(clavier: Clavier, day: str) -> None:
    clavier.type("Numéro", f"N-{day}")
    clavier.fill_date("Adopté le", day)
    clavier.fill_date("Exécutoire le", day)
    clavier.press("Enregistrer l'acte", "button")


def _convention(clavier: Clavier) -> None:
    clavier.press("Convention de services communs", "a")
    assert "La fiche d'impact n'est pas au dossier." in clavier.text()
    clavier.page.set_input_files("#id_piece-fichier", files=[PDF])
    clavier.press("Verser au dossier", "button")
    assert "délibération.pdf" in clavier.text()
    clavier.fill_date("Approuvée par les deux assemblées le", "2027-11-26")
    clavier.press("Enregistrer le suivi", "button")
    assert Convention.objects.get().etat == Convention.Etat.APPROUVEE
    clavier.check_reflow()


def _correct(clavier: Clavier) -> None:
    clavier.press("Actes enregistrés", "a")
    clavier.press("Délibération du conseil municipal n° N-2027-11-24", "a")
    clavier.type("Numéro", "2027-112")
    clavier.press("Enregistrer la correction", "button")
    assert "Acte n° 2027-112 corrigé." in clavier.text()
    clavier.check_reflow()
    assert Acte.objects.filter(numero="2027-112", annule_at=None).exists()


def _read(monde: Monde, clavier: Clavier) -> None:
    clavier.sign_in(monde.a.dgs)
    clavier.open(reverse("mutualisation:declaration", args=[monde.a.declaration.pk]))
    clavier.press("Actes et convention", "a")
    assert "Effet le 1er janvier 2028" in clavier.text()
    clavier.check_reflow()
