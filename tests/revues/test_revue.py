"""The month of reviews: one each, on working days, whatever crashes or runs twice."""

import threading
from collections import Counter
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError
from icalendar import Calendar

from contrats.faits import CONTRACT_REVIEWS
from contrats.models import Engagement
from journal.models import Courriel, Evenement, Tache
from journal.workflows.tache import run_due
from revues.creneaux import SLOTS, place, place_contract
from revues.invitations import invitation
from revues.models import Revue
from revues.participants import participants
from revues.workflows import revue as workflow
from revues.workflows.revue import (
    TACHE_COMMUNE,
    TACHE_MOIS,
    create_month,
    run_commune,
    run_month,
    schedule_month,
    start_reviews,
)
from socle import horloge
from socle.dates import MOIS
from territoire.models import Commune, JourFerie
from territoire.models.epci import WorkingDays
from tests.concurrence import failures, together
from tests.factories import (
    AdhesionFactory,
    CycleFactory,
    DeclarationFactory,
    EngagementFactory,
    EpciFactory,
    EquipeFactory,
    LigneFactory,
    PersonneFactory,
    RevueFactory,
    SiegeFactory,
    TacheFactory,
    TitulaireFactory,
    activite,
    catalogue,
    domaine,
    member_commune,
)

MARCH = date(2027, 3, 1)


def tache(epci: Any, first: date = MARCH) -> Tache:
    schedule_month(epci, first)
    return Tache.objects.get(cle=f"{TACHE_MOIS}:{epci.pk}:{first:%Y-%m}")


def month(epci: Any, commune: Any, first: date, rank: int = 0) -> list[Revue]:
    return create_month(epci=epci, commune=commune, rank=rank, first=first, days=WorkingDays(epci))


@pytest.fixture
def shared(db: None, at_time: Any) -> Any:
    """A commune that shares two domains, with both référents of DA."""
    at_time("2027-03-01 00:30")
    epci = EpciFactory(nom="Métropole d'Essai")
    catalogue(epci)
    commune = member_commune(epci, nom="Œuilly")
    for code in ("DA-01", "DA-02", "DB-01"):
        AdhesionFactory(epci=epci, commune=commune, activite=activite(epci, code))
    SiegeFactory(
        epci=epci,
        referent=True,
        commune=commune,
        domaine=domaine(epci),
        titulaire=PersonneFactory(nom="Référent"),
    )
    SiegeFactory(
        epci=epci, responsable=True, domaine=domaine(epci), titulaire=PersonneFactory(nom="Responsable")
    )
    return epci, commune


def test_one_review_per_shared_domain(shared: Any) -> None:
    epci, commune = shared
    alone = member_commune(epci)
    run_month(tache(epci))
    rows = Revue.objects.order_by("domaine__ordre").values_list(
        "commune", "domaine__code", "periode_on", "etat"
    )
    assert list(rows) == [(commune.pk, "DA", MARCH, "prevue"), (commune.pk, "DB", MARCH, "prevue")]
    assert not Revue.objects.filter(commune=alone).exists()


def test_a_domain_that_left_or_has_not_come_has_no_review(shared: Any) -> None:
    epci, commune = shared
    commune.adhesions.filter(activite__code="DB-01").update(fin=MARCH)
    AdhesionFactory(
        epci=epci, commune=commune, activite=activite(epci, "DC-01"), debut=MARCH + timedelta(days=1)
    )
    month(epci, commune, MARCH)
    assert list(Revue.objects.values_list("domaine__code", flat=True)) == ["DA"]


def test_twice_creates_nothing_twice(shared: Any) -> None:
    epci, commune = shared
    assert len(month(epci, commune, MARCH)) == 2
    assert month(epci, commune, MARCH) == []
    assert Revue.objects.count() == 2
    assert Evenement.objects.filter(type="revue.prevue").count() == 2
    assert Courriel.objects.filter(type="revue_invitation").count() == 2


def test_the_next_month_is_scheduled_by_each(shared: Any) -> None:
    epci, _ = shared
    run_month(tache(epci))
    following = Tache.objects.get(cle=f"{TACHE_MOIS}:{epci.pk}:2027-04")
    assert horloge.local(following.due_at, epci.fuseau) == datetime(
        2027, 4, 1, 0, 30, tzinfo=ZoneInfo("Europe/Paris")
    )


