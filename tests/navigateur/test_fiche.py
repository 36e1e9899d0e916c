"""A fiche prepared by two people, by keyboard: the library, what is taken up, the programme, and a clash without loss."""

import pytest

from contrats.models import Engagement, LigneProgramme
from contrats.workflows.contrat import save_engagement
from tests.contrats.gestes_fiche import indicator
from tests.factories import Monde
from tests.navigateur.clavier import WIDEST, Clavier

pytestmark = pytest.mark.django_db(transaction=True)
ENDLESS = "Anticonstitutionnellement" * 100
TEXTS = (
    ("a" * 19_000 + " " + ENDLESS)[:20_000],
    "👍🏽 🚧 مرحبا بالعالم שלום \u202eenvers\u202c " * 50,
    '<p class="MsoNormal"><o:p></o:p><b>gras</b></p><img src="file:///etc/passwd">' * 20,
)


def test_from_the_library_to_the_programme(monde: Monde, clavier: Clavier) -> None:
    clavier.sign_in(monde.direction)
    _write_the_reference(clavier)
    fiche = f"/engagements/{monde.a.engagement.pk}/"
    clavier.sign_in(monde.a.dgs)
    clavier.open(fiche)
    _take_it_up(clavier)
    _adapt_it_while_the_other_writes(monde, clavier)
    _plan(clavier)


def _write_the_reference(clavier: Clavier) -> None:
    clavier.open("/contrats/")
    clavier.press("Fiches de référence")
    clavier.press("Voirie")
    clavier.press("Écrire la fiche du domaine")
    clavier.type("Ce que fait le service", "Entretenir les chaussées.")
    clavier.type("Promis par le contrat", "Un nid-de-poule est rebouché en cinq jours.")
    clavier.press("Enregistrer la fiche de référence", "button")
    assert "Entretenir les chaussées." in clavier.text()


def _take_it_up(clavier: Clavier) -> None:
    clavier.press("Reprendre la fiche de référence")
    clavier.toggle("Reprendre ce texte : Ce que fait le service")
    clavier.press("Reprendre ce qui est coché", "button")
    assert "Entretenir les chaussées." in clavier.text()
    assert "1 rubrique telle quelle" in clavier.text()
    assert "rebouché en cinq jours" not in clavier.text(), "not ticked, not taken"


def _adapt_it_while_the_other_writes(monde: Monde, clavier: Clavier) -> None:
    clavier.press("Modifier la fiche")
    fiche = Engagement.objects.get(pk=monde.a.engagement.pk)
    other = {"missions": "Entretenir les trottoirs.", "horaires": "De 8 h à 17 h."}
    save_engagement(engagement=fiche, acteur=monde.direction, version=fiche.version, valeurs=other)
    clavier.type("Ce que fait le service", "Entretenir tout.")
    clavier.type("Ce qu'il ne fait pas", "Les chemins privés.")
    clavier.focus("Enregistrer la fiche", "button")
    with clavier.page.expect_navigation() as arrival:
        clavier.page.keyboard.press("Enter")
    clavier.arrived(arrival.value, 409)
    clavier.check_reflow()
    assert "Entretenir les trottoirs." in clavier.text() and "Entretenir tout." in clavier.text()
    clavier.press("Enregistrer ma version", "button")
    fiche.refresh_from_db()
    assert (fiche.missions, fiche.limites) == ("Entretenir tout.", "Les chemins privés.")
    assert fiche.horaires == "De 8 h à 17 h.", "what she did not touch keeps what the other wrote"


def _plan(clavier: Clavier) -> None:
    clavier.press("Écrire et suivre le programme")
    clavier.type("Ce qui est prévu", "Curage des avaloirs")
    clavier.toggle("mars")
    clavier.press("Ajouter au programme", "button")
    clavier.press("Modifier ou reporter")
    clavier.type("Pourquoi", "Engin en panne")
    clavier.press("Reporter la ligne", "button")
    assert "reporté à avril 2028" in clavier.text()
    clavier.press("C'est fait", "button")
    clavier.check_reflow()
    assert LigneProgramme.objects.get().etat == "fait"
    clavier.press("2029")
    clavier.press("Copier le programme 2028", "button")
    assert "Curage des avaloirs" in clavier.text()
    clavier.press("Revenir à la fiche d'engagement")


def test_a_fiche_full_of_anything_stays_usable(monde: Monde, clavier: Clavier) -> None:
    fiche = monde.a.engagement
    missions, niveau, limites = TEXTS
    valeurs = {"missions": missions, "niveau_attendu": niveau, "limites": limites, "horaires": ENDLESS[:300]}
    save_engagement(engagement=fiche, acteur=monde.direction, version=1, valeurs=valeurs)
    for rank in range(40):
        indicator(fiche, libelle=f"{rank} {ENDLESS[:190]}", unite=ENDLESS[:60], cible=9_999_999_999)
    clavier.sign_in(monde.direction)
    for path in ("", "modifier/", "reference/"):
        clavier.open(f"/engagements/{fiche.pk}/{path}")
        clavier.check_reflow()
        clavier.page.set_viewport_size({"width": 375, "height": 700})
        assert clavier.page.evaluate(WIDEST) <= 0
        clavier.page.set_viewport_size({"width": 1280, "height": 900})
