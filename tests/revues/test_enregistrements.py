"""What a retrait leaves without object among the reviews."""

from datetime import date, timedelta
from typing import Any

import pytest

from revues.enregistrements import orphans
from socle import horloge
from socle.registres import Consequence
from tests.factories import Monde, RevueFactory, domaine

EFFECT = date(2028, 1, 1)
pytestmark = pytest.mark.django_db


def lost(monde: Monde, *codes: str) -> list[Consequence]:
    leaving = frozenset(domaine(monde.epci, code).pk for code in codes)
    return list(orphans(monde.a.commune, leaving, EFFECT))


def said(monde: Monde, *codes: str) -> list[str]:
    return [consequence.texte for consequence in lost(monde, *codes)]


def test_the_reviews_of_a_domain_left_are_said_long_before_its_day(monde: Monde, client: Any):
    (consequence,) = lost(monde, "DA")
    assert consequence.texte == "sans objet les revues d'un domaine"
    values = {"epci": monde.epci, "commune": monde.a.commune, "domaine": domaine(monde.epci, "DB")}
    RevueFactory(**values)
    client.force_login(monde.a.dgs)
    page = client.get(consequence.url)
    assert list(page.context["page"]) == [monde.a.revue]  # neither another domain nor what was held


def test_the_reviews_of_two_domains_are_listed_together(monde: Monde, client: Any):
    values = {"epci": monde.epci, "commune": monde.a.commune, "domaine": domaine(monde.epci, "DB")}
    other = RevueFactory(**values)
    (consequence,) = lost(monde, "DA", "DB")
    assert consequence.texte == "sans objet les revues de 2 domaines"
    client.force_login(monde.a.dgs)
    assert set(client.get(consequence.url).context["page"]) == {monde.a.revue, other}


def test_without_any_to_come_those_held_are_shown(monde: Monde, client: Any):
    monde.a.revue.delete()
    (consequence,) = lost(monde, "DA")
    client.force_login(monde.a.dgs)
    assert list(client.get(consequence.url).context["page"]) == [monde.a.revue_tenue]


def test_a_domain_never_reviewed_leaves_nothing(monde: Monde):
    assert said(monde, "DC") == []


def test_reviews_of_long_ago_no_longer_count(monde: Monde):
    RevueFactory(
        epci=monde.epci,
        commune=monde.a.commune,
        domaine=domaine(monde.epci, "DC"),
        prevue_at=horloge.now() - timedelta(days=200),
    )
    assert said(monde, "DC") == []
