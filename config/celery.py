"""Celery: the beat only ticks; every scheduled thing is a row claimed by the tick."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
app = Celery("mutualisation")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
