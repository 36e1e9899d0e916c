"""When the councils sit: entered several at once, read by the whole EPCI, taken back while to come."""

import csv
import io
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from journal.models import Evenement
from mutualisation.models import Seance
from mutualisation.seances import next_sittings, read_days
from mutualisation.workflows.seance import enter_sittings, withdraw_sitting
from socle.dates import long_day
from socle.droits import ActionInterdite
from socle.erreurs import Refus
from tests.factories import Monde, SeanceFactory
from tests.mutualisation.seances import sitting
from tests.navigateur.clavier import plain

pytestmark = pytest.mark.django_db
TODAY = date(2027, 2, 10)
DAY, LATER = date(2027, 3, 16), date(2027, 10, 12)


def enter(monde: Monde, *days: date, who: Any = None, commune: Any = "a", note: str = "") -> list[Seance]:
    where = monde.a.commune if commune == "a" else commune
    return enter_sittings(
        epci=monde.epci, commune=where, jours=days or (DAY,), note=note, acteur=who or monde.a.dgs
    )


def withdraw(monde: Monde, day: date, who: Any = None) -> None:
    withdraw_sitting(epci=monde.epci, commune=monde.a.commune, jour=day, acteur=who or monde.a.dgs)


class TestReading:
    @pytest.mark.parametrize(
        "text",
        [
            "12/10/2027",
            "2027-10-12",
            "12 octobre 2027",
            "mardi 12 octobre 2027",
            "Mardi 12/10/2027",
            "- 12 octobre 2027 à 18 h 30",
            "mardi 12 octobre 2027, 18h30",
            "12/10/2027 18:30",
            "  12.10.2027  ",
        ],
    )
    def test_a_day_is_read_as_people_write_it(self, text: str):
        assert read_days(text, TODAY) == ([LATER], [])

    def test_several_days_come_once_and_in_order(self):
        found = read_days("12/10/2027 ; 16 mars 2027\n\n12/10/2027\t9/11/2027 et 14/12/2027", TODAY)
        assert found == ([DAY, LATER, date(2027, 11, 9), date(2027, 12, 14)], [])

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("31/02/2027", "n'existe pas"),
            ("12/10/27", "quatre chiffres"),
            ("lundi 12 octobre 2027", "ce jour est un mardi"),
            ("lundi", "ne dit pas quel jour"),
            ("bientôt", "n'est pas un jour"),
            ("12/10/2072", "trop lointaine"),
            ("=HYPERLINK(1)", "n'est pas un jour"),
            ("🙂", "n'est pas un jour"),
        ],
    )
    def test_what_is_wrong_is_said(self, text: str, said: str):
        days, faults = read_days(f"16/03/2027\n{text}", TODAY)
        assert days == [DAY] and len(faults) == 1 and said in faults[0]

    @given(st.text(max_size=200))
    def test_nothing_typed_breaks(self, text: str):
        days, faults = read_days(text, TODAY)
        assert days == sorted(set(days)) and all(isinstance(one, str) for one in faults)

    @given(st.lists(st.dates(date(2027, 1, 1), date(2030, 12, 31)), max_size=12))
    def test_what_is_written_is_read(self, days: list[date]):
        assert read_days("\n".join(long_day(day) for day in days), TODAY) == (sorted(set(days)), [])


