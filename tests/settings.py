"""Settings of the tests: those of the house, demonstration included, with a fast password hash."""

import os

os.environ["TESTING"] = "1"
os.environ["DEMO"] = "1"

from config.settings import *  # noqa: F403

# Nothing is collected: WhiteNoise serves from the sources, and need not look for a folder that is not there.
STATIC_ROOT = None
# The only other difference of behaviour: the real hash is slow on purpose.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
