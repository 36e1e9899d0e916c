"""What was typed when the session ended comes back after sign-in."""

import re
from html import unescape
from http import HTTPStatus

import pytest

from comptes.models import Personne
from comptes.roles import Role
from tests.comptes import captured
from tests.factories import PASSWORD, EpciFactory, PersonneFactory, holder

LONG = "Un très long motif : « L'Haÿ-les-Roses », <b>gras</b> & 5 > 3.\r\nDeuxième ligne.\tFin."
SAISIE = {
    "email": "nouvelle@exemple.fr",
    "nom": 'O\'Neil "dit" <i>',
    "fonction": LONG,
    "role": "administrateur",
}
pytestmark = pytest.mark.django_db


@pytest.fixture
def administrateur():
    return holder(Role.ADMINISTRATEUR, EpciFactory())


def sign_in(client, personne, **more):
    return client.post("/connexion/", {"username": personne.email, "password": PASSWORD, **more})


def hidden_fields(page):
    form = captured(r'<form[^>]*id="renvoi"(.*?)</form>', page)
    pairs = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', form)
    return {unescape(name): unescape(value) for name, value in pairs if name != "csrfmiddlewaretoken"}


def action(page):
    return unescape(captured(r'<form[^>]*action="([^"]*)"[^>]*id="renvoi"', page))


class TestRoundTrip:
    def test_nothing_typed_is_lost(self, client, administrateur):
        away = client.post("/personnes/nouvelle/?a=1", {**SAISIE, "debut": "2027-02-10"})
        assert away.url == "/connexion/?next=/reprendre/"
        assert not Personne.objects.filter(email=SAISIE["email"]).exists()
        assert sign_in(client, administrateur, next="/reprendre/").url == "/reprendre/"
        page = client.get("/reprendre/").content.decode()
        assert action(page) == "/personnes/nouvelle/?a=1"
        assert hidden_fields(page) == {**SAISIE, "debut": "2027-02-10"}
        assert LONG.splitlines()[1] in page, "the reader sees what is kept"
        assert "<i>" not in page

    def test_sent_again_it_is_done_and_forgotten(self, client, administrateur):
        client.post("/personnes/nouvelle/", {**SAISIE, "fonction": "agent", "debut": "2027-02-10"})
        sign_in(client, administrateur)
        page = client.get("/reprendre/").content.decode()
        assert client.post(action(page), hidden_fields(page)).status_code == HTTPStatus.FOUND
        assert Personne.objects.get(email=SAISIE["email"]).nom == SAISIE["nom"]
        assert client.get("/reprendre/").url == "/"

    def test_refused_it_is_still_kept(self, client, administrateur):
        client.post("/personnes/nouvelle/", SAISIE)
        sign_in(client, administrateur)
        response = client.post(
            "/personnes/nouvelle/", hidden_fields(client.get("/reprendre/").content.decode())
        )
        assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
        assert client.get("/reprendre/").status_code == HTTPStatus.OK

    def test_signing_in_by_another_way_leads_there_too(self, client, administrateur):
        client.post("/personnes/nouvelle/", SAISIE)
        assert sign_in(client, administrateur).url == "/reprendre/"

    def test_several_values_of_one_field_are_kept(self, client, administrateur):
        client.post("/personnes/nouvelle/", {"cochees": ["1", "2"]})
        sign_in(client, administrateur)
        page = client.get("/reprendre/").content.decode()
        assert re.findall(r'name="cochees" value="(\d)"', page) == ["1", "2"]

    def test_it_may_be_given_up(self, client, administrateur):
        client.post("/personnes/nouvelle/", SAISIE)
        sign_in(client, administrateur)
        client.post("/reprendre/")
        assert client.get("/reprendre/").url == "/"


class TestNobodyElse:
    def test_nothing_kept_leads_home(self, client):
        client.force_login(PersonneFactory())
        assert client.get("/reprendre/").url == "/"

    def test_it_asks_to_sign_in(self, client):
        client.post("/personnes/nouvelle/", SAISIE)
        assert client.get("/reprendre/").url == "/connexion/?next=/reprendre/"

    def test_the_next_user_of_the_browser_finds_nothing(self, client, administrateur):
        client.post("/personnes/nouvelle/", SAISIE)
        sign_in(client, administrateur)
        client.post("/deconnexion/")
        assert sign_in(client, PersonneFactory()).url == "/"
        assert client.get("/reprendre/").url == "/"

    def test_another_browser_finds_nothing(self, client, administrateur):
        client.post("/personnes/nouvelle/", SAISIE)
        other = type(client)()
        sign_in(other, administrateur)
        assert other.get("/reprendre/").url == "/"

    def test_whoever_takes_over_the_session_of_another_finds_nothing(self, client, administrateur):
        """A second sign-in in a session still open starts a new one."""
        client.post("/personnes/nouvelle/", SAISIE)
        client.force_login(administrateur)
        client.force_login(PersonneFactory())
        assert client.get("/reprendre/").url == "/"
