"""/sante/: what monitoring reads."""

from datetime import timedelta
from http import HTTPStatus

import pytest
from django.db import OperationalError, connection

from journal import sante
from socle import horloge
from tests.factories import CourrielFactory, TacheFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def broker(monkeypatch):
    """A broker that answers; `broker.append(False)` makes it silent."""
    answers = [True]
    monkeypatch.setattr(sante, "_broker_answers", lambda: answers[-1])
    return answers


def ago(**span):
    return horloge.now() - timedelta(**span)


def look(client):
    response = client.get("/sante/")
    return response.status_code, response.json()


def test_all_is_well_and_nobody_signed_in(client):
    assert look(client) == (
        HTTPStatus.OK,
        {
            "statut": "ok",
            "base": "ok",
            "courtier": "ok",
            "tache_due_depuis_secondes": None,
            "courriel_en_attente_depuis_secondes": None,
            "taches_en_echec": 0,
        },
    )
    assert "no-store" in client.get("/sante/")["Cache-Control"]


def test_a_silent_broker_degrades_without_stopping(client, broker):
    broker.append(False)
    status, body = look(client)
    assert (status, body["statut"], body["courtier"]) == (HTTPStatus.OK, "degrade", "injoignable")


def test_the_database_fails_without_telling_why(client, monkeypatch):
    def broken(*args, **kwargs):
        raise OperationalError("mot de passe de postgres@10.0.0.3 refusé")

    monkeypatch.setattr(connection, "cursor", broken)
    response = client.get("/sante/")
    assert response.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert response.json()["base"] == "injoignable"
    assert "postgres" not in response.content.decode()


@pytest.mark.parametrize(
    ("late", "status"),
    [({"minutes": 9}, HTTPStatus.OK), ({"minutes": 11}, HTTPStatus.SERVICE_UNAVAILABLE)],
)
def test_due_work_that_nobody_does(client, late, status):
    TacheFactory(due_at=ago(**late))
    found, body = look(client)
    assert found == status
    assert abs(body["tache_due_depuis_secondes"] - late["minutes"] * 60) < 5


def test_work_to_come_done_or_being_done_is_not_late(client):
    real = horloge.real_now()
    TacheFactory(due_at=ago(hours=-1))
    TacheFactory(due_at=ago(hours=1), faite_at=horloge.now())
    TacheFactory(due_at=ago(hours=1), pris_at=real, bail_at=real + timedelta(minutes=5))
    assert look(client)[1]["statut"] == "ok"


def test_a_backlog_that_goes_down_is_no_failure(client):
    real = horloge.real_now()
    TacheFactory(due_at=ago(days=30))
    done = TacheFactory(due_at=ago(days=31), faite_at=horloge.now(), pris_at=real - timedelta(minutes=9))
    assert look(client)[0] == HTTPStatus.OK
    done.pris_at = real - timedelta(minutes=11)
    done.save()
    assert look(client)[0] == HTTPStatus.SERVICE_UNAVAILABLE


def test_a_worker_that_died_is_seen_when_its_lease_ends(client):
    real = horloge.real_now()
    TacheFactory(
        due_at=ago(hours=1), pris_at=real - timedelta(minutes=30), bail_at=real - timedelta(minutes=20)
    )
    assert look(client)[0] == HTTPStatus.SERVICE_UNAVAILABLE


def test_a_job_that_fails_degrades_until_nobody_tries_it_again(client):
    tache = TacheFactory(
        due_at=ago(hours=1), erreur="x", reessai_at=horloge.real_now() + timedelta(minutes=5)
    )
    status, body = look(client)
    assert (status, body["statut"], body["taches_en_echec"]) == (HTTPStatus.OK, "degrade", 1)
    tache.reessai_at = horloge.real_now() - timedelta(minutes=11)
    tache.save()
    assert look(client)[0] == HTTPStatus.SERVICE_UNAVAILABLE


def test_the_oldest_mail_that_waits(client):
    CourrielFactory(ecrit_at=ago(hours=2))
    CourrielFactory(ecrit_at=ago(days=2), envoye_at=ago(days=1))
    CourrielFactory(ecrit_at=ago(days=9), refuse_at=ago(days=8))
    assert abs(look(client)[1]["courriel_en_attente_depuis_secondes"] - 7200) < 5


def test_only_reading_is_served(client):
    assert client.post("/sante/").status_code == HTTPStatus.METHOD_NOT_ALLOWED


def test_the_real_broker_is_looked_for(monkeypatch, settings):
    """Nothing listens on this port: the answer is no, quickly, without an exception."""
    from celery import current_app

    monkeypatch.undo()
    monkeypatch.setattr(current_app, "connection_for_write", _nowhere)
    assert sante._broker_answers() is False


def _nowhere(**options):
    from kombu import Connection

    return Connection("redis://127.0.0.1:1/0", **options)
