"""What was typed when the session ended comes back after sign-in."""

import re
from html import unescape
from http import HTTPStatus

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from comptes.models import Personne
from comptes.reprise import COOKIE, KEY, MAX_KEPT
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


@pytest.fixture
def client(client, administrateur):
    """A browser where the session of the administrator just ended."""
    sign_in(client, administrateur)
    end_session(client)
    return client


def sign_in(client, personne, **more):
    return client.post("/connexion/", {"username": personne.email, "password": PASSWORD, **more})


def end_session(client):
    """As when it expires: the browser keeps its cookies, the server knows the session no longer."""
    client.session.delete()


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


class TestWhatIsShown:
    """The texts that were typed, and where; never a name that only the machine knows."""

    def resumed(self, client, who, path, saisie, referer=""):
        """The page that offers it again, as it is read: fields that are not shown apart."""
        client.post(path, saisie, headers={"referer": f"http://testserver{referer}"} if referer else {})
        sign_in(client, who)
        page = client.get("/reprendre/")
        assert page.status_code == HTTPStatus.OK
        return page, unescape(re.sub("<input[^>]*>", "", page.content.decode()))

    def test_long_texts_once_each_and_no_name_of_a_field(self, client, administrateur):
        sent = {**SAISIE, "nom": "Nom court", "prenom": LONG, "csrfmiddlewaretoken": "x"}
        page, shown = self.resumed(client, administrateur, "/personnes/nouvelle/", sent)
        assert page.context["textes"] == ["nouvelle@exemple.fr", LONG.strip(), "administrateur"]
        assert "Nom court" not in shown and "fonction" not in shown and ">prenom<" not in shown

    @pytest.mark.parametrize("day", ["2027-02-30", "0000-00-00", "2027-02-10"])
    def test_a_day_that_does_not_exist_is_kept_as_the_rest(self, client, administrateur, day):
        page, _ = self.resumed(client, administrateur, "/personnes/nouvelle/", {**SAISIE, "debut": day})
        assert hidden_fields(page.content.decode())["debut"] == day

    def test_choices_alone_show_no_text(self, client, administrateur):
        _, shown = self.resumed(client, administrateur, "/personnes/nouvelle/", {"role": "agent"})
        assert "Aucun long texte" in shown

    def test_the_page_is_where_it_was_typed_not_where_it_goes(self, client, administrateur):
        path = f"/personnes/{administrateur.pk}/"
        _, shown = self.resumed(
            client, administrateur, f"{path}habilitations/", {"role": "agent"}, referer=path
        )
        assert f'<a href="{path}">cette page</a>' in shown

    def test_a_page_elsewhere_is_not_ours(self, client, administrateur):
        sent = {"role": "agent"}
        client.post("/personnes/nouvelle/", sent, headers={"referer": "http://ailleurs.example//x/"})
        sign_in(client, administrateur)
        assert client.get("/reprendre/").context["page"] == "/personnes/nouvelle/"

    def test_whatever_the_page_it_was_typed_on_would_answer(self, client, administrateur):
        """An address of nothing, of another form, of this page: none is opened."""
        for path in ("/habilitations/0/fin/", "/reprendre/", "/contrats/versions/0/circuit/agir/"):
            _, shown = self.resumed(client, administrateur, path, {"mot": LONG})
            assert LONG.splitlines()[1] in shown
            end_session(client)


class TestFiles:
    @pytest.fixture
    def offered(self, client, administrateur):
        """What is offered after a form with a file came too late."""
        file = SimpleUploadedFile("délibération.pdf", b"%PDF-1.7")
        client.post("/personnes/nouvelle/", {**SAISIE, "fichier": file})
        assert sign_in(client, administrateur).url == "/reprendre/"
        return client.get("/reprendre/").content.decode()

    def test_what_was_typed_is_kept(self, offered):
        assert hidden_fields(offered) == SAISIE

    def test_the_file_is_asked_for_again(self, offered):
        assert re.search(r"Joignez de nouveau\s: délibération.pdf", offered)
        assert re.search(r'<input[^>]*type="file" name="fichier"', offered)
        assert 'enctype="multipart/form-data"' in captured(r"<form([^>]*id=\"renvoi\"[^>]*)>", offered)


def test_a_form_too_long_to_keep_says_so(client, administrateur):
    away = client.post("/personnes/nouvelle/", {**SAISIE, "fonction": "é" * (MAX_KEPT + 1)})
    assert away.url == "/connexion/?next=/personnes/nouvelle/"
    assert "trop long pour être gardé" in unescape(client.get(away.url).content.decode())


class TestNobodyElse:
    def test_nothing_kept_leads_home(self, client):
        client.force_login(PersonneFactory())
        assert client.get("/reprendre/").url == "/"

    def test_it_asks_to_sign_in(self, client):
        client.post("/personnes/nouvelle/", SAISIE)
        assert client.get("/reprendre/").url == "/connexion/?next=/reprendre/"

    def test_who_signs_in_instead_of_the_author_finds_nothing(self, client):
        client.post("/personnes/nouvelle/", SAISIE)
        other = holder(Role.ADMINISTRATEUR, EpciFactory())
        assert sign_in(client, other).url == "/"
        assert client.get("/reprendre/").url == "/"
        assert KEY not in client.session

    def test_even_when_the_address_leads_there(self, client):
        client.post("/personnes/nouvelle/", SAISIE)
        sign_in(client, PersonneFactory(), next="/reprendre/")
        response = client.get("/reprendre/", follow=True)
        assert SAISIE["nom"] not in unescape(response.content.decode())
        assert KEY not in client.session

    def test_what_is_typed_next_belongs_to_who_signed_in_last(self, client, administrateur):
        second = holder(Role.ADMINISTRATEUR, EpciFactory())
        sign_in(client, second)
        end_session(client)
        client.post("/personnes/nouvelle/", SAISIE)
        assert sign_in(client, second).url == "/reprendre/"
        end_session(client)
        client.post("/personnes/nouvelle/", SAISIE)
        assert sign_in(client, administrateur).url == "/"

    def test_a_browser_where_nobody_signed_in_keeps_nothing(self, client, administrateur):
        unknown = type(client)()
        assert unknown.post("/personnes/nouvelle/", SAISIE).url == "/connexion/?next=/personnes/nouvelle/"
        assert sign_in(unknown, administrateur).url == "/"

    def test_the_mark_of_a_person_is_made_by_the_server_alone(self, client, administrateur):
        mark = client.cookies[COOKIE]
        assert (mark["httponly"], mark["samesite"]) == (True, "Lax")
        assert str(administrateur.pk) != mark.value and administrateur.email not in mark.value
        client.cookies[COOKIE] = f"x{mark.value[1:]}"
        client.post("/personnes/nouvelle/", SAISIE)
        assert sign_in(client, administrateur).url == "/"

    def test_an_older_form_is_refused_once_somebody_else_signed_in(self, administrateur):
        """The cookie then names the wrong person: the CSRF token, renewed at sign-in, is what refuses the form."""
        browser = Client(enforce_csrf_checks=True)
        browser.get("/connexion/")
        before = browser.cookies["csrftoken"].value
        personne = PersonneFactory()
        token = {"csrfmiddlewaretoken": before}
        sign_in(browser, personne, **token)
        end_session(browser)
        assert browser.post("/personnes/nouvelle/", {**SAISIE, **token}).status_code == HTTPStatus.FORBIDDEN

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
