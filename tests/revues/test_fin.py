"""The end of a contract: its half-yearly reviews are not held any more, and none is planned."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from contrats.models import Contrat
from journal.models import Evenement
from revues.models import Revue
from revues.workflows.revue import create_month
from socle import horloge
from territoire.models.epci import WorkingDays
from tests.contrats.gestes import signed
from tests.contrats.test_fin import FIN, end
from tests.factories import Monde, RevueFactory

pytestmark = pytest.mark.django_db
JUNE = datetime(2029, 6, 12, 9, tzinfo=UTC)


def of_contract(monde: Monde, at: datetime, commune: Any = None) -> Revue:
    made: Revue = RevueFactory(
        epci=monde.epci,
        commune=commune or monde.a.commune,
        contrat=True,
        periode_on=date(at.year, 1 if at.month < 7 else 7, 1),
        prevue_at=at,
    )
    return made


def planned(monde: Monde, first: date) -> list[str]:
    """The kinds of the reviews that a month plans for A."""
    with horloge.at(datetime(first.year, first.month, 1, 1, tzinfo=UTC)):
        days = WorkingDays(monde.epci)
        made = create_month(epci=monde.epci, commune=monde.a.commune, rank=0, first=first, days=days)
    return sorted({one.type for one in made})


def test_the_contract_reviews_after_the_end_are_closed_and_say_why(monde: Monde):
    signed(monde)
    after, before = of_contract(monde, JUNE), of_contract(monde, datetime(2028, 6, 12, 9, tzinfo=UTC))
    other = of_contract(monde, JUNE, monde.b.commune)
    domaine = RevueFactory(
        epci=monde.epci, commune=monde.a.commune, prevue_at=JUNE, periode_on=date(2029, 6, 1)
    )
    end(monde)
    for one in (after, before, other, domaine):
        one.refresh_from_db()
    assert (after.etat, before.etat, other.etat, domaine.etat) == ("non_tenue", "prevue", "prevue", "prevue")
    assert after.motif == "Le contrat n'engage plus à compter du 1er janvier 2029 : D'un commun accord."
    assert Evenement.objects.about(after).filter(type="revue.non_tenue").count() == 1


def test_no_contract_review_is_planned_once_it_has_ended(monde: Monde):
    signed(monde)
    end(monde)
    assert planned(monde, date(2028, 11, 1)) == ["contrat", "domaine"]
    assert planned(monde, date(2029, 5, 1)) == ["domaine"]


def test_another_contract_is_reviewed(monde: Monde):
    signed(monde)
    end(monde)
    ended = Contrat.objects.get(commune=monde.a.commune)
    Contrat.objects.create(epci=ended.epci, commune=ended.commune)
    assert ended.fin_on == FIN
    assert planned(monde, date(2029, 5, 1)) == ["contrat", "domaine"]
