"""Every page of the address table: no axe violation, and nothing to scroll sideways at 320 px (400 % of 1,280)."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page

from demo.horloge import set_now
from socle import horloge
from tests import factories
from tests.navigateur.clavier import Clavier
from tests.routes import ROLES, ROUTES, Route, person

pytestmark = pytest.mark.django_db(transaction=True)
DAY = datetime(2027, 2, 10, 9, tzinfo=UTC)
READERS = ("di", "dA", "re", "ad", "an")
PAGES = [
    route
    for route in ROUTES
    if route.kind != "api" and not route.name.endswith(("pdf", "accuse", "theme", "sante", "schema"))
]
# Addresses that show no page of their own to any of READERS.
WITHOUT_PAGE = (
    # Buttons: POST only; what follows is another page of the table, or the form they stand in.
    *("comptes:deconnexion", "comptes:changer_contexte", "comptes:habilitation_nouvelle", "comptes:inviter"),
    *("comptes:habilitation_fin", "mutualisation:declaration_deposer", "mutualisation:cycle_ouvrir"),
    *("mutualisation:ligne_dater", "contrats:preparer", "demo:avancer", "demo:entrer"),
    # Nothing was being typed when the session ended: leads to the home page.
    "comptes:reprendre",
    # Leads to the instruction of the one cycle; its list is empty, and shown to an EPCI without cycle only.
    "mutualisation:instructions",
    # Shown once minutes are drafted: leads to the draft of a review that has none.
    "revues:emettre",
)
WIDEST = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


def reader(route: Route) -> str | None:
    """The first role, in order of rights, to whom the address answers with a page."""
    expected = route.expected("GET")
    return next((role for role in READERS if expected[role] == 200), None)


@pytest.fixture
def monde(moving_clock: None) -> factories.Monde:
    """The world on its day; the server stands in another thread, so its clock is the database's."""
    with horloge.at(DAY):
        world = factories.build_world()
    set_now(DAY)
    return world


def sign_in(page: Page, root: str, personne: Any) -> None:
    page.context.clear_cookies()
    if personne is not None:
        client = Client()
        client.force_login(personne, backend="django.contrib.auth.backends.ModelBackend")
        page.context.add_cookies(
            [{"name": settings.SESSION_COOKIE_NAME, "value": client.cookies["sessionid"].value, "url": root}]
        )


def test_every_page_is_accessible_and_reflows(monde: factories.Monde, clavier: Clavier) -> None:
    """One world and one browser for all the pages: the suite stays short."""
    for route in PAGES:
        role = reader(route)
        if role is None:
            continue
        sign_in(clavier.page, clavier.root, person(monde, role))
        clavier.page.set_viewport_size({"width": 1280, "height": 900})
        clavier.open(reverse(route.name, kwargs=route.args(monde)))
        clavier.page.set_viewport_size({"width": 320, "height": 700})
        assert clavier.page.evaluate(WIDEST) <= 0, f"{route.name} scrolls sideways at 320 px"


def test_every_page_has_a_reader_or_a_reason() -> None:
    assert {route.name for route in PAGES if reader(route) is None} == set(WITHOUT_PAGE)


def test_the_roles_that_read_are_in_the_table() -> None:
    assert set(READERS) <= set(ROLES)
