"""Mails: one row per (recipient, kind, object, occurrence), sent after the commit, as many times as it takes."""

import threading
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.db import IntegrityError, transaction

from journal.models import Courriel, PieceJointe
from journal.workflows import courriel as workflow
from journal.workflows.courriel import Piece, send_due_mails, write_mail
from journal.workflows.unite import unit
from socle import horloge
from tests.concurrence import PATIENCE, failures, together
from tests.factories import CourrielFactory, EpciFactory, PersonneFactory

pytestmark = pytest.mark.usefixtures("_template")


@pytest.fixture
def _template(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        workflow, "_body", lambda type, contexte: f"Gabarit courriels/{type}.txt : l'essai\n\n"
    )


def write(destinataire: Any, epci: Any, **kwargs: Any) -> Courriel | None:
    kwargs = {"type": "essai", "objet": epci, "sujet": "L'essai du 1er", "contexte": {}, **kwargs}
    with unit():
        return write_mail(destinataire=destinataire, epci=epci, **kwargs)


@pytest.mark.django_db
class TestWriting:
    @pytest.fixture
    def who(self) -> tuple[Any, Any]:
        return PersonneFactory(email="dgs@exemple.fr"), EpciFactory()

    def test_a_row_waits_and_a_worker_is_woken_on_commit(
        self, who: Any, wakes: list[str], django_capture_on_commit_callbacks: Any
    ):
        with django_capture_on_commit_callbacks(execute=True):
            courriel = write(*who)
            assert wakes == []
        assert wakes == ["tick"]
        assert (courriel.adresse, courriel.etat) == ("dgs@exemple.fr", "en attente")
        assert (courriel.sujet, courriel.corps) == (
            "L’essai du 1er",
            "Gabarit courriels/essai.txt\N{NO-BREAK SPACE}: l’essai\n",
        )

    def test_the_same_mail_is_written_once(self, who: Any):
        assert write(*who) is not None
        assert write(*who, sujet="Autre objet") is None
        assert Courriel.objects.count() == 1

    @pytest.mark.parametrize("change", [{"occurrence": "2027-02"}, {"type": "autre"}])
    def test_another_occurrence_is_another_mail(self, who: Any, change: dict[str, str]):
        write(*who)
        assert write(*who, **change) is not None

    def test_a_subject_is_one_line(self, who: Any):
        courriel = write(*who, sujet="Une\nligne\r\nBcc: x " + "é" * 300)
        assert "\n" not in courriel.sujet and "\r" not in courriel.sujet
        assert len(courriel.sujet) == 200

    def test_a_refused_act_writes_no_mail(self, who: Any):
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            write(*who)
            raise ZeroDivisionError
        assert not Courriel.objects.exists()


@pytest.mark.django_db
class TestSending:
    def test_what_waits_leaves_once(self, mailoutbox: list[EmailMessage]):
        first, second = CourrielFactory(sujet="Un"), CourrielFactory(sujet="Deux")
        assert send_due_mails() == 2
        assert send_due_mails() == 0
        assert [message.subject for message in mailoutbox] == ["Un", "Deux"]
        first.refresh_from_db()
        assert (first.etat, first.essais) == ("envoyé", 1)
        headers = mailoutbox[1].message()
        assert headers["Message-ID"].startswith(f"<{second.message_id}@")
        assert headers["Auto-Submitted"] == "auto-generated"

    def test_more_than_one_batch(self, mailoutbox: list[EmailMessage]):
        epci, someone = EpciFactory(), PersonneFactory()
        CourrielFactory.create_batch(workflow.BATCH * 2 + 1, epci=epci, destinataire=someone)
        assert send_due_mails() == len(mailoutbox) == workflow.BATCH * 2 + 1

    def test_files_are_joined(self, mailoutbox: list[EmailMessage]):
        epci = EpciFactory()
        write(PersonneFactory(), epci, pieces=[Piece("revue.ics", "text/calendar", b"BEGIN:VCALENDAR")])
        assert PieceJointe.objects.count() == 1
        send_due_mails()
        part = mailoutbox[0].message().get_payload()[1]
        assert (part.get_filename(), part.get_content_type()) == ("revue.ics", "text/calendar")
        assert part.get_payload(decode=True).startswith(b"BEGIN:VCALENDAR")

    def test_past_its_point_a_mail_is_given_up(self, mailoutbox: list[EmailMessage]):
        late = CourrielFactory(perime_at=horloge.now())
        escalation = CourrielFactory(perime_at=None)
        in_time = CourrielFactory(perime_at=horloge.now() + timedelta(minutes=1))
        assert send_due_mails() == 2
        assert [Courriel.objects.get(pk=c.pk).etat for c in (late, escalation, in_time)] == [
            "périmé",
            "envoyé",
            "envoyé",
        ]

    def test_the_clock_of_the_trade_says_when_a_mail_is_too_late(
        self, at_time: Any, mailoutbox: list[EmailMessage]
    ):
        CourrielFactory(perime_at=horloge.now() + timedelta(days=1))
        at_time(horloge.now() + timedelta(days=2))
        assert send_due_mails() == 0
        assert Courriel.objects.get().etat == "périmé"


