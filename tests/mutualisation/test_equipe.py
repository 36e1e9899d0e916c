"""Teams: who composes, changes and dissolves them, and of whom."""

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from comptes.models import Equipe, Personne
from journal.models import Evenement
from journal.workflows.personne import end
from mutualisation.models import Titulaire
from mutualisation.workflows import equipe as equipes
from mutualisation.workflows import siege as sieges
from mutualisation.workflows.equipe import change_equipe, compose_equipe, dissolve_equipe
from mutualisation.workflows.siege import appoint
from socle.droits import ActionInterdite
from socle.erreurs import Conflit, Refus
from tests.concurrence import failures, together
from tests.factories import (
    EquipeFactory,
    Monde,
    PersonneFactory,
    SiegeFactory,
    TitulaireFactory,
    build_world,
    domaine,
    fresh,
)

pytestmark = pytest.mark.django_db
URL = "/equipes/"
TODAY = date(2027, 2, 10)


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


def change(monde: Monde, equipe: Equipe, **kwargs: Any) -> Equipe:
    given: dict[str, Any] = {
        "nom": equipe.nom,
        "telephone": equipe.telephone,
        "membres": list(equipe.membres.order_by("pk")),
        "version": equipe.version,
        "acteur": monde.direction,
        **kwargs,
    }
    return change_equipe(equipe=equipe, **given)


def sit(monde: Monde, equipe: Equipe, debut: date = TODAY, fin: date | None = None) -> Titulaire:
    seat = SiegeFactory(epci=monde.epci, responsable=True, domaine=domaine(monde.epci, "DC"))
    return TitulaireFactory(siege=seat, personne=None, equipe=equipe, debut=debut, fin=fin)


class TestChanging:
    def test_what_changed_is_told(self, monde: Monde):
        team = compose(monde)
        changed = change(monde, team, nom=" Veille ", membres=[monde.responsable, monde.b.dgs])
        changed.refresh_from_db()
        assert (changed.nom, changed.version, changed.telephone) == ("Veille", 2, team.telephone)
        assert set(changed.membres.all()) == {monde.responsable, monde.b.dgs}
        told = Evenement.objects.about(team)[0]
        assert (told.type, told.libelle) == ("equipe.modifiee", "Astreinte : devient Veille")
        assert told.detail.contenu == {
            "nom": {"avant": "Astreinte", "apres": "Veille"},
            "ajoutes": [str(monde.b.dgs)],
            "retires": [str(monde.a.dgs)],
        }
        assert change(monde, changed, telephone="15").version == 3
        assert Evenement.objects.about(team)[0].libelle == "Veille : équipe modifiée"

    def test_the_same_again_changes_nothing(self, monde: Monde):
        team = compose(monde)
        assert change(monde, team, nom=f" {team.nom} ").version == 1
        assert Evenement.objects.about(team).count() == 1

    def test_who_enters_has_the_rights_of_its_seats_who_leaves_loses_them(self, monde: Monde):
        team = compose(monde, membres=[monde.a.lecteur])
        sit(monde, team)
        dc = domaine(monde.epci, "DC").pk
        change(monde, team, membres=[monde.b.lecteur])
        held = [{t.domaine_id for t in fresh(p).acces.titres} for p in (monde.a.lecteur, monde.b.lecteur)]
        assert dc not in held[0] and dc in held[1]

    def test_only_the_direction_changes_and_dissolves(self, monde: Monde):
        team = compose(monde)
        for acteur in (monde.a.dgs, monde.directeur, monde.administrateur, monde.direction_voisine):
            with pytest.raises(ActionInterdite, match=r"^Seule la Direction des territoires compose"):
                change(monde, team, acteur=acteur)
            with pytest.raises(ActionInterdite):
                dissolve_equipe(equipe=team, acteur=acteur)

    def test_faults(self, monde: Monde):
        EquipeFactory(epci=monde.epci, nom="Standard")
        team = compose(monde)
        for kwargs, field in (
            ({"nom": "Standard"}, "nom"),
            ({"nom": " "}, "nom"),
            ({"membres": []}, "membres"),
            ({"membres": [monde.direction_voisine]}, "membres"),
        ):
            with pytest.raises(Refus) as refus:
                change(monde, team, **kwargs)
            assert refus.value.field == field
        team.refresh_from_db()
        assert (team.nom, team.version, team.membres.count()) == ("Astreinte", 1, 2)

    def test_who_was_slower_is_told(self, monde: Monde):
        team = compose(monde)
        change(monde, team, telephone="15")
        with pytest.raises(Conflit, match="équipe modifiée"):
            change(monde, team, telephone="17")

    def test_a_member_whose_account_closed_may_stay_or_leave(self, monde: Monde):
        team = compose(monde)
        Personne.objects.filter(pk=monde.a.dgs.pk).update(is_active=False)
        team = change(monde, team, telephone="15")
        assert team.membres.count() == 2
        team = change(monde, team, membres=[monde.responsable])
        assert team.membres.count() == 1
        with pytest.raises(Refus, match="Choisissez des personnes"):
            change(monde, team, membres=[monde.responsable, monde.a.dgs])


