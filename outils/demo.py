"""`make demo`: database, data, then web, worker and beat as child processes that end together.

`python -m outils.demo --epci 200067106 --date 2027-02-10 --port 8123`
"""

import argparse
import contextlib
import datetime as dt
import errno
import http.client
import os
import re
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from outils import base_locale, serveur_base
from outils.etat_base import is_running
from outils.gardien import ROOT, Guard
from outils.lieu_base import BaseLocaleError
from outils.superviseur import Command, DemoError, Signals, StopAsked, Supervisor
from outils.verrou_demo import DemoLock

HOST = "127.0.0.1"
READY_PATIENCE = 90.0


@dataclass(frozen=True)
class Plan:
    """What a demo runs. The commands can be replaced: the tests run tiny ones."""

    var: Path
    port: int
    steps: Sequence[Command]
    services: Sequence[Command]
    closing: Sequence[Command]
    is_ready: Callable[[], bool]
    follow_parent: bool = False

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"


def say(sentence: str = "") -> None:
    """Tell the user; silent when the terminal has gone."""
    with contextlib.suppress(OSError):
        print(sentence, flush=True)


# --- What the demo runs ------------------------------------------------------------------------


def manage(*arguments: str) -> list[str]:
    return [sys.executable, str(ROOT / "manage.py"), *arguments]


def python_module(*arguments: str) -> list[str]:
    return [sys.executable, "-m", *arguments]


def steps(epci: str | None, date: str | None) -> list[Command]:
    """Commands run one after the other before the services; their normal output is shown."""
    wanted = [*(["--epci", epci] if epci else []), *(["--date", date] if date else [])]
    found = [
        Command("migrate", "La préparation des tables", manage("migrate", "--noinput", "--verbosity", "0")),
        Command("charger_demo", "Le chargement des données", manage("charger_demo", *wanted)),
    ]
    if static_is_stale():
        arguments = manage("collectstatic", "--noinput", "--verbosity", "0")
        found.append(Command("collectstatic", "La préparation des fichiers statiques", arguments))
    return found


def static_is_stale() -> bool:
    """Whether a style, a script, or the installed packages changed since the last collectstatic."""
    manifest = ROOT / "var" / "static" / "staticfiles.json"
    if not manifest.exists():
        return True
    sources = [ROOT / "requirements-demo.txt", *ROOT.glob("static/**/*"), *ROOT.glob("*/static/**/*")]
    ours = [path for path in sources if "var" not in path.relative_to(ROOT).parts[:1] and path.exists()]
    return any(path.stat().st_mtime > manifest.stat().st_mtime for path in ours)


def services(var: Path, port: int) -> list[Command]:
    """The processes of the demo, all to end together."""
    celery = python_module("celery", "-A", "config.celery")
    quiet = ["--loglevel", "WARNING"]
    worker = [*celery, "worker", "--concurrency", "1", "--without-gossip", "--without-mingle", *quiet]
    return [
        Command("web", "Le serveur web", web(port)),
        Command("worker", "Le traitement des tâches", worker),
        Command("beat", "L'horloge des tâches", [*celery, "beat", "-s", str(var / "beat"), *quiet]),
    ]


def web(port: int) -> list[str]:
    """Gunicorn; its control socket would be written in the user's home, outside the folder."""
    arguments = ["config.wsgi", "--workers", "2", "--threads", "4", "--bind", f"{HOST}:{port}"]
    limits = ["--graceful-timeout", "3", "--timeout", "60", "--log-level", "warning"]
    return python_module("gunicorn", *arguments, *limits, "--no-control-socket")


def answers(port: int) -> bool:
    """Whether /sante/ answers; 503 is its way to say that work is late, as after days without running."""
    with closing(http.client.HTTPConnection(HOST, port, timeout=5)) as connection:
        try:
            connection.request("GET", "/sante/")
            return connection.getresponse().status in (200, 503)
        except (OSError, http.client.HTTPException):
            return False


def environment(plan: Plan, url: str) -> dict[str, str]:
    """Environment of every command of the demo."""
    settings = {
        "DATABASE_URL": url,
        "DEMO": "1",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONUNBUFFERED": "1",
        "SITE_URL": plan.url,
    }
    return serveur_base.clean_environment() | settings


# --- Running it --------------------------------------------------------------------------------