class TestWorkflow:
    def test_days_are_added_once_and_told_once(self, monde: Monde):
        assert [row.jour for row in enter(monde, LATER, DAY)] == [DAY, LATER]
        assert enter(monde, LATER, DAY) == []
        told = Evenement.objects.get(type="seance.ajoutee")
        assert told.libelle == "2 séances ajoutées, du mardi 16 mars 2027 au mardi 12 octobre 2027"
        assert (told.commune, told.contenu) == (monde.a.commune, {"jours": ["2027-03-16", "2027-10-12"]})

    def test_a_place_may_be_said_later_and_is_not_lost(self, monde: Monde):
        enter(monde)
        enter(monde, note=" Salle des fêtes ")
        enter(monde)
        assert Seance.objects.get().note == "Salle des fêtes"
        assert Evenement.objects.filter(type__startswith="seance.").count() == 2

    def test_who_enters(self, monde: Monde):
        for who in (monde.a.dgs, monde.a.collaborateur, monde.direction):
            enter(monde, who=who)
        enter(monde, commune=None, who=monde.direction)
        for who in (
            monde.a.maire,
            monde.b.dgs,
            monde.directeur,
            monde.administrateur,
            monde.direction_voisine,
        ):
            with pytest.raises(ActionInterdite):
                enter(monde, who=who)
        for who in (monde.a.dgs, monde.a.collaborateur):
            with pytest.raises(ActionInterdite):
                enter(monde, commune=None, who=who)

    def test_a_day_past_is_refused(self, monde: Monde):
        with pytest.raises(Refus, match="passée"):
            enter(monde, DAY, TODAY - timedelta(days=1))
        assert not Seance.objects.exists()
        assert enter(monde, TODAY)

    def test_a_sitting_to_come_is_taken_back_once(self, monde: Monde):
        sitting(monde, jour=DAY)
        theirs = sitting(monde, monde.b.commune, jour=DAY)
        for _ in range(2):
            withdraw(monde, DAY)
        assert Seance.objects.get() == theirs
        told = Evenement.objects.get(type="seance.retiree")
        assert told.libelle == "1 séance retirée, le mardi 16 mars 2027"

    def test_a_sitting_past_is_history_and_who_takes_back(self, monde: Monde):
        with pytest.raises(Refus, match="reste au calendrier"):
            withdraw(monde, TODAY - timedelta(days=1))
        sitting(monde, jour=DAY)
        for who in (monde.a.maire, monde.b.dgs, monde.direction_voisine):
            with pytest.raises(ActionInterdite):
                withdraw(monde, DAY, who)
        withdraw(monde, DAY, monde.direction)
        assert not Seance.objects.exists()

    def test_a_council_sits_once_a_day(self, monde: Monde):
        for commune in (monde.a.commune, None):
            SeanceFactory(epci=monde.epci, commune=commune, jour=DAY)
            with pytest.raises(IntegrityError, match="seance_once"), transaction.atomic():
                SeanceFactory(epci=monde.epci, commune=commune, jour=DAY)


class TestList:
    def test_each_council_has_its_next_sitting(self, monde: Monde, django_assert_num_queries: Any):
        sitting(monde, jour=LATER)
        sitting(monde, jour=DAY, note="Salle des fêtes")
        sitting(monde, monde.b.commune, jour=TODAY - timedelta(days=3))
        with django_assert_num_queries(1):
            ours, a, b = next_sittings(monde.epci, (monde.a.commune, monde.b.commune))
        assert (ours.prochaine, b.prochaine) == (None, None)
        assert a.prochaine and (a.prochaine.jour, a.nombre) == (DAY, 2)

    def test_who_has_none_and_the_sheet(self, client: Client, monde: Monde):
        sitting(monde, jour=DAY, note="=1+1")
        client.force_login(monde.direction)
        assert "mardi 16 mars 2027" in plain(client.get("/seances/").content.decode())
        without = plain(client.get("/seances/?sans=1").content.decode())
        assert "Œuilly" in without and "mardi 16 mars 2027" not in without
        sheet = client.get("/seances/?format=csv").content.decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(sheet), delimiter=";"))
        assert [row[0] for row in rows[1:3]] == ["Métropole d'Essai", "L'Haÿ-les-Roses"]
        assert rows[2][1:] == ["2027-03-16", "'=1+1", "1"]

    def test_the_number_of_queries_does_not_grow(
        self, client: Client, monde: Monde, django_assert_max_num_queries: Any
    ):
        for n in range(20):
            sitting(monde, jour=DAY + timedelta(days=n))
        client.force_login(monde.a.dgs)
        client.get("/seances/")
        with django_assert_max_num_queries(12):
            client.get("/seances/")
        with django_assert_max_num_queries(16):
            client.get(f"/seances/communes/{monde.a.commune.pk}/")


