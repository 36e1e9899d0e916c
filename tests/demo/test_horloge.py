"""The clock of the demonstration moves forward only, and replays what fell due, each at its own instant."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from demo.horloge import advance, current_offset, set_now
from demo.models import Decalage
from journal.models import Tache
from journal.workflows.tache import schedule
from socle import horloge, registres
from socle.erreurs import Refus
from tests import factories

pytestmark = pytest.mark.django_db
START = datetime(2027, 2, 10, 8, tzinfo=UTC)


@pytest.fixture
def moving(monkeypatch):
    """The clock of the demonstration, in force, stopped on a Wednesday of February 2027."""
    monkeypatch.setattr(horloge, "_offset_source", current_offset)
    set_now(START)


@pytest.fixture
def seen(monkeypatch):
    """A kind of job that writes down when it believes it runs."""
    instants = []
    handlers = {
        **registres.taches._functions,
        "essai": lambda tache: instants.append((tache.cle, horloge.now())),
    }
    monkeypatch.setattr(registres.taches, "_functions", handlers)
    return instants


def test_the_offset_is_kept_in_the_database(moving):
    assert abs(horloge.now() - START) < timedelta(seconds=5)
    assert abs(timezone.now() + Decalage.objects.get().duree - START) < timedelta(seconds=5)


def test_what_falls_due_is_replayed_in_order_each_at_its_own_instant(moving, seen):
    epci = factories.EpciFactory()
    for days in (20, 5, 400):
        due_at = START + timedelta(days=days)
        schedule(epci=epci, type="essai", cle=f"essai:{days}", due_at=due_at)

    assert advance(START + timedelta(days=30)) == 2

    assert seen == [("essai:5", START + timedelta(days=5)), ("essai:20", START + timedelta(days=20))]
    assert list(Tache.objects.filter(faite_at=None).values_list("cle", flat=True)) == ["essai:400"]
    assert horloge.today("UTC") == date(2027, 3, 12)


def test_a_job_late_already_runs_at_the_present_instant(moving, seen):
    schedule(epci=factories.EpciFactory(), type="essai", cle="essai", due_at=START - timedelta(days=3))

    advance(START + timedelta(days=1))

    assert seen[0][1] >= START


@pytest.mark.parametrize("delta", [timedelta(0), timedelta(days=-1), timedelta(days=4 * 366)])
def test_backwards_and_too_far_are_refused(moving, delta):
    with pytest.raises(Refus):
        advance(START + delta)

    assert abs(horloge.now() - START) < timedelta(seconds=5)
