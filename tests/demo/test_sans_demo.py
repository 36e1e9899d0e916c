"""None of the demonstration exists when DEMO is off."""

import os
import subprocess
import sys

CODE = """
import django; django.setup()
from django.apps import apps
from django.urls import NoReverseMatch, reverse
from socle import horloge
assert not apps.is_installed("demo")
assert not horloge.is_demonstration()
for name in ("demo:entrer", "demo:avancer"):
    try:
        reverse(name)
    except NoReverseMatch:
        continue
    raise AssertionError(name)
print("absente")
"""


def test_no_route_no_app_and_a_clock_that_cannot_move():
    env = {**os.environ, "DEMO": "0", "SECRET_KEY": "x", "DJANGO_SETTINGS_MODULE": "config.settings"}

    done = subprocess.run([sys.executable, "-c", CODE], env=env, capture_output=True, text=True, timeout=60)

    assert done.stdout.strip() == "absente", done.stderr
