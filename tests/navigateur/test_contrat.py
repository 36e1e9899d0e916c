"""A contract from its fiche to its avenant, by keyboard: prepare, remark, settle, vote, issue, sign, verify, amend, compare."""

from pathlib import Path

import pytest

from contrats.models import Verification
from journal.workflows.tache import run_due
from tests.contrats.gestes import present
from tests.documents.signatures import signataire, signed
from tests.factories import Monde
from tests.navigateur.clavier import Clavier

pytestmark = pytest.mark.django_db(transaction=True)
DAY = "2027-02-10"


def test_from_the_fiche_to_the_signatures(monde: Monde, clavier: Clavier, tmp_path: Path) -> None:
    circuit = f"/contrats/versions/{monde.a.version.pk}/circuit/"
    clavier.sign_in(monde.direction)
    _write(monde, clavier)
    clavier.open(circuit)
    clavier.press("Envoyer en relecture", "button")
    _remark_and_answer(monde, clavier, circuit)
    clavier.press("Arrêter pour le vote", "button")
    run_due()
    _vote(clavier)
    _name_the_president(monde, clavier)
    clavier.open(circuit)
    clavier.press("Émettre l'exemplaire à signer", "button")
    run_due()
    _sign(clavier, circuit, tmp_path)
    _verify(monde, clavier)
    _amend(monde, clavier)


def _write(monde: Monde, clavier: Clavier) -> None:
    clavier.open(f"/engagements/{monde.a.engagement.pk}/modifier/")
    clavier.type("Promis par le contrat", "Chaque demande reçoit une réponse sous deux jours.")
    clavier.press("Enregistrer la fiche", "button")
    assert "sous deux jours" in clavier.text()


def _remark_and_answer(monde: Monde, clavier: Clavier, circuit: str) -> None:
    clavier.sign_in(monde.a.dgs)
    clavier.open("/")
    clavier.press("Relire")
    assert "À relire par votre commune" in clavier.text()
    clavier.choose("À propos de", "Article 7")
    clavier.type("Remarque", "Précisez le rythme.")
    clavier.press("Envoyer la remarque", "button")
    clavier.sign_in(monde.direction)
    clavier.open(circuit)
    assert "Article 7" in clavier.text()
    clavier.type("Réponse", "Chaque mois, en mairie.")
    clavier.press("Répondre", "button")
    clavier.press("Clore cette remarque", "button")


def _vote(clavier: Clavier) -> None:
    for rank, number in ((1, "2027-41"), (2, "2027-612")):
        clavier.focus("Type d'acte", "select")
        for _ in range(rank):  # no accent is typed into a list
            clavier.page.keyboard.press("ArrowDown")
        clavier.type("Numéro", number)
        clavier.fill_date("Adopté le", DAY)
        clavier.fill_date("Exécutoire le", DAY)
        clavier.press("Enregistrer", "button")
    assert "Le signataire de la Métropole" in clavier.text()


def _name_the_president(monde: Monde, clavier: Clavier) -> None:
    clavier.press("Qui signe les contrats")
    clavier.press("Signataires de la Métropole")
    clavier.choose("Personne", str(monde.direction))
    clavier.type("Qualité", "présidente")
    clavier.press("Nommer", "button")
    assert "peut signer à compter du 10 février 2027" in clavier.text()


def _sign(clavier: Clavier, circuit: str, folder: Path) -> None:
    issued = clavier.fetch(clavier.page.get_by_role("link", name="Exemplaire à signer").get_attribute("href"))
    back = folder / "signe.pdf"
    back.write_bytes(signed(issued, signataire("Claire Vasseur"), signataire("Ada Leroy")))
    clavier.page.set_input_files("input[type=file]", back)
    clavier.press("Examiner ce fichier", "button")
    assert "octet pour octet" in clavier.text()
    assert "Ada Leroy" in clavier.text()
    clavier.check_reflow()
    assert "signature non trouvée" in clavier.text()
    clavier.type("Pourquoi ce fichier convient", "Signé par une adjointe, par délégation.")
    clavier.press("Ce fichier est l'exemplaire signé", "button")
    assert "Contrat initial : signé" in clavier.text()


def _verify(monde: Monde, clavier: Clavier) -> None:
    clavier.sign_in(None)
    document = present(monde.a.version).a_signer
    clavier.open(f"/v/{Verification.objects.get(document=document).code}/")
    assert "il entre en vigueur le 1er janvier 2028" in clavier.text()


def _amend(monde: Monde, clavier: Clavier) -> None:
    clavier.sign_in(monde.direction)
    clavier.open(f"/contrats/{monde.a.version.contrat_id}/")
    clavier.press("Ouvrir un avenant")
    clavier.type("Ce que l'avenant change", "Une réponse plus rapide")
    clavier.fill_date("Prend effet le", "2029-01-01")
    clavier.press("Ouvrir l'avenant", "button")
    assert "Avenant n° 1" in clavier.text()
    clavier.press(str(monde.domaine))
    clavier.press("Modifier la fiche")
    clavier.type("Promis par le contrat", "Chaque demande reçoit une réponse sous un jour.")
    clavier.press("Enregistrer la fiche", "button")
    _compare(monde, clavier)


def _compare(monde: Monde, clavier: Clavier) -> None:
    clavier.sign_in(monde.a.maire)
    clavier.open(f"/contrats/{monde.a.version.contrat_id}/")
    clavier.press("Ce que l'avenant change")
    assert "sous deux jours" in clavier.text()
    assert "sous un jour" in clavier.text()
    clavier.check_reflow()