class CapriciousBackend(BaseEmailBackend):
    """A server that refuses whom it is told to."""

    refused: ClassVar[set[str]] = set()
    seen: ClassVar[list[str]] = []

    def send_messages(self, messages: Any) -> int:
        for message in messages:
            type(self).seen.append(message.message()["Message-ID"])
            if message.to[0] in self.refused:
                raise ConnectionRefusedError("le serveur ne répond pas")
        return len(messages)


@pytest.mark.django_db
class TestFailures:
    @pytest.fixture(autouse=True)
    def _server(self, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        settings.EMAIL_BACKEND = f"{__name__}.CapriciousBackend"
        monkeypatch.setattr(CapriciousBackend, "refused", {"panne@exemple.fr"})
        monkeypatch.setattr(CapriciousBackend, "seen", [])

    def test_a_failure_is_tried_again_with_the_same_identifier(self):
        courriel = CourrielFactory(adresse="panne@exemple.fr")
        send_due_mails()
        courriel.refresh_from_db()
        assert (courriel.etat, courriel.essais) == ("nouvel essai prévu", 1)
        assert "ne répond pas" in courriel.erreur
        assert courriel.reessai_at > horloge.real_now()
        assert send_due_mails() == 0, "not before its time"
        CapriciousBackend.refused.clear()
        Courriel.objects.update(reessai_at=horloge.real_now())
        assert send_due_mails() == 1
        courriel.refresh_from_db()
        assert (courriel.etat, courriel.essais, courriel.erreur) == ("envoyé", 2, "")
        assert len(CapriciousBackend.seen) == 2
        assert len(set(CapriciousBackend.seen)) == 1

    def test_a_failure_holds_nobody_else(self):
        CourrielFactory(adresse="panne@exemple.fr")
        other = CourrielFactory()
        send_due_mails()
        other.refresh_from_db()
        assert other.etat == "envoyé"

    def test_a_message_that_cannot_be_written_holds_nobody_else(self):
        broken, other = CourrielFactory(sujet="deux\nlignes"), CourrielFactory()
        send_due_mails()
        assert [Courriel.objects.get(pk=c.pk).etat for c in (broken, other)] == [
            "nouvel essai prévu",
            "envoyé",
        ]

    def test_delays_grow_up_to_six_hours(self):
        CourrielFactory(adresse="panne@exemple.fr", essais=12)
        send_due_mails()
        wait = Courriel.objects.get().reessai_at - horloge.real_now()
        assert timedelta(hours=5, minutes=59) < wait <= workflow.MAX_DELAY


@pytest.mark.django_db(transaction=True)
class TestTogether:
    def test_two_acts_in_the_same_second_write_one_mail(self):
        who, epci = PersonneFactory(), EpciFactory()
        results = together(*[lambda: write(who, epci)] * 4)
        assert failures(results) == []
        assert sum(courriel is not None for courriel in results) == Courriel.objects.count() == 1

    def test_control_looking_before_writing_lets_both_through(self, monkeypatch: pytest.MonkeyPatch):
        meeting = threading.Barrier(2)

        def look_then_write(courriels: list[Courriel]) -> list[Courriel]:
            [courriel] = courriels
            seen = Courriel.objects.filter(destinataire=courriel.destinataire, type=courriel.type).exists()
            meeting.wait(PATIENCE)
            if not seen:
                courriel.save()
            return [] if seen else courriels

        monkeypatch.setattr(workflow, "_insert", look_then_write)
        who, epci = PersonneFactory(), EpciFactory()
        assert [type(error) for error in failures(together(*[lambda: write(who, epci)] * 2))] == [
            IntegrityError
        ]

    def test_two_workers_send_each_mail_once(self, mailoutbox: list[EmailMessage]):
        epci, someone = EpciFactory(), PersonneFactory()
        CourrielFactory.create_batch(25, epci=epci, destinataire=someone)
        results = together(send_due_mails, send_due_mails)
        assert sum(results) == len(mailoutbox) == 25
        assert len({message.message()["Message-ID"] for message in mailoutbox}) == 25
