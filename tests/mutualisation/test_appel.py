"""« Qui appeler »: for each side, who answers on a day, why, and who comes next; never a number that is not of service."""

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from comptes.models import Habilitation, Role
from mutualisation.appels import Appels, Reponse
from mutualisation.models import Siege, Titulaire
from tests.contrats.test_astreinte import settle
from tests.factories import (
    AbsenceFactory,
    EquipeFactory,
    Monde,
    PersonneFactory,
    SiegeFactory,
    domaine,
    fresh,
    holder,
)
from tests.socle.test_vcard import plain, read

pytestmark = pytest.mark.django_db
TODAY = date(2027, 2, 10)
URL = "/qui-appeler/"


def asked(monde: Monde, code: str = "DA", on: date = TODAY) -> tuple[Reponse, Reponse]:
    """Both sides of a domain in A."""
    appels, pk = Appels(monde.epci, monde.a.commune, on), domaine(monde.epci, code).pk
    return appels.commune_side(pk), appels.epci_side(pk)


def called(answer: Reponse) -> str:
    return answer.appeler.nom if answer.appeler else ""


def communal(monde: Monde) -> Siege:
    return Siege.objects.get(commune=monde.a.commune, domaine=monde.domaine, cote="commune")


def deputy(siege: Siege, **values: Any) -> Titulaire:
    one: Titulaire = siege.titulaires.create(rang=Titulaire.Rang.SUPPLEANT, debut=date(2020, 1, 1), **values)
    return one


