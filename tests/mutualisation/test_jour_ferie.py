"""Public holidays: the Direction keeps the calendar of the EPCI."""

from datetime import date

import pytest
from django.test import Client

from journal.models import Evenement
from mutualisation.workflows.jour_ferie import add_holiday, remove_holiday
from socle.droits import ActionInterdite
from socle.erreurs import Refus
from territoire.models import JourFerie
from territoire.models.epci import WorkingDays
from tests.factories import Monde

pytestmark = pytest.mark.django_db
DAY = date(2027, 3, 1)
URL = "/jours-feries/"


class TestWorkflow:
    def test_a_day_is_added_and_told_once(self, monde: Monde):
        for _ in range(2):
            add_holiday(epci=monde.epci, jour=DAY, nom=" Fête locale ", acteur=monde.direction)
        assert JourFerie.objects.get(epci=monde.epci, jour=DAY).nom == "Fête locale"
        assert not WorkingDays(monde.epci).works(DAY)
        assert WorkingDays(monde.epci_voisin).works(DAY)
        told = Evenement.objects.get(type="jour_ferie.ajoute")
        assert told.libelle == "Fête locale, lundi 1er mars 2027 : jour férié ajouté"

    def test_a_day_has_one_name(self, monde: Monde):
        add_holiday(epci=monde.epci, jour=DAY, nom="Fête locale", acteur=monde.direction)
        for nom, field in (("Autre", "jour"), ("  ", "nom")):
            with pytest.raises(Refus) as caught:
                add_holiday(epci=monde.epci, jour=DAY, nom=nom, acteur=monde.direction)
            assert caught.value.field == field

    def test_a_day_is_worked_again_and_told_once(self, monde: Monde):
        add_holiday(epci=monde.epci, jour=DAY, nom="Fête locale", acteur=monde.direction)
        for _ in range(2):
            remove_holiday(epci=monde.epci, jour=DAY, acteur=monde.direction)
        assert WorkingDays(monde.epci).works(DAY)
        assert Evenement.objects.filter(type="jour_ferie.retire").count() == 1

    def test_only_the_direction_of_the_epci(self, monde: Monde):
        for acteur in (monde.administrateur, monde.a.dgs, monde.direction_voisine):
            with pytest.raises(ActionInterdite):
                add_holiday(epci=monde.epci, jour=DAY, nom="Fête", acteur=acteur)
            with pytest.raises(ActionInterdite):
                remove_holiday(epci=monde.epci, jour=DAY, acteur=acteur)


class TestPage:
    def test_a_year_at_a_time_and_what_is_sent(self, client: Client, monde: Monde):
        client.force_login(monde.direction)
        sent = client.post(URL, {"jour": "2028-03-01", "nom": "Fête locale"}, follow=True)
        assert sent.redirect_chain == [("/jours-feries/?annee=2028", 302)]
        assert "Fête locale" in sent.content.decode()
        assert "Fête locale" not in client.get(URL).content.decode()
        gone = client.post(URL, {"retirer": "2028-03-01"}, follow=True)
        assert "Aucun jour férié" in gone.content.decode()

    def test_what_is_wrong_stays_on_the_page(self, client: Client, monde: Monde):
        client.force_login(monde.direction)
        for data in ({"jour": "2028-02-31", "nom": "Bis"}, {"jour": "0001-01-01", "nom": "Bis"}):
            page = client.post(URL, data)
            assert (page.status_code, 'value="Bis"' in page.content.decode()) == (422, True)

    def test_a_year_that_is_none_is_the_present_one(self, client: Client, monde: Monde):
        client.force_login(monde.a.dgs)
        for annee in ("", "x", "99999", "1"):
            assert "2027" in client.get(f"{URL}?annee={annee}").content.decode()
        assert "Ajouter un jour" not in client.get(URL).content.decode()
