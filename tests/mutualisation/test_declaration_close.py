"""A draft that the campaign left without deposit: nothing changes, and what it asked is told apart."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.urls import reverse

from mutualisation.models import Declaration
from mutualisation.workflows.declaration import withdraw_declaration
from tests.factories import Monde
from tests.mutualisation.gestes import prepare, submit, text_of

AtTime = Callable[[Any], datetime]
APART = "Ce que le brouillon, non déposé, demandait"
FERMETURE = "2027-02-27 09:00"


def read_by(client: Any, who: Any, declaration: Declaration) -> str:
    client.force_login(who)
    return text_of(client.get(reverse("mutualisation:declaration", args=[declaration.pk])))


@pytest.fixture
def withdrawn(monde: Monde) -> Declaration:
    """A asked for more and left Voirie, submitted, took its deposit back."""
    motifs = {monde.domaine.pk: "Retour en régie."}
    prepare(monde.a.declaration, monde.a.dgs, plus=["DB-01"], moins=["DA-01"], motifs=motifs)
    done = submit(monde.a.declaration, monde.a.dgs)
    return withdraw_declaration(declaration=done, acteur=monde.a.dgs, version=done.version)


@pytest.mark.parametrize("who", ["dgs", "lecteur"])
def test_what_it_asked_is_no_more_announced(
    monde: Monde, client: Any, withdrawn: Declaration, at_time: AtTime, who: str
):
    at_time(FERMETURE)
    text = read_by(client, getattr(monde.a, who), withdrawn)
    assert "rien ne change au 1<sup>er</sup> janvier" in text and "Rien : la commune garde tous" in text
    asked = text[text.index(APART) :]
    assert "<b>Voirie</b><ul><li>votre commune reprend tout le domaine (1 activité)</li>" in asked
    assert '<li>motif : <span class="texte-libre">Retour en régie.</span>' in asked
    assert "votre commune confie" not in text[: text.index(APART)]
    for announced in ("en 2028", "première estimation", "Retrait</span>", "Ce que demande le retrait"):
        assert announced not in text
    assert "Effet sur l'attribution de compensation : aucun." in text


def test_before_the_last_day_it_is_still_a_draft(monde: Monde, client: Any, withdrawn: Declaration):
    text = read_by(client, monde.a.lecteur, withdrawn)
    assert APART not in text and "votre commune reprend" in text


def test_a_draft_nobody_touched_asked_nothing(monde: Monde, client: Any, at_time: AtTime):
    at_time(FERMETURE)
    assert APART not in read_by(client, monde.a.dgs, monde.a.declaration)


def test_a_commune_that_was_replaced_is_told_nothing_of_the_day_of_effect(
    monde: Monde, client: Any, withdrawn: Declaration
):
    Declaration.objects.filter(pk=withdrawn.pk).update(etat="remplacee")
    text = read_by(client, monde.a.dgs, withdrawn)
    assert APART in text and "Ce qui change au" not in text.replace('aria-label="Ce qui change"', "")
