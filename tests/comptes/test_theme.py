"""The EPCI's stylesheet."""

from http import HTTPStatus

import pytest

from socle.couleur import contrast_with_white, readable
from tests.comptes import captured
from tests.factories import EpciFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("couleur", ["#ffffff", "#ffcc00", "#e2001a", "#0f3a5a", "#000000"])
def test_the_colour_is_always_readable(client, couleur):
    response = client.get(f"/theme/{EpciFactory(couleur=couleur).pk}.css")
    found = captured(r"^:root { --epci: (#[0-9a-f]{6}); }\n$", response.content.decode())
    assert contrast_with_white([int(found[i : i + 2], 16) for i in (1, 3, 5)]) >= 7
    assert response["Content-Type"] == "text/css; charset=utf-8"
    assert "max-age=3600" in response["Cache-Control"]


def test_a_dark_colour_is_left_as_it_is():
    assert readable("#0f3a5a", 7) == "#0f3a5a"
    assert readable("#767676", 4.5) == "#767676"
    assert readable("#777777", 4.5) != "#777777"


def test_no_colour_no_rule(client):
    response = client.get(f"/theme/{EpciFactory().pk}.css")
    assert (response.status_code, response.content) == (HTTPStatus.OK, b"")


def test_an_unknown_epci_has_no_sheet(client):
    assert client.get("/theme/99999.css").status_code == HTTPStatus.NOT_FOUND
