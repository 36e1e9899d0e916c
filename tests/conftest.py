"""What every test gets: guards, a client that checks pages, a clock that can be stopped.

Fixtures: `client` (checks each page), `api_client`, `at_time`, `wakes`, `tick`, `mailoutbox` (pytest-django), `monde`.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date, datetime
from datetime import time as clock_time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from hypothesis import settings as properties
from rest_framework.test import APIClient

from socle import horloge
from tests import gardes
from tests.pages import PageClient

PARIS = ZoneInfo("Europe/Paris")
gardes.install()
# The same examples at each run, and no deadline: a loaded machine is not a fault.
properties.register_profile("maison", derandomize=True, deadline=None, database=None)
properties.load_profile("maison")


@pytest.fixture(autouse=True)
def _no_unknown_variable() -> Iterator[None]:
    gardes.unknown_variables.clear()
    yield
    assert not gardes.unknown_variables, f"unknown template variables: {gardes.unknown_variables}"


@pytest.fixture(autouse=True)
def _true_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock of the demonstration is installed with the app: out of the way, unless a test installs it again."""
    monkeypatch.setattr(horloge, "_offset_source", None)


@pytest.fixture(autouse=True)
def wakes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """One entry each time a worker would have been woken; nothing leaves, but under the marker `broker`."""
    woken: list[str] = []
    if request.node.get_closest_marker("broker") is None:
        monkeypatch.setattr("journal.reveil._wake", lambda: woken.append("tick"))
    return woken


@pytest.fixture
def client() -> Client:
    """A client whose HTML responses are checked (tests/pages.py) and whose commits are played."""
    return PageClient()


@pytest.fixture
def api_client() -> APIClient:
    """The client of REST framework: `api_client.credentials(HTTP_AUTHORIZATION="Bearer …")`."""
    return APIClient()


@pytest.fixture
def at_time() -> Iterator[Callable[[datetime | date | str], datetime]]:
    """`at_time("2027-02-10 10:00")` stops socle.horloge there (Paris time when no zone is said) until the test ends.

    A day alone means ten in the morning. Sessions, tokens and throttling stay on real time.
    """
    with ExitStack() as stack:

        def stop(instant: datetime | date | str) -> datetime:
            if isinstance(instant, str):
                instant = (
                    datetime.fromisoformat(instant) if len(instant) > 10 else date.fromisoformat(instant)
                )
            if not isinstance(instant, datetime):
                instant = datetime.combine(instant, clock_time(10))
            aware = instant if instant.tzinfo else instant.replace(tzinfo=PARIS)
            stack.enter_context(horloge.at(aware))
            return aware

        yield stop


@pytest.fixture
def tick() -> Callable[[], None]:
    """What the beat does: run the jobs that are due, then send the mails that wait."""

    def run() -> None:
        from journal.tasks import tick as task

        task()

    return run


@pytest.fixture
def monde(db: None, at_time: Callable[[Any], datetime]) -> Any:
    """Two EPCI with every role filled in, on 10 February 2027 in an open campaign: see tests.factories.Monde."""
    from tests.factories import build_world

    at_time("2027-02-10 10:00")
    return build_world()


@pytest.fixture
def people(monde: Any) -> Any:
    """One person for each role, all of commune A: see tests.etats."""
    from tests.etats import everyone

    return everyone(monde)
