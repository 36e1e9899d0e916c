"""Mails: one row per (recipient, kind, object, occurrence), sent after the commit, as many times as it takes."""

import os
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from smtplib import SMTPRecipientsRefused
from typing import Any, ClassVar

import pytest
from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.db import IntegrityError, transaction

from comptes.models import Personne
from comptes.roles import Role
from journal.models import Courriel, Evenement, PieceJointe
from journal.workflows import courriel as workflow
from journal.workflows.courriel import Piece, send_due_mails, write_mail
from journal.workflows.renvoi import send_again
from journal.workflows.unite import unit
from socle import horloge
from socle.droits import ActionInterdite
from socle.erreurs import Refus
from tests.concurrence import PATIENCE, failures, together
from tests.factories import CourrielFactory, EpciFactory, PersonneFactory, holder

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


ASK = "from config import settings as s; print(s.EMAIL_PORT, s.EMAIL_USE_TLS, s.EMAIL_USE_SSL)"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "25 False False"),
        ({"EMAIL_USE_TLS": "1", "EMAIL_PORT": "587"}, "587 True False"),
        ({"EMAIL_USE_SSL": "1", "EMAIL_PORT": ""}, "465 False True"),
        ({"EMAIL_USE_SSL": "1", "EMAIL_PORT": "10465"}, "10465 False True"),
    ],
)
def test_how_the_server_is_reached(given: dict[str, str], told: str):
    own = {name: value for name, value in os.environ.items() if not name.startswith("EMAIL_")}
    command = [sys.executable, "-c", ASK]
    done = subprocess.run(
        command, env={**own, **given}, cwd=settings.BASE_DIR, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == told


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
    """A server that does not answer for whom it is told to, and refuses others with an answer."""

    refused: ClassVar[set[str]] = set()
    answers: ClassVar[dict[str, tuple[int, bytes]]] = {}
    seen: ClassVar[list[str]] = []

    def send_messages(self, messages: Any) -> int:
        for message in messages:
            type(self).seen.append(message.message()["Message-ID"])
            if message.to[0] in self.refused:
                raise ConnectionRefusedError("le serveur ne répond pas")
            if message.to[0] in self.answers:
                raise SMTPRecipientsRefused({message.to[0]: self.answers[message.to[0]]})
        return len(messages)


@pytest.mark.django_db
class TestFailures:
    @pytest.fixture(autouse=True)
    def _server(self, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        settings.EMAIL_BACKEND = f"{__name__}.CapriciousBackend"
        monkeypatch.setattr(CapriciousBackend, "refused", {"panne@exemple.fr"})
        monkeypatch.setattr(CapriciousBackend, "answers", {"parti@exemple.fr": (550, b"5.1.1 User unknown")})
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

    def test_an_address_refused_for_good_is_given_up_at_once(self):
        courriel, other = CourrielFactory(adresse="parti@exemple.fr"), CourrielFactory()
        assert send_due_mails() == 2
        courriel.refresh_from_db()
        other.refresh_from_db()
        assert (courriel.etat, other.etat) == ("refusé par le serveur du destinataire", "envoyé")
        assert (courriel.essais, courriel.erreur) == (1, "550 5.1.1 User unknown")
        Courriel.objects.update(reessai_at=None)
        assert send_due_mails() == 0

    @pytest.mark.parametrize(
        "answer", [(450, b"4.2.2 Mailbox full"), (554, b"5.7.1 Relay access denied"), (530, b"Authenticate")]
    )
    def test_a_passing_refusal_or_one_of_our_own_server_is_tried_again(self, answer: tuple[int, bytes]):
        CapriciousBackend.answers["parti@exemple.fr"] = answer
        CourrielFactory(adresse="parti@exemple.fr")
        send_due_mails()
        assert Courriel.objects.get().etat == "nouvel essai prévu"

    def test_a_refusal_of_policy_is_given_up_after_five_days(self):
        CapriciousBackend.answers["parti@exemple.fr"] = (550, b"5.7.1 Not authorised")
        CourrielFactory(adresse="parti@exemple.fr", ecrit_at=horloge.now() - timedelta(days=5))
        send_due_mails()
        assert Courriel.objects.get().refuse_at

    def test_delays_grow_up_to_six_hours(self):
        CourrielFactory(adresse="panne@exemple.fr", essais=12)
        send_due_mails()
        wait = Courriel.objects.get().reessai_at - horloge.real_now()
        assert timedelta(hours=5, minutes=59) < wait <= workflow.MAX_DELAY


@pytest.mark.django_db
class TestSendingAgain:
    @pytest.fixture
    def epci(self) -> Any:
        return EpciFactory()

    @pytest.fixture
    def administrateur(self, epci: Any) -> Any:
        return holder(Role.ADMINISTRATEUR, epci)

    @pytest.fixture
    def refuse(self, epci: Any) -> Courriel:
        who = PersonneFactory(email="parti@exemple.fr")
        return CourrielFactory(epci=epci, destinataire=who, refuse_at=horloge.now(), essais=1, erreur="550")

    def test_it_leaves_to_the_present_address(
        self,
        epci: Any,
        administrateur: Any,
        refuse: Courriel,
        mailoutbox: list[EmailMessage],
    ):
        Personne.objects.filter(pk=refuse.destinataire_id).update(email="revenu@exemple.fr")
        send_again(courriel=refuse, acteur=administrateur)
        assert send_due_mails() == 1
        refuse.refresh_from_db()
        assert (refuse.etat, refuse.erreur) == ("envoyé", "")
        assert [message.to for message in mailoutbox] == [["revenu@exemple.fr"]]

    def test_it_is_journaled_once_for_administrators_alone(
        self, epci: Any, administrateur: Any, refuse: Courriel
    ):
        for _ in range(2):
            send_again(courriel=refuse, acteur=administrateur)
        event = Evenement.objects.get(type="courriel.renvoye")
        assert (event.acteur, event.objet_id) == (administrateur, refuse.destinataire_id)
        assert event.detail.contenu == {"objet": "Essai", "adresse": "parti@exemple.fr"}
        direction = holder(Role.DIRECTION_TERRITOIRES, epci)
        assert not Evenement.objects.visible_to(direction).exists()

    def test_an_administrator_alone_may(self, epci: Any, refuse: Courriel):
        with pytest.raises(ActionInterdite, match="Seul l'administrateur"):
            send_again(courriel=refuse, acteur=holder(Role.DIRECTION_TERRITOIRES, epci))

    @pytest.mark.parametrize(
        ("change", "why"),
        [
            ({"perime_at": datetime(2020, 1, 1, tzinfo=UTC)}, "plus d'objet"),
            ({"type": "invitation"}, "lien personnel"),
            ({"type": "mot_de_passe"}, "lien personnel"),
        ],
    )
    def test_not_what_is_of_no_use_nor_a_personal_link(
        self, administrateur: Any, refuse: Courriel, change: dict[str, Any], why: str
    ):
        Courriel.objects.update(**change)
        with pytest.raises(Refus, match=why):
            send_again(courriel=refuse, acteur=administrateur)

    def test_not_to_a_closed_account(self, administrateur: Any, refuse: Courriel):
        Personne.objects.filter(pk=refuse.destinataire_id).update(is_active=False)
        with pytest.raises(Refus, match="fermé"):
            send_again(courriel=refuse, acteur=administrateur)

    def test_one_that_is_not_refused_is_left_alone(self, administrateur: Any, refuse: Courriel):
        Courriel.objects.update(refuse_at=None, envoye_at=horloge.now())
        send_again(courriel=refuse, acteur=administrateur)
        refuse.refresh_from_db()
        assert refuse.etat == "envoyé" and not Evenement.objects.exists()

    @pytest.mark.parametrize("ends", ["envoye_at", "abandonne_at"])
    def test_a_mail_has_one_end(self, refuse: Courriel, ends: str):
        with pytest.raises(IntegrityError, match="courriel_one_end"), transaction.atomic():
            Courriel.objects.update(**{ends: horloge.now()})


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
