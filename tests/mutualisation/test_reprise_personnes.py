"""Taking over people: accounts, their roles, their invitations."""

from datetime import date

import pytest

from comptes.models import Personne, Role
from journal.models import Courriel
from mutualisation.models import Reprise
from mutualisation.workflows.reprise import cancel, confirm, invite_people
from socle.droits import ActionInterdite
from tests.factories import (
    Monde,
    PersonneFactory,
    fresh,
)
from tests.mutualisation.feuilles import (
    AGENTS,
    ALONE,
    HAY,
    OEUILLY,
    ZOE,
    Type,
    deposited,
    people,
    taken_over,
    told,
    warned,
)

pytestmark = pytest.mark.django_db
D2021 = date(2021, 1, 1)


class TestPeople:
    def test_an_account_and_its_role(self, monde: Monde):
        reprise = taken_over(Type.PERSONNES, monde.epci, monde.administrateur, ZOE)
        personne = Personne.objects.get(email="zoe.durand@exemple.fr")
        assert (str(personne), personne.fonction, personne.telephone) == ("Zoé Durand", "DGS", "0556000000")
        held = personne.habilitations.get()
        assert (held.role, held.commune, held.debut, held.fin) == (Role.DGS, monde.c, D2021, None)
        assert not personne.has_usable_password()
        assert set(reprise.creations) == {"comptes.personne", "comptes.habilitation"}

    def test_without_a_first_day_the_role_begins_today(self, monde: Monde):
        reprise = people(monde, ["Durand", "", "z@exemple.fr", "", "", "agent"])
        assert (reprise.erreurs, reprise.plan[0]["debut"]) == ([], "2027-02-10")

    def test_two_roles_make_one_account(self, monde: Monde):
        second = (*ZOE[:5], "collaborateur", OEUILLY, *ZOE[7:])
        reprise = taken_over(Type.PERSONNES, monde.epci, monde.administrateur, ZOE, second)
        assert Personne.objects.get(email="zoe.durand@exemple.fr").habilitations.count() == 2
        assert (reprise.bilan["comptes"], reprise.bilan["ecrites"]) == (1, 2)

    def test_every_fault_by_row_and_column(self, monde: Monde):
        reprise = people(
            monde,
            ["Durand", "Zoé", "zoe durand", "", "", "DGS", ALONE],
            ["Durand", "Zoé", "z@exemple.fr", "", "", "sorcier"],
            ["Durand", "Zoé", "z@exemple.fr", "", "", "référent communal", ALONE],
            ["Durand", "Zoé", "z@exemple.fr", "", "poste 12", "DGS"],
            ["Durand", "Zoé", "z@exemple.fr", "", "", "agent", ALONE],
            ["Durand", "Zoé", "z@exemple.fr", "", "", "directeur de pôle", "", "Pôle Est"],
            ["D" * 101, "Zoé", "z@exemple.fr", "", "", "DGS", ALONE, "", "2015-01-01"],
        )
        found = told(reprise)
        assert list(found) == [
            *((2, "Adresse électronique"), (3, "Rôle"), (4, "Rôle"), (5, "Téléphone"), (5, "Commune")),
            *((6, "Commune"), (7, "Pôle"), (8, "Nom")),
        ]
        assert "n'est pas une adresse" in found[2, "Adresse électronique"]
        assert "Écrivez la commune" in found[5, "Commune"]
        assert "Laissez cette cellule vide" in found[6, "Commune"]
        assert "vouliez-vous dire" in found[7, "Pôle"]
        assert "au plus 100 caractères" in found[8, "Nom"]

    def test_one_address_is_one_person_and_namesakes_are_told(self, monde: Monde):
        reprise = people(
            monde,
            ZOE,
            ("Durant", *ZOE[1:5], "lecteur", OEUILLY),
            ("DURAND", "Zoe", "autre@exemple.fr", "", "", "agent"),
        )
        assert "« Zoé Durand », ligne 2" in told(reprise)[3, "Nom"]
        assert "Même nom qu'à la ligne 2" in warned(reprise)[4, "Adresse électronique"]

    def test_a_commune_has_one_mayor_at_a_time(self, monde: Monde):
        former = ("Petit", "Ana", "ana@exemple.fr", "", "", "maire", ALONE, "", "2020-07-01", "2026-03-31")
        present = ("Grand", "Léo", "leo@exemple.fr", "", "", "maire", ALONE, "", "2026-03-31")
        found = told(people(monde, former, present))
        assert found == {(3, "Commune"): "Ana Petit y est déjà maire ces jours-là, ligne 2."}
        there = ("Grand", "Léo", "leo@exemple.fr", "", "", "maire", HAY, "", "2026-04-01")
        assert "y est déjà maire à compter du" in told(people(monde, there))[2, "Commune"]
        assert not people(monde, former, (*present[:8], "2026-04-01")).erreurs

    def test_what_exists_is_left_alone_or_contradicted(self, monde: Monde):
        dgs = monde.a.dgs
        row = (dgs.nom, dgs.prenom, dgs.email.upper(), "", "", "DGS", HAY, "", "2020-01-01")
        assert (people(monde, row).bilan["deja"], people(monde, row).bilan["nouvelles"]) == (1, 0)
        assert "tient déjà ce rôle" in told(people(monde, (*row[:8], "2021-01-01")))[2, "À compter du"]
        PersonneFactory(email="ferme@exemple.fr", is_active=False)
        closed = ("X", "", "ferme@exemple.fr", "", "", "agent")
        assert "fermé" in told(people(monde, closed))[2, "Adresse électronique"]

    def test_an_account_known_elsewhere_keeps_its_name_and_says_no_more(self, monde: Monde):
        other = monde.direction_voisine
        reprise = people(monde, ["Autre", "Nom", other.email, "", "", "agent"])
        assert (
            warned(reprise)[2, "Nom"]
            == "Un compte existe déjà à cette adresse, sous un autre nom : il garde le sien."
        )
        confirm(reprise=reprise, acteur=monde.administrateur)
        assert fresh(other).nom == other.nom
        assert other.habilitations.filter(epci=monde.epci, role=Role.AGENT).exists()

    def test_a_role_begins_once_the_commune_is_a_member(self, monde: Monde):
        found = told(people(monde, (*ZOE[:8], "2015-01-01")))
        assert "que depuis le 1er janvier 2020" in found[2, "À compter du"]

    def test_accounts_are_the_administrators_alone(self, monde: Monde):
        for acteur in (monde.direction, monde.a.dgs, monde.direction_voisine):
            with pytest.raises(ActionInterdite):
                deposited(Type.PERSONNES, monde.epci, acteur, ZOE)
        assert not Reprise.objects.exists()


