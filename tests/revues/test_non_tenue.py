"""A review that was not held: said from its day on, with a reason; told to those invited while it is to come; taken back."""

from datetime import date, datetime
from typing import Any

import pytest
from django.urls import reverse
from icalendar import Calendar

from journal.models import Courriel, Evenement
from mutualisation.models import Titulaire
from revues.models import Revue
from revues.workflows.revue import cancel_review, create_month, restore_review
from socle import horloge
from socle.droits import ActionInterdite
from socle.erreurs import Conflit, Refus
from territoire.models.epci import WorkingDays
from tests.factories import PersonneFactory, RevueFactory
from tests.mutualisation.gestes import text_of

MARCH = date(2027, 3, 1)


@pytest.fixture
def revue(monde: Any, at_time: Any) -> Revue:
    """The review of DA in A for March, read on the morning of its day."""
    at_time("2027-03-01 00:30")
    create_month(epci=monde.epci, commune=monde.a.commune, rank=0, first=MARCH, days=WorkingDays(monde.epci))
    found = Revue.objects.get(commune=monde.a.commune, domaine=monde.domaine, periode_on=MARCH)
    at_time(f"{found.jour} 07:00")
    return found


def cancel(revue: Revue, acteur: Any, *, motif: str = "Inondation.", version: int = 1) -> Revue:
    return cancel_review(revue=revue, acteur=acteur, motif=motif, version=version)


def letters(type: str, revue: Revue) -> list[Courriel]:
    return list(Courriel.objects.filter(type=type, objet_id=revue.pk).order_by("pk"))


def event(letter: Courriel) -> tuple[str, int, str]:
    """(method, sequence, uid) of the calendar joined to a mail."""
    calendar: Any = Calendar.from_ical(bytes(letter.pieces.get().octets))
    entry = calendar.walk("VEVENT")[0]
    return str(calendar["method"]), int(entry["sequence"]), str(entry["uid"])


def test_not_held_says_why(monde: Any, revue: Revue) -> None:
    done = cancel(revue, monde.responsable)
    assert (done.etat, done.motif, done.version) == ("non_tenue", "Inondation.", 2)
    assert Evenement.objects.about(done)[0].type == "revue.non_tenue"


def test_not_held_refuses_silence_and_old_pages(monde: Any, revue: Revue) -> None:
    with pytest.raises(Refus, match="en une phrase"):
        cancel(revue, monde.responsable, motif="  ")
    with pytest.raises(Conflit):
        cancel(revue, monde.responsable, version=7)
    revue.refresh_from_db()
    assert revue.etat == "prevue"


@pytest.mark.parametrize("who", ["referent", "dgs", "maire", "lecteur"])
def test_not_held_is_for_the_service(monde: Any, revue: Revue, who: str) -> None:
    with pytest.raises(ActionInterdite):
        cancel(revue, getattr(monde.a, who))


@pytest.mark.parametrize(("instant", "said"), [("2027-03-01 23:59", False), ("2027-03-02 00:00", True)])
def test_not_held_is_said_from_its_day_on(
    monde: Any, client: Any, at_time: Any, instant: str, said: bool
) -> None:
    at_time(instant)
    planned = horloge.local(datetime.fromisoformat("2027-03-02T09:30:00+01:00"), monde.epci.fuseau)
    revue = RevueFactory(epci=monde.epci, commune=monde.a.commune, prevue_at=planned, periode_on=MARCH)
    client.force_login(monde.responsable)
    assert ("Elle n'a pas eu lieu" in text_of(client.get(reverse("revues:revue", args=[revue.pk])))) == said
    page = client.get(reverse("revues:non_tenue", args=[revue.pk]))
    assert page.status_code == (200 if said else 403)
    assert said or "à partir du jour prévu" in text_of(page)


def test_a_review_still_to_come_leaves_the_calendars(monde: Any, revue: Revue) -> None:
    cancel(revue, monde.direction)
    asked, told = letters("revue_invitation", revue), letters("revue_annulee", revue)
    assert asked and {row.destinataire_id for row in told} == {row.destinataire_id for row in asked}
    assert [event(row)[:2] for row in (asked[0], told[0])] == [("REQUEST", 0), ("CANCEL", 1)]
    assert event(asked[0])[2] == event(told[0])[2]


