"""The same ticks with a real worker, through the filesystem, Redis and RabbitMQ.

A worker process works on the database of the test; the wake-up after commit is the real one. The filesystem always answers.
Redis and RabbitMQ are looked for at their usual ports: absent, their tests are skipped and the summary says so. A broker
announced by TEST_REDIS_URL or TEST_RABBITMQ_URL is expected: absent, its tests fail.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from celery import Celery
from django.conf import settings
from django.db import connection
from kombu import Connection

from config.celery import app as house_app
from journal.models import Courriel, Tache
from journal.workflows.tache import schedule
from journal.workflows.unite import unit
from mutualisation.workflows.effet import TACHE_EFFET
from socle import horloge
from tests.factories import AdhesionFactory, CourrielFactory, CycleFactory, EpciFactory, catalogue, today

PATIENCE = 40
# The variable that announces a broker, and where it is looked for when nothing does.
BROKERS = {
    "redis": ("TEST_REDIS_URL", "redis://127.0.0.1:6379/15"),
    "rabbitmq": ("TEST_RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672//"),
}


def answers(url: str) -> bool:
    parts = urlsplit(url)
    try:
        socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 0), timeout=1).close()
    except OSError:
        return False
    return True


def url_of(name: str) -> str:
    """The address of a broker; the test fails when it was announced and does not answer, is skipped when it was not."""
    if name == "filesystem":
        return "filesystem://"
    variable, usual = BROKERS[name]
    announced = os.environ.get(variable)
    url = announced or usual
    if not answers(url):
        place = urlsplit(url).netloc.rpartition("@")[2]  # without the password
        if announced:
            pytest.fail(f"{variable} announces {name} at {place}, and nothing answers there")
        pytest.skip(f"{name} does not answer at {place}: not tested ({variable} says where it must)")
    return url


pytestmark = [pytest.mark.broker, pytest.mark.django_db(transaction=True)]


def database_url() -> str:
    """The database of this test, as the worker must be told."""
    used = connection.settings_dict
    host, port = used["HOST"], used["PORT"]
    place = f"?host={quote(host, safe='')}&port={port}" if str(host).startswith("/") else ""
    server = "" if place else f"{host}:{port}" if port else host
    secret = f":{quote(used['PASSWORD'])}" if used["PASSWORD"] else ""
    return f"postgres://{quote(used['USER'])}{secret}@{server}/{used['NAME']}{place}"


class Broker:
    """A broker, the queue of one test in it, and the workers started on it."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder, self.queue = url, folder, f"essai-{os.getpid()}-{time.monotonic_ns()}"
        self.environment = {
            **os.environ,
            "CELERY_BROKER_URL": url,
            "BROKER_FOLDER": str(folder),
            "DATABASE_URL": database_url(),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DEMO": "0",
        }
        self.log = folder / "worker.log"
        for name in ("messages", "control"):
            (folder / name).mkdir()
        self.app = Celery("essai", broker=url, set_as_current=False)
        self.app.conf.task_default_queue = self.queue
        self.app.conf.task_ignore_result = True
        if url == "filesystem://":
            messages = str(folder / "messages")
            self.app.conf.broker_transport_options = {
                "data_folder_in": messages,
                "data_folder_out": messages,
                "control_folder": str(folder / "control"),
            }
        self.workers: list[subprocess.Popen[bytes]] = []

    def start_worker(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "celery", "-A", "config", "worker", "--pool=solo", "--loglevel=INFO"]
        command += [
            "-Q",
            self.queue,
            "-n",
            f"{self.queue}@%h",
            "--without-gossip",
            "--without-mingle",
            "--without-heartbeat",
        ]
        with self.log.open("ab") as log:
            worker = subprocess.Popen(
                command, cwd=settings.BASE_DIR, env=self.environment, stdout=log, stderr=log
            )
        self.workers.append(worker)
        return worker

    def stop(self) -> None:
        for worker in self.workers:
            if worker.poll() is None:
                worker.send_signal(signal.SIGTERM)
        for worker in self.workers:
            try:
                worker.wait(4)
            except subprocess.TimeoutExpired:
                worker.kill()
                worker.wait()
        self._delete_queue()
        self.app.close()

    def _delete_queue(self) -> None:
        if self.url != "filesystem://":
            with Connection(self.url) as link:
                link.default_channel.queue_delete(self.queue)

    def wait(self, condition: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end, (
                f"{what} did not come\n{self.log.read_text() if self.log.exists() else ''}"
            )
            time.sleep(0.2)


@pytest.fixture(params=["filesystem", *BROKERS])
def broker(request: pytest.FixtureRequest, tmp_path: Path, settings: Any) -> Iterator[Broker]:
    one = Broker(url_of(request.param), tmp_path)
    one.app.set_current()
    try:
        yield one
    finally:
        one.stop()
        house_app.set_current()


def schedule_effect_now() -> Tache:
    """A real job, and a mail, in one transaction: the worker is woken when it commits."""
    epci = EpciFactory()
    catalogue(epci)
    cycle = CycleFactory(epci=epci, en_vigueur=True)
    AdhesionFactory(epci=epci)
    with unit():
        CourrielFactory(epci=epci)
        schedule(
            epci=epci,
            type=TACHE_EFFET,
            cle="essai",
            due_at=horloge.now() - timedelta(seconds=1),
            parametres={"cycle": cycle.pk, "jour": today().isoformat()},
        )
    return Tache.objects.get(cle="essai")


def is_done(cle: str) -> bool:
    return Tache.objects.filter(cle=cle, faite_at__isnull=False).exists()


def all_sent() -> bool:
    return not Courriel.objects.filter(envoye_at=None).exists()


def test_a_commit_wakes_the_worker_which_does_the_jobs_and_sends_the_mails(broker: Broker):
    broker.start_worker()
    tache = schedule_effect_now()
    broker.wait(lambda: is_done(tache.cle) and all_sent(), "the job and the mail")
    tache.refresh_from_db()
    assert (tache.essais, tache.erreur) == (1, "")
    assert Courriel.objects.get().essais == 1


def test_ticks_sent_twice_and_before_the_worker_starts_do_the_work_once(broker: Broker):
    tache = schedule_effect_now()
    for _ in range(3):
        broker.app.send_task("journal.tick")
    broker.start_worker()
    broker.start_worker()
    broker.wait(lambda: is_done(tache.cle) and all_sent(), "the job and the mail")
    tache.refresh_from_db()
    assert (tache.essais, Courriel.objects.get().essais) == (1, 1)


def test_a_dead_broker_costs_nothing_but_time(tmp_path: Path, tick: Callable[[], None]):
    """Nobody answers at the broker's address: the act is committed all the same, the next tick does the work."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        app = Celery("mort", broker=f"amqp://127.0.0.1:{nobody.getsockname()[1]}//", set_as_current=False)
        app.conf.broker_connection_timeout = 1
        app.set_current()
        try:
            tache = schedule_effect_now()
        finally:
            house_app.set_current()
            app.close()
    assert not is_done(tache.cle)
    tick()
    assert is_done(tache.cle) and all_sent()


@pytest.mark.parametrize("name", list(BROKERS))
def test_an_absent_broker_is_never_silent(name: str, monkeypatch: pytest.MonkeyPatch):
    variable, usual = BROKERS[name]
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        absent = usual.replace(f":{urlsplit(usual).port}", f":{port}")
        monkeypatch.setitem(BROKERS, name, (variable, absent))
        monkeypatch.delenv(variable, raising=False)
        with pytest.raises(pytest.skip.Exception, match=f"{name} does not answer at 127.0.0.1:{port}"):
            url_of(name)
        monkeypatch.setenv(variable, absent)
        with pytest.raises(pytest.fail.Exception, match=f"{variable} announces {name}"):
            url_of(name)
        nobody.listen()
        assert url_of(name) == absent
