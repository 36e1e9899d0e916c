"""Whether the house stands: the database, the broker, and work that nobody does."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from celery import current_app
from django.db import DatabaseError, InterfaceError, connection
from django.db.models import Q
from kombu.exceptions import KombuError

from journal.models import Courriel, Tache
from socle import horloge

TOO_LATE = timedelta(minutes=10)
BROKER_SECONDS = 2


@dataclass(frozen=True)
class Sante:
    """What `/sante/` says; ages in seconds, None when nothing waits or the database does not answer.

    `travail`: a worker holds a job, or has taken one these last ten minutes of true time.
    """

    base: bool
    courtier: bool
    travail: bool = False
    tache_due_depuis: int | None = None
    courriel_en_attente_depuis: int | None = None
    taches_en_echec: int = 0

    @property
    def panne(self) -> bool:
        """The database fails, or a job has been due for ten minutes while nobody works."""
        return not self.base or (not self.travail and (self.tache_due_depuis or 0) > TOO_LATE.total_seconds())

    @property
    def statut(self) -> str:
        if self.panne:
            return "panne"
        return "ok" if self.courtier and not self.taches_en_echec else "degrade"


def examine() -> Sante:
    """Look at everything, slowly never: two seconds at most for a broker that does not answer."""
    courtier = _broker_answers()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return Sante(True, courtier, _someone_works(), _oldest_job(), _oldest_mail(), _failing_jobs())
    except (DatabaseError, InterfaceError):
        return Sante(False, courtier)


def _broker_answers() -> bool:
    try:
        with current_app.connection_for_write(connect_timeout=BROKER_SECONDS) as broker:
            broker.ensure_connection(max_retries=1, timeout=BROKER_SECONDS, interval_start=0)
    except (KombuError, OSError):
        return False
    return True


def _someone_works() -> bool:
    """A backlog, as after a night without worker or a jump of the clock, is no failure once it goes down."""
    real = horloge.real_now()
    return Tache.objects.filter(Q(pris_at__gt=real - TOO_LATE) | Q(bail_at__gt=real)).exists()


def _oldest_job() -> int | None:
    """Age of the oldest job that is due, that nobody runs and that does not wait for another try."""
    real = horloge.real_now()
    free = Q(bail_at=None) | Q(bail_at__lte=real)
    ready = Q(reessai_at=None) | Q(reessai_at__lte=real - TOO_LATE)
    due = Tache.objects.filter(free, ready, faite_at=None, due_at__lte=horloge.now())
    return _age(due.order_by("due_at", "pk").values_list("due_at", flat=True).first())


def _oldest_mail() -> int | None:
    waiting = Courriel.objects.pending()
    return _age(waiting.order_by("ecrit_at", "pk").values_list("ecrit_at", flat=True).first())


def _failing_jobs() -> int:
    return Tache.objects.filter(faite_at=None, reessai_at__isnull=False).count()


def _age(instant: datetime | None) -> int | None:
    return max(0, int((horloge.now() - instant).total_seconds())) if instant else None
