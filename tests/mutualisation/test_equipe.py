"""Teams: who composes them, and of whom."""

from typing import Any

import pytest
from django.test import Client

from comptes.models import Equipe
from journal.models import Evenement
from mutualisation.workflows.equipe import compose_equipe
from socle.droits import ActionInterdite
from socle.erreurs import Refus
from tests.factories import EquipeFactory, Monde, PersonneFactory

pytestmark = pytest.mark.django_db
URL = "/equipes/"


def compose(monde: Monde, **kwargs: Any) -> Equipe:
    given: dict[str, Any] = {
        "epci": monde.epci,
        "nom": "Astreinte",
        "telephone": "05 56 00 00 00",
        "membres": [monde.a.dgs, monde.responsable],
        "acteur": monde.direction,
        **kwargs,
    }
    return compose_equipe(**given)


class TestComposing:
    def test_a_team_is_created_and_told(self, monde: Monde):
        made = compose(monde)
        assert (made.epci, made.telephone) == (monde.epci, "05 56 00 00 00")
        assert set(made.membres.all()) == {monde.a.dgs, monde.responsable}
        told = Evenement.objects.about(made).get()
        assert (told.type, told.acteur) == ("equipe.composee", monde.direction)

    def test_only_the_direction_composes(self, monde: Monde):
        for acteur in (monde.a.dgs, monde.directeur, monde.administrateur, monde.direction_voisine):
            with pytest.raises(ActionInterdite, match=r"^Seule la Direction des territoires compose"):
                compose(monde, acteur=acteur)

    @pytest.mark.parametrize(("nom", "phrase"), [("Standard", "existe déjà"), (" ", "Donnez un nom")])
    def test_a_name_is_given_once(self, monde: Monde, nom: str, phrase: str):
        EquipeFactory(epci=monde.epci, nom="Standard")
        with pytest.raises(Refus, match=phrase) as refus:
            compose(monde, nom=nom)
        assert refus.value.field == "nom"

    def test_members_are_people_of_the_epci(self, monde: Monde):
        for membres in ([], [PersonneFactory()], [monde.a.dgs, monde.direction_voisine]):
            with pytest.raises(Refus) as refus:
                compose(monde, membres=membres)
            assert refus.value.field == "membres"
        assert not Equipe.objects.filter(epci=monde.epci).exists()


class TestPage:
    def html(self, response: Any, status: int = 200) -> str:
        assert response.status_code == status
        return response.content.decode().replace("’", "'").replace("\u00a0", " ")

    def test_everyone_reads_and_the_direction_writes(self, client: Client, monde: Monde):
        compose(monde)
        EquipeFactory(epci=monde.epci_voisin, nom="Équipe d'ailleurs")
        client.force_login(monde.a.lecteur)
        html = self.html(client.get(URL))
        assert "Astreinte" in html
        assert str(monde.responsable) in html
        assert 'href="tel:0556000000"' in html
        assert "Équipe d'ailleurs" not in html
        assert "Créer une équipe" not in html
        client.force_login(monde.direction)
        assert "Créer une équipe" in self.html(client.get(URL))

    def test_others_are_told_who_may(self, client: Client, monde: Monde):
        client.force_login(monde.a.dgs)
        sent = {"nom": "Astreinte", "membres": [monde.a.dgs.pk]}
        assert "compose les équipes" in self.html(client.post(URL, sent), 403)

    def test_creating(self, client: Client, monde: Monde):
        client.force_login(monde.direction)
        sent = {"nom": "Astreinte", "telephone": "", "membres": [monde.a.dgs.pk, monde.responsable.pk]}
        assert client.post(URL, sent).url == URL
        assert Equipe.objects.get(epci=monde.epci).membres.count() == 2

    def test_faults_stand_beside_their_fields_and_what_was_typed_stays(self, client: Client, monde: Monde):
        EquipeFactory(epci=monde.epci, nom="Standard")
        client.force_login(monde.direction)
        html = self.html(client.post(URL, {"nom": "Standard", "membres": [monde.a.dgs.pk]}), 422)
        assert "Cette équipe existe déjà." in html
        assert 'id="id_nom_faute"' in html
        assert 'value="Standard"' in html
        html = self.html(client.post(URL, {"nom": "", "membres": [monde.direction_voisine.pk]}), 422)
        assert "Donnez un nom à l'équipe." in html
        assert "Choisissez dans la liste." in html
        assert monde.direction_voisine.email not in html

    def test_a_telephone_is_a_number(self, client: Client, monde: Monde):
        client.force_login(monde.direction)
        sent = {"nom": "Standard", "telephone": "poste du matin", "membres": [monde.a.dgs.pk]}
        html = self.html(client.post(URL, sent), 422)
        assert "Écrivez un numéro" in html and 'value="poste du matin"' in html
        assert client.post(URL, {**sent, "telephone": "+33 (0)5.56-00"}).url == URL
