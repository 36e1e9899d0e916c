"""Running a campaign and a territory by keyboard only: dates moved, communes reminded, a newer extract applied."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from demo.horloge import set_now
from journal.models import Courriel
from journal.workflows.tache import run_due
from mutualisation.models import Adhesion
from territoire.models import Commune
from tests.factories import Monde
from tests.navigateur.clavier import Clavier
from tests.territoire.releves import extract_file, new_commune, releve

pytestmark = pytest.mark.django_db(transaction=True)


def test_dates_are_moved_and_communes_reminded(monde: Monde, clavier: Clavier) -> None:
    clavier.sign_in(monde.direction)
    clavier.open("/campagne/")
    clavier.press("Calendrier 2028", "a")
    clavier.press("Changer les dates", "a")
    clavier.type("Décaler de", "2")
    clavier.press("Décaler les dates", "button")
    clavier.press("Voir ce que cela change", "button")
    assert "vendredi 12 mars 2027 14 jours plus tard" in " ".join(clavier.text().split())
    clavier.check_reflow()
    clavier.press("Enregistrer ces dates", "button")
    assert "du vendredi 15 janvier 2027 au vendredi 12 mars 2027 inclus" in clavier.text()
    clavier.open("/campagne/")
    clavier.press("Relancer celles qui n'ont pas déposé", "a")
    clavier.toggle("Œuilly")
    clavier.press("Relire le courriel", "button")
    assert "Dernier jour : le vendredi 12 mars 2027" in clavier.text()
    clavier.check_reflow()
    clavier.press("Envoyer", "button")
    assert "Courriel envoyé" in clavier.html()
    assert [mail.destinataire for mail in Courriel.objects.filter(type="declaration_relance")] == [
        monde.a.dgs
    ]


def test_a_newer_extract_is_read_then_applied(monde: Monde, clavier: Clavier, tmp_path: Path) -> None:
    both = (monde.a.commune, monde.b.commune)
    said = releve(monde.epci, sans=both, plus=(new_commune("Val-d'Œuilly", 14000),))
    fichier = tmp_path / "extrait.json.xz"
    fichier.write_bytes(extract_file(monde.epci, said))
    clavier.sign_in(monde.administrateur)
    clavier.open("/communes/evolution/")
    clavier.page.set_input_files("input[type=file]", str(fichier))  # what the dialog of the system would give
    clavier.press("Comparer", "button")
    assert "deviennent Val-d'Œuilly" in clavier.text()
    clavier.check_reflow()
    clavier.press("Enregistrer ces changements", "button")
    assert "Évolution des communes enregistrée" in clavier.html()
    set_now(datetime(2028, 1, 1, 1, tzinfo=UTC))
    run_due()
    shared = Adhesion.objects.on(datetime(2028, 1, 1, tzinfo=UTC).date())
    assert Commune.objects.get(nom="Val-d'Œuilly").pk in shared.values_list("commune", flat=True)
    clavier.open("/qui-partage-quoi/?le=2028-01-01")
    assert "Val-d'Œuilly" in clavier.text()
    clavier.open("/qui-partage-quoi/?le=2027-12-31")
    assert "Val-d'Œuilly" not in clavier.text()
