"""Signing in and out, and what throttles it."""

from datetime import timedelta
from http import HTTPStatus

import pytest
from axes.models import AccessLog
from django.urls import reverse

from comptes import limites
from comptes.roles import Role
from journal.workflows.invitation import choose_password
from socle import horloge
from tests.factories import PASSWORD, EpciFactory, PersonneFactory, holder

CONNEXION = "/connexion/"
pytestmark = pytest.mark.django_db


def sign_in(client, email, password=PASSWORD, address="127.0.0.1", **more):
    data = {"username": email, "password": password, **more}
    return client.post(CONNEXION, data, REMOTE_ADDR=address)


def signed_in(client):
    return "_auth_user_id" in client.session


class TestSignIn:
    def test_every_page_asks_to_sign_in(self, client):
        response = client.get(reverse("comptes:personnes"))
        assert response.url == f"{CONNEXION}?next=/personnes/"

    def test_the_address_is_compared_without_case(self, client):
        PersonneFactory(email="Claire.Etcheverry@merignac.fr")
        response = sign_in(client, "claire.ETCHEVERRY@merignac.FR")
        assert (response.status_code, response.url) == (HTTPStatus.FOUND, "/")
        assert signed_in(client)

    def test_then_the_page_that_was_asked_for(self, client):
        personne = PersonneFactory()
        assert sign_in(client, personne.email, next="/courriels/").url == "/courriels/"

    def test_never_another_site(self, client):
        personne = PersonneFactory()
        assert sign_in(client, personne.email, next="https://ailleurs.example/").url == "/"

    @pytest.mark.parametrize("password", ["autre chose", ""])
    def test_a_wrong_password_keeps_the_address(self, client, password):
        personne = PersonneFactory(email="c@exemple.fr")
        response = sign_in(client, personne.email, password)
        assert 'value="c@exemple.fr"' in response.content.decode()
        assert not signed_in(client)

    def test_a_closed_account_stays_out(self, client):
        personne = PersonneFactory(is_active=False)
        response = sign_in(client, personne.email)
        assert "ne convient pas" in response.content.decode()
        assert not signed_in(client)

    def test_whoever_is_in_goes_home(self, client):
        client.force_login(PersonneFactory())
        assert client.get(CONNEXION).url == "/"

    def test_the_demonstration_is_absent_when_off(self, client, settings):
        settings.DEMO = False
        templates = [template.name for template in client.get(CONNEXION).templates]
        assert "comptes/connexion.html" in templates
        assert "demo/connexion.html" not in templates

    def test_the_demonstration_offers_its_people(self, client):
        assert "demo/connexion.html" in [template.name for template in client.get(CONNEXION).templates]


class TestThrottling:
    def test_five_failures_lock_the_address_whatever_its_case(self, client):
        personne = PersonneFactory(email="c@exemple.fr")
        for email in ("c@exemple.fr", "C@exemple.fr", "c@Exemple.fr", "C@EXEMPLE.FR"):
            assert sign_in(client, email, "faux").status_code == HTTPStatus.OK
        response = sign_in(client, "c@exemple.fr", "faux")
        assert response.status_code == HTTPStatus.TOO_MANY_REQUESTS
        assert response["Retry-After"] == "900"
        page = response.content.decode()
        assert "attendez 15\u00a0minutes" in page
        assert 'value="c@exemple.fr"' in page
        assert sign_in(client, personne.email).status_code == HTTPStatus.TOO_MANY_REQUESTS
        assert not signed_in(client)

    def test_the_others_still_enter(self, client):
        PersonneFactory(email="c@exemple.fr")
        other = PersonneFactory()
        for _ in range(6):
            sign_in(client, "c@exemple.fr", "faux")
        assert sign_in(client, other.email).status_code == HTTPStatus.FOUND


