"""Every address × every role: the table of tests/routes is complete, and true."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.factories import Monde
from tests.pages import PageClient
from tests.routes import ROLES, ROUTES, Route, person

METHODS = ("GET", "POST")
SIGNED_OUT = ("an", "je")  # a token opens the API only


def names(resolver: Any = None, namespaces: tuple[str, ...] = ()) -> Iterator[str]:
    """The full name of every address of the site, « ? » for one without a name."""
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            yield from names(entry, (*namespaces, *([entry.namespace] if entry.namespace else [])))
        elif isinstance(entry, URLPattern):
            yield ":".join([*namespaces, entry.name or "?"])


def client_of(monde: Monde, role: str) -> tuple[Client, dict[str, str]]:
    """A client signed in as a role, and the headers it adds."""
    client = PageClient()
    if role == "je":
        return client, {"Authorization": f"Bearer {monde.secret}"}
    user = person(monde, role)
    if user:
        client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return client, {}


def play(monde: Monde, route: Route, method: str, url: str) -> dict[str, int]:
    """The code each role gets; what a role wrote is undone before the next one comes."""
    # As a browser does: no form is quite empty.
    data = {"csrfmiddlewaretoken": "x", **route.data(monde)} if method == "POST" else None
    codes = {}
    for role in ROLES:
        with transaction.atomic():
            client, headers = client_of(monde, role)
            send = client.post if method == "POST" else client.get
            response = send(url, data, headers=headers)
            codes[role] = response.status_code
            if response.streaming:
                list(response)  # read to its end, which closes the file behind it
            if route.kind == "page" and role in SIGNED_OUT:
                assert response["Location"].startswith("/connexion/"), f"{method} {url}: done for {role}"
            transaction.set_rollback(True)
    return codes


def test_every_address_is_in_the_table_and_the_table_holds_nothing_else():
    found = list(names())
    assert "?" not in {name.rpartition(":")[2] for name in found}, "every address has a name"
    assert sorted(found) == sorted(route.name for route in ROUTES)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_each_role_gets_what_the_table_says(monde: Monde, route: Route):
    url = reverse(route.name, kwargs=route.args(monde))
    for method in METHODS:
        assert (method, play(monde, route, method, url)) == (method, route.expected(method))
