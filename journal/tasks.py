"""Celery only ticks: the rows say what is due, so a tick may run twice, late or after a crash."""

from celery import shared_task
from django.core.management import call_command

from comptes.limites import CONNU_JOURS
from journal.reveil import ticking
from journal.workflows.courriel import send_due_mails
from journal.workflows.tache import run_due


@shared_task(name="journal.tick")
def tick() -> None:
    """Do what is due, then send what waits."""
    with ticking():
        run_due()
        send_due_mails()


@shared_task(name="journal.menage")
def menage() -> None:
    """Every hour, forget sessions that ended and sign-ins that no longer count."""
    call_command("clearsessions")
    call_command("axes_reset_logs", age=CONNU_JOURS)
