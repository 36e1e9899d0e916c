"""Absences: who notes them, for whom, on which days; never why."""

from collections.abc import Callable
from datetime import date
from threading import Barrier
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from comptes.models import Personne, Role
from journal.models import Courriel, Evenement, EvenementDetail
from mutualisation.models import Absence, Titulaire
from mutualisation.workflows import absence as module
from mutualisation.workflows.absence import change_absence, note_absence, withdraw_absence
from socle.droits import ActionInterdite
from socle.erreurs import Conflit, Refus
from tests.concurrence import failures, together
from tests.factories import (
    AbsenceFactory,
    HabilitationFactory,
    Monde,
    PersonneFactory,
    SiegeFactory,
    domaine,
    fresh,
    holder,
)

pytestmark = pytest.mark.django_db
FIRST, AFTER = date(2027, 3, 2), date(2027, 3, 13)
URL = "/mes-absences/"


def note(monde: Monde, **kwargs: Any) -> Absence:
    """The référent of A is away from 2 to 12 March, says she herself."""
    given: dict[str, Any] = {"personne": monde.a.referent, "debut": FIRST, "fin": AFTER, **kwargs}
    given.setdefault("acteur", given["personne"])
    return note_absence(epci=monde.epci, **given)


class TestDatabase:
    def test_two_absences_of_a_person_never_overlap(self, monde: Monde):
        given = {"epci": monde.epci, "personne": monde.a.referent}
        AbsenceFactory(**given, debut=FIRST, fin=AFTER)
        AbsenceFactory(**given, debut=AFTER, fin=None)
        with pytest.raises(IntegrityError, match="absence_no_overlap"), transaction.atomic():
            AbsenceFactory(**given, debut=date(2027, 3, 12), fin=AFTER)

    def test_another_epci_is_told_nothing(self, monde: Monde):
        AbsenceFactory(epci=monde.epci, personne=monde.a.referent)
        AbsenceFactory(epci=monde.epci_voisin, personne=monde.a.referent)

    def test_days_are_in_order_and_nobody_replaces_herself(self, monde: Monde):
        given = {"epci": monde.epci, "personne": monde.a.referent, "debut": FIRST}
        with pytest.raises(IntegrityError, match="absence_period"), transaction.atomic():
            AbsenceFactory(**given, fin=FIRST)
        with pytest.raises(IntegrityError, match="absence_deputy"), transaction.atomic():
            AbsenceFactory(**given, fin=AFTER, suppleant=monde.a.referent)

    def test_it_has_no_room_for_a_reason(self):
        names = {field.name for field in Absence._meta.get_fields()}
        assert names == {"id", "epci", "personne", "suppleant", "debut", "fin", "version"}


class TestWho:
    def test_herself_her_dgs_and_nobody_else_of_the_commune(self, monde: Monde):
        assert note(monde)
        assert note(monde, acteur=monde.a.dgs, debut=date(2027, 5, 3), fin=date(2027, 5, 4))
        for acteur in (
            monde.a.maire,
            monde.a.collaborateur,
            monde.b.dgs,
            monde.direction,
            monde.administrateur,
        ):
            with pytest.raises(ActionInterdite, match="notée par la personne elle-même"):
                note(monde, acteur=acteur, debut=date(2027, 6, 1), fin=date(2027, 6, 2))

    def test_the_direction_for_the_agents_of_the_epci(self, monde: Monde):
        agent = holder(Role.AGENT, monde.epci)
        for one in (agent, monde.responsable, monde.directeur):
            assert note(monde, personne=one, acteur=monde.direction)
        with pytest.raises(ActionInterdite):
            note(monde, personne=agent, acteur=monde.a.dgs, debut=date(2027, 5, 3), fin=None)
        with pytest.raises(ActionInterdite):
            note(monde, personne=agent, acteur=monde.direction_voisine, debut=date(2027, 5, 3))

    def test_each_one_sees_hers_and_those_she_keeps(self, monde: Monde):
        hers = note(monde)
        chief = note(monde, personne=monde.responsable)
        seen = {
            "referent": set(Absence.objects.visible_to(monde.a.referent)),
            "dgs": set(Absence.objects.visible_to(monde.a.dgs)),
            "other": set(Absence.objects.visible_to(monde.b.dgs)),
            "direction": set(Absence.objects.visible_to(monde.direction)),
            "administrateur": set(Absence.objects.visible_to(monde.administrateur)),
        }
        assert seen == {
            "referent": {hers},
            "dgs": {hers},
            "other": set(),
            "direction": {chief},
            "administrateur": set(),
        }

    def test_a_role_that_is_over_gives_nothing_to_keep(self, monde: Monde):
        gone = HabilitationFactory(
            epci=monde.epci, commune=monde.a.commune, role=Role.COLLABORATEUR, fin=date(2027, 1, 1)
        ).personne
        with pytest.raises(ActionInterdite):
            note(monde, personne=gone, acteur=monde.a.dgs)


