"""The list of the évaluations préalables: who sees which, filters, sheets."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from comptes.roles import Role
from mutualisation.models import Evaluation
from tests.factories import (
    DeclarationFactory,
    EvaluationFactory,
    LigneFactory,
    Monde,
    holder,
    member_commune,
)
from tests.mutualisation.gestes_instruction import ask, evaluations, fill

pytestmark = pytest.mark.django_db


def asked(monde: Monde) -> Evaluation:
    """A extends DA and enters DB: the évaluation of DA."""
    ask(monde)
    return evaluations(monde.a.declaration)[0]


def url(monde: Monde, **query: Any) -> str:
    return reverse("mutualisation:evaluations", args=[monde.cycle.pk], query=query)


def test_each_sees_his_own(monde: Monde, client: Any):
    asked(monde)
    ask(monde, "DC-01", cote=monde.b)
    evaluations(monde.b.declaration)
    for who, count in (
        (monde.direction, 3),
        (monde.a.dgs, 2),
        (monde.responsable, 1),
        (monde.b.dgs, 1),
        (holder(Role.DGS, monde.epci, commune=monde.c), 0),
    ):
        client.force_login(who)
        assert (who, client.get(url(monde)).context["avancement"].total) == (who, count)


def test_filters_and_sheets(monde: Monde, client: Any):
    evaluation = asked(monde)
    fill(evaluation, monde.a.dgs, service_rendu="=1+1")
    client.force_login(monde.direction)
    page = client.get(url(monde, etat="transmise")).context["page"]
    assert list(page.object_list) == [evaluation]
    sheet = client.get(url(monde, etat="transmise", format="csv")).content.decode("utf-8-sig")
    assert len(sheet.splitlines()) == 2
    assert ";2,50;80000,00;0,00;'=1+1;" in sheet
    assert client.get(url(monde, format="xlsx")).content[:2] == b"PK"


def test_the_number_of_queries_does_not_grow(monde: Monde, client: Any):
    asked(monde)
    client.force_login(monde.direction)
    with CaptureQueriesContext(connection) as few:
        client.get(url(monde))
    for number in range(8):
        commune = member_commune(monde.epci, nom=f"Commune {number:02d}")
        declaration = DeclarationFactory(cycle=monde.cycle, commune=commune, deposee=True)
        EvaluationFactory(ligne=LigneFactory(declaration=declaration), transmise=True)
    with CaptureQueriesContext(connection) as many:
        client.get(url(monde))
    assert len(many) <= len(few)
