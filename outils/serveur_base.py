"""Create, start and stop the server of a place; whoever calls holds the lock of the folder."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from outils import etat_base, lieu_base, processus
from outils.etat_base import DATABASE
from outils.lieu_base import SOCKET_NAME, BaseLocaleError, Place

if TYPE_CHECKING:
    import psycopg

START_PATIENCE = 60.0
NOBODY_S_PID = 2**31 - 1
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "shared_buffers": "64MB",
    "log_destination": "stderr",
    "logging_collector": "off",
    "lc_messages": "C",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
FAST_AND_UNSAFE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def clean_environment() -> dict[str, str]:
    """Our environment without what would turn a PostgreSQL client to another server."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}


def _prepare_data(place: Place, *, tests: bool) -> None:
    if place.data.exists():
        return _check_version(place)
    draft = place.home / "donnees.ebauche"
    shutil.rmtree(draft, ignore_errors=True)
    lieu_base.make_private(draft, place.account)
    _initdb(place, draft, tests=tests)
    draft.rename(place.data)


def _initdb(place: Place, data: Path, *, tests: bool) -> None:
    command = [str(place.programs / "initdb"), "-D", str(data), "-U", "postgres", "--encoding=UTF8"]
    command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=" + _libc_locale()]
    command += ["--auth-local=trust", "--auth-host=reject", *(["--no-sync"] if tests else [])]
    options = place.account.popen_options() if place.account else {}
    done = subprocess.run(
        command,
        check=False,
        cwd=data,
        env=clean_environment(),
        capture_output=True,
        text=True,
        errors="replace",
        **options,
    )
    if done.returncode:
        raise BaseLocaleError(f"La base de données n'a pas pu être créée :\n{done.stderr.strip()}")


def _libc_locale() -> str:
    return "C.UTF-8" if sys.platform == "linux" else "C"


def _check_version(place: Place) -> None:
    written = (place.data / "PG_VERSION").read_text().strip()
    asked = subprocess.run(
        [place.programs / "postgres", "--version"], check=False, capture_output=True, text=True
    )
    installed = asked.stdout.split()[-1].split(".")[0]
    if written != installed:
        raise BaseLocaleError(
            f"Les données de {place.data} viennent de PostgreSQL {written}, la version installée est "
            f"{installed} : lancez « make demo-reset » pour repartir de zéro."
        )


def _server_command(place: Place, socket_folder: Path, *, tests: bool) -> list[str]:
    settings = SETTINGS | (FAST_AND_UNSAFE if tests else {})
    settings["unix_socket_directories"] = '"' + str(socket_folder).replace('"', '""') + '"'
    command = [str(place.programs / "postgres"), "-D", str(place.data)]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    return command


def _forget_stale_pid(place: Place) -> None:
    """After a kill -9 the noted number may be another program's, or that of a dead one not yet collected.

    It would then refuse to start. With a number nobody has, it checks by its shared memory alone.
    """
    note = place.data / "postmaster.pid"
    if not note.exists() or etat_base.server_pid(place.data):
        return
    _, newline, rest = note.read_text().partition("\n")
    note.write_text(str(NOBODY_S_PID) + newline + rest)


def _launch(place: Place, *, tests: bool) -> None:
    """Start the server and wait until it takes connections; BaseLocaleError with its log if it fails."""
    _forget_stale_pid(place)
    socket_folder = lieu_base.make_socket_folder(place)
    log = place.folder / "serveur.log"
    account = place.account.popen_options() if place.account else {}
    with log.open("wb") as output:
        server = processus.spawn(
            _server_command(place, socket_folder, tests=tests), cwd=place.data, env=clean_environment(),
            stdout=output, stderr=output, **account,
        )  # fmt: skip
    _started.append(server)
    try:
        _wait_ready(server, socket_folder, log)
    except BaseLocaleError:
        shutil.rmtree(socket_folder, ignore_errors=True)
        raise
    etat_base.write_record(place.folder, socket_folder)


def _wait_ready(server: "subprocess.Popen[bytes]", socket_folder: Path, log: Path) -> None:
    ready = processus.wait_until(lambda: server.poll() is not None or _accepts(socket_folder), START_PATIENCE)
    if ready and server.poll() is None:
        return
    processus.end_groups([server.pid])
    server.wait()
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-8:])
    raise BaseLocaleError(f"La base de données ne démarre pas ; fin de {log} :\n{tail}")


def _accepts(socket_folder: Path) -> bool:
    """Whether the server takes connections; makes sure the database exists."""
    import psycopg  # not needed to stop a server

    if not (socket_folder / SOCKET_NAME).exists():
        return False
    try:
        with psycopg.connect(etat_base.url_for(socket_folder, "postgres"), autocommit=True) as connection:
            _create_database(connection)
    except psycopg.OperationalError:
        return False
    return True


def _create_database(connection: "psycopg.Connection[Any]") -> None:
    known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
    if not known:
        connection.execute(f'CREATE DATABASE "{DATABASE}"')


def start(place: Place, *, tests: bool) -> None:
    """Start, with patience for the last processes of a killed server; broken test data is made anew.

    Returns once the database can be used; BaseLocaleError with the end of the log when it cannot.
    """
    _prepare_data(place, tests=tests)
    try:
        _launch_patiently(place, tests=tests)
    except BaseLocaleError:
        if not tests:
            raise
        shutil.rmtree(place.data)
        _prepare_data(place, tests=tests)
        _launch(place, tests=tests)


def _launch_patiently(place: Place, *, tests: bool) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            return _launch(place, tests=tests)
        except BaseLocaleError as error:
            if "shared memory" not in str(error) or time.monotonic() > deadline:
                raise
        time.sleep(0.3)


# Servers this process started: collected when they end.
_started: "list[subprocess.Popen[bytes]]" = []


def stop(folder: Path) -> None:
    """Stop the server of `folder`, if one runs, and forget where it listened."""
    if pid := etat_base.running_pid(folder):
        _stop_server(pid)
    _collect_started()
    socket_folder = etat_base.read_record(folder)
    (folder / "serveur.json").unlink(missing_ok=True)
    if socket_folder:
        shutil.rmtree(socket_folder, ignore_errors=True)


def _stop_server(pid: int) -> None:
    """PostgreSQL's fast shutdown; its immediate one, then a kill, when it takes too long."""
    for number, patience in ((signal.SIGINT, 15), (signal.SIGQUIT, 3), (signal.SIGKILL, 2)):
        processus.send(pid, number)
        if processus.wait_until(lambda: _gone(pid), patience):
            return


def _gone(pid: int) -> bool:
    _collect_started()
    return not processus.alive(pid)


def _collect_started() -> None:
    _started[:] = [server for server in _started if server.poll() is None]