class TestDissolving:
    def test_it_is_told_once_and_frees_the_name(self, monde: Monde):
        team = compose(monde)
        for _ in range(2):
            dissolve_equipe(equipe=team, acteur=monde.direction)
        kinds = [event.type for event in Evenement.objects.about(team)]
        assert kinds == ["equipe.dissoute", "equipe.composee"]
        assert compose(monde).pk != team.pk

    @pytest.mark.parametrize(
        ("debut", "fin"),
        [(date(2020, 1, 1), None), (TODAY, TODAY + timedelta(days=1)), (date(2028, 1, 1), None)],
    )
    def test_not_while_it_holds_a_seat_or_will(self, monde: Monde, debut: date, fin: date | None):
        team = compose(monde)
        sit(monde, team, debut, fin)
        with pytest.raises(Refus, match="Cette équipe tient encore : Espaces verts, Métropole d'Essai"):
            dissolve_equipe(equipe=team, acteur=monde.direction)

    def test_six_seats_are_not_all_named(self, monde: Monde):
        team = compose(monde)
        for code in ("DA", "DB", "DC"):
            for cote, commune in (("commune", monde.c), ("epci", monde.c)):
                seat = SiegeFactory(
                    epci=monde.epci, cote=cote, domaine=domaine(monde.epci, code), commune=commune
                )
                TitulaireFactory(siege=seat, personne=None, equipe=team)
        with pytest.raises(Refus, match="et 1 autre siège") as refus:
            dissolve_equipe(equipe=team, acteur=monde.direction)
        assert refus.value.message.count("Saint-Louis-de-Montferrand") == 5

    def test_a_past_seat_keeps_its_name(self, client: Client, monde: Monde):
        team = compose(monde)
        seat = sit(monde, team, date(2020, 1, 1), TODAY).siege
        dissolve_equipe(equipe=team, acteur=monde.direction)
        client.force_login(monde.direction)
        assert "Astreinte" in client.get(f"/referents/{seat.pk}/").content.decode()

    def test_dissolved_it_is_offered_no_more_and_does_not_change(self, client: Client, monde: Monde):
        team = compose(monde)
        dissolve_equipe(equipe=team, acteur=monde.direction)
        team.refresh_from_db()
        client.force_login(monde.direction)
        for path in (URL, f"/referents/{monde.siege.pk}/"):
            assert "Astreinte" not in client.get(path).content.decode()
        seat = {"epci": monde.epci, "cote": "epci", "domaine": monde.domaine, "debut": TODAY}
        with pytest.raises(Refus, match="L'équipe Astreinte est dissoute"):
            appoint(equipe=team, acteur=monde.direction, **seat)
        with pytest.raises(Refus, match="Cette équipe est dissoute"):
            change(monde, team, nom="Autre")


@pytest.mark.django_db(transaction=True)
def test_dissolving_and_seating_at_once_leave_no_seat_to_nobody(
    at_time: Any, monkeypatch: pytest.MonkeyPatch
):
    """Each has looked at the other's work before writing its own, unless the lock makes one of them wait."""
    at_time("2027-02-10 10:00")
    monde = build_world()
    team = compose(monde)
    seat = {"epci": monde.epci, "cote": "epci", "domaine": domaine(monde.epci, "DC"), "debut": TODAY}
    both = threading.Barrier(2)

    def met(look: Callable[..., None]) -> Callable[..., None]:
        def look_together(*args: Any) -> None:
            look(*args)
            with suppress(threading.BrokenBarrierError):  # the other waits for the lock, and never comes
                both.wait(1)

        return look_together

    monkeypatch.setattr(equipes, "_check_free", met(equipes._check_free))
    monkeypatch.setattr(sieges, "_check_holder", met(sieges._check_holder))
    results = together(
        lambda: dissolve_equipe(equipe=team, acteur=monde.direction),
        lambda: appoint(equipe=team, acteur=monde.direction, **seat),
    )
    assert [type(error) for error in failures(results)] == [Refus]
    team.refresh_from_db()
    assert bool(team.dissoute_at) != Titulaire.objects.filter(equipe=team).exists()


