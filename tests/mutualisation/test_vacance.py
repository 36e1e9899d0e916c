"""Seats about to be left empty: foreseen, told once to who may name somebody, shown in the lists."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from comptes.models import Habilitation, Role
from journal.models import Courriel, Tache
from journal.workflows.tache import run_due
from mutualisation.models import Absence, Siege, Titulaire
from mutualisation.vacances import Vacance, foreseen, of_hat
from mutualisation.workflows.absence import note_absence
from mutualisation.workflows.cycle import open_cycle
from mutualisation.workflows.vacance import TACHE_SIEGES, start_watch, tell_vacancies
from socle import registres
from tests.factories import (
    AbsenceFactory,
    DomaineFactory,
    EquipeFactory,
    HabilitationFactory,
    Monde,
    PersonneFactory,
    SiegeFactory,
    TitulaireFactory,
    domaine,
)

pytestmark = pytest.mark.django_db
SOON, LATER = date(2027, 3, 1), date(2027, 6, 1)
MAILS = Courriel.objects.filter(type="siege_vacance")


def communal(monde: Monde) -> Siege:
    return Siege.objects.get(commune=monde.a.commune, domaine=monde.domaine, cote="commune")


def ends(monde: Monde, day: date) -> None:
    """The référent of A leaves on a day."""
    Titulaire.objects.filter(siege=communal(monde)).update(fin=day)


def only(monde: Monde) -> Vacance:
    (found,) = foreseen(monde.epci)
    return found


class TestForeseen:
    def test_nothing_to_foresee(self, monde: Monde):
        assert foreseen(monde.epci) == []

    def test_an_appointment_that_ends_within_the_month(self, monde: Monde):
        ends(monde, SOON)
        one = only(monde)
        assert (one.siege, one.le, one.cause) == (communal(monde), SOON, "nomination")
        assert one.mots == "sans titulaire à partir du 1er mars 2027"
        ends(monde, LATER)
        assert foreseen(monde.epci) == []

    @pytest.mark.parametrize(("debut", "told"), [(SOON, 0), (date(2027, 3, 2), 1)])
    def test_a_successor_who_comes_at_once_reassures(self, monde: Monde, debut: date, told: int):
        ends(monde, SOON)
        TitulaireFactory(siege=communal(monde), debut=debut)
        assert len(foreseen(monde.epci)) == told

    def test_a_closed_account(self, monde: Monde):
        monde.a.referent.is_active = False
        monde.a.referent.save()
        one = only(monde)
        assert (one.cause, one.le, one.commencee) == ("compte", monde.epci.today, True)

    @pytest.mark.parametrize(
        ("role", "words"),
        [
            (Role.MAIRE, "son mandat (maire) finit la veille"),
            (Role.LECTEUR, "son mandat (élu) finit la veille"),
        ],
    )
    def test_a_mandate_that_ends(self, monde: Monde, role: Role, words: str):
        Habilitation.objects.filter(commune=monde.a.commune, role=Role.MAIRE).delete()
        HabilitationFactory(
            epci=monde.epci, commune=monde.a.commune, personne=monde.a.referent, role=role, fin=SOON
        )
        one = only(monde)
        assert (one.cause, one.le, one.motif) == ("role", SOON, words)

    def test_a_role_that_goes_on_elsewhere_in_the_epci_reassures(self, monde: Monde):
        given = {"epci": monde.epci, "commune": monde.a.commune, "personne": monde.a.referent}
        HabilitationFactory(**given, lecteur=True, fin=SOON)
        HabilitationFactory(**given, collaborateur=True)
        assert foreseen(monde.epci) == []

    def test_a_role_that_ends_once_somebody_else_sits_is_no_news(self, monde: Monde):
        HabilitationFactory(
            epci=monde.epci, commune=monde.a.commune, personne=monde.a.referent, lecteur=True, fin=SOON
        )
        ends(monde, date(2027, 2, 20))
        TitulaireFactory(siege=communal(monde), debut=date(2027, 2, 20))
        assert foreseen(monde.epci) == []

    def test_a_team_without_anybody(self, monde: Monde):
        member = PersonneFactory()
        team = EquipeFactory(epci=monde.epci, membres=[member])
        Titulaire.objects.filter(siege=communal(monde)).update(personne=None, equipe=team)
        assert foreseen(monde.epci) == []
        member.is_active = False
        member.save()
        assert only(monde).cause == "equipe"

    def test_an_absence_without_deputy(self, monde: Monde):
        AbsenceFactory(epci=monde.epci, personne=monde.responsable, debut=SOON, fin=LATER)
        one = only(monde)
        assert (one.siege, one.cause, one.le) == (monde.siege, "absence", SOON)
        assert one.mots == "personne ne répond à partir du 1er mars 2027"

    def test_a_deputy_who_is_there_covers_it_one_who_is_not_does_not(self, monde: Monde):
        AbsenceFactory(epci=monde.epci, personne=monde.responsable, debut=SOON, fin=LATER)
        other = TitulaireFactory(siege=monde.siege, rang=Titulaire.Rang.SUPPLEANT).personne
        assert foreseen(monde.epci) == []
        AbsenceFactory(epci=monde.epci, personne=other, debut=SOON, fin=None)
        assert only(monde).cause == "absence"

    def test_a_domain_the_commune_does_not_share_matters_to_nobody(self, monde: Monde):
        seat = SiegeFactory(epci=monde.epci, commune=monde.a.commune, domaine=domaine(monde.epci, "DC"))
        TitulaireFactory(siege=seat, fin=SOON)
        assert foreseen(monde.epci) == []

    def test_a_commune_reads_its_own_seats_only(self, monde: Monde):
        ends(monde, SOON)
        Titulaire.objects.filter(siege=monde.siege).update(fin=SOON)
        (titre,) = monde.a.dgs.acces.titres
        assert [one.siege for one in of_hat(titre)] == [communal(monde)]
        assert len(of_hat(monde.direction.acces.titres[0])) == 2
        assert foreseen(monde.epci_voisin) == []

    def test_thirty_seats_cost_what_three_do(self, monde: Monde):
        def grow(count: int) -> None:
            for _ in range(count):
                team = EquipeFactory(epci=monde.epci, membres=[PersonneFactory()])
                held = SiegeFactory(
                    epci=monde.epci, responsable=True, domaine=DomaineFactory(epci=monde.epci)
                )
                TitulaireFactory(siege=held, personne=None, equipe=team, fin=SOON)

        def cost() -> int:
            with CaptureQueriesContext(connection) as queries:
                foreseen(monde.epci)
            return len(queries)

        grow(3)
        before = cost()
        grow(27)
        assert (len(foreseen(monde.epci)), cost()) == (30, before)


class TestTold:
    def test_once_to_who_may_name_and_no_more_the_next_days(
        self, monde: Monde, at_time: Callable[[Any], datetime]
    ):
        ends(monde, SOON)
        for day in ("2027-02-10", "2027-02-11", "2027-02-25"):
            at_time(day)
            tell_vacancies(epci=monde.epci)
        assert {mail.destinataire for mail in MAILS.all()} == {monde.direction, monde.a.dgs}
        assert MAILS.count() == 2
        mail = MAILS.filter(destinataire=monde.a.dgs).get()
        assert mail.sujet.replace("\u00a0", " ").startswith(
            "Voirie, L’Haÿ-les-Roses : sans titulaire à partir du 1er mars"
        )
        assert f"/referents/{communal(monde).pk}/" in mail.corps
        assert mail.perime_at == datetime.fromisoformat("2027-03-01T00:00:00+01:00")

    def test_another_day_is_other_news(self, monde: Monde):
        for day in (SOON, date(2027, 3, 5)):
            ends(monde, day)
            tell_vacancies(epci=monde.epci)
        assert MAILS.count() == 4

    def test_a_closed_account_is_told_once_whatever_the_day(
        self, monde: Monde, at_time: Callable[[Any], datetime]
    ):
        for one in (monde.responsable, monde.a.referent):
            one.is_active = False
            one.save()
        for day in ("2027-02-10", "2027-02-11"):
            at_time(day)
            tell_vacancies(epci=monde.epci)
        # The Direction was told the day it was closed: tests/comptes/test_compte.py.
        assert [mail.destinataire for mail in MAILS.all()] == [monde.a.dgs]

    def test_a_maire_may_not_name_and_is_told_nothing(self, monde: Monde):
        Habilitation.objects.filter(personne=monde.a.dgs).update(fin=monde.epci.today)
        ends(monde, SOON)
        tell_vacancies(epci=monde.epci)
        assert {mail.destinataire for mail in MAILS.all()} == {monde.direction}

    def test_every_morning_and_the_next_one_is_scheduled(
        self, monde: Monde, at_time: Callable[[Any], datetime]
    ):
        ends(monde, SOON)
        old = AbsenceFactory(
            epci=monde.epci, personne=monde.a.maire, debut=date(2025, 1, 1), fin=date(2026, 2, 9)
        )
        kept = AbsenceFactory(
            epci=monde.epci, personne=monde.b.maire, debut=date(2026, 1, 1), fin=date(2026, 2, 20)
        )
        for _ in range(2):
            start_watch(monde.epci)
        watch = Tache.objects.filter(type=TACHE_SIEGES)
        assert watch.count() == 1
        at_time("2027-02-11 06:00")
        run_due()
        assert MAILS.count() == 2
        assert sorted(watch.values_list("due_at__day", flat=True)) == [11, 12]
        assert not Absence.objects.filter(pk=old.pk).exists() and Absence.objects.filter(pk=kept.pk).exists()

    def test_it_starts_with_the_first_cycle_or_the_first_absence(self, monde: Monde):
        open_cycle(cycle=monde.cycle_futur, acteur=None)
        assert Tache.objects.filter(type=TACHE_SIEGES, epci=monde.epci).count() == 1
        Tache.objects.filter(type=TACHE_SIEGES).delete()
        note_absence(epci=monde.epci, personne=monde.a.maire, debut=SOON, acteur=monde.a.maire)
        assert Tache.objects.filter(type=TACHE_SIEGES).count() == 1


class TestShown:
    def deadlines(self, who: Any) -> list[Any]:
        (titre,) = who.acces.titres
        found = registres.echeances.gather(who, titre, date(2027, 2, 10))
        return [one for one in found if one.url == "/referents/a-pourvoir/"]

    def test_one_deadline_for_all_of_them(self, monde: Monde):
        assert self.deadlines(monde.direction) == []
        ends(monde, SOON)
        Titulaire.objects.filter(siege=monde.siege).update(fin=date(2027, 2, 20))
        (own,) = self.deadlines(monde.a.dgs)
        (all_of_them,) = self.deadlines(monde.direction)
        assert (own.due_on, own.nombre, own.bouton) == (SOON, 1, "Nommer")
        assert (all_of_them.due_on, all_of_them.nombre) == (date(2027, 2, 20), 2)
        assert all_of_them.detail.endswith("Et 1 autre siège.")
        assert self.deadlines(monde.a.maire) == self.deadlines(monde.b.dgs) == []

    def test_the_lists_say_from_which_day(self, client: Client, monde: Monde):
        ends(monde, SOON)
        Titulaire.objects.filter(siege=monde.siege).update(fin=SOON)
        client.force_login(monde.a.lecteur)
        html = client.get("/referents/").content.decode()
        assert html.count("Sans titulaire à partir du 1<sup>er</sup>\u00a0mars 2027") == 2
        client.force_login(monde.direction)
        assert "Sans titulaire à partir du" in client.get("/referents/").content.decode()
        assert "Siège vacant" in client.get("/referents/?le=2027-03-01").content.decode()

    def test_who_may_name_reads_why_and_nobody_else(self, client: Client, monde: Monde):
        ends(monde, SOON)
        AbsenceFactory(epci=monde.epci, personne=monde.responsable, debut=SOON, fin=LATER)
        client.force_login(monde.direction)
        html = client.get("/referents/a-pourvoir/").content.decode()
        assert "la nomination finit la veille" in html and "Absence sans suppléant" in html
        client.force_login(monde.a.dgs)
        html = client.get("/referents/a-pourvoir/").content.decode()
        assert "Absence sans suppléant" not in html and f"/referents/{communal(monde).pk}/" in html
        client.force_login(monde.a.maire)
        assert client.get("/referents/a-pourvoir/").status_code == 403
