"""An agent may sign in and read what is public in the EPCI; what else she may do comes from her seats."""

from http import HTTPStatus

import pytest
from django.db import IntegrityError, transaction
from django.utils.html import escape

from comptes.contexte import choices
from comptes.models import Personne
from comptes.roles import Role
from journal.models import Courriel
from mutualisation.models import Adhesion, Declaration, Ligne, Titulaire
from tests.comptes import captured
from tests.factories import (
    PASSWORD,
    HabilitationFactory,
    Monde,
    TitulaireFactory,
    fresh,
    holder,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent(monde: Monde) -> Personne:
    return holder(Role.AGENT, monde.epci, nom="Agente")


class TestAccess:
    def test_she_belongs_to_the_epci_and_sees_the_public_pages(self, client, monde, agent):
        client.force_login(agent)
        for path in ("/", "/qui-partage-quoi/", "/catalogue/", "/referents/"):
            assert client.get(path).status_code == HTTPStatus.OK, path
        assert list(Adhesion.objects.visible_to(agent)) == list(Adhesion.objects.visible_to(monde.a.lecteur))

    def test_she_sees_nothing_else(self, client, monde, agent):
        assert not Declaration.objects.visible_to(agent).exists()
        assert not Ligne.objects.visible_to(agent).exists()
        client.force_login(agent)
        for path in (f"/contrats/{monde.a.version.contrat_id}/", f"/revues/{monde.a.revue.pk}/"):
            assert client.get(path).status_code == HTTPStatus.NOT_FOUND, path

    def test_her_menu_has_what_she_may_open(self, client, agent):
        client.force_login(agent)
        page = client.get("/").content.decode()
        menu = captured(r'<nav[^>]*aria-label="[^"]*rincipal[^"]*"(.*?)</nav>', page)
        assert "Qui partage quoi" in menu
        assert "Contrats" not in menu and "Personnes" not in menu

    @pytest.mark.parametrize("where", ["commune", "pole"])
    def test_the_role_is_given_on_the_whole_epci(self, monde, where):
        wrong = {"commune": None, "pole": None}
        wrong[where] = {"commune": monde.c, "pole": monde.epci.poles.order_by("pk")[0]}[where]
        with pytest.raises(IntegrityError, match="habilitation_perimeter"), transaction.atomic():
            HabilitationFactory(epci=monde.epci, role=Role.AGENT, **wrong)


class TestHat:
    def test_alone_it_is_her_hat(self, monde, agent):
        assert [titre.libelle for titre in choices(agent.acces)] == [f"agent, {monde.epci}"]

    def test_a_seat_is_worn_instead(self, client, monde, agent):
        TitulaireFactory(siege=monde.siege, personne=agent, rang=Titulaire.Rang.SUPPLEANT)
        roles = [titre.role for titre in choices(fresh(agent).acces)]
        assert roles == [Role.RESPONSABLE_SERVICE]
        client.force_login(agent)
        assert client.get(f"/revues/{monde.a.revue.pk}/").status_code == HTTPStatus.OK

    def test_in_another_epci_it_stays_one(self, monde, agent):
        TitulaireFactory(siege=monde.siege, personne=agent, rang=Titulaire.Rang.SUPPLEANT)
        HabilitationFactory(epci=monde.epci_voisin, role=Role.AGENT, commune=None, personne=agent)
        hats = {(titre.role, titre.epci_id) for titre in choices(fresh(agent).acces)}
        expected = {(Role.AGENT, monde.epci_voisin.pk), (Role.RESPONSABLE_SERVICE, monde.epci.pk)}
        assert hats == expected


class TestAdministration:
    SAISIE = {
        "email": "ines@exemple.fr",
        "prenom": "Inès",
        "nom": "Agente",
        "fonction": "",
        "telephone": "",
        "role": "agent",
        "commune": "",
        "pole": "",
        "debut": "2027-02-10",
        "dernier_jour": "",
    }

    def test_the_administrator_opens_the_account_invites_and_sees_it(self, client, monde):
        client.force_login(monde.administrateur)
        added = client.post("/personnes/nouvelle/", self.SAISIE)
        ines = Personne.objects.get(email="ines@exemple.fr")
        assert added.url == f"/personnes/{ines.pk}/"
        client.post(f"/personnes/{ines.pk}/inviter/")
        assert Courriel.objects.get(type="invitation").destinataire == ines
        shown = client.get("/personnes/", {"q": "ines"}).content.decode()
        assert f'href="{added.url}"' in shown
        assert captured(r'data-label="Rôles en cours">\s*(\w+)', shown) == "Agent"

    def test_she_then_signs_in_and_may_be_named(self, client, monde):
        ines = holder(Role.AGENT, monde.epci, nom="Agente")
        client.post("/connexion/", {"username": ines.email, "password": PASSWORD})
        assert client.get("/qui-partage-quoi/").status_code == HTTPStatus.OK
        client.force_login(monde.direction)
        page = client.get(f"/referents/{monde.siege.pk}/").content.decode()
        assert f'value="p{ines.pk}"' in page

    def test_it_is_not_given_on_a_commune(self, client, monde):
        client.force_login(monde.administrateur)
        refused = client.post("/personnes/nouvelle/", {**self.SAISIE, "commune": str(monde.c.pk)})
        assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
        assert escape("ne s’y rapporte pas") in refused.content.decode()
        assert not Personne.objects.filter(email="ines@exemple.fr").exists()