def check_port(port: int) -> None:
    """DemoError when the port cannot be listened to."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((HOST, port))
        except OSError as error:
            raise DemoError(_port_sentence(port, error)) from error


def _port_sentence(port: int, error: OSError) -> str:
    other = port + 1 if 1024 <= port < 65535 else 8000
    if error.errno == errno.EADDRINUSE:
        reason = f"Le port {port} est déjà pris par un autre programme"
    else:
        reason = f"Le port {port} ne peut pas être utilisé ({error.strerror})"
    return f"{reason} : choisissez-en un autre, par exemple « make demo PORT={other} »."


def prepare_folders(var: Path) -> None:
    """Folders of the filesystem broker; beat's schedule is made anew (a kill may have spoilt it)."""
    for name in ("broker/messages", "broker/control"):
        (var / name).mkdir(parents=True, exist_ok=True)
    for old in var.glob("beat*"):
        old.unlink()


def play(plan: Plan) -> int:
    """Run the demo until a stop is asked (0) or something fails (1)."""
    signals = Signals(follow_parent=plan.follow_parent)
    try:
        with ExitStack() as stack:
            _play(plan, signals, stack)
    except StopAsked:
        say("La démonstration est arrêtée ; ses données sont gardées.")
        return 0
    except (DemoError, BaseLocaleError) as failure:
        print(failure, file=sys.stderr)
        return 1
    raise AssertionError("the demo only ends by an exception")


def _play(plan: Plan, signals: Signals, stack: ExitStack) -> None:
    lock = stack.enter_context(closing(DemoLock(plan.var)))
    lock.take()
    check_port(plan.port)
    lock.note(plan.url)
    prepare_folders(plan.var)
    guard = stack.enter_context(Guard(keep=[lock.descriptor]))
    url, check_base = _database(plan, guard, stack)
    logs = plan.var / "journaux"
    supervisor = Supervisor(guard=guard, signals=signals, logs=logs, environment=environment(plan, url))
    stack.callback(supervisor.end)
    for step in plan.steps:
        supervisor.run(step, visible=True)
    stack.callback(say, "\nArrêt en cours…")
    _serve(plan, supervisor)
    supervisor.watch(check_base)


def _database(plan: Plan, guard: Guard, stack: ExitStack) -> tuple[str, Callable[[], None]]:
    """DATABASE_URL, and a check that the local server still runs."""
    if given := os.environ.get("DATABASE_URL"):
        return given, lambda: None
    folder = plan.var / "base"
    say("Démarrage de la base de données…")
    url = stack.enter_context(base_locale.local_postgres(folder, guard=guard, tell=say))

    def check_base() -> None:
        if not is_running(folder):
            raise DemoError(
                f"La base de données s'est arrêtée : tout s'arrête. Voir {folder / 'serveur.log'}."
            )

    return url, check_base


def _serve(plan: Plan, supervisor: Supervisor) -> None:
    """Start the services; tell the address once they answer."""
    say("Démarrage du site…")
    for service in plan.services:
        supervisor.start(service)
    if not supervisor.wait_until(plan.is_ready, patience=READY_PATIENCE):
        raise DemoError(f"Le site ne répond pas : voir les journaux dans {plan.var / 'journaux'}.")
    say(f"\nLa démonstration est prête : {plan.url}/\n")
    for command in plan.closing:
        supervisor.run(command, visible=True)
    say("\nCtrl-C pour arrêter.")


# --- Command line ------------------------------------------------------------------------------


def _epci(text: str) -> str:
    if text and not re.fullmatch(r"[0-9]{9}", text):
        raise argparse.ArgumentTypeError(f"EPCI={text} : un numéro SIREN de neuf chiffres est attendu")
    return text


def _date(text: str) -> str:
    try:
        return text and dt.date.fromisoformat(text).isoformat()
    except ValueError as error:
        sentence = f"DATE={text} : une date comme 2027-02-10 est attendue"
        raise argparse.ArgumentTypeError(sentence) from error


def _port(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", text) or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"PORT={text} : un nombre de 1 à 65535 est attendu")
    return int(text)


class FrenchParser(argparse.ArgumentParser):
    """Says what is wrong in one sentence."""

    def error(self, message: str) -> NoReturn:
        say(message.partition(": ")[2] if message.startswith("argument ") else message)
        sys.exit(2)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = FrenchParser(prog="python -m outils.demo", description="Lancer la démonstration.")
    parser.add_argument("--epci", type=_epci, default="", help="SIREN de l'EPCI")
    parser.add_argument("--date", type=_date, default="", help="date de départ, AAAA-MM-JJ")
    parser.add_argument("--port", type=_port, default=8000)
    parser.add_argument(
        "--avec-parent", action="store_true", help="s'arrêter avec le programme qui nous lance"
    )
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    options, var = parse(arguments), ROOT / "var"
    return play(
        Plan(
            var=var,
            port=options.port,
            steps=steps(options.epci, options.date),
            services=services(var, options.port),
            closing=[Command("gens_de_demo", "La liste des personnes", manage("gens_de_demo"))],
            is_ready=lambda: answers(options.port),
            follow_parent=options.avec_parent,
        )
    )


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main())
