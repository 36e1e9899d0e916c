"""A real browser: the system's Chromium, headless, on a live server."""

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Page

from demo.horloge import current_offset, set_now
from socle import horloge
from tests.factories import Monde, build_world
from tests.navigateur.clavier import Clavier

DAY = datetime(2027, 2, 10, 9, tzinfo=UTC)
# Playwright keeps an event loop in this thread; the ORM is called from it between two pages.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Debian's Chromium when there is one; otherwise the browser that Playwright knows."""
    system = shutil.which("chromium") or shutil.which("chromium-browser")
    return {
        **browser_type_launch_args,
        "args": list(QUIET),
        **({"executable_path": system} if system else {}),
    }


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "locale": "fr-FR", "viewport": {"width": 1280, "height": 900}}


@pytest.fixture
def moving_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock of the demonstration is in force: the banner moves it."""
    monkeypatch.setattr(horloge, "_offset_source", current_offset)


@pytest.fixture
def monde(moving_clock: None) -> Monde:
    """The world on its day; the server stands in another thread, so its clock is the database's."""
    with horloge.at(DAY):
        world = build_world()
    set_now(DAY)
    return world


@pytest.fixture
def clavier(page: Page, live_server: Any) -> Iterator[Clavier]:
    """A page driven by keyboard only; any error of a script fails the test."""
    page.set_default_timeout(10_000)
    assert settings.DEMO
    one = Clavier(page, live_server.url)
    yield one
    assert not one.errors, one.errors