class TestInviting:
    def test_each_account_opened_is_invited_once(self, monde: Monde):
        known = (monde.direction.nom, monde.direction.prenom, monde.direction.email, "", "", "agent")
        reprise = taken_over(Type.PERSONNES, monde.epci, monde.administrateur, *AGENTS, known)
        assert not Courriel.objects.filter(type="invitation").exists()
        assert invite_people(reprise=reprise, acteur=monde.administrateur) == 2
        assert invite_people(reprise=reprise, acteur=monde.administrateur) == 0
        written = Courriel.objects.filter(type="invitation").order_by("adresse")
        assert [c.adresse for c in written] == ["alpha@exemple.fr", "beta@exemple.fr"]

    def test_not_who_has_a_password_or_a_closed_account(self, monde: Monde):
        reprise = taken_over(Type.PERSONNES, monde.epci, monde.administrateur, *AGENTS)
        one = Personne.objects.get(nom="Alpha")
        one.set_password("quatre mots pour entrer")
        one.save()
        Personne.objects.filter(nom="Beta").update(is_active=False)
        assert invite_people(reprise=reprise, acteur=monde.administrateur) == 0

    def test_who_was_invited_stays_when_the_sheet_is_undone(self, monde: Monde):
        reprise = taken_over(Type.PERSONNES, monde.epci, monde.administrateur, *AGENTS)
        invite_people(reprise=reprise, acteur=monde.administrateur)
        done = cancel(reprise=reprise, acteur=monde.administrateur)
        assert (done.bilan["retirees"], done.bilan["gardees"]) == (2, 2)
        assert Personne.objects.filter(nom__in=["Alpha", "Beta"]).count() == 2

    def test_only_the_administrator_once_written(self, monde: Monde):
        reprise = people(monde, *AGENTS)
        for acteur in (monde.administrateur, monde.direction):
            with pytest.raises(ActionInterdite):
                invite_people(reprise=reprise, acteur=acteur)
