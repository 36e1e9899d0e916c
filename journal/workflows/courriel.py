"""Writing mails in the transaction, sending them after it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from smtplib import SMTPRecipientsRefused
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import models, transaction
from django.db.models import F, Q
from django.template import Context
from django.template.loader import get_template

from comptes.models import Personne
from journal.models import Courriel, PieceJointe
from journal.reveil import wake_after_commit
from socle import horloge
from socle.typographie import typeset
from territoire.models import Epci

BATCH = 20
MAX_DELAY = timedelta(hours=6)
PATIENCE = timedelta(days=5)  # as long as mail servers usually keep on


@dataclass(frozen=True)
class Piece:
    """A file to join to a mail."""

    nom: str
    type_mime: str
    octets: bytes


@dataclass(frozen=True)
class Lettre:
    """One mail to write, from the template `courriels/<type>.txt`.

    `occurrence` tells apart the mails of one kind about one object (a month, a reminder); after `perime_at` an unsent mail
    is given up and said « périmé » rather than flooding people late.
    """

    destinataire: Personne
    epci: Epci
    type: str
    objet: models.Model
    sujet: str
    contexte: dict[str, object]
    occurrence: str = ""
    perime_at: datetime | None = None
    pieces: Sequence[Piece] = ()

    def compose(self) -> Courriel:
        corps = _body(
            self.type, {**self.contexte, "destinataire": self.destinataire, "site": settings.SITE_URL}
        )
        return Courriel(
            destinataire=self.destinataire,
            type=self.type,
            objet_type=self.objet._meta.label_lower,
            objet_id=self.objet.pk,
            occurrence=self.occurrence,
            epci=self.epci,
            adresse=self.destinataire.email,
            sujet=typeset(" ".join(self.sujet.split()))[:200],  # a header is one line
            corps=typeset(corps).strip() + "\n",
            ecrit_at=horloge.now(),
            perime_at=self.perime_at,
        )


def write_mail(**lettre: Any) -> Courriel | None:
    """Write one mail (fields of `Lettre`); returns None when the same one was already written."""
    written = write_mails([Lettre(**lettre)])
    return written[0] if written else None


def write_mails(lettres: Iterable[Lettre]) -> list[Courriel]:
    """Write mails in the transaction of what they tell; returns those that were not already written."""
    composed = {
        courriel.message_id: (courriel, lettre) for lettre in lettres for courriel in [lettre.compose()]
    }
    written = _insert([courriel for courriel, _ in composed.values()])
    PieceJointe.objects.bulk_create(
        PieceJointe(courriel=courriel, **vars(piece))
        for courriel in written
        for piece in composed[courriel.message_id][1].pieces
    )
    if written:
        wake_after_commit()
    return written


def _insert(courriels: list[Courriel]) -> list[Courriel]:
    """Insert those that the unique key lets through; whoever comes second inserts nothing."""
    Courriel.objects.bulk_create(courriels, ignore_conflicts=True)
    return list(Courriel.objects.filter(message_id__in=[c.message_id for c in courriels]).order_by("pk"))


def _body(type: str, contexte: dict[str, object]) -> str:
    """The text of the template; plain text, so nothing is escaped: « L'Haÿ & fils » stays as it is."""
    template: Any = get_template(f"courriels/{type}.txt")
    return str(template.template.render(Context(contexte, autoescape=False)))


def readdress(personne: Personne) -> None:
    """Send what still waits to the present address of a person: she has just changed it."""
    waiting = Courriel.objects.pending().filter(destinataire=personne)
    waiting.exclude(perime_at__lte=horloge.now()).update(adresse=personne.email)


def send_due_mails() -> int:
    """Send what waits, oldest first, and give up what is past its point; returns how many left.

    Without a mail server nothing is sent and nothing is said to be: mails wait for `EMAIL_HOST`.
    """
    if not settings.EMAIL_LEAVES:
        return 0
    _give_up()
    sent = 0
    while batch := _send_batch():
        sent += batch
    return sent


def _give_up() -> None:
    Courriel.objects.pending().filter(perime_at__lte=horloge.now()).update(abandonne_at=horloge.now())


def _send_batch() -> int:
    """Claim and send a few mails; a crash after the transport sends again with the same Message-ID."""
    now = horloge.now()
    ready = Q(reessai_at=None) | Q(reessai_at__lte=horloge.real_now())
    with transaction.atomic():
        due = Courriel.objects.pending().filter(ready).order_by("pk").prefetch_related("pieces")
        courriels = list(due.select_for_update(skip_locked=True, of=("self",), no_key=True)[:BATCH])
        sent = [courriel.pk for courriel in courriels if _send(courriel)]
        Courriel.objects.pending().filter(pk__in=sent).update(
            envoye_at=now, essais=F("essais") + 1, erreur=""
        )
    return len(courriels)


def _send(courriel: Courriel) -> bool:
    """Hand a mail to the transport; a failure is kept on its row, and it is tried again later unless it is for good."""
    try:
        _message(courriel).send()
    except SMTPRecipientsRefused as error:
        _refused(courriel, *next(iter(error.recipients.values())))
    except (OSError, ValueError) as error:  # ValueError: one that cannot be written must not hold the others
        _failed(courriel, str(error))
    else:
        return True
    return False


def _refused(courriel: Courriel, code: int, reply: bytes) -> None:
    """The server does not take this recipient: for good when the answer is permanent (RFC 5321, 4.2.1).

    A refusal of policy (RFC 3463, x.7.x: relay denied, sender not signed in) is most often our own setting: given up later.
    """
    _failed(courriel, f"{code} {reply.decode(errors='replace')}")
    ours = code == 530 or reply.strip().startswith(b"5.7.")
    patience = PATIENCE if ours else timedelta()
    if 500 <= code < 600 and courriel.ecrit_at + patience <= horloge.now():
        Courriel.objects.pending().filter(pk=courriel.pk).update(refuse_at=horloge.now())


def _failed(courriel: Courriel, erreur: str) -> None:
    delay = min(timedelta(minutes=2 ** min(courriel.essais, 10)), MAX_DELAY)
    Courriel.objects.pending().filter(pk=courriel.pk).update(
        essais=F("essais") + 1, reessai_at=horloge.real_now() + delay, erreur=erreur[:300]
    )


def _message(courriel: Courriel) -> EmailMessage:
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip(">")
    message = EmailMessage(
        courriel.sujet,
        courriel.corps,
        to=[courriel.adresse],
        headers={"Message-ID": f"<{courriel.message_id}@{domain}>", "Auto-Submitted": "auto-generated"},
    )
    for piece in courriel.pieces.all():
        message.attach(piece.nom, bytes(piece.octets), piece.type_mime)
    return message
