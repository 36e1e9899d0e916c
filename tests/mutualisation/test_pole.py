"""Pôles territoriaux: who draws them, and what a change of pôle does to memberships."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from journal.models import Evenement
from mutualisation.workflows.pole import assign_poles, delete_pole, draw_pole, rename_pole
from socle.droits import ActionInterdite
from socle.erreurs import Refus
from territoire.models import Appartenance, Commune, Pole
from tests.factories import (
    SINCE,
    HabilitationFactory,
    Monde,
    PoleFactory,
    SiegeFactory,
    fresh,
    member_commune,
)

pytestmark = pytest.mark.django_db
TODAY = date(2027, 2, 10)
URL = "/poles/"


def pole(monde: Monde, nom: str) -> Pole:
    return Pole.objects.get(epci=monde.epci, nom=nom)


def periods(commune: Commune) -> list[tuple[date, date | None, str]]:
    rows = commune.appartenances.select_related("pole").order_by("debut")
    return [(row.debut, row.fin, row.pole.nom if row.pole else "") for row in rows]


def assign(monde: Monde, poles: dict[int, int | None], acteur: Any = None) -> int:
    return assign_poles(epci=monde.epci, poles=poles, acteur=acteur or monde.direction)


class TestDrawing:
    def test_a_pole_is_created_and_told(self, monde: Monde):
        made = draw_pole(epci=monde.epci, nom=" Pôle Ouest ", acteur=monde.direction)
        assert (made.nom, made.epci) == ("Pôle Ouest", monde.epci)
        told = Evenement.objects.about(made).get()
        assert (told.type, told.acteur) == ("pole.dessine", monde.direction)

    def test_a_name_is_given_once_in_an_epci(self, monde: Monde):
        for nom, phrase in (("Pôle Nord", "existe déjà"), ("  ", "Donnez un nom")):
            with pytest.raises(Refus, match=phrase) as refus:
                draw_pole(epci=monde.epci, nom=nom, acteur=monde.direction)
            assert refus.value.field == "nom"
        assert draw_pole(epci=monde.epci_voisin, nom="Pôle Nord", acteur=monde.direction_voisine)

    def test_only_the_direction_draws(self, monde: Monde):
        for acteur in (monde.a.dgs, monde.directeur, monde.administrateur, monde.direction_voisine):
            with pytest.raises(ActionInterdite, match=r"^Seule la Direction des territoires dessine"):
                draw_pole(epci=monde.epci, nom="Pôle Ouest", acteur=acteur)
            with pytest.raises(ActionInterdite):
                assign(monde, {monde.a.commune.pk: None}, acteur)
        assert Pole.objects.filter(epci=monde.epci).count() == 2


class TestRenaming:
    def test_the_new_name_is_told_with_the_former(self, monde: Monde):
        renamed = rename_pole(pole=pole(monde, "Pôle Sud"), nom=" Pôle Océan ", acteur=monde.direction)
        renamed.refresh_from_db()
        assert renamed.nom == "Pôle Océan"
        assert Evenement.objects.about(renamed).get().libelle == "Pôle Sud : devient Pôle Océan"

    def test_the_same_name_tells_nothing(self, monde: Monde):
        same = rename_pole(pole=pole(monde, "Pôle Sud"), nom="Pôle Sud", acteur=monde.direction)
        assert not Evenement.objects.about(same).exists()

    @pytest.mark.parametrize(("nom", "phrase"), [("Pôle Nord", "existe déjà"), (" ", "Donnez un nom")])
    def test_no_name_nor_one_already_taken(self, monde: Monde, nom: str, phrase: str):
        with pytest.raises(Refus, match=phrase):
            rename_pole(pole=pole(monde, "Pôle Sud"), nom=nom, acteur=monde.direction)
        assert pole(monde, "Pôle Sud")

    def test_only_the_direction_of_the_epci_renames(self, monde: Monde):
        for acteur in (monde.a.dgs, monde.directeur, monde.administrateur, monde.direction_voisine):
            with pytest.raises(ActionInterdite):
                rename_pole(pole=pole(monde, "Pôle Sud"), nom="Autre", acteur=acteur)

    def test_from_the_page(self, client: Client, monde: Monde):
        client.force_login(monde.direction)
        sent = {"renommer-pole": pole(monde, "Pôle Sud").pk, "renommer-nom": "Pôle Océan"}
        refused = client.post(URL, {**sent, "renommer-nom": "Pôle Nord"})
        html = refused.content.decode()
        assert refused.status_code == 422
        assert 'id="id_renommer-nom_faute"' in html and 'value="Pôle Nord"' in html
        assert 'id="id_nom_faute"' not in html, "the other form has nothing to correct"
        assert client.post(URL, sent).url == URL
        assert pole(monde, "Pôle Océan")

    def test_a_pole_of_another_epci_cannot_be_chosen(self, client: Client, monde: Monde):
        foreign = PoleFactory(epci=monde.epci_voisin)
        client.force_login(monde.direction)
        response = client.post(URL, {"renommer-pole": foreign.pk, "renommer-nom": "Pris"})
        assert response.status_code == 422 and "Choisissez un pôle de la liste." in response.content.decode()
        assert not Pole.objects.filter(nom="Pris").exists()


class TestDeleting:
    def drawn(self, monde: Monde) -> Pole:
        return draw_pole(epci=monde.epci, nom="Pôle Ouest", acteur=monde.direction)

    def test_one_never_used_is_erased_once_and_told(self, monde: Monde):
        made = self.drawn(monde)
        told = Evenement.objects.about(made)
        before = Pole(pk=made.pk, epci=made.epci, nom=made.nom)
        for _ in range(2):
            delete_pole(pole=before, acteur=monde.direction)
            before.pk = told[0].objet_id
        assert not Pole.objects.filter(nom="Pôle Ouest").exists()
        assert [event.type for event in told] == ["pole.supprime", "pole.dessine"]

    @pytest.mark.parametrize("what", ["commune", "siège", "rôle de directeur"])
    def test_one_that_was_used_stays_and_says_why(self, monde: Monde, what: str):
        made = self.drawn(monde)
        if what == "commune":
            assign(monde, {monde.a.commune.pk: made.pk})
            monde.a.commune.appartenances.filter(fin=None).update(fin=TODAY + timedelta(days=1))
        elif what == "siège":
            SiegeFactory(epci=monde.epci, responsable=True, domaine=monde.domaine, pole=made)
        else:
            HabilitationFactory(directeur_pole=True, epci=monde.epci, pole=made, fin=date(2021, 1, 1))
        with pytest.raises(Refus, match=f"il a 1 {what}, aujourd'hui, autrefois ou plus tard") as refus:
            delete_pole(pole=made, acteur=monde.direction)
        assert refus.value.field == "pole"
        assert pole(monde, "Pôle Ouest")

    def test_only_the_direction_of_the_epci_deletes(self, monde: Monde):
        made = self.drawn(monde)
        for acteur in (monde.a.dgs, monde.directeur, monde.administrateur, monde.direction_voisine):
            with pytest.raises(ActionInterdite):
                delete_pole(pole=made, acteur=acteur)

    def test_from_the_page(self, client: Client, monde: Monde):
        client.force_login(monde.direction)
        self.drawn(monde)
        refused = client.post(URL, {"supprimer-pole": pole(monde, "Pôle Nord").pk})
        html = refused.content.decode().replace("\u00a0", " ").replace("’", "'")
        assert refused.status_code == 422 and 'id="id_supprimer-pole_faute"' in html
        assert "il a 1 commune et 1 rôle de directeur, aujourd'hui" in html
        foreign = PoleFactory(epci=monde.epci_voisin)
        assert client.post(URL, {"supprimer-pole": foreign.pk}).status_code == 422
        assert client.post(URL, {"supprimer-pole": pole(monde, "Pôle Ouest").pk}).url == URL
        assert "Pôle Ouest : pôle supprimé." in client.get(URL).content.decode().replace("\u00a0", " ")
        assert Pole.objects.filter(pk=foreign.pk).exists()

    def test_others_are_told_who_may(self, client: Client, monde: Monde):
        client.force_login(monde.directeur)
        assert client.post(URL, {"supprimer-pole": self.drawn(monde).pk}).status_code == 403


class TestAssigning:
    def test_a_change_closes_the_period_and_opens_one_today(self, monde: Monde):
        commune = monde.a.commune
        assert assign(monde, {commune.pk: pole(monde, "Pôle Sud").pk}) == 1
        assert periods(commune) == [(SINCE, TODAY, "Pôle Nord"), (TODAY, None, "Pôle Sud")]
        told = Evenement.objects.about(commune).get()
        assert (told.type, told.commune) == ("commune.pole", commune)
        assert told.libelle == "L'Haÿ-les-Roses : Pôle Sud à compter du 10 février 2027"

    def test_a_period_that_began_today_is_only_corrected(self, monde: Monde):
        commune = monde.a.commune
        assign(monde, {commune.pk: pole(monde, "Pôle Sud").pk})
        assert assign(monde, {commune.pk: None}) == 1
        assert periods(commune) == [(SINCE, TODAY, "Pôle Nord"), (TODAY, None, "")]

    def test_an_end_already_known_is_kept(self, monde: Monde):
        commune, leaving = monde.a.commune, TODAY + timedelta(days=90)
        Appartenance.objects.filter(commune=commune).update(fin=leaving)
        assign(monde, {commune.pk: pole(monde, "Pôle Sud").pk})
        assert periods(commune)[-1] == (TODAY, leaving, "Pôle Sud")

    def test_nothing_moves_when_nothing_changes(self, monde: Monde):
        before = periods(monde.a.commune)
        assert assign(monde, {monde.a.commune.pk: pole(monde, "Pôle Nord").pk}) == 0
        assert periods(monde.a.commune) == before
        assert not Evenement.objects.about(monde.a.commune).exists()

    def test_what_belongs_to_another_epci_is_refused_and_nothing_moves(self, monde: Monde):
        foreign = PoleFactory(epci=monde.epci_voisin)
        south = pole(monde, "Pôle Sud").pk
        for wrong, phrase in (
            ({monde.b.commune.pk: foreign.pk}, "Ce pôle n'est pas"),
            ({monde.b.commune.pk: 0}, "Ce pôle n'est pas"),
            ({monde.commune_voisine.pk: south}, "Cette commune n'est pas membre"),
        ):
            with pytest.raises(Refus, match=phrase):
                assign(monde, {monde.a.commune.pk: south, **wrong})
        assert len(periods(monde.a.commune)) == 1

    def test_the_directeur_follows_the_commune(self, monde: Monde):
        assign(monde, {monde.b.commune.pk: pole(monde, "Pôle Nord").pk, monde.a.commune.pk: None})
        client = Client()
        client.force_login(fresh(monde.directeur))
        assert client.get(f"/referents/?commune={monde.b.commune.pk}").status_code == 200
        assert client.get(f"/referents/?commune={monde.a.commune.pk}").status_code == 404


class TestPage:
    def html(self, response: Any, status: int = 200) -> str:
        assert response.status_code == status
        return response.content.decode().replace("’", "'").replace("\u00a0", " ")

    def test_everyone_reads_and_the_direction_writes(self, client: Client, monde: Monde):
        member_commune(monde.epci, nom="Sans-Attache")
        client.force_login(monde.a.lecteur)
        html = self.html(client.get(URL))
        assert "Œuilly, Saint-Louis-de-Montferrand" in html
        assert "Sans-Attache" in html
        assert "Enregistrer" not in html
        assert "Seule la Direction des territoires dessine les pôles." in html
        client.force_login(monde.direction)
        assert self.html(client.get(URL)).count(">Enregistrer<") == 1

    def test_another_epci_reads_its_own(self, client: Client, monde: Monde):
        client.force_login(monde.direction_voisine)
        html = self.html(client.get(URL))
        assert "Pôle Nord" not in html
        assert "Œuilly" not in html

    def test_others_are_told_who_may(self, client: Client, monde: Monde):
        client.force_login(monde.directeur)
        for sent in ({"nom": "Pôle Ouest"}, {f"commune-{monde.a.commune.pk}": ""}):
            assert "dessine les pôles" in self.html(client.post(URL, sent), 403)

    def test_creating(self, client: Client, monde: Monde):
        client.force_login(monde.direction)
        assert client.post(URL, {"nom": "Pôle Ouest"}).url == URL
        assert "aucune commune" in self.html(client.get(URL))

    def test_a_name_taken_is_told_beside_the_field(self, client: Client, monde: Monde):
        client.force_login(monde.direction)
        html = self.html(client.post(URL, {"nom": "Pôle Nord"}), 422)
        assert "Ce pôle existe déjà." in html
        assert 'id="id_nom_faute"' in html
        assert 'value="Pôle Nord"' in html

    def test_moving_communes(self, client: Client, monde: Monde):
        client.force_login(monde.direction)
        sent = {
            f"commune-{monde.a.commune.pk}": pole(monde, "Pôle Sud").pk,
            f"commune-{monde.b.commune.pk}": "",
        }
        assert client.post(URL, sent).url == URL
        assert periods(monde.a.commune)[-1] == (TODAY, None, "Pôle Sud")
        assert periods(monde.b.commune)[-1] == (TODAY, None, "")
        assert len(periods(monde.c)) == 1
        assert "2 communes ont changé de pôle" in self.html(client.get(URL))

    def test_a_foreign_pole_or_commune_is_refused(self, client: Client, monde: Monde):
        client.force_login(monde.direction)
        foreign = PoleFactory(epci=monde.epci_voisin)
        for sent, phrase in (
            ({f"commune-{monde.a.commune.pk}": foreign.pk}, "Choisissez un pôle de la liste."),
            ({f"commune-{monde.commune_voisine.pk}": ""}, "n'est pas membre de cet EPCI"),
            ({"commune-rien": ""}, "n'est pas membre de cet EPCI"),
        ):
            assert phrase in self.html(client.post(URL, sent), 422)
        assert len(periods(monde.a.commune)) == 1

    def test_the_campaign_leads_there(self, client: Client, monde: Monde):
        client.force_login(monde.direction)
        html = self.html(client.get("/campagne/"))
        assert 'href="/poles/"' in html
        assert 'href="/equipes/"' in html