class TestPageOfATeam:
    def html(self, response: Any, status: int = 200) -> str:
        assert response.status_code == status
        return response.content.decode().replace("’", "'").replace("\u00a0", " ")

    @pytest.fixture
    def team(self, monde: Monde) -> Equipe:
        return compose(monde)

    @pytest.fixture
    def directing(self, client: Client, monde: Monde) -> Client:
        client.force_login(monde.direction)
        return client

    def sent(self, equipe: Equipe, **changed: Any) -> dict[str, Any]:
        members = [membre.pk for membre in equipe.membres.order_by("pk")]
        texts = {"nom": equipe.nom, "telephone": equipe.telephone, "version": equipe.version}
        return {**texts, "membres": members, **changed}

    def test_rights(self, client: Client, monde: Monde, team: Equipe):
        for path in (f"{URL}{team.pk}/", f"{URL}{team.pk}/dissoudre/"):
            client.force_login(monde.administrateur)
            assert "compose les équipes" in self.html(client.post(path), 403)
            client.force_login(monde.direction_voisine)
            self.html(client.post(path), 404)

    def test_the_list_leads_there_for_who_composes(self, client: Client, monde: Monde, team: Equipe):
        client.force_login(monde.direction)
        assert f'href="{URL}{team.pk}/"' in self.html(client.get(URL))
        client.force_login(monde.a.dgs)
        assert f'href="{URL}{team.pk}/"' not in self.html(client.get(URL))

    def test_whoever_is_added_is_ticked_in_a_fold_that_comes_back_open(
        self, directing: Client, monde: Monde, team: Equipe
    ):
        path = f"{URL}{team.pk}/"
        fold = '<details class="repli" open'
        assert fold not in self.html(directing.get(path))
        assert fold not in self.html(directing.post(path, self.sent(team, nom="")), 422)
        sent = self.sent(team, nom="", ajouts=[monde.b.dgs.pk])
        html = self.html(directing.post(path, sent), 422)
        assert fold in html and html.count("checked") == 3
        assert directing.post(path, {**sent, "nom": team.nom}).url == URL
        assert set(team.membres.all()) == {monde.a.dgs, monde.responsable, monde.b.dgs}

    def test_somebody_who_went_out_meanwhile_stays_ticked_when_the_conflict_is_told(
        self, directing: Client, monde: Monde, team: Equipe
    ):
        change(monde, team, membres=[monde.responsable])
        sent = {**self.sent(team, telephone="17"), "membres": [monde.responsable.pk, monde.a.dgs.pk]}
        html = self.html(directing.post(f"{URL}{team.pk}/", sent), 409)
        assert html.count("checked") == 2

    def test_who_is_in_comes_first_closed_accounts_too(self, directing: Client, monde: Monde, team: Equipe):
        Personne.objects.filter(pk=monde.responsable.pk).update(is_active=False)
        html = self.html(directing.get(f"{URL}{team.pk}/"))
        last = max(html.index(f"{one}, agent") for one in (monde.a.dgs, monde.responsable))
        assert last < html.index(f"{monde.a.collaborateur}, agent")
        assert html.count("compte fermé") == 1
        assert "Claude Responsable (compte fermé)" in self.html(directing.get(URL))

    def test_changing(self, directing: Client, monde: Monde, team: Equipe):
        sent = self.sent(team, nom="Veille", membres=[monde.b.dgs.pk])
        assert directing.post(f"{URL}{team.pk}/", sent).url == URL
        assert list(team.membres.all()) == [monde.b.dgs]
        assert "Veille : équipe à jour." in self.html(directing.get(URL))

    def test_faults_stay_beside_their_fields(self, directing: Client, team: Equipe):
        sent = self.sent(team, nom="", telephone="le soir", membres=[])
        html = self.html(directing.post(f"{URL}{team.pk}/", sent), 422)
        for words in ("Donnez un nom à l'équipe.", "Écrivez un numéro", "Choisissez au moins une personne."):
            assert words in html
        assert 'value="le soir"' in html

    def test_a_conflict_keeps_what_was_typed_then_obeys(self, directing: Client, monde: Monde, team: Equipe):
        change(monde, team, telephone="15")
        sent = self.sent(team, telephone="17")
        html = self.html(directing.post(f"{URL}{team.pk}/", sent), 409)
        assert "a modifié cette page entre-temps" in html
        assert 'value="17"' in html and 'name="version" value="2"' in html
        assert directing.post(f"{URL}{team.pk}/", {**sent, "version": 2}).url == URL

    def test_dissolving(self, directing: Client, monde: Monde, team: Equipe):
        row = sit(monde, team)
        path = f"{URL}{team.pk}/"
        html = self.html(directing.get(path))
        assert f'href="/referents/{row.siege_id}/"' in html and "Dissoudre" not in html
        refused = self.html(directing.post(f"{path}dissoudre/", follow=True))
        assert "Cette équipe tient encore : Espaces verts" in refused
        row.delete()
        assert "Dissoudre l'équipe" in self.html(directing.get(path))
        assert directing.post(f"{path}dissoudre/").url == URL
        html = self.html(directing.get(path))
        assert "Dissoute" in html and "Enregistrer" not in html

    def test_its_history_is_the_directions_and_not_only_hers(
        self, client: Client, monde: Monde, team: Equipe
    ):
        path = f"/historique/comptes.equipe/{team.pk}/"
        for personne, named in ((monde.direction, True), (monde.a.lecteur, False)):
            client.force_login(personne)
            html = self.html(client.get(path))
            assert "Astreinte : équipe créée" in html
            assert (str(monde.responsable) in html) == named, "names stand in the detail"
        client.force_login(monde.direction_voisine)
        self.html(client.get(path), 404)

    def test_accounts_stay_the_administrators(self, monde: Monde):
        row = monde.a.dgs.habilitations.get()
        end(habilitation=row, acteur=monde.administrateur, dernier_jour=TODAY)
        events = Evenement.objects.about(monde.a.dgs)
        for personne, count in ((monde.direction, 0), (monde.a.maire, 0), (monde.administrateur, 1)):
            assert events.visible_to(personne).count() == count


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