class TestWho:
    def test_the_holders_of_both_sides(self, monde: Monde):
        commune, epci = asked(monde)
        assert (called(commune), called(epci)) == (str(monde.a.referent), str(monde.responsable))
        assert commune.raisons == epci.raisons == []

    def test_who_replaces_her_during_this_absence_then_the_deputy(self, monde: Monde):
        other = PersonneFactory(nom="Suppléance")
        deputy(communal(monde), personne=other)
        absence = AbsenceFactory(
            epci=monde.epci, personne=monde.a.referent, fin=date(2027, 3, 13), suppleant=monde.a.maire
        )
        commune, _ = asked(monde)
        assert called(commune) == str(monde.a.maire)
        assert commune.raisons == [f"{monde.a.referent}, titulaire : absence jusqu'au 12 mars 2027"]
        assert [one.nom for one in commune.ensuite] == [str(other), str(monde.a.dgs)]
        absence.suppleant = None
        absence.save()
        assert called(asked(monde)[0]) == str(other)
        assert called(asked(monde, on=date(2027, 3, 13))[0]) == str(monde.a.referent)

    def test_who_is_away_too_is_passed_over_and_said(self, monde: Monde):
        for one in (monde.a.referent, monde.a.dgs):
            AbsenceFactory(epci=monde.epci, personne=one, fin=None)
        commune, _ = asked(monde)
        assert commune.appeler is None
        assert [words.partition(" : ")[2] for words in commune.raisons] == ["absence, retour non annoncé"] * 2

    def test_an_absence_in_another_epci_says_nothing_here(self, monde: Monde):
        AbsenceFactory(epci=monde.epci_voisin, personne=monde.a.referent)
        assert called(asked(monde)[0]) == str(monde.a.referent)

    def test_the_number_of_her_team_comes_after_the_deputies(self, monde: Monde):
        AbsenceFactory(epci=monde.epci, personne=monde.responsable)
        team = EquipeFactory(epci=monde.epci, telephone="05 56 00 00 01", membres=[monde.responsable])
        EquipeFactory(epci=monde.epci, membres=[monde.responsable])  # without number
        _, epci = asked(monde)
        assert (called(epci), epci.numero) == (str(team), "05 56 00 00 01")

    def test_a_team_answers_by_its_number_else_by_its_members(self, monde: Monde):
        team = EquipeFactory(epci=monde.epci, membres=[monde.a.dgs])
        Titulaire.objects.filter(siege=communal(monde)).update(personne=None, equipe=team)
        assert called(asked(monde)[0]) == str(monde.a.dgs)
        team.telephone = "05 56 00 00 02"
        team.save()
        assert asked(monde)[0].numero == "05 56 00 00 02"

    def test_a_closed_account_does_not_answer(self, monde: Monde):
        monde.a.referent.is_active = False
        monde.a.referent.save()
        commune, _ = asked(monde)
        assert called(commune) == str(monde.a.dgs)
        assert commune.raisons == [f"{monde.a.referent}, titulaire : compte fermé"]
        assert called(asked(monde, on=date(2027, 1, 1))[0]) == str(monde.a.referent)  # it was open then

    def test_an_empty_seat_sends_to_the_dgs_and_to_the_wider_seat(self, monde: Monde):
        Titulaire.objects.filter(siege=communal(monde)).update(fin=TODAY)
        near = SiegeFactory(epci=monde.epci, responsable=True, domaine=monde.domaine, commune=monde.a.commune)
        away = PersonneFactory(nom="Proche")
        near.titulaires.create(personne=away, debut=date(2020, 1, 1))
        AbsenceFactory(epci=monde.epci, personne=away)
        commune, epci = asked(monde)
        assert (called(commune), commune.raisons) == (str(monde.a.dgs), ["siège sans titulaire"])
        assert called(epci) == str(monde.responsable)
        assert epci.appeler and epci.appeler.qualite == "responsable pour toutes les communes"

    def test_the_duty_line_comes_last(self, monde: Monde):
        settle(monde)
        assert [one.nom for one in asked(monde)[1].ensuite] == ["Astreinte"]
        AbsenceFactory(epci=monde.epci, personne=monde.responsable)
        _, epci = asked(monde)
        assert (called(epci), epci.numero) == ("Astreinte", "05 56 11 22 33")

    def test_on_another_day_those_of_that_day(self, monde: Monde):
        coming = PersonneFactory(nom="Demain")
        Titulaire.objects.filter(siege=communal(monde)).update(fin=date(2027, 4, 1))
        communal(monde).titulaires.create(personne=coming, debut=date(2027, 4, 1))
        found = [called(asked(monde, on=on)[0]) for on in (date(2027, 3, 31), date(2027, 4, 1))]
        assert found == [str(monde.a.referent), str(coming)]

    def test_a_domain_nobody_sits_for_has_nobody_but_the_dgs(self, monde: Monde):
        commune, epci = asked(monde, "DC")
        assert called(commune) == str(monde.a.dgs)
        assert (epci.appeler, epci.raisons) == (None, ["siège sans titulaire"])
        Habilitation.objects.filter(personne=monde.a.dgs).update(fin=TODAY)
        assert asked(monde, "DC")[0].appeler is None


