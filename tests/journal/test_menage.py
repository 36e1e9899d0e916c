"""The hourly cleaning: what it forgets, and that a beat that has just started does it soon."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from axes.models import AccessLog
from celery.beat import ScheduleEntry
from django.conf import settings
from django.contrib.sessions.models import Session

from comptes.limites import CONNU_JOURS
from config.celery import app
from journal.tasks import menage
from socle import horloge

STARTED = datetime(2027, 2, 10, 8, 30, tzinfo=ZoneInfo("UTC"))


@pytest.mark.parametrize(("minutes", "due"), [(0, False), (46, False), (47, True), (60, True)])
def test_a_beat_without_memory_runs_it_within_the_hour(
    monkeypatch: pytest.MonkeyPatch, minutes: int, due: bool
):
    """As `beat` makes its entries when its file is gone: last run at the moment it starts."""
    schedule = settings.CELERY_BEAT_SCHEDULE["menage"]["schedule"]
    monkeypatch.setattr(schedule, "nowfun", lambda: STARTED + timedelta(minutes=minutes))
    entry = ScheduleEntry("menage", "journal.menage", STARTED, schedule=schedule, app=app)
    assert entry.is_due().is_due is due


@pytest.mark.django_db
def test_it_forgets_what_ended_and_nothing_else():
    now = horloge.real_now()
    for key, hours in (("finie", -1), ("vivante", 1)):
        Session.objects.create(session_key=key, session_data="", expire_date=now + timedelta(hours=hours))
    for days in (CONNU_JOURS - 1, CONNU_JOURS + 1):
        row = AccessLog.objects.create(username=f"{days}", ip_address="192.0.2.1", path_info="/")
        AccessLog.objects.filter(pk=row.pk).update(attempt_time=now - timedelta(days=days))
    menage()
    assert [row.session_key for row in Session.objects.all()] == ["vivante"]
    assert [row.username for row in AccessLog.objects.all()] == [f"{CONNU_JOURS - 1}"]