class TestNoting:
    def test_the_same_again_changes_nothing(self, monde: Monde):
        assert note(monde) == note(monde)
        assert Evenement.objects.filter(type="absence.notee").count() == 1

    def test_days_already_noted_over_or_out_of_order_are_refused(self, monde: Monde):
        note(monde)
        for given, words in (
            ({"debut": date(2027, 3, 12), "fin": None}, "déjà notée du 2 mars 2027 au 12 mars 2027"),
            ({"debut": date(2027, 3, 20), "fin": date(2027, 3, 20)}, "ne peut pas précéder"),
            ({"debut": date(2027, 2, 1), "fin": date(2027, 2, 10)}, "déjà finie"),
        ):
            with pytest.raises(Refus, match=words):
                note(monde, **given)
        assert Absence.objects.count() == 1

    def test_who_may_be_called_is_who_may_sit(self, monde: Monde):
        agent, stranger = holder(Role.AGENT, monde.epci), PersonneFactory()
        for wrong in (stranger, monde.b.dgs, monde.direction_voisine, monde.a.referent):
            with pytest.raises(Refus, match="peut tenir ce siège"):
                note(monde, suppleant=wrong)
        assert note(monde, suppleant=monde.a.dgs).suppleant == monde.a.dgs
        assert note(monde, personne=monde.responsable, suppleant=agent).suppleant == agent

    def test_who_is_away_too_is_not_called(self, monde: Monde):
        note(monde, personne=monde.a.dgs, debut=date(2027, 3, 12), fin=None)
        with pytest.raises(Refus, match="absence notée à compter du 12 mars 2027"):
            note(monde, suppleant=monde.a.dgs)

    def test_who_is_called_has_none_of_the_rights_of_the_seat(self, monde: Monde):
        agent = holder(Role.AGENT, monde.epci)
        note(monde, debut=date(2027, 2, 10), suppleant=agent)
        assert {titre.role for titre in fresh(agent).acces.titres} == {Role.AGENT}

    def test_the_journal_tells_it_to_administrators_only_and_no_day_of_it(self, monde: Monde):
        note(monde)
        line = Evenement.objects.get(type="absence.notee")
        assert (line.libelle, line.contenu) == ("Absence notée", {})
        for reader, sees in (
            (monde.administrateur, True),
            (monde.direction, False),
            (monde.a.lecteur, False),
        ):
            assert Evenement.objects.visible_to(reader).filter(pk=line.pk).exists() is sees
        assert EvenementDetail.objects.get(evenement=line).contenu["debut"] == "2027-03-02"


class TestChanging:
    def test_it_takes_other_days(self, monde: Monde):
        changed = change_absence(
            absence=note(monde),
            debut=FIRST,
            fin=date(2027, 3, 20),
            suppleant=monde.a.dgs,
            version=1,
            acteur=monde.a.dgs,
        )
        assert (changed.fin, changed.suppleant, changed.version) == (date(2027, 3, 20), monde.a.dgs, 2)

    def test_who_was_slower_is_told_who_changed_what(self, monde: Monde):
        absence = note(monde)
        given = {"absence": absence, "debut": FIRST, "suppleant": None, "version": 1}
        change_absence(**given, fin=date(2027, 3, 20), acteur=monde.a.dgs)
        with pytest.raises(
            Conflit, match=r"a changé cette absence entre-temps : elle va du 2 mars .* 19 mars 2027"
        ):
            change_absence(**given, fin=date(2027, 3, 6), acteur=monde.a.referent)

    def test_it_is_taken_back_and_leaves_no_row(self, monde: Monde):
        absence = note(monde)
        with pytest.raises(ActionInterdite):
            withdraw_absence(absence=absence, acteur=monde.direction)
        for _ in range(2):
            withdraw_absence(absence=absence, acteur=monde.a.referent)
        assert not Absence.objects.exists()
        assert Evenement.objects.filter(type="absence.retiree").count() == 1


@pytest.mark.django_db(transaction=True)
class TestTogether:
    """The same person, noted away twice in the same second, on days that overlap."""

    def race(self, monde: Monde) -> list[Exception]:
        def noted(fin: date, acteur: Personne) -> Callable[[], Absence]:
            return lambda: note(monde, fin=fin, acteur=acteur)

        calls = (noted(AFTER, monde.a.referent), noted(date(2027, 3, 20), fresh(monde.a.dgs)))
        return failures(together(*calls))

    def test_the_second_one_is_told_in_words(self, monde: Monde):
        (error,) = self.race(monde)
        assert isinstance(error, Refus)
        assert "Une absence est déjà notée du 2 mars 2027" in error.message
        assert Absence.objects.count() == 1

    def test_control_without_the_lock_only_the_database_refuses(
        self, monde: Monde, monkeypatch: pytest.MonkeyPatch
    ):
        gate = Barrier(2)
        checked = module._check
        monkeypatch.setattr(module, "_lock", lambda personne: None)
        monkeypatch.setattr(module, "_check", lambda absence: (checked(absence), gate.wait(10)))
        (error,) = self.race(monde)
        assert isinstance(error, IntegrityError)
        assert "absence_no_overlap" in str(error)
        assert Absence.objects.count() == 1


