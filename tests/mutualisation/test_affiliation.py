"""Communes affiliated to the centre de gestion."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from django.test import Client

from journal.models import Evenement
from mutualisation.models import Catalogue, Exclusion
from mutualisation.workflows.affiliation import affiliate, affiliated
from socle.droits import ActionInterdite
from socle.erreurs import Refus
from territoire.models import Affiliation, Commune
from tests.factories import Monde, activite

AtTime = Callable[[Any], datetime]
TODAY = date(2027, 2, 10)
URL = "/catalogue/centre-de-gestion/"


def tick(monde: Monde, *communes: Commune, acteur: Any = None) -> int:
    seen = [monde.a.commune.pk, monde.b.commune.pk, monde.c.pk]
    return affiliate(
        epci=monde.epci, vues=seen, communes=[c.pk for c in communes], acteur=acteur or monde.direction
    )


def test_ticking_and_unticking_keep_the_days_past(monde: Monde, at_time: AtTime):
    assert tick(monde, monde.a.commune, monde.c) == 2
    assert affiliated(monde.epci, TODAY) == {monde.a.commune.pk, monde.c.pk}
    assert tick(monde, monde.a.commune, monde.c) == 0
    at_time("2027-06-01")
    assert tick(monde, monde.c) == 1
    assert affiliated(monde.epci, date(2027, 5, 31)) == {monde.a.commune.pk, monde.c.pk}
    assert affiliated(monde.epci, date(2027, 6, 1)) == {monde.c.pk}
    told = Evenement.objects.about(monde.a.commune)[0]
    assert (
        told.libelle
        == "L'Haÿ-les-Roses : n'est plus affiliée au centre de gestion à compter du 1er juin 2027"
    )


def test_unticked_the_same_day_leaves_no_period(monde: Monde):
    tick(monde, monde.a.commune)
    tick(monde)
    assert not Affiliation.objects.exists()


def test_a_commune_the_page_did_not_show_is_left_alone(monde: Monde):
    tick(monde, monde.c)
    affiliate(epci=monde.epci, vues=[monde.a.commune.pk], communes=[], acteur=monde.direction)
    assert affiliated(monde.epci, TODAY) == {monde.c.pk}


def test_only_the_direction_and_only_members(monde: Monde):
    for acteur in (monde.a.dgs, monde.administrateur, monde.direction_voisine):
        with pytest.raises(ActionInterdite, match="Seule la Direction des territoires dit quelles communes"):
            tick(monde, monde.a.commune, acteur=acteur)
    with pytest.raises(Refus, match="n'est pas membre"):
        tick(monde, monde.a.commune, monde.commune_voisine)
    assert not Affiliation.objects.exists()


def test_the_page(client: Client, monde: Monde):
    Exclusion.objects.create(
        catalogue=Catalogue.objects.frozen(monde.epci).get(),
        activite=activite(monde.epci, "DB-01"),
        motif="Assurée par le centre de gestion.",
    )
    client.force_login(monde.direction)
    html = client.get(URL).content.decode()
    assert "Assurée par le centre de gestion." in html
    sent = {"vues": [monde.a.commune.pk, monde.b.commune.pk], "communes": [monde.a.commune.pk]}
    assert client.post(URL, sent).url == URL
    assert "1\u00a0commune a changé" in client.get(URL).content.decode()
    wrong = client.post(URL, {**sent, "communes": [monde.commune_voisine.pk]})
    assert wrong.status_code == 422
    assert "n’est pas membre de cet EPCI" in wrong.content.decode()
    client.force_login(monde.a.dgs)
    html = client.get(URL).content.decode()
    assert "L’Haÿ-les-Roses" in html
    assert "Enregistrer" not in html
    assert client.post(URL, sent).status_code == 403