class TestPage:
    def url(self, monde: Monde) -> str:
        return f"/seances/communes/{monde.a.commune.pk}/"

    def send(self, client: Client, monde: Monde, jours: str, **more: str) -> Any:
        client.force_login(monde.a.dgs)
        return client.post(self.url(monde), {"jours": jours, **more}, follow=True)

    def test_a_calendar_is_pasted(self, client: Client, monde: Monde):
        sent = self.send(client, monde, "mardi 16 mars 2027\n12/10/2027\n05/01/2027", note="Hôtel de ville")
        said = plain(sent.content.decode())
        assert "2 séances ajoutées" in said and "1 date passée laissée de côté" in said
        assert "Hôtel de ville" in said and "Historique" in said

    def test_a_bad_date_is_told_and_nothing_is_lost(self, client: Client, monde: Monde):
        sent = self.send(
            client, monde, "16/03/2027\n31/02/2027\nlundi 12 octobre 2027", note="Salle <b>A</b>"
        )
        said = plain(sent.content.decode())
        assert sent.status_code == 422 and not Seance.objects.exists()
        assert "31/02/2027 » n'existe pas au calendrier" in said and "ce jour est un mardi" in said
        assert "16/03/2027\n31/02/2027" in said and "Salle &lt;b&gt;A&lt;/b&gt;" in said

    def test_many_bad_dates_are_counted(self, client: Client, monde: Monde):
        sent = self.send(client, monde, "\n".join(f"jour {n}" for n in range(15)))
        assert "Et 5 autres dates à relire." in plain(sent.content.decode())

    @pytest.mark.parametrize(
        ("jours", "said"), [("", "au moins une date"), ("05/01/2027", "à venir"), (", ;", "à venir")]
    )
    def test_nothing_to_add_is_told(self, client: Client, monde: Monde, jours: str, said: str):
        sent = self.send(client, monde, jours)
        assert sent.status_code == 422 and said in plain(sent.content.decode())

    def test_the_same_again_says_so(self, client: Client, monde: Monde):
        self.send(client, monde, "16/03/2027")
        assert "déjà au calendrier" in plain(self.send(client, monde, "16/03/2027").content.decode())

    def test_a_sitting_is_taken_back_and_twice_says_the_same(self, client: Client, monde: Monde):
        sitting(monde, jour=DAY)
        client.force_login(monde.a.dgs)
        for _ in range(2):
            sent = client.post(self.url(monde), {"retirer": "2027-03-16"}, follow=True)
            assert "Séance du mardi 16 mars 2027 retirée" in plain(sent.content.decode())
        assert not Seance.objects.exists()

    @pytest.mark.parametrize(
        ("day", "said"),
        [("2027-02-09", "reste au calendrier"), ("2027-02-31", "n'existe pas"), ("", "n'existe pas")],
    )
    def test_what_cannot_be_taken_back_is_told(self, client: Client, monde: Monde, day: str, said: str):
        sitting(monde, jour=date(2027, 2, 9))
        client.force_login(monde.a.dgs)
        sent = client.post(self.url(monde), {"retirer": day}, follow=True)
        assert said in plain(sent.content.decode()) and Seance.objects.exists()

    def test_the_neighbours_are_not_there(self, client: Client, monde: Monde):
        client.force_login(monde.direction)
        SeanceFactory(epci=monde.epci_voisin, commune=monde.commune_voisine, jour=DAY)
        theirs = f"/seances/communes/{monde.commune_voisine.pk}/"
        assert client.get(theirs).status_code == 404
        assert client.post(theirs, {"retirer": "2027-03-16"}).status_code == 404
        assert Seance.objects.exists()

    def test_another_commune_reads_without_acting(self, client: Client, monde: Monde):
        sitting(monde, jour=DAY)
        client.force_login(monde.b.dgs)
        said = plain(client.get(self.url(monde)).content.decode())
        assert "mardi 16 mars 2027" in said and "Retirer" not in said and "saisissent les séances" in said

    def test_the_calendar_is_taken_away(self, client: Client, monde: Monde):
        sitting(monde, jour=DAY, note="Salle des fêtes")
        client.force_login(monde.a.lecteur)
        sheet = client.get(self.url(monde) + "?format=csv").content.decode("utf-8-sig")
        assert sheet.splitlines()[1] == "2027-03-16;mardi;Salle des fêtes"