def test_contract_reviews_stand_in_the_months_that_the_contract_names(shared: Any) -> None:
    epci, commune = shared
    other = member_commune(epci)
    AdhesionFactory(epci=epci, commune=other, activite=activite(epci, "DA-01"))
    for first in (date(2027, number, 1) for number in range(1, 13)):
        month(epci, commune, first, rank=0)
        month(epci, other, first, rank=1)
    stand = Revue.objects.filter(domaine=None).order_by("prevue_at").values_list("prevue_at", flat=True)
    months = [MOIS[horloge.local(moment, epci.fuseau).month - 1] for moment in stand]
    assert "en {} ou {}, puis en {} ou {}".format(*months) == CONTRACT_REVIEWS


def test_december_schedules_january(shared: Any) -> None:
    epci, _ = shared
    run_month(tache(epci, date(2027, 12, 1)))
    assert Tache.objects.filter(cle=f"{TACHE_MOIS}:{epci.pk}:2028-01").exists()


def test_starting_the_chain_twice_schedules_once(shared: Any) -> None:
    epci, _ = shared
    start_reviews(epci)
    start_reviews(epci)
    assert list(Tache.objects.values_list("cle", flat=True)) == [f"{TACHE_MOIS}:{epci.pk}:2027-04"]


def test_a_commune_that_fails_holds_no_other_and_is_tried_again(
    shared: Any, monkeypatch: pytest.MonkeyPatch, at_time: Any
) -> None:
    epci, first = shared
    second, third = member_commune(epci, nom="Zuydcoote"), member_commune(epci, nom="Zuytpeene")
    for commune in (second, third):
        AdhesionFactory(epci=epci, commune=commune, activite=activite(epci))
    job = tache(epci)
    real = workflow.create_month

    def crash(**kwargs: Any) -> list[Revue]:
        if kwargs["commune"] == second:
            raise RuntimeError("créneau impossible")
        return real(**kwargs)

    monkeypatch.setattr(workflow, "create_month", crash)
    run_due()
    job.refresh_from_db()
    assert job.faite_at is None and "créneau impossible" in job.erreur
    assert set(Revue.objects.values_list("commune", flat=True)) == {first.pk, third.pk}
    assert job.constat == "Échec pour Zuydcoote. Tout le reste est fait."
    assert Tache.objects.filter(cle=f"{TACHE_MOIS}:{epci.pk}:2027-04").exists()
    monkeypatch.setattr(workflow, "create_month", real)
    Tache.objects.filter(pk=job.pk).update(reessai_at=None)
    run_due()
    job.refresh_from_db()
    assert job.faite_at and (job.fait, job.total) == (3, 3)
    assert Counter(Revue.objects.values_list("commune", flat=True)) == {
        first.pk: 2,
        second.pk: 1,
        third.pk: 1,
    }


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once(at_time: Any) -> None:
    at_time("2027-03-01 00:30")
    epci = EpciFactory()
    catalogue(epci)
    for _ in range(4):
        commune = member_commune(epci)
        for code in ("DA-01", "DB-01", "DC-01"):
            AdhesionFactory(epci=epci, commune=commune, activite=activite(epci, code))
    SiegeFactory(epci=epci, responsable=True, domaine=domaine(epci), titulaire=PersonneFactory())
    job = tache(epci)
    results = together(lambda: run_month(job), lambda: run_month(job))
    assert not failures(results), results
    assert Revue.objects.count() == 12
    assert Courriel.objects.count() == 4
    assert sorted(Evenement.objects.values_list("numero", flat=True)) == list(range(1, 13))