class TestPage:
    def get(self, client: Client, user: Any, status: int = 200, **query: Any) -> str:
        client.force_login(user)
        response = client.get(URL, query)
        assert response.status_code == status
        return response.content.decode()

    def test_the_commune_of_the_hat_is_chosen_and_any_other_may_be(self, client: Client, monde: Monde):
        assert str(monde.a.referent).replace("'", "’") in self.get(client, monde.a.lecteur)
        assert str(monde.b.referent) in self.get(client, monde.a.lecteur, commune=monde.b.commune.pk)
        assert "Choisissez une commune." in self.get(client, monde.direction)

    def test_what_is_of_another_epci_does_not_exist(self, client: Client, monde: Monde):
        for query in (
            {"commune": monde.commune_voisine.pk},
            {"commune": "x"},
            {"domaine": domaine(monde.epci_voisin).pk},
        ):
            self.get(client, monde.a.dgs, 404, **query)

    def test_a_domain_says_whom_to_call_and_why(self, client: Client, monde: Monde):
        monde.responsable.telephone = "+33 (0)5 56 00.00.03"
        monde.responsable.save()
        AbsenceFactory(epci=monde.epci, personne=monde.a.referent, fin=date(2027, 3, 13))
        html = self.get(client, monde.a.maire, domaine=monde.domaine.pk)
        assert 'href="tel:+33556000003"' in html
        assert "absence jusqu’au 12\u00a0mars 2027" in html
        assert "Numéro de service inconnu" in html  # the DGS has none
        assert f'<option value="{monde.domaine.pk}" selected>' in html

    def test_a_wrong_day_is_said_and_today_stands_for_it(self, client: Client, monde: Monde):
        html = self.get(client, monde.a.dgs, le="hier")
        assert "Cette date n’existe pas." in html and "Voici qui répond aujourd’hui." in html

    @pytest.mark.parametrize("url", [URL, "/referents/"])
    def test_a_day_before_the_epci_was_known_is_no_fault(self, client: Client, monde: Monde, url: str):
        client.force_login(monde.a.dgs)
        assert client.get(url, {"le": "1990-01-01"}).status_code == 200

    def test_another_day_is_kept_from_page_to_page(self, client: Client, monde: Monde):
        html = self.get(client, monde.a.dgs, le="2027-04-01")
        assert "Qui répond le jeudi 1<sup>er</sup>\u00a0avril 2027" in html
        assert f'href="{URL}?commune={monde.a.commune.pk}&amp;le=2027-04-01&amp;domaine=' in html

    def test_the_list_costs_the_same_whatever_the_seats(self, client: Client, monde: Monde):
        def cost() -> int:
            client.force_login(monde.a.dgs)
            with CaptureQueriesContext(connection) as queries:
                client.get(URL)
            return len(queries)

        before = cost()
        for code in ("DB", "DC"):
            seat = SiegeFactory(
                epci=monde.epci,
                commune=monde.a.commune,
                domaine=domaine(monde.epci, code),
                titulaire=PersonneFactory(),
            )
            one = deputy(seat, personne=PersonneFactory())
            AbsenceFactory(epci=monde.epci, personne=one.personne, suppleant=monde.a.dgs)
            EquipeFactory(epci=monde.epci, telephone="05", membres=[PersonneFactory(), monde.a.dgs])
        assert cost() - before <= 1  # the members of teams, once there is one

    def test_whoever_has_a_hat_finds_it_under_her_name_or_in_the_menu(self, client: Client, monde: Monde):
        for who in (
            monde.a.lecteur,
            monde.a.referent,
            monde.responsable,
            monde.direction,
            monde.administrateur,
        ):
            client.force_login(who)
            html = client.get("/").content.decode()
            assert f'href="{URL}"' in html and 'href="/mes-absences/"' in html, who
        client.force_login(holder(Role.AGENT, monde.epci))
        menu = client.get(URL).content.decode().partition("<main")[0]
        assert f'<a href="{URL}" aria-current="page">' in menu

    def test_the_list_of_seats_leads_here(self, client: Client, monde: Monde):
        client.force_login(monde.direction)
        html = client.get(f"/referents/?commune={monde.a.commune.pk}").content.decode()
        assert f'href="{URL}?commune={monde.a.commune.pk}"' in html