class TestWiderThrottling:
    """Beyond address and origin together: all the tries of an account, all those of an origin."""

    @pytest.fixture(autouse=True)
    def _low_limits(self, monkeypatch):
        monkeypatch.setattr(limites, "COMPTE_MAX", 6)
        monkeypatch.setattr(limites, "ORIGINE_MAX", 8)

    @staticmethod
    def come_from(client, address, email, password="faux"):
        return sign_in(client, email, password, address=address).status_code

    def try_everywhere(self, client, email, times):
        return [self.come_from(client, f"198.51.100.{n}", email) for n in range(times)]

    def test_an_account_tried_from_everywhere_is_closed_to_strangers(self, client):
        personne = PersonneFactory()
        codes = self.try_everywhere(client, personne.email, 6)
        assert codes == [HTTPStatus.OK] * 5 + [HTTPStatus.TOO_MANY_REQUESTS]
        assert self.come_from(client, "203.0.113.9", personne.email, PASSWORD) == HTTPStatus.TOO_MANY_REQUESTS
        assert not signed_in(client)

    def test_but_not_to_its_holder_where_she_usually_signs_in(self, client):
        personne = PersonneFactory(email="Claire@exemple.fr")
        assert self.come_from(client, "192.0.2.7", personne.email, PASSWORD) == HTTPStatus.FOUND
        client.logout()
        self.try_everywhere(client, personne.email, 20)
        assert self.come_from(client, "192.0.2.7", personne.email, PASSWORD) == HTTPStatus.FOUND

    def test_where_she_signed_in_long_ago_is_no_longer_usual(self, client):
        personne = PersonneFactory()
        self.come_from(client, "192.0.2.7", personne.email, PASSWORD)
        client.logout()
        long_ago = horloge.real_now() - timedelta(days=limites.CONNU_JOURS + 1)
        AccessLog.objects.update(attempt_time=long_ago)
        self.try_everywhere(client, personne.email, 6)
        assert self.come_from(client, "192.0.2.7", personne.email, PASSWORD) == HTTPStatus.TOO_MANY_REQUESTS

    def test_even_there_five_failures_lock(self, client):
        personne = PersonneFactory()
        self.come_from(client, "192.0.2.7", personne.email, PASSWORD)
        client.logout()
        codes = [self.come_from(client, "192.0.2.7", personne.email) for _ in range(5)]
        assert codes == [HTTPStatus.OK] * 4 + [HTTPStatus.TOO_MANY_REQUESTS]

    def test_an_origin_that_tries_many_accounts_is_locked(self, client):
        people = PersonneFactory.create_batch(9)
        codes = [self.come_from(client, "198.51.100.1", one.email) for one in people[:8]]
        assert codes == [HTTPStatus.OK] * 7 + [HTTPStatus.TOO_MANY_REQUESTS]
        last = people[8].email
        assert self.come_from(client, "198.51.100.1", last, PASSWORD) == HTTPStatus.TOO_MANY_REQUESTS
        assert self.come_from(client, "198.51.100.2", last, PASSWORD) == HTTPStatus.FOUND

    def test_but_not_to_those_who_usually_sign_in_there(self, client):
        usual, *people = PersonneFactory.create_batch(9)
        self.come_from(client, "198.51.100.1", usual.email, PASSWORD)
        client.logout()
        for one in people:
            self.come_from(client, "198.51.100.1", one.email)
        assert self.come_from(client, "198.51.100.1", usual.email, PASSWORD) == HTTPStatus.FOUND

    def test_a_new_password_by_mail_opens_the_account_again(self, client):
        personne = PersonneFactory()
        self.try_everywhere(client, personne.email, 6)
        choose_password(personne=personne, mot_de_passe=PASSWORD)
        assert self.come_from(client, "203.0.113.9", personne.email, PASSWORD) == HTTPStatus.FOUND


class TestSignOut:
    def test_the_session_is_forgotten(self, client):
        client.force_login(PersonneFactory())
        session = client.session
        session["envoi_suspendu"] = {"path": "/", "fields": {"motif": ["à moi"]}}
        session.save()
        assert client.post("/deconnexion/").url == CONNEXION
        assert dict(client.session) == {}

    def test_a_link_cannot_sign_out(self, client):
        client.force_login(PersonneFactory())
        assert client.get("/deconnexion/").status_code == HTTPStatus.METHOD_NOT_ALLOWED
        assert signed_in(client)

    def test_a_session_already_over_ends_quietly(self, client):
        assert client.post("/deconnexion/").url == CONNEXION
        assert "envoi_suspendu" not in client.session


class TestContexte:
    @pytest.fixture
    def twice(self):
        """A DGS of one commune who also administers another EPCI, and her two hats."""
        from tests.factories import HabilitationFactory, fresh

        personne = holder(Role.DIRECTION_TERRITOIRES, EpciFactory(nom="Ici"))
        HabilitationFactory(personne=personne, administrateur=True, epci=EpciFactory(nom="Là-bas"))
        return fresh(personne)

    def test_the_hat_changes_without_signing_in_again(self, client, twice):
        client.force_login(twice)
        other = twice.acces.titres[1]
        assert client.get("/").context["contexte"].epci_nom == "Ici"
        assert client.post("/contexte/", {"cle": other.cle}).url == "/"
        assert client.get("/").context["contexte"].epci_nom == "Là-bas"

    def test_back_to_a_page_of_ours_only(self, client, twice):
        client.force_login(twice)
        cle = twice.acces.titres[0].cle
        assert client.post("/contexte/", {"cle": cle, "next": "/courriels/"}).url == "/courriels/"
        assert client.post("/contexte/", {"cle": cle, "next": "//ailleurs.example/"}).url == "/"

    @pytest.mark.parametrize("cle", ["", "dgs-1-0-1", "administrateur-999-0-0"])
    def test_a_hat_one_does_not_have_does_not_exist(self, client, twice, cle):
        client.force_login(twice)
        assert client.post("/contexte/", {"cle": cle}).status_code == HTTPStatus.NOT_FOUND
        assert "contexte" not in client.session

    def test_a_hat_that_ended_is_put_off(self, client, twice):
        client.force_login(twice)
        client.post("/contexte/", {"cle": twice.acces.titres[1].cle})
        twice.habilitations.filter(role=Role.ADMINISTRATEUR).delete()
        assert client.get("/").context["contexte"].epci_nom == "Ici"
