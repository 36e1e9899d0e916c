"""Production as its settings make it: headers, cookies, HTTPS, and a database account that owns nothing."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from deploiement.droits import grant

pytestmark = pytest.mark.django_db

ASK = """
import json, django
from django.conf import settings
settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"  # none collected
django.setup()
from django.test import Client
def told(response):
    cookies = {name: [bool(one["secure"]), one["samesite"]] for name, one in response.cookies.items()}
    return {"code": response.status_code, "headers": dict(response.headers), "cookies": cookies}
behind = {"host": "exemple.fr", "x-forwarded-proto": "https"}
plain = Client(headers={"host": "exemple.fr"})
print(json.dumps({
    "page": told(Client(headers=behind).get("/connexion/")),
    "http": told(plain.get("/connexion/")),
    "sante": told(plain.get("/sante/")),
    "autre": told(Client(headers=behind | {"host": "ailleurs.fr"}).get("/connexion/")),
}))
"""


@pytest.fixture(scope="module")
def answers(django_db_setup) -> dict:
    """What a server with the settings of production answers, by page."""
    base = settings.DATABASES["default"]
    env = {
        **os.environ,
        "DEMO": "", "TESTING": "", "DEBUG": "", "BEHIND_PROXY": "1", "SECRET_KEY": "x" * 60,
        "SITE_URL": "https://exemple.fr", "ALLOWED_HOSTS": "exemple.fr", "LOG_LEVEL": "CRITICAL",
        "DJANGO_SETTINGS_MODULE": "config.settings", "DATABASE_URL": _url(connection.settings_dict["NAME"], base),
    }  # fmt: skip
    done = subprocess.run([sys.executable, "-c", ASK], env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def _url(name: str, base: dict) -> str:
    host, port = base["HOST"], base["PORT"]
    secret = f":{base['PASSWORD']}" if base["PASSWORD"] else ""
    return f"postgres://{base['USER']}{secret}@localhost:{port}/{name}?host={host}"


def test_a_page_lets_nothing_run_from_elsewhere(answers):
    headers = answers["page"]["headers"]
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert (policy["default-src"], policy["script-src"], policy["style-src"]) == (
        "'none'",
        "'self'",
        "'self'",
    )
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


def test_the_browser_is_told_to_stay_on_https(answers):
    assert answers["page"]["headers"]["Strict-Transport-Security"] == "max-age=31536000"
    assert answers["http"]["code"] == 301
    assert answers["http"]["headers"]["Location"] == "https://exemple.fr/connexion/"


def test_its_cookies_travel_on_https_only(answers):
    assert answers["page"]["cookies"]["csrftoken"] == [True, "Lax"]


def test_monitoring_may_ask_without_https(answers):
    assert answers["sante"]["code"] in (200, 503)


def test_another_host_is_refused(answers):
    assert answers["autre"]["code"] == 400


@pytest.fixture
def application(django_db_setup, django_db_blocker) -> Iterator[psycopg.Connection]:
    """A connection with the rights of the services, on the database of the tests; the role is dropped afterwards."""
    with django_db_blocker.unblock():
        parameters = connection.get_connection_params()
    wanted = {
        key: parameters[key] for key in ("host", "port", "user", "password", "dbname") if parameters.get(key)
    }
    owner = psycopg.connect(**wanted, autocommit=True)
    role = f"application_{os.getpid()}"
    owner.execute(f'CREATE ROLE "{role}"')
    try:
        grant(psycopg.conninfo.make_conninfo(**wanted), role)
        with psycopg.connect(**wanted) as services:
            services.execute(f'SET ROLE "{role}"')
            yield services
    finally:
        owner.execute(f'DROP OWNED BY "{role}"')
        owner.execute(f'DROP ROLE "{role}"')
        owner.close()


def test_the_services_write_rows(application):
    application.execute("DELETE FROM journal_courriel")


@pytest.mark.parametrize(
    "act",
    [
        "TRUNCATE journal_evenement",
        "DROP TABLE documents_documentcontenu",
        "ALTER TABLE journal_evenement DISABLE TRIGGER ALL",
        "DELETE FROM django_migrations",
    ],
)
def test_the_services_cannot_undo_what_protects_the_journal_and_the_documents(application, act):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        application.execute(act)
