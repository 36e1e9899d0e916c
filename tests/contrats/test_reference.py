"""Taking up the reference: shown before it replaces anything, what was adopted is remembered, changes are told."""

from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.urls import reverse

from contrats.forms.fusion import SEEN, fingerprints
from contrats.models import Engagement, Fiche
from contrats.reference import read_propositions, state_of_rubric, summary
from contrats.workflows.contrat import prepare_contract, save_engagement
from contrats.workflows.fiche import save_reference
from journal.models import Evenement
from tests.factories import (
    AdhesionFactory,
    EvaluationFactory,
    FicheActiviteFactory,
    FicheFactory,
    activite,
    domaine,
)

INDICATOR = {
    "libelle": "Délai",
    "unite": "jours",
    "reference": 9,
    "cible": 5,
    "tolerance": 1,
    "sens": "baisse",
}


@pytest.fixture
def fiche(monde: Any) -> Engagement:
    return Engagement.objects.get(pk=monde.a.engagement.pk)


@pytest.fixture
def reference(monde: Any) -> Fiche:
    found: Fiche = FicheFactory(epci=monde.epci, indicateurs=[INDICATOR])
    return found


def said(response: Any) -> str:
    text: str = unescape(response.content.decode())
    return text.replace("\u00a0", " ").replace("\u202f", " ").replace("’", "'")


def url(fiche: Engagement) -> str:
    return reverse("contrats:engagement_reference", args=[fiche.pk])


def boxes(fiche: Engagement, *keys: str) -> dict[str, Any]:
    """What the page sends once the boxes whose name begins so are ticked."""
    fresh = Engagement.objects.get(pk=fiche.pk)
    offered = read_propositions(fresh)
    chosen = [one.valeur for one in (*offered.textes, *offered.mesures) if one.cle.startswith(keys)]
    assert chosen
    return {"reprendre": chosen} | {f"{SEEN}{name}": vue for name, vue in fingerprints(fresh).items()}


def tick(client: Any, who: Any, fiche: Engagement, data: dict[str, Any]) -> Any:
    client.force_login(who)
    return client.post(url(fiche), data)


def state(fiche: Engagement, name: str = "missions") -> str:
    fresh = Engagement.objects.get(pk=fiche.pk)
    return state_of_rubric(fresh, name, Fiche.objects.filter(domaine=fresh.domaine).first())[1]


def rewrite(monde: Any, reference: Fiche, **texts: str) -> None:
    reference.refresh_from_db()
    save_reference(
        fiche=reference,
        acteur=monde.direction,
        version=reference.version,
        valeurs=texts,
        indicateurs=reference.indicateurs,
    )


def adapt(monde: Any, fiche: Engagement, **texts: str) -> None:
    fresh = Engagement.objects.get(pk=fiche.pk)
    save_engagement(engagement=fresh, acteur=monde.direction, version=fresh.version, valeurs=texts)


def test_only_what_is_ticked_is_taken_up(
    monde: Any, client: Any, fiche: Engagement, reference: Fiche
) -> None:
    assert tick(client, monde.a.dgs, fiche, boxes(fiche, "fiche-missions", "domaine-")).status_code == 302
    fiche.refresh_from_db()
    assert (fiche.missions, fiche.niveau_attendu) == (reference.missions, "")
    assert fiche.indicateurs.get().cible == 5
    assert state(fiche) == "la référence, telle quelle" and state(fiche, "niveau_attendu") == "vide"
    assert Evenement.objects.about(fiche)[0].acteur == monde.a.dgs


def test_both_texts_are_shown_before_one_replaces_the_other(
    monde: Any, client: Any, fiche: Engagement, reference: Fiche
) -> None:
    adapt(monde, fiche, missions="Écrit ici.")
    client.force_login(monde.a.dgs)
    page = said(client.get(url(fiche)))
    assert "Écrit ici." in page and reference.missions in page
    assert "Remplacer le texte du contrat par celui-ci" in page and "écrite pour ce contrat" in page
    assert "checked" not in page


def test_the_life_of_a_rubric(monde: Any, client: Any, fiche: Engagement, reference: Fiche) -> None:
    tick(client, monde.a.dgs, fiche, boxes(fiche, "fiche-missions"))
    rewrite(monde, reference, missions="Nouvelle référence.")
    assert state(fiche) == "la référence a changé depuis"
    rewrite(monde, reference, missions="Entretenir les chaussées et les trottoirs.")
    adapt(monde, fiche, missions="Entretenir, ici.")
    assert state(fiche) == "adaptée"
    rewrite(monde, reference, missions="Encore une autre.")
    assert state(fiche) == "adaptée ; la référence a changé depuis"
    fiche.refresh_from_db()
    assert fiche.missions == "Entretenir, ici.", "what was adopted stays"
    assert summary(fiche) == "1 dont la référence a changé"
    client.force_login(monde.a.dgs)
    assert "1 dont la référence a changé" in said(client.get(reverse("contrats:engagement", args=[fiche.pk])))