class TestPages:
    def test_one_notes_ones_own(self, client: Client, monde: Monde):
        client.force_login(monde.a.referent)
        html = client.get(URL).content.decode()
        assert "Noter l’absence" in html and 'name="personne"' not in html
        sent = {"debut": "2027-03-02", "fin": "2027-03-12", "suppleant": monde.a.dgs.pk}
        assert client.post(URL, sent).url == URL
        html = client.get(URL).content.decode()
        assert "c’est noté (absence jusqu’au 12\u00a0mars 2027)" in html
        assert (Absence.objects.get().personne, Absence.objects.get().fin) == (monde.a.referent, AFTER)

    def test_a_refusal_keeps_what_was_typed(self, client: Client, monde: Monde):
        note(monde)
        client.force_login(monde.a.referent)
        response = client.post(URL, {"debut": "2027-03-05", "fin": "2027-03-06", "suppleant": ""})
        html = response.content.decode()
        assert response.status_code == 422
        assert "Une absence est déjà notée du 2\u00a0mars 2027" in html
        assert 'value="2027-03-05"' in html and 'value="2027-03-06"' in html

    def test_a_dgs_notes_those_of_her_people_only(self, client: Client, monde: Monde):
        client.force_login(monde.a.dgs)
        html = client.get(URL).content.decode()
        assert f'value="{monde.a.referent.pk}"' in html
        assert str(monde.b.referent) not in html
        sent = {"personne": monde.b.referent.pk, "debut": "2027-03-02", "fin": ""}
        assert client.post(URL, sent).status_code == 422
        assert client.post(URL, {**sent, "personne": monde.a.referent.pk}).status_code == 302
        assert "retour non connu" in client.get(URL).content.decode()

    def test_the_absence_of_another_does_not_exist(self, client: Client, monde: Monde):
        url = f"{URL}{note(monde).pk}/"
        for stranger in (monde.a.lecteur, monde.direction, monde.b.dgs, monde.direction_voisine):
            client.force_login(stranger)
            assert client.get(url).status_code == 404
            assert client.post(f"{url}retirer/").status_code == 404

    def test_a_conflict_keeps_what_was_typed_then_lets_one_decide(self, client: Client, monde: Monde):
        absence = note(monde)
        change_absence(
            absence=absence, debut=FIRST, fin=date(2027, 3, 20), suppleant=None, version=1, acteur=monde.a.dgs
        )
        client.force_login(monde.a.referent)
        sent = {"debut": "2027-03-02", "fin": "2027-03-08", "suppleant": "", "version": "1"}
        response = client.post(f"{URL}{absence.pk}/", sent)
        assert response.status_code == 409
        html = response.content.decode()
        assert 'value="2027-03-08"' in html and 'name="version" value="2"' in html
        assert client.post(f"{URL}{absence.pk}/", {**sent, "version": "2"}).status_code == 302

    def test_taking_it_back(self, client: Client, monde: Monde):
        client.force_login(monde.a.referent)
        assert client.post(f"{URL}{note(monde).pk}/retirer/").url == URL
        assert "Aucune absence notée" in client.get(URL).content.decode()

    def test_thirty_absences_cost_what_three_do(self, client: Client, monde: Monde):
        def one_more() -> None:
            away = HabilitationFactory(epci=monde.epci, commune=monde.a.commune, lecteur=True).personne
            AbsenceFactory(epci=monde.epci, personne=away, suppleant=monde.a.dgs)

        def cost() -> int:
            with CaptureQueriesContext(connection) as queries:
                assert client.get(URL).status_code == 200
            return len(queries)

        client.force_login(monde.a.dgs)
        for _ in range(3):
            one_more()
        before = cost()
        for _ in range(27):
            one_more()
        assert cost() == before


def test_an_absence_is_told_once_to_who_may_name(monde: Monde):
    note(monde)
    told = {mail.destinataire for mail in Courriel.objects.filter(type="siege_vacance")}
    assert told == {monde.a.dgs, monde.direction}
    mail = Courriel.objects.filter(type="siege_vacance")[0]
    assert "personne ne répond" in mail.sujet
    assert mail.perime_at and mail.perime_at.date() <= FIRST


def test_an_absence_that_somebody_covers_is_told_to_nobody(monde: Monde):
    note(monde, suppleant=monde.a.dgs)
    Titulaire.objects.create(
        siege=monde.siege, personne=monde.directeur, rang=Titulaire.Rang.SUPPLEANT, debut=date(2020, 1, 1)
    )
    note(monde, personne=monde.responsable)
    note(monde, personne=monde.a.lecteur)  # holds no seat
    SiegeFactory(  # a domain that the commune does not share
        epci=monde.epci,
        commune=monde.a.commune,
        domaine=domaine(monde.epci, "DC"),
        titulaire=monde.a.collaborateur,
    )
    note(monde, personne=monde.a.collaborateur)
    assert not Courriel.objects.filter(type="siege_vacance").exists()
