"""The instruction by keyboard only: 28 communes decided at once, a line completed after a comment, the point d'arrêt."""

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from demo.horloge import set_now
from mutualisation.models import Ligne
from tests.factories import DeclarationFactory, LigneFactory, Monde, activite, member_commune
from tests.mutualisation.gestes_instruction import ask, evaluations
from tests.navigateur.clavier import Clavier

pytestmark = pytest.mark.django_db(transaction=True)
COMMUNES = 28


def _twenty_eight(monde: Monde) -> list[Ligne]:
    """One line to decide in each of 28 communes."""
    lignes = []
    for number in range(COMMUNES):
        commune = member_commune(monde.epci, nom=f"Commune {number:02d}")
        declaration = DeclarationFactory(cycle=monde.cycle, commune=commune, deposee=True)
        lignes.append(LigneFactory(declaration=declaration, activite=activite(monde.epci, "DB-01")))
    return lignes


def test_twenty_eight_lines_at_once(monde: Monde, clavier: Clavier) -> None:
    lignes = _twenty_eight(monde)
    clavier.sign_in(monde.direction)
    clavier.open(reverse("mutualisation:instruction", args=[monde.cycle.pk]))
    clavier.press("Cocher toutes celles de cette page", "a")
    clavier.toggle(", Commune 07")  # the box of one line, unticked
    clavier.choose("Pour les lignes cochées", "Reporter")
    clavier.type("Motif", "Recrutement en cours.")
    clavier.press("Appliquer aux lignes cochées", "button")
    assert "27 lignes traitées." in clavier.text()
    states = list(Ligne.objects.filter(pk__in=[one.pk for one in lignes]).values_list("arbitrage", flat=True))
    assert (states.count("reportee"), states.count("a_instruire")) == (27, 1)
    clavier.press("Revenir à la liste", "a")
    assert "Recrutement en cours." in clavier.text()


def test_complete_after_a_comment(monde: Monde, clavier: Clavier) -> None:
    ligne = ask(monde, "DB-01")[0]
    _comment(monde, clavier, ligne)
    _answer(monde, clavier)
    _receive(monde, clavier, ligne)


def _comment(monde: Monde, clavier: Clavier, ligne: Ligne) -> None:
    clavier.sign_in(monde.direction)
    clavier.open(reverse("mutualisation:ligne", args=[ligne.pk]))
    clavier.toggle("Demander un complément")
    clavier.type("Ce que la commune doit compléter", "Combien d'agents ?")
    clavier.press("Demander à la commune", "button")
    assert "le délai est suspendu" in clavier.text()


def _answer(monde: Monde, clavier: Clavier) -> None:
    clavier.sign_in(monde.a.dgs)
    clavier.open("/")
    clavier.press("Répondre : Compléter", "a")
    clavier.type("Votre réponse", "Deux agents.")
    clavier.type("Ce que la commune demande", "Tout le recrutement.")
    clavier.press("Envoyer la réponse", "button")
    assert "Réponse envoyée" in clavier.text()


def _receive(monde: Monde, clavier: Clavier, ligne: Ligne) -> None:
    clavier.sign_in(monde.direction)
    clavier.open(reverse("mutualisation:ligne", args=[ligne.pk]))
    assert "Tout le recrutement." in clavier.text() and "Deux agents." in clavier.text()
    clavier.press("Déclarer recevable", "button")
    assert "recevable" in clavier.text()


def test_fill_an_evaluation_and_confirm_the_point_d_arret(monde: Monde, clavier: Clavier) -> None:
    ligne = ask(monde, "DB-01")[0]
    evaluation = evaluations(monde.a.declaration)[0]
    set_now(datetime(2027, 3, 8, 9, tzinfo=UTC))  # the campaign is over
    clavier.sign_in(monde.a.dgs)
    clavier.open(reverse("mutualisation:evaluation", args=[evaluation.pk]))
    clavier.type("Service rendu aujourd'hui", "Deux agents recrutent pour la commune.")
    clavier.type("Agents, en ETP", "2,5")
    clavier.type("Budget de fonctionnement", "48 500,50")
    clavier.type("Budget d'investissement", "0")
    clavier.press("Enregistrer et transmettre", "button")
    assert "Transmise" in clavier.text()
    clavier.open(reverse("mutualisation:arret", args=[ligne.declaration_id]))
    clavier.press("Relire et confirmer", "button")
    assert "Vous confirmez vos choix tels qu'ils sont." in clavier.text()
    clavier.press("Confirmer au nom de la commune", "button")
    assert "Vos choix sont confirmés." in clavier.text()