@pytest.mark.django_db(transaction=True)
def test_two_workers_race_without_the_lock(at_time: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: without the lock on the commune, one of two workers inserts what the other has just inserted."""
    at_time("2027-03-01 00:30")
    epci = EpciFactory()
    catalogue(epci)
    commune = member_commune(epci)
    AdhesionFactory(epci=epci, commune=commune, activite=activite(epci))
    both_have_read = threading.Barrier(2)
    real = type(Revue.objects).bulk_create

    def insert(manager: Any, *args: Any, **kwargs: Any) -> Any:
        both_have_read.wait(10)
        return real(manager, *args, **kwargs)

    monkeypatch.setattr(type(Commune.objects), "select_for_update", lambda self, **kwargs: self.all())
    monkeypatch.setattr(type(Revue.objects), "bulk_create", insert)
    results = together(*[lambda: month(epci, commune, MARCH)] * 2)
    assert [type(error) for error in failures(results)] == [IntegrityError]
    assert Revue.objects.count() == 1


@pytest.mark.parametrize("first", [date(2027, 5, 1), date(2028, 2, 1), date(2027, 8, 1), date(2027, 12, 1)])
def test_only_on_working_days(shared: Any, first: date) -> None:
    epci, commune = shared
    for day in range(1, 32, 3):
        if day != 1:
            JourFerie.objects.create(epci=epci, jour=first + timedelta(days=day - 1), nom="férié")
    off = set(JourFerie.objects.values_list("jour", flat=True))
    for rank in range(0, 40, 3):
        Revue.objects.all().delete()
        for revue in month(epci, commune, first, rank):
            local = horloge.local(revue.prevue_at, epci.fuseau)
            assert local.weekday() < 5 and local.date() not in off
            assert revue.type == "contrat" or local.month == first.month


def test_one_domain_is_never_at_two_places_at_once() -> None:
    days = [
        date(2027, 3, 1) + timedelta(days=n)
        for n in range(31)
        if (date(2027, 3, 1) + timedelta(days=n)).weekday() < 5
    ]
    communes, domaines = 100, 18
    placed = [place(days, rank, range(domaines)) for rank in range(communes)]
    for slots in placed:
        assert len(set(slots)) == domaines, "a commune receives two reviews at once"
    for position in range(domaines):
        assert len({slots[position] for slots in placed}) == communes


def test_contract_reviews_are_spread() -> None:
    days = [date(2027, 5, d) for d in range(3, 29) if date(2027, 5, d).weekday() < 5]
    assert len({place_contract(days, rank) for rank in range(70)}) == 70
    assert min(day for day, _ in (place_contract(days, rank) for rank in range(70))) == days[5]


def test_slots_are_distinct_and_do_not_overlap() -> None:
    minutes = [slot.hour * 60 + slot.minute for slot in SLOTS]
    assert all(later - earlier >= 45 for earlier, later in pairwise(minutes))


@pytest.mark.parametrize(("rythme", "months"), [("mensuel", 12), ("bimestriel", 6), ("trimestriel", 4)])
def test_rhythm_of_the_contract(shared: Any, rythme: str, months: int) -> None:
    epci, commune = shared
    engagement = EngagementFactory(
        version_contrat__contrat__epci=epci, version_contrat__contrat__commune=commune, domaine=domaine(epci)
    )
    Engagement.objects.filter(pk=engagement.pk).update(rythme=rythme)
    for number in range(1, 13):
        month(epci, commune, date(2027, number, 1))
    assert Revue.objects.filter(domaine=domaine(epci)).count() == months
    assert Revue.objects.filter(domaine=domaine(epci, "DB")).count() == 12


@pytest.mark.parametrize("rank", [0, 1, 2, 3])
def test_contract_reviews_stand_twice_a_year(shared: Any, rank: int) -> None:
    epci, commune = shared
    for number in range(1, 13):
        month(epci, commune, date(2027, number, 1), rank)
    rows = Revue.objects.filter(type="contrat").order_by("prevue_at")
    assert list(rows.values_list("periode_on", flat=True)) == [date(2027, 1, 1), date(2027, 7, 1)]
    assert [horloge.local(r.prevue_at, epci.fuseau).month for r in rows] == [5 + rank % 2, 11 + rank % 2]


def test_a_slow_rhythm_everywhere_keeps_the_contract_review(shared: Any) -> None:
    epci, commune = shared
    for code in ("DA", "DB"):
        engagement = EngagementFactory(
            version_contrat=EngagementFactory(
                version_contrat__contrat__epci=epci,
                version_contrat__contrat__commune=commune,
                domaine=domaine(epci, "DC"),
            ).version_contrat
            if not Engagement.objects.exists()
            else Engagement.objects.order_by("pk")[0].version_contrat,
            domaine=domaine(epci, code),
        )
        Engagement.objects.filter(pk=engagement.pk).update(rythme="bimestriel")
    month(epci, commune, date(2027, 5, 1))
    assert list(Revue.objects.values_list("type", flat=True)) == ["contrat"]


# Invitations


def parse(octets: bytes) -> Any:
    calendar = Calendar.from_ical(octets)
    return calendar, calendar.walk("VEVENT")[0]


@pytest.mark.parametrize(
    ("fuseau", "instant", "hour", "offset"),
    [
        ("Europe/Paris", "2027-03-10T08:30:00+00:00", 9, 1),
        ("Europe/Paris", "2027-03-30T07:30:00+00:00", 9, 2),
        ("Europe/Paris", "2027-10-29T07:30:00+00:00", 9, 2),
        ("Europe/Paris", "2027-11-02T08:30:00+00:00", 9, 1),
        ("Indian/Reunion", "2027-07-06T05:30:00+00:00", 9, 4),
        ("America/Martinique", "2027-07-06T13:30:00+00:00", 9, -4),
    ],
)
def test_the_invitation_tells_the_local_hour(
    db: None, fuseau: str, instant: str, hour: int, offset: int
) -> None:
    revue = RevueFactory(epci__fuseau=fuseau, prevue_at=datetime.fromisoformat(instant))
    calendar, event = parse(invitation(revue, [PersonneFactory(email="a@exemple.fr")], cancelled=False))
    start = event.decoded("dtstart")
    assert (start.hour, start.minute) == (hour, 30)
    assert start.utcoffset() == timedelta(hours=offset)
    assert event["dtstart"].params["TZID"] == fuseau
    assert start.astimezone(ZoneInfo("UTC")) == datetime.fromisoformat(instant)
    assert event.decoded("dtend") - start == timedelta(minutes=45)
    assert calendar["method"] == "REQUEST"
    assert [str(zone["tzid"]) for zone in calendar.walk("VTIMEZONE")] == [fuseau]


def test_the_uid_is_stable_and_its_own(db: None, at_time: Any) -> None:
    first, second = RevueFactory(), RevueFactory()
    before = parse(invitation(first, [], cancelled=False))[1]["uid"]
    at_time("2027-06-01 10:00")
    assert parse(invitation(first, [], cancelled=False))[1]["uid"] == before
    assert parse(invitation(second, [], cancelled=False))[1]["uid"] != before


def test_a_name_with_a_line_end_cannot_inject_a_line(db: None) -> None:
    revue = RevueFactory(lieu="Mairie\r\nATTENDEE:mailto:pirate@exemple.fr")
    _, event = parse(invitation(revue, [], cancelled=False))
    assert "attendee" not in event
    assert "pirate" in event["location"]


def test_one_invitation_row_per_person(shared: Any) -> None:
    epci, commune = shared
    month(epci, commune, MARCH)
    revue = Revue.objects.get(domaine=domaine(epci))
    rows = Courriel.objects.filter(type="revue_invitation", objet_id=revue.pk)
    assert sorted(row.destinataire.nom for row in rows) == ["Responsable", "Référent"]
    for row in rows:
        piece = row.pieces.get()
        assert piece.type_mime == "text/calendar; method=REQUEST; charset=utf-8"
        assert parse(bytes(piece.octets))[1].decoded("dtstart") == revue.prevue_at
        assert row.perime_at == revue.prevue_at
        assert f"/revues/{revue.pk}/" in row.corps


def test_a_team_is_invited_person_by_person(shared: Any) -> None:
    epci, commune = shared
    people = [PersonneFactory(nom="Un"), PersonneFactory(nom="Deux")]
    siege = SiegeFactory(epci=epci, responsable=True, domaine=domaine(epci, "DB"))
    TitulaireFactory(siege=siege, personne=None, equipe=EquipeFactory(epci=epci, membres=people))
    month(epci, commune, MARCH)
    assert set(participants(Revue.objects.get(domaine=domaine(epci, "DB")))) == set(people)


def test_a_vacant_nearer_seat_does_not_hide_the_one_that_serves(shared: Any) -> None:
    epci, commune = shared
    SiegeFactory(epci=epci, responsable=True, domaine=domaine(epci), commune=commune)
    month(epci, commune, MARCH)
    names = {personne.nom for personne in participants(Revue.objects.get(domaine=domaine(epci)))}
    assert names == {"Référent", "Responsable"}


def test_who_is_expected_at_a_contract_review(monde: Any) -> None:
    revue = RevueFactory(epci=monde.epci, commune=monde.a.commune, contrat=True)
    assert set(participants(revue)) == {monde.a.maire, monde.a.dgs, monde.direction}


# Not held


def test_the_commune_names_are_kept_in_french_order(shared: Any) -> None:
    epci, _ = shared
    member_commune(epci, nom="Nantes")
    assert [c.nom for c in Commune.objects.members_of(epci, MARCH)] == ["Nantes", "Œuilly"]


@pytest.fixture
def stuck(shared: Any) -> Any:
    """A second commune, whose line of the first of March is not in effect: the job of the effects failed for it."""
    epci, first = shared
    second = member_commune(epci, nom="Zuydcoote")
    AdhesionFactory(epci=epci, commune=second, activite=activite(epci))
    declaration = DeclarationFactory(
        cycle=CycleFactory(epci=epci, en_vigueur=True), commune=second, deposee=True
    )
    ligne = LigneFactory(
        declaration=declaration, activite=activite(epci, "DB-01"), acceptee=True, effet_on=MARCH
    )
    job = tache(epci)
    effect = TacheFactory(epci=epci, type="mutualisation.effet", due_at=job.due_at)
    Tache.objects.filter(pk=effect.pk).update(reessai_at=horloge.real_now() + timedelta(hours=1))
    return epci, first, second, ligne, effect


def retry(cle: str) -> Tache:
    Tache.objects.filter(cle=cle).update(reessai_at=None)
    run_due()
    return Tache.objects.get(cle=cle)


def mend(ligne: Any) -> None:
    """The line takes effect at last."""
    AdhesionFactory(epci=ligne.epci, commune=ligne.commune, activite=ligne.activite, ligne=ligne, debut=MARCH)
    type(ligne).objects.filter(pk=ligne.pk).update(appliquee_at=horloge.now())


def test_reviews_wait_for_the_effects_of_their_own_commune_alone(stuck: Any) -> None:
    epci, first, second, _, _ = stuck
    run_due()
    assert Counter(Revue.objects.values_list("commune", flat=True)) == {first.pk: 2}
    assert Tache.objects.get(cle=f"{TACHE_MOIS}:{epci.pk}:2027-03").faite_at
    assert Tache.objects.filter(cle=f"{TACHE_MOIS}:{epci.pk}:2027-04").exists()
    waiting = Tache.objects.get(type=TACHE_COMMUNE)
    assert (waiting.etat, waiting.parametres["commune"]) == ("en attente", second.pk)
    assert waiting.constat == "Zuydcoote : ses revues attendent que ses choix prennent effet."


def test_once_mended_it_gets_its_reviews_once(stuck: Any) -> None:
    epci, first, second, ligne, _ = stuck
    run_due()
    cle = Tache.objects.get(type=TACHE_COMMUNE).cle
    assert retry(cle).etat == "en attente", "still not in effect"
    mend(ligne)
    assert retry(cle).etat == "faite"
    run_month(Tache.objects.get(cle=f"{TACHE_MOIS}:{epci.pk}:2027-03"))
    run_commune(Tache.objects.get(cle=cle))
    assert Counter(Revue.objects.values_list("commune", flat=True)) == {first.pk: 2, second.pk: 2}
    assert Tache.objects.filter(type=TACHE_COMMUNE).count() == 1


def test_what_waited_stands_where_it_would_have_stood(stuck: Any) -> None:
    epci, _, second, ligne, _ = stuck
    run_due()
    mend(ligne)
    retry(Tache.objects.get(type=TACHE_COMMUNE).cle)
    found = list(Revue.objects.filter(commune=second).order_by("domaine__ordre"))
    local = [horloge.local(revue.prevue_at, epci.fuseau) for revue in found]
    slots = place(WorkingDays(epci).of_month(MARCH), 1, [0, 1])
    assert [(moment.date(), moment.time()) for moment in local] == slots


def test_the_following_month_waits_for_it_too_and_no_other(stuck: Any, at_time: Any) -> None:
    _, first, second, ligne, _ = stuck
    run_due()
    at_time("2027-04-01 00:30")
    run_due()
    april = Revue.objects.filter(periode_on=date(2027, 4, 1))
    assert set(april.values_list("commune", flat=True)) == {first.pk}
    mend(ligne)
    for cle in Tache.objects.filter(type=TACHE_COMMUNE).order_by("pk").values_list("cle", flat=True):
        retry(cle)
    assert Counter(Revue.objects.filter(commune=second).values_list("periode_on", flat=True)) == {
        MARCH: 2,
        date(2027, 4, 1): 2,
    }


def test_nothing_waits_for_a_line_that_no_job_will_put_into_effect(stuck: Any) -> None:
    _, _, second, _, effect = stuck
    Tache.objects.filter(pk=effect.pk).update(faite_at=effect.due_at)
    run_due()
    assert Revue.objects.filter(commune=second).exists()
    assert not Tache.objects.filter(type=TACHE_COMMUNE).exists()
