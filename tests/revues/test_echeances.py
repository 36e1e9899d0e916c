"""What reviews expect of a responsable: the first ones one by one, the others counted, none forgotten."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse

from config.echeances import greeting
from revues.echeances import deadlines
from revues.models import Revue
from socle import horloge
from socle.registres import Echeance
from tests.factories import RevueFactory
from tests.mutualisation.gestes import text_of

PAST = datetime(2026, 12, 1, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _nothing_planned(monde: Any) -> None:
    Revue.objects.filter(epci=monde.epci, etat=Revue.Etat.PREVUE).delete()


def plan(monde: Any, count: int, first: datetime) -> None:
    """Reviews of DA in A, one a day."""
    for rank in range(count):
        RevueFactory(
            epci=monde.epci,
            commune=monde.a.commune,
            periode_on=date(2000 + rank, first.month, 1),
            prevue_at=first + timedelta(days=rank),
        )


def asked(monde: Any) -> list[Echeance]:
    (titre,) = monde.responsable.acces.titres
    return list(deadlines(monde.responsable, titre, monde.epci.today))


def test_sixteen_minutes_awaited_are_sixteen_things(monde: Any, client: Any) -> None:
    plan(monde, 16, PAST)
    rows = asked(monde)
    assert [row.titre for row in rows[5:]] == ["Et 11 autres comptes rendus attendus"]
    assert rows[5].due_on == (PAST + timedelta(days=5)).date()
    assert greeting(rows) == "Bonjour. 16 choses vous attendent."
    client.force_login(monde.responsable)
    home = text_of(client.get(reverse("accueil")))
    assert "Bonjour. 16 choses vous attendent." in home
    assert "16 revues" in text_of(client.get(rows[5].url))


def test_the_sixth_has_its_own_row(monde: Any) -> None:
    plan(monde, 6, PAST)
    assert [row.nombre for row in asked(monde)] == [1] * 6


def test_late_ones_do_not_hide_those_to_hold(monde: Any) -> None:
    plan(monde, 8, PAST)
    plan(monde, 8, horloge.now() + timedelta(hours=1))
    assert [row.titre for row in asked(monde) if row.nombre > 1] == [
        "Et 3 autres comptes rendus attendus",
        "Et 3 autres revues à tenir",
    ]
    assert sum(row.nombre for row in asked(monde)) == 16