def test_a_contract_begun_from_the_reference_knows_it(monde: Any, reference: Fiche) -> None:
    AdhesionFactory(epci=monde.epci, commune=monde.c, activite=activite(monde.epci))
    day = monde.a.version.effective_on
    made = prepare_contract(
        epci=monde.epci, commune=monde.c, effective_on=day, acteur=monde.direction
    ).engagements.get()
    rewrite(monde, reference, missions="Autre.")
    assert state(made) == "la référence a changé depuis"


def test_sent_twice_it_is_taken_up_once(monde: Any, client: Any, fiche: Engagement, reference: Fiche) -> None:
    FicheActiviteFactory(epci=monde.epci)
    data = boxes(fiche, "fiche-missions", "activite-", "domaine-")
    for _ in range(2):
        assert tick(client, monde.a.dgs, fiche, data).status_code == 302
    fiche.refresh_from_db()
    assert fiche.missions == f"{reference.missions}\n\nReboucher les nids-de-poule."
    assert fiche.indicateurs.count() == 1 and fiche.version == 2


def test_activities_not_shared_propose_nothing(monde: Any, fiche: Engagement) -> None:
    FicheActiviteFactory(epci=monde.epci, activite=activite(monde.epci, "DA-02"))
    assert read_propositions(fiche).textes == []


def test_a_rubric_written_meanwhile_is_not_replaced(
    monde: Any, client: Any, fiche: Engagement, reference: Fiche
) -> None:
    data = boxes(fiche, "fiche-missions")
    adapt(monde, fiche, missions="Écrit pendant ce temps.")
    response = tick(client, monde.a.dgs, fiche, data)
    assert response.status_code == 409
    assert f"{monde.direction} a changé « Ce que fait le service »" in said(response)
    assert "Écrit pendant ce temps." in said(response) and "checked" in response.content.decode()
    assert tick(client, monde.a.dgs, fiche, boxes(fiche, "fiche-missions")).status_code == 302


def test_a_reference_that_changed_meanwhile_is_read_again(
    monde: Any, client: Any, fiche: Engagement, reference: Fiche
) -> None:
    data = boxes(fiche, "fiche-missions")
    rewrite(monde, reference, missions="Autre chose.")
    response = tick(client, monde.a.dgs, fiche, data)
    assert response.status_code == 409 and "relisez, puis choisissez de nouveau" in said(response)
    fiche.refresh_from_db()
    assert fiche.missions == ""


def test_nothing_ticked_and_too_long_are_said(
    monde: Any, client: Any, fiche: Engagement, reference: Fiche
) -> None:
    response = tick(client, monde.a.dgs, fiche, {})
    assert response.status_code == 422 and "Cochez ce que vous reprenez." in said(response)
    FicheActiviteFactory(epci=monde.epci, missions="b" * 4000)
    adapt(monde, fiche, missions="a" * 19_000)
    response = tick(client, monde.a.dgs, fiche, boxes(fiche, "activite-"))
    assert response.status_code == 422 and "23 002 caractères : 20 000 au plus" in said(response)


def test_the_evaluation_is_proposed_in_words_never_silently(
    monde: Any, client: Any, fiche: Engagement
) -> None:
    EvaluationFactory(ligne=monde.a.ligne, transmise=True, equipement="Un camion", etp=Decimal("2.5"))
    client.force_login(monde.a.dgs)
    assert "80 000 € par an en fonctionnement" in said(client.get(url(fiche)))
    fiche.refresh_from_db()
    assert fiche.evaluation_prealable == ""
    assert tick(client, monde.a.dgs, fiche, boxes(fiche, "evaluation")).status_code == 302
    fiche.refresh_from_db()
    assert fiche.evaluation_prealable == (
        "Deux agents entretiennent la voirie.\n"
        "Moyens : 2,5 ETP, 80\u202f000 € par an en fonctionnement, aucun investissement.\n"
        "Équipement, locaux et contrats : Un camion"
    )


def test_an_evaluation_not_handed_over_is_not_proposed(monde: Any, fiche: Engagement) -> None:
    EvaluationFactory(ligne=monde.a.ligne, service_rendu="Brouillon")
    assert read_propositions(fiche).textes == []


def test_the_example_of_the_reference_is_never_copied(monde: Any, fiche: Engagement) -> None:
    FicheFactory(epci=monde.epci, evaluation_exemple="Exemple inventé", missions="", niveau_attendu="")
    assert read_propositions(fiche).textes == []


def test_a_domain_without_reference_says_so(monde: Any, client: Any, fiche: Engagement) -> None:
    client.force_login(monde.a.dgs)
    assert "Rien de plus n'est proposé." in said(client.get(url(fiche)))


def test_another_domain_proposes_nothing_here(monde: Any, fiche: Engagement) -> None:
    FicheFactory(epci=monde.epci, domaine=domaine(monde.epci, "DB"))
    assert read_propositions(fiche).textes == []