def test_whoever_was_invited_is_told_even_replaced_since(monde: Any, revue: Revue) -> None:
    invited = {row.destinataire_id for row in letters("revue_invitation", revue)}
    Titulaire.objects.filter(siege__domaine=revue.domaine).update(personne=PersonneFactory(nom="Remplaçant"))
    cancel(revue, monde.direction)
    assert invited and {row.destinataire_id for row in letters("revue_annulee", revue)} == invited


def test_a_review_already_past_cancels_nothing(monde: Any, revue: Revue, at_time: Any) -> None:
    at_time("2027-04-02 10:00")
    cancel(revue, monde.direction)
    assert not letters("revue_annulee", revue)


# Taking it back


def test_taking_it_back_awaits_the_minutes_and_leaves_a_trace(
    monde: Any, client: Any, revue: Revue, at_time: Any
) -> None:
    at_time("2027-04-02 10:00")
    cancel(revue, monde.responsable)
    client.force_login(monde.responsable)
    url = reverse("revues:retablir", args=[revue.pk])
    page = text_of(client.get(url))
    assert "« Inondation. »" in page and "Son compte rendu est de nouveau attendu." in page
    done = text_of(client.post(url, {"version": 2}, follow=True))
    assert "La revue n'est plus notée non tenue." in done and "Écrire le compte rendu" in done
    revue.refresh_from_db()
    assert (revue.etat, revue.motif, revue.version) == ("prevue", "", 3)
    last = Evenement.objects.about(revue)[0]
    assert (last.type, last.acteur, last.detail.contenu) == (
        "revue.retablie",
        monde.responsable,
        {"motif": "Inondation."},
    )
    assert not letters("revue_annulee", revue)


def test_on_its_morning_it_comes_back_into_the_calendars(monde: Any, revue: Revue) -> None:
    invited = {row.destinataire_id for row in letters("revue_invitation", revue)}
    cancel(revue, monde.direction)
    restore_review(revue=revue, acteur=monde.direction, version=2)
    again = letters("revue_invitation", revue)[len(invited) :]
    assert {row.destinataire_id for row in again} == invited
    assert event(again[0])[:2] == ("REQUEST", 2)
    cancel(revue, monde.direction, version=3)
    assert len(letters("revue_annulee", revue)) == 2 * len(invited)


def test_taking_it_back_is_for_the_service_and_for_what_was_read(
    monde: Any, client: Any, revue: Revue
) -> None:
    cancel(revue, monde.direction)
    for who in (monde.a.referent, monde.a.dgs):
        with pytest.raises(ActionInterdite, match="reviennent sur"):
            restore_review(revue=revue, acteur=who, version=2)
    client.force_login(monde.direction)
    url = reverse("revues:retablir", args=[revue.pk])
    assert "entre-temps" in text_of(client.post(url, {"version": 1}, follow=True))
    assert Revue.objects.get(pk=revue.pk).etat == "non_tenue"


# The next one


def test_the_next_review_says_that_the_one_before_was_not_held(monde: Any, client: Any, revue: Revue) -> None:
    cancel(revue, monde.direction, motif="Agendas incompatibles.")
    Revue.objects.filter(pk=monde.a.revue_tenue.pk).delete()
    values = {"epci": monde.epci, "commune": monde.a.commune, "periode_on": date(2027, 4, 1)}
    following = RevueFactory(**values)
    client.force_login(monde.responsable)
    page = text_of(client.get(reverse("revues:revue", args=[following.pk])))
    assert 'n\'a pas été tenue : <span class="texte-libre">Agendas incompatibles.</span>' in page
    assert "C'est la première" not in page
    assert "Aucun compte rendu ne la précède." in page


def test_the_next_review_says_that_the_one_before_awaits_its_minutes(
    monde: Any, client: Any, revue: Revue, at_time: Any
) -> None:
    at_time("2027-04-02 10:00")
    values = {"epci": monde.epci, "commune": monde.a.commune, "periode_on": date(2027, 4, 1)}
    following = RevueFactory(**values)
    client.force_login(monde.responsable)
    assert "attend encore son compte rendu" in text_of(
        client.get(reverse("revues:revue", args=[following.pk]))
    )
