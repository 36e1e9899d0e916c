"""Seats: who answers for a domain on a side, who names them, and the rights that derive from them."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from comptes.models import Role
from journal.models import Evenement
from mutualisation.models import Ligne, Siege, Titulaire
from mutualisation.referents import people_of
from mutualisation.workflows.siege import appoint, end_appointment
from socle.droits import ActionInterdite
from socle.erreurs import Refus
from tests.factories import (
    EquipeFactory,
    HabilitationFactory,
    LigneFactory,
    Monde,
    PersonneFactory,
    PoleFactory,
    SiegeFactory,
    TitulaireFactory,
    activite,
    domaine,
    fresh,
    holder,
    member_commune,
)

pytestmark = pytest.mark.django_db
TODAY = date(2027, 2, 10)


def name(monde: Monde, **kwargs: Any) -> Titulaire:
    """Appoint someone référent of the domain DB in commune A."""
    given: dict[str, Any] = {
        "epci": monde.epci,
        "cote": Siege.Cote.COMMUNE,
        "domaine": domaine(monde.epci, "DB"),
        "commune": monde.a.commune,
        "debut": TODAY,
        "acteur": monde.direction,
        **kwargs,
    }
    if not {"personne", "equipe"} & kwargs.keys():
        given["personne"] = PersonneFactory()
    return appoint(**given)


class TestAppointing:
    def test_one_titulaire_at_a_time_is_a_rule_of_the_database(self, monde: Monde):
        held = Titulaire.objects.get(siege=monde.siege)
        with pytest.raises(IntegrityError, match="titulaire_no_overlap"), transaction.atomic():
            TitulaireFactory(siege=held.siege, debut=TODAY)
        TitulaireFactory(siege=held.siege, debut=TODAY, rang=Titulaire.Rang.SUPPLEANT)

    def test_a_person_or_a_team_never_both_never_none(self, monde: Monde):
        team = EquipeFactory(epci=monde.epci)
        for holders in ({"personne": None}, {"equipe": team}):
            with pytest.raises(IntegrityError, match="titulaire_person_or_team"), transaction.atomic():
                TitulaireFactory(siege=monde.siege, rang=Titulaire.Rang.SUPPLEANT, **holders)
        for given in ({"personne": None}, {"personne": PersonneFactory(), "equipe": team}):
            with pytest.raises(Refus, match="une personne ou par une équipe"):
                name(monde, **given)

    def test_the_newcomer_relieves_the_holder_the_day_he_arrives(self, monde: Monde):
        first = name(monde, debut=date(2026, 1, 1))
        second = name(monde)
        first.refresh_from_db()
        assert (first.fin, second.fin) == (TODAY, None)
        assert Evenement.objects.about(second.siege).count() == 2

    def test_a_deputy_relieves_nobody(self, monde: Monde):
        first = name(monde)
        name(monde, rang=Titulaire.Rang.SUPPLEANT)
        name(monde, rang=Titulaire.Rang.SUPPLEANT)
        first.refresh_from_db()
        assert first.fin is None
        assert first.siege.titulaires.on(TODAY).count() == 3

    def test_the_same_appointment_twice_is_one(self, monde: Monde):
        person = PersonneFactory()
        assert name(monde, personne=person) == name(monde, personne=person)
        assert Evenement.objects.filter(type="siege.nomme").count() == 1

    def test_someone_already_named_for_later_must_be_seen_to_first(self, monde: Monde):
        later = name(monde, debut=date(2027, 6, 1))
        with pytest.raises(Refus, match=f"{later} est déjà nommé à compter du 1er juin 2027") as refus:
            name(monde)
        assert refus.value.field == "debut"
        limited = name(monde, fin=date(2027, 6, 1))
        assert limited.fin == later.debut

    def test_the_same_holder_cannot_have_the_same_rank_twice(self, monde: Monde):
        person = PersonneFactory()
        name(monde, personne=person, rang=Titulaire.Rang.SUPPLEANT)
        with pytest.raises(Refus, match="est déjà suppléant de ce siège"):
            name(monde, personne=person, rang=Titulaire.Rang.SUPPLEANT, debut=date(2027, 3, 1))

    def test_what_does_not_fit_the_epci_is_refused(self, monde: Monde):
        elsewhere = monde.epci_voisin
        for given in (
            {"domaine": domaine(elsewhere)},
            {"commune": monde.commune_voisine},
            {"commune": None},
            {"cote": Siege.Cote.EPCI, "pole": PoleFactory(epci=monde.epci)},
            {"cote": Siege.Cote.EPCI, "commune": None, "pole": PoleFactory(epci=elsewhere)},
            {"equipe": EquipeFactory(epci=elsewhere)},
            {"personne": PersonneFactory(is_active=False)},
            {"fin": TODAY},
        ):
            with pytest.raises(Refus):
                name(monde, **given)
        assert not Siege.objects.filter(domaine=domaine(monde.epci, "DB"), commune=monde.a.commune).exists()

    def test_who_may_name(self, monde: Monde):
        assert name(monde, acteur=monde.a.dgs)
        for acteur in (monde.b.dgs, monde.a.maire, monde.a.collaborateur, monde.responsable, monde.directeur):
            with pytest.raises(ActionInterdite, match="Direction des territoires"):
                name(monde, acteur=acteur)
        with pytest.raises(ActionInterdite):
            name(monde, acteur=monde.a.dgs, cote=Siege.Cote.EPCI, commune=None)
        with pytest.raises(ActionInterdite):  # the EPCI's own seat for her commune alone
            name(monde, acteur=monde.a.dgs, cote=Siege.Cote.EPCI)
        with pytest.raises(ActionInterdite):
            name(monde, acteur=monde.direction_voisine)

    def test_an_appointment_ends_and_never_lasts_longer(self, monde: Monde):
        held = name(monde, debut=date(2027, 1, 1))
        ended = end_appointment(titulaire=held, acteur=monde.a.dgs, fin=date(2027, 3, 1))
        assert ended.fin == date(2027, 3, 1)
        for fin in (date(2027, 1, 1), date(2027, 4, 1)):
            with pytest.raises(Refus):
                end_appointment(titulaire=held, acteur=monde.a.dgs, fin=fin)
        with pytest.raises(ActionInterdite):
            end_appointment(titulaire=held, acteur=monde.b.dgs, fin=date(2027, 2, 1))
        libelle = Evenement.objects.get(type="siege.fin").libelle
        assert libelle.endswith("titulaire jusqu'au 28 février 2027")


class TestRights:
    """Rights derive from seats, and end with them."""

    @pytest.fixture
    def line(self, monde: Monde) -> Any:
        return LigneFactory(declaration=monde.a.ligne.declaration, activite=activite(monde.epci, "DB-01"))

    def sees(self, person: Any, line: Ligne) -> bool:
        return Ligne.objects.visible_to(fresh(person)).filter(pk=line.pk).exists()

    def test_the_referent_named_sees_the_rows_of_her_domain_and_loses_them(
        self, monde: Monde, line: Ligne, at_time: Callable[[Any], Any]
    ):
        person = PersonneFactory()
        assert not self.sees(person, line)
        name(monde, personne=person, fin=date(2027, 3, 1))
        assert self.sees(person, line)
        assert not self.sees(person, monde.a.ligne)  # of the domain DA
        at_time("2027-02-28")
        assert self.sees(person, line)
        at_time("2027-03-01")
        assert not self.sees(person, line)

    def test_the_responsable_named_for_a_pole_sees_its_communes_only(self, monde: Monde, line: Ligne):
        other = LigneFactory(declaration=monde.b.ligne.declaration, activite=activite(monde.epci, "DB-01"))
        person = PersonneFactory()
        north = monde.a.commune.appartenances.get().pole
        name(monde, personne=person, cote=Siege.Cote.EPCI, commune=None, pole=north)
        assert self.sees(person, line)
        assert not self.sees(person, other)

    def test_a_member_of_the_team_that_holds_the_seat_sees_them_too(self, monde: Monde, line: Ligne):
        member, outsider = PersonneFactory(), PersonneFactory()
        name(monde, equipe=EquipeFactory(epci=monde.epci, membres=[member]))
        assert self.sees(member, line)
        assert not self.sees(outsider, line)

    def test_a_deputy_has_the_rights_of_the_seat(self, monde: Monde, line: Ligne):
        person = PersonneFactory()
        name(monde, personne=person, rang=Titulaire.Rang.SUPPLEANT)
        assert self.sees(person, line)
        assert {titre.role for titre in fresh(person).acces.titres} == {Role.REFERENT_COMMUNAL}


class TestPages:
    def get(self, client: Client, user: Any, url: str, status: int = 200) -> str:
        client.force_login(user)
        response = client.get(url)
        assert response.status_code == status
        return response.content.decode()

    def test_a_commune_sees_its_own_table(self, client: Client, monde: Monde):
        html = self.get(client, monde.a.dgs, "/referents/")
        assert str(monde.a.referent) in html.replace("’", "'")
        assert str(monde.responsable) in html
        self.get(client, monde.a.dgs, f"/referents/?commune={monde.b.commune.pk}", 404)

    def test_a_vacant_seat_says_so(self, client: Client, monde: Monde):
        Titulaire.objects.filter(personne=monde.a.referent).update(fin=TODAY)
        html = self.get(client, monde.a.dgs, "/referents/")
        assert "1\u00a0siège vacant." in html
        assert '<span class="etat o">Siège vacant</span>' in html
        assert "Nommer<span" in html
        assert "Nommer<span" not in self.get(client, monde.a.lecteur, "/referents/")

    def test_the_direction_chooses_any_commune_and_a_pole_its_own(self, client: Client, monde: Monde):
        html = self.get(client, monde.direction, "/referents/")
        assert str(monde.responsable) in html
        assert "Œuilly" in html
        self.get(client, monde.direction, f"/referents/?commune={monde.b.commune.pk}")
        self.get(client, monde.directeur, f"/referents/?commune={monde.a.commune.pk}")
        self.get(client, monde.directeur, f"/referents/?commune={monde.b.commune.pk}", 404)
        self.get(client, monde.direction, f"/referents/?commune={monde.commune_voisine.pk}", 404)

    def test_another_epci_does_not_exist(self, client: Client, monde: Monde):
        self.get(client, monde.direction_voisine, f"/referents/{monde.siege.pk}/", 404)
        client.force_login(monde.direction_voisine)
        assert client.post(f"/referents/{monde.siege.pk}/", {}).status_code == 404

    def test_the_hat_worn_hides_the_seats_of_the_other_epci(self, client: Client, monde: Monde):
        both = monde.direction
        HabilitationFactory(personne=both, direction=True, epci=monde.epci_voisin)
        other = SiegeFactory(epci=monde.epci_voisin, responsable=True)
        self.get(client, fresh(both), f"/referents/{other.pk}/", 404)

    def test_the_form_only_shows_to_who_may_name(self, client: Client, monde: Monde):
        url = f"/referents/{monde.siege.pk}/"
        assert "Nommer quelqu’un" in self.get(client, monde.direction, url)
        assert "Seule la Direction des territoires" in self.get(client, monde.a.dgs, url)
        assert client.post(url, {"qui": f"p{monde.a.dgs.pk}"}).status_code == 403

    def test_naming_shows_the_person_and_her_period(self, client: Client, monde: Monde):
        url = f"/referents/{monde.siege.pk}/"
        client.force_login(monde.direction)
        person = monde.b.dgs
        sent = {
            "qui": f"p{person.pk}",
            "rang": "titulaire",
            "debut": "2027-03-01",
            "dernier_jour": "2027-06-30",
        }
        assert client.post(url, sent).url == url
        named = Titulaire.objects.get(siege=monde.siege, personne=person)
        assert (named.debut, named.fin) == (date(2027, 3, 1), date(2027, 7, 1))
        html = client.get(url).content.decode()
        assert "30\u00a0juin 2027" in html
        assert "28\u00a0février 2027" in html  # the last day of the one she relieves

    def test_a_refusal_stands_beside_its_field_and_keeps_what_was_typed(self, client: Client, monde: Monde):
        Titulaire.objects.filter(siege=monde.siege).update(debut=date(2028, 1, 1))
        client.force_login(monde.direction)
        sent = {"qui": f"p{monde.b.dgs.pk}", "rang": "titulaire", "debut": "2027-03-01", "dernier_jour": ""}
        html = client.post(f"/referents/{monde.siege.pk}/", sent).content.decode()
        assert "est déjà nommé à compter du" in html
        assert 'id="id_debut_faute"' in html
        assert 'value="2027-03-01"' in html
        assert f'value="p{monde.b.dgs.pk}" selected' in html

    def test_faults_of_the_form_are_said_in_french(self, client: Client, monde: Monde):
        client.force_login(monde.direction)
        sent = {"qui": "p999999", "rang": "roi", "debut": "31/02/2027", "dernier_jour": "hier"}
        html = client.post(f"/referents/{monde.siege.pk}/", sent).content.decode()
        assert html.count("Choisissez dans la liste.") >= 1
        assert "Dites titulaire ou suppléant." in html
        assert html.count("Cette date n’existe pas.") >= 2
        assert Titulaire.objects.filter(siege=monde.siege).count() == 1

    def test_nobody_of_another_epci_may_be_chosen(self, client: Client, monde: Monde):
        client.force_login(monde.direction)
        stranger = monde.direction_voisine
        assert stranger.email not in client.get(f"/referents/{monde.siege.pk}/").content.decode()
        sent = {"qui": f"p{stranger.pk}", "rang": "titulaire", "debut": "2027-03-01"}
        assert client.post(f"/referents/{monde.siege.pk}/", sent).status_code == 422
        assert not Titulaire.objects.filter(personne=stranger).exists()

    def test_ending_an_appointment(self, client: Client, monde: Monde):
        client.force_login(monde.direction)
        held = Titulaire.objects.get(siege=monde.siege)
        url = f"/referents/{monde.siege.pk}/"
        html = client.post(url, {"fin-titulaire": held.pk, "fin-dernier_jour": "2019-01-01"}).content.decode()
        assert "Cette nomination commence le 1<sup>er</sup>" in html
        assert client.post(url, {"fin-titulaire": held.pk, "fin-dernier_jour": "2027-02-28"}).url == url
        held.refresh_from_db()
        assert held.fin == date(2027, 3, 1)

    def test_a_dgs_creates_a_seat_of_his_commune_only(self, client: Client, monde: Monde):
        client.force_login(monde.a.dgs)
        seat = {"domaine": domaine(monde.epci, "DC").pk, "cote": "commune", "commune": monde.a.commune.pk}
        sent = {**seat, "qui": f"p{monde.a.maire.pk}", "rang": "titulaire", "debut": "2027-02-10"}
        for wrong in ({"commune": monde.b.commune.pk}, {"cote": "epci"}):
            assert client.post("/referents/nouveau/", {**sent, **wrong}).status_code == 422
        assert not Siege.objects.filter(domaine__code="DC", epci=monde.epci).exists()
        response = client.post("/referents/nouveau/", sent)
        made = Siege.objects.get(domaine__code="DC", epci=monde.epci)
        assert response.url == f"/referents/{made.pk}/"
        assert (made.cote, made.commune) == ("commune", monde.a.commune)

    def test_the_direction_creates_a_seat_for_a_pole(self, client: Client, monde: Monde):
        client.force_login(monde.direction)
        pole = monde.epci.poles.order_by("tri").first()
        assert pole
        sent = {"domaine": domaine(monde.epci, "DC").pk, "cote": "epci", "commune": "", "pole": pole.pk}
        who = {
            "qui": f"p{monde.responsable.pk}",
            "rang": "titulaire",
            "debut": "2027-02-10",
            "dernier_jour": "",
        }
        client.post("/referents/nouveau/", {**sent, **who})
        made = Siege.objects.get(domaine__code="DC", epci=monde.epci)
        assert (made.cote, made.pole, made.titulaires.get().personne) == ("epci", pole, monde.responsable)

    def test_the_address_fills_the_form_and_others_are_told_who_may(self, client: Client, monde: Monde):
        pk = domaine(monde.epci, "DC").pk
        html = self.get(client, monde.direction, f"/referents/nouveau/?domaine={pk}&cote=epci")
        assert f'<option value="{pk}" selected>' in html
        assert "Seule la Direction des territoires" in self.get(
            client, monde.a.maire, "/referents/nouveau/", 403
        )


def test_the_people_offered_are_those_of_the_epci(monde: Monde):
    team_mate, stranger = PersonneFactory(), PersonneFactory()
    EquipeFactory(epci=monde.epci, membres=[team_mate])
    closed = holder(Role.DGS, monde.epci, commune=member_commune(monde.epci), is_active=False)
    offered = set(people_of(monde.epci))
    assert {monde.a.dgs, monde.a.referent, monde.responsable, team_mate} <= offered
    assert not {stranger, closed, monde.direction_voisine} & offered


class TestPeopleOfACommune:
    """A DGS chooses among her commune's people and the agents; the Direction, among all."""

    def test_those_of_the_commune_and_the_agents(self, monde: Monde):
        agent = holder(Role.AGENT, monde.epci)
        a = monde.a
        expected = {a.dgs, a.maire, a.collaborateur, a.lecteur, a.referent, agent}
        assert set(people_of(monde.epci, a.commune)) == expected

    def test_roles_to_come_count_those_that_are_over_do_not(self, monde: Monde):
        commune = {"epci": monde.epci, "commune": monde.a.commune}
        coming = HabilitationFactory(**commune, debut=date(2027, 9, 1)).personne
        gone = HabilitationFactory(**commune, fin=TODAY).personne
        closed = HabilitationFactory(**commune, personne__is_active=False).personne
        offered = set(people_of(monde.epci, monde.a.commune))
        assert coming in offered
        assert not {gone, closed} & offered

    def test_another_epci_of_the_same_commune_stays_apart(self, monde: Monde):
        elsewhere = HabilitationFactory(epci=monde.epci_voisin, commune=monde.a.commune).personne
        foreign_agent = holder(Role.AGENT, monde.epci_voisin)
        assert not {elsewhere, foreign_agent} & set(people_of(monde.epci, monde.a.commune))

    @pytest.mark.parametrize("new", [True, False])
    def test_the_pages_offer_and_take_no_one_else(self, client: Client, monde: Monde, new: bool):
        siege = Siege.objects.get(commune=monde.a.commune, domaine=monde.domaine, cote="commune")
        url = "/referents/nouveau/" if new else f"/referents/{siege.pk}/"
        client.force_login(monde.a.dgs)
        html = client.get(url).content.decode()
        assert f'value="p{monde.a.maire.pk}"' in html
        assert f'value="p{monde.b.dgs.pk}"' not in html and str(monde.b.dgs) not in html
        seat = {"domaine": domaine(monde.epci, "DC").pk, "cote": "commune", "commune": monde.a.commune.pk}
        sent = {**seat, "qui": f"p{monde.b.dgs.pk}", "rang": "titulaire", "debut": "2027-02-10"}
        client.post(url, sent)
        assert not Titulaire.objects.filter(personne=monde.b.dgs).exists()
        client.force_login(monde.direction)
        assert f'value="p{monde.b.dgs.pk}"' in client.get(url).content.decode()