class TestCards:
    def cards(self, client: Client, user: Any, url: str) -> list[dict[str, str]]:
        client.force_login(fresh(user))
        response = client.get(url)
        assert response.status_code == 200
        assert response["Content-Type"] == "text/vcard; charset=utf-8"
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["Content-Disposition"].isascii()
        return read(response.content)

    def test_of_a_seat(self, client: Client, monde: Monde):
        person = monde.responsable
        person.fonction, person.telephone = "cheffe, voirie; propreté", "05 56 00 00 04"
        person.save()
        deputy(monde.siege, personne=PersonneFactory(nom="Éluard", telephone="05 56 00 00 05"))
        holder, other = self.cards(client, monde.a.lecteur, f"/referents/{monde.siege.pk}/contact.vcf")
        assert (holder["FN"], holder["TEL"]) == (str(person), "05 56 00 00 04")
        assert plain(holder["NOTE"]) == "Responsable de service commun\u00a0: Voirie"
        assert (other["FN"], other["N"]) == ("Claude Éluard", "Éluard;Claude;;;")

    def test_an_empty_seat_and_that_of_another_epci_have_none(self, client: Client, monde: Monde):
        url = f"/referents/{monde.siege.pk}/contact.vcf"
        client.force_login(monde.direction_voisine)
        assert client.get(url).status_code == 404
        Titulaire.objects.filter(siege=monde.siege).update(fin=TODAY)
        client.force_login(monde.direction)
        assert client.get(url).status_code == 404

    def test_of_a_commune_each_one_once_with_all_she_answers_for(self, client: Client, monde: Monde):
        for code in ("DB", "DC"):
            SiegeFactory(
                epci=monde.epci,
                commune=monde.a.commune,
                domaine=domaine(monde.epci, code),
                titulaire=monde.a.referent,
            )
        cards = self.cards(client, monde.direction, f"{URL}contacts.vcf?commune={monde.a.commune.pk}")
        (hers,) = [card for card in cards if card["FN"] == str(monde.a.referent)]
        assert plain(hers["NOTE"]) == "Référent communal\u00a0: Voirie, Ressources humaines et Espaces verts"
        assert plain(hers["ORG"]) == "Commune de L'Haÿ-les-Roses"
        assert {card["FN"] for card in cards} == {
            str(one) for one in (monde.a.referent, monde.responsable, monde.responsable_autre)
        }
        assert len({card["UID"] for card in cards}) == 3

    def test_a_closed_account_has_no_card(self, client: Client, monde: Monde):
        monde.responsable.is_active = False
        monde.responsable.save()
        cards = self.cards(client, monde.a.dgs, f"{URL}contacts.vcf")
        assert str(monde.responsable) not in {card["FN"] for card in cards}


class TestApi:
    def seat(self, api_client: Any, monde: Monde, **query: Any) -> dict[str, Any]:
        header = {"HTTP_AUTHORIZATION": f"Bearer {monde.secret}"}
        given = {"cote": "commune", "commune": monde.a.commune.pk, **query}
        response = api_client.get("/api/v1/sieges/", given, **header)
        assert response.status_code == 200, response.content
        (found,) = response.json()["resultats"]
        return found

    def test_who_is_away_cannot_be_reached_and_no_reason_is_given(self, api_client: Any, monde: Monde):
        AbsenceFactory(epci=monde.epci, personne=monde.a.referent, fin=date(2027, 3, 13))
        (holder,) = self.seat(api_client, monde)["titulaires"]
        assert (holder["joignable"], holder["retour"]) == (False, "2027-03-13")
        (later,) = self.seat(api_client, monde, le="2027-03-13")["titulaires"]
        assert (later["joignable"], later["retour"]) == (True, None)
        assert set(holder) == {"rang", "nom", "fonction", "telephone", "joignable", "retour", "debut", "fin"}

    def test_on_another_day_who_then_holds_it(self, api_client: Any, monde: Monde):
        Titulaire.objects.filter(siege=communal(monde)).update(fin=date(2027, 4, 1))
        assert self.seat(api_client, monde, le="2027-03-31")["titulaires"]
        assert not self.seat(api_client, monde, le="2027-04-01")["titulaires"]


def test_the_sheet_says_the_same(client: Client, monde: Monde):
    AbsenceFactory(epci=monde.epci, personne=monde.a.referent, fin=date(2027, 3, 13))
    client.force_login(monde.a.dgs)
    lines = client.get(URL, {"format": "csv"}).content.decode("utf-8-sig").splitlines()
    assert len(lines) == 4
    (roads,) = [line for line in lines if line.startswith("Voirie;")]
    assert roads.split(";")[1:3] == ["oui", str(monde.a.dgs)]
    assert "absence jusqu'au 12 mars 2027" in roads
