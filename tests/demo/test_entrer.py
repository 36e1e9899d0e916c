"""One click enters as somebody, and leads where any sign-in leads; the clock moves before it too."""

from datetime import date, time

import pytest

from comptes.roles import Role
from demo.models import Visiteur
from socle import horloge
from tests.comptes import captured
from tests.factories import EpciFactory, holder

pytestmark = pytest.mark.django_db
ENTER, ADVANCE = "/demonstration/entrer/", "/demonstration/avancer/"


@pytest.fixture
def visiteur():
    personne = holder(Role.ADMINISTRATEUR, EpciFactory())
    Visiteur.objects.create(personne=personne, presentation="Administrateur", ordre=1)
    return personne


@pytest.mark.parametrize(
    ("asked", "led"), [("", "/"), ("/personnes/", "/personnes/"), ("https://ailleurs.example/", "/")]
)
def test_one_click_leads_to_the_page_asked_for(client, visiteur, asked, led):
    page = client.get(f"/connexion/?next={asked}").content.decode()
    form = captured(rf'<form[^>]*action="{ENTER}">(.*?)</form>', page)
    next_page = captured(r'name="next" value="([^"]*)"', form)
    assert client.post(ENTER, {"personne": visiteur.pk, "next": next_page}).url == led


def test_one_click_gives_back_what_was_typed(client, visiteur):
    client.post(ENTER, {"personne": visiteur.pk})
    client.get("/personnes/nouvelle/")
    client.session.delete()
    away = client.post("/personnes/nouvelle/", {"nom": "Œuilly"})
    assert "Ce que vous veniez d’envoyer est gardé" in client.get(away.url).content.decode()
    assert client.post(ENTER, {"personne": visiteur.pk}).url == "/reprendre/"
    assert "Œuilly" in client.get("/reprendre/").content.decode()


def test_the_clock_moves_from_the_sign_in_page(client, visiteur, monkeypatch):
    asked = []
    monkeypatch.setattr("demo.views.advance", lambda moment: asked.append(moment) or 0)
    response = client.post(ADVANCE, {"valeur": "2027-03-01", "suite": "/connexion/"})
    assert response.url == "/connexion/"
    assert asked == [horloge.at_hour(date(2027, 3, 1), time(9), "Europe/Paris")]
    assert "lundi 1" in client.get(response.url).content.decode()
