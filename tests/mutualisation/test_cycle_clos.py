"""Once a cycle is closed its decisions are final; a late act is still recorded."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from django.urls import reverse

from comptes.models import Personne
from mutualisation.models import Declaration, Ligne
from mutualisation.workflows.arret import confirm_for_epci, reopen
from mutualisation.workflows.cycle import close_cycle
from mutualisation.workflows.effet import set_effect_date
from mutualisation.workflows.instruction import accept_all, mark_receivable
from socle.droits import ActionInterdite
from socle.erreurs import Refus
from tests.factories import Monde
from tests.mutualisation.gestes import accept, text_of, vote
from tests.mutualisation.gestes_instruction import AFTER, ask, comment, confirm, decide, give_avis

AtTime = Callable[[Any], datetime]
CLOSED = date(2028, 2, 10)


@pytest.fixture
def lignes(monde: Monde, at_time: AtTime) -> list[Ligne]:
    """Three lines of A, the first accepted, in a cycle closed since."""
    found = ask(monde)
    at_time(AFTER)
    accept(found[0], monde.direction)
    confirm(Declaration.objects.get(pk=monde.a.declaration.pk), monde.a.dgs)
    at_time(CLOSED)
    close_cycle(cycle=monde.cycle, acteur=monde.direction)
    return found


Act = Callable[[Declaration, list[Ligne], Personne], Any]
ACTS: dict[str, Act] = {
    "rouvrir": lambda one, lignes, who: reopen(declaration=one, acteur=who, motif="x"),
    "confirmer": lambda one, lignes, who: confirm_for_epci(declaration=one, acteur=who, qualite="x"),
    "arbitrer": lambda one, lignes, who: decide(lignes[0], who, "refusee", "x"),
    "tout accepter": lambda one, lignes, who: accept_all(declaration=one, acteur=who, qualite="x"),
    "instruire": lambda one, lignes, who: mark_receivable(ligne=lignes[1], acteur=who),
    "étudier": lambda one, lignes, who: give_avis(lignes[1], who, "favorable"),
}


@pytest.mark.parametrize("act", ACTS)
def test_nothing_is_decided_any_more(monde: Monde, lignes: list[Ligne], act: str):
    present = Declaration.objects.get(pk=monde.a.declaration.pk)
    with pytest.raises(Refus, match="Le cycle 2028 est clos"):
        ACTS[act](present, lignes, monde.direction)
    with pytest.raises(ActionInterdite):
        ACTS[act](present, lignes, monde.a.lecteur)


def test_nothing_is_asked_either(monde: Monde, lignes: list[Ligne]):
    with pytest.raises(Refus, match="Le cycle 2028 est clos"):
        comment(monde, lignes[1])


def test_the_pages_offer_nothing(monde: Monde, lignes: list[Ligne], client: Any):
    client.force_login(monde.direction)
    line = text_of(client.get(reverse("mutualisation:ligne", args=[lignes[1].pk])))
    assert "Enregistrer la décision" not in line and "Déclarer recevable" not in line
    assert "Rouvrir" not in text_of(client.get(reverse("mutualisation:arret", args=[monde.a.declaration.pk])))


def test_a_late_act_is_recorded_and_its_lines_dated(monde: Monde, lignes: list[Ligne]):
    for epci in (False, True):
        vote(monde.a.declaration, monde.direction, lignes=lignes[:1], epci=epci, executoire_on=CLOSED)
    dated = set_effect_date(ligne=lignes[0], acteur=monde.direction, effet_on=date(2028, 3, 1))
    assert dated.effet_on == date(2028, 3, 1)


def test_the_page_that_closes_says_so(monde: Monde, client: Any, at_time: AtTime):
    at_time(CLOSED)
    client.force_login(monde.direction)
    text = text_of(client.get(reverse("mutualisation:cycle_clore", args=[monde.cycle.pk])))
    assert "Un acte tardif s'enregistre encore" in text
