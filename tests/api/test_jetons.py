"""Who enters: bearer tokens, and the session of a signed-in person."""

from datetime import timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from comptes.models import Personne, Role
from journal.workflows.jeton import issue_token
from socle import horloge
from tests.api.conftest import Lire
from tests.factories import EpciFactory, JetonFactory, Monde, PersonneFactory, holder

pytestmark = pytest.mark.django_db
EPCIS = "/api/v1/epcis/"


@pytest.fixture
def service() -> Personne:
    return holder(Role.SERVICE, EpciFactory())


def ask(client: APIClient, authorization: str) -> Any:
    return client.get(EPCIS, HTTP_AUTHORIZATION=authorization)


def assert_refused(response: Any, detail: str) -> None:
    assert response.status_code == 401
    assert response["Content-Type"] == "application/problem+json"
    assert response["WWW-Authenticate"] == 'Bearer realm="api"'
    assert response.json() == {
        "type": "about:blank",
        "title": "Authentification nécessaire",
        "status": 401,
        "code": "non_authentifie",
        "detail": detail,
    }


UNKNOWN = "Ce jeton est inconnu, expiré ou révoqué."
ABSENT = "Donnez un jeton : « Authorization: Bearer mac_… »."


def test_a_living_token_enters(api_client: APIClient, service: Personne):
    _, secret = JetonFactory.with_secret(personne=service)
    assert ask(api_client, f"Bearer {secret}").status_code == 200


def test_the_scheme_is_read_without_case(api_client: APIClient, service: Personne):
    _, secret = JetonFactory.with_secret(personne=service)
    assert ask(api_client, f"bearer {secret}").status_code == 200


def test_a_token_issued_for_an_intranet_reads_its_epci(api_client: APIClient):
    epci = EpciFactory()
    EpciFactory()
    secret = issue_token(epci=epci, nom="Intranet", jours=30)
    rows = ask(api_client, f"Bearer {secret}").json()["resultats"]
    assert [row["siren"] for row in rows] == [epci.siren]


def test_without_token(api_client: APIClient):
    assert_refused(api_client.get(EPCIS), ABSENT)


@pytest.mark.parametrize("header", ["Basic bWFjXzp4", "mac_x", "Token mac_x"])
def test_another_scheme_is_as_good_as_none(api_client: APIClient, header: str):
    assert_refused(ask(api_client, header), ABSENT)


@pytest.mark.parametrize("header", ["Bearer mac_inconnu", "Bearer", "Bearer  ", "Bearer é\x80", "Bearer a b"])
def test_a_wrong_token(api_client: APIClient, service: Personne, header: str):
    JetonFactory(personne=service)
    assert_refused(ask(api_client, header), UNKNOWN)


def test_an_expired_token(api_client: APIClient, service: Personne):
    just_now = horloge.real_now() - timedelta(seconds=1)
    _, secret = JetonFactory.with_secret(personne=service, expire_at=just_now)
    assert_refused(ask(api_client, f"Bearer {secret}"), UNKNOWN)


def test_expiry_follows_real_time(api_client: APIClient, service: Personne, at_time: Any):
    _, secret = JetonFactory.with_secret(personne=service)
    at_time("2040-01-01")
    assert ask(api_client, f"Bearer {secret}").status_code == 200


def test_a_revoked_token(api_client: APIClient, service: Personne):
    _, secret = JetonFactory.with_secret(personne=service, revoque_at=horloge.real_now())
    assert_refused(ask(api_client, f"Bearer {secret}"), UNKNOWN)


def test_the_token_of_a_closed_account(api_client: APIClient, service: Personne):
    jeton, secret = JetonFactory.with_secret(personne=service)
    Personne.objects.filter(pk=jeton.personne_id).update(is_active=False)
    assert_refused(ask(api_client, f"Bearer {secret}"), UNKNOWN)


def test_an_account_whose_role_has_ended_reads_nothing(api_client: APIClient, service: Personne):
    _, secret = JetonFactory.with_secret(personne=service)
    service.habilitations.update(fin=horloge.today("Europe/Paris"))
    assert ask(api_client, f"Bearer {secret}").json()["resultats"] == []


def test_the_secret_is_not_kept(service: Personne):
    jeton, secret = JetonFactory.with_secret(personne=service)
    assert all(secret not in str(value) for value in vars(jeton).values())


def test_a_person_reads_with_her_session(api_client: APIClient, monde: Monde):
    api_client.force_login(monde.a.dgs)
    assert [row["id"] for row in api_client.get(EPCIS).json()["resultats"]] == [monde.epci.pk]


def test_a_wrong_token_is_refused_even_beside_a_session(api_client: APIClient, monde: Monde):
    api_client.force_login(monde.a.dgs)
    assert_refused(ask(api_client, "Bearer mac_inconnu"), UNKNOWN)


def test_a_person_without_role_reads_empty_lists(lire: Lire, monde: Monde):
    response = lire("communes/", PersonneFactory())
    assert (response.status_code, response.json()["resultats"]) == (200, [])
