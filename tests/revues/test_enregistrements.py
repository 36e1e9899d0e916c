"""What a retrait leaves without object among the reviews."""

from datetime import date, timedelta

import pytest

from revues.enregistrements import orphans
from socle import horloge
from tests.factories import Monde, RevueFactory, domaine

EFFECT = date(2028, 1, 1)
pytestmark = pytest.mark.django_db


def said(monde: Monde, *codes: str) -> list[str]:
    leaving = frozenset(domaine(monde.epci, code).pk for code in codes)
    return [consequence.texte for consequence in orphans(monde.a.commune, leaving, EFFECT)]


def test_the_reviews_of_a_domain_left_are_said_long_before_its_day(monde: Monde):
    assert said(monde, "DA") == ["sans objet les revues de 1 domaine"]


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
