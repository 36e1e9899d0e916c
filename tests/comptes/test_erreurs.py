"""What is refused before any view: a wrong method, a form too long; and what a browser may keep of a page."""

import re
from http import HTTPStatus
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from tests.factories import Monde
from tests.pages import PageClient

pytestmark = pytest.mark.django_db


def said(response: Any) -> str:
    return re.sub("[\u00a0\u202f]", " ", response.content.decode()).replace("’", "'")


class TestWrongMethod:
    def test_an_address_that_takes_forms_only_leads_back(self, client: Client, monde: Monde):
        client.force_login(monde.administrateur)
        response = client.get(f"/personnes/{monde.a.dgs.pk}/inviter/")
        assert (response.status_code, response["Allow"]) == (HTTPStatus.METHOD_NOT_ALLOWED, "POST")
        assert "Cette adresse ne s'ouvre pas ainsi" in said(response)
        assert 'href="/">Revenir à l\'accueil' in said(response)
        assert response["Content-Length"] == str(len(response.content))

    def test_a_page_that_takes_no_form_says_the_same(self, client: Client, monde: Monde):
        client.force_login(monde.administrateur)
        assert "Cette adresse ne s'ouvre pas ainsi" in said(client.post("/taches/"))

    def test_the_api_answers_for_itself(self, client: Client, monde: Monde):
        client.force_login(monde.administrateur)
        response = client.post("/api/v1/communes/")
        assert response.status_code == HTTPStatus.METHOD_NOT_ALLOWED
        assert response["Content-Type"].startswith("application/problem+json")


class TestTooLong:
    """A form that the server does not read to its end, from somebody signed in or not."""

    @pytest.fixture(params=["signed in", "signed out"])
    def browser(self, request: Any, monde: Monde) -> Client:
        browser = PageClient(enforce_csrf_checks=True)
        browser.get("/connexion/")  # as any form, it comes from a page: its token is in a cookie
        if request.param == "signed in":
            browser.force_login(monde.administrateur)
        return browser

    def test_more_text_than_is_read(self, browser: Client):
        typed = {"nom": "é" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE}
        response = browser.post("/personnes/nouvelle/", typed)
        assert response.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        assert "Ce que vous avez envoyé est trop long" in said(response)
        assert "Rien n'a été enregistré" in said(response)

    def test_more_boxes_than_are_read(self, browser: Client):
        ticked = {"lignes": ["1"] * (settings.DATA_UPLOAD_MAX_NUMBER_FIELDS + 1)}
        response = browser.post("/personnes/nouvelle/", ticked)
        assert response.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        assert "trop long" in said(response)

    def test_what_is_not_understood_still_says_so(self, client: Client):
        response = client.get("/connexion/", headers={"host": "ailleurs.example"})
        assert response.status_code == HTTPStatus.BAD_REQUEST
        assert "n'a pas été comprise" in said(response)


class TestWhatABrowserKeeps:
    def test_a_page_is_asked_for_again_and_kept_by_nobody_else(self, client: Client, monde: Monde):
        client.force_login(monde.administrateur)
        assert client.get("/")["Cache-Control"] == "private, no-cache"

    def test_going_back_while_typing_loses_nothing(self, client: Client, monde: Monde):
        """Firefox forgets the fields of a page that is not to be stored."""
        client.force_login(monde.a.dgs)
        assert "no-store" not in client.get(f"/declarations/{monde.a.declaration.pk}/")["Cache-Control"]

    def test_what_says_its_own_way_keeps_it(self, client: Client, monde: Monde):
        client.force_login(monde.administrateur)
        assert "public" in client.get(f"/theme/{monde.epci.pk}.css")["Cache-Control"]
        assert "no-store" in client.get("/sante/")["Cache-Control"]
