"""A real PostgreSQL in a folder, for the demo and the tests; never in production.

Several processes may use the same server at once: each holds a shared lock on `usagers`, and the
last one to leave stops it. `verrou` is held only for the time of a start or of a stop.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from outils import lieu_base, processus, verrous
from outils.gardien import Guard
from outils.lieu_base import SOCKET_NAME, BaseLocaleError, Place

DATABASE = "mutualisation"
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

Say = Callable[[str], None]


def say(sentence: str) -> None:
    """Tell the user, on the error output: the other one belongs to the command."""
    try:
        print(sentence, file=sys.stderr, flush=True)
    except OSError:  # the terminal has gone
        pass


def url_for(socket_folder: Path, database: str = DATABASE) -> str:
    """The address of a database behind this socket folder, as DATABASE_URL."""
    return f"postgres://postgres@/{database}?host={quote(str(socket_folder), safe='/')}"


def clean_environment() -> dict[str, str]:
    """Our environment without what would turn a PostgreSQL client to another server."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}


# --- What is running ---------------------------------------------------------------------------


def url_of_running(folder: Path | str) -> str | None:
    """DATABASE_URL of the server that runs in `folder`, or None. Starts nothing."""
    socket_folder = _running_socket(Path(folder))
    return url_for(socket_folder) if socket_folder else None


def is_running(folder: Path) -> bool:
    """Whether a server runs on the data of `folder`."""
    return running_pid(folder) is not None


def running_pid(folder: Path) -> int | None:
    """The pid of the server that runs on the data of `folder`, or None."""
    homes = (folder.resolve(), lieu_base.private_home(folder))
    return next((pid for home in homes if (pid := _server_pid(home / "donnees"))), None)


def _running_socket(folder: Path) -> Path | None:
    record = _read_record(folder)
    return record if record and _answers(record / SOCKET_NAME) else None


def _read_record(folder: Path) -> Path | None:
    """The socket folder noted at the last start; None if the note came with a copied folder."""
    try:
        record = json.loads((folder / "serveur.json").read_text())
    except (OSError, ValueError):
        return None
    return Path(record["socket"]) if record["folder"] == str(folder.resolve()) else None


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(os.fspath(path))
        except OSError:
            return False
    return True


def _server_pid(data: Path) -> int | None:
    """The pid of the server that runs on this data, from the note PostgreSQL keeps."""
    try:
        pid = int((data / "postmaster.pid").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return None
    ours = processus.alive(pid) and f" -D {data} " in processus.command_line(pid)
    return pid if ours else None


# --- Start -------------------------------------------------------------------------------------


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
    """After a kill -9 the number PostgreSQL noted may be another program's, or a dead one's not yet collected.

    It would then refuse to start. With a number nobody has, it checks by its shared memory alone.
    """
    note = place.data / "postmaster.pid"
    if not note.exists() or _server_pid(place.data):
        return
    _, newline, rest = note.read_text().partition("\n")
    note.write_text(str(NOBODY_S_PID) + newline + rest)


def _launch(place: Place, *, tests: bool) -> "subprocess.Popen[bytes]":
    """Start the server and wait until it takes connections; BaseLocaleError with its log if it fails."""
    _forget_stale_pid(place)
    socket_folder = lieu_base.make_socket_folder(place)
    log = place.folder / "serveur.log"
    with log.open("wb") as output:
        server = processus.spawn(
            _server_command(place, socket_folder, tests=tests), cwd=place.data, env=clean_environment(),
            stdout=output, stderr=output, **(place.account.popen_options() if place.account else {}),
        )  # fmt: skip
    _wait_ready(server, socket_folder, log)
    _write_record(place, socket_folder)
    return server


def _write_record(place: Place, socket_folder: Path) -> None:
    record, draft = place.folder / "serveur.json", place.folder / "serveur.json.ebauche"
    draft.write_text(json.dumps({"folder": str(place.folder), "socket": str(socket_folder)}))
    draft.rename(record)


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
    import psycopg

    if not (socket_folder / SOCKET_NAME).exists():
        return False
    try:
        with psycopg.connect(url_for(socket_folder, "postgres"), autocommit=True) as connection:
            _create_database(connection)
    except psycopg.OperationalError:
        return False
    return True


def _create_database(connection) -> None:  # type: ignore[no-untyped-def]
    known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
    if not known:
        connection.execute(f'CREATE DATABASE "{DATABASE}"')


def _start(place: Place, *, tests: bool) -> "subprocess.Popen[bytes]":
    """Start, with patience for the last processes of a killed server; broken test data is made anew."""
    _prepare_data(place, tests=tests)
    try:
        return _launch_patiently(place, tests=tests)
    except BaseLocaleError:
        if not tests:
            raise
    shutil.rmtree(place.data)
    _prepare_data(place, tests=tests)
    return _launch(place, tests=tests)


def _launch_patiently(place: Place, *, tests: bool) -> "subprocess.Popen[bytes]":
    deadline = time.monotonic() + 10
    while True:
        try:
            return _launch(place, tests=tests)
        except BaseLocaleError as error:
            if "shared memory" not in str(error) or time.monotonic() > deadline:
                raise
        time.sleep(0.3)


# --- Stop --------------------------------------------------------------------------------------

# Servers this process started: collected when they end.
_started: "list[subprocess.Popen[bytes]]" = []


def release(folder: Path) -> None:
    """Stop the server of `folder` unless somebody uses it; harmless when nothing runs."""
    with verrous.locked(folder / "verrou"):
        users = verrous.open_lock(folder / "usagers")
        try:
            if verrous.try_lock(users):
                _stop(folder)
        finally:
            os.close(users)


def _stop(folder: Path) -> None:
    if pid := running_pid(folder):
        _stop_server(pid)
    _collect_started()
    socket_folder = _read_record(folder)
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


# --- Use ---------------------------------------------------------------------------------------


@contextmanager
def local_postgres(
    folder: Path | str, *, tests: bool = False, guard: Guard | None = None, tell: Say = say
) -> Iterator[str]:
    """Yield the DATABASE_URL of a PostgreSQL kept in `folder`, started or already running.

    `tests`: fast and without safety for the data. `guard`: who stops the server if this process is
    killed (its own guard by default). Raises BaseLocaleError with a sentence for the user.
    """
    place_folder = _prepare_folder(Path(folder))
    if guard is None:
        with Guard() as own_guard, local_postgres(folder, tests=tests, guard=own_guard, tell=tell) as url:
            yield url
        return
    guard.add_server(place_folder)
    users = verrous.open_lock(place_folder / "usagers")
    try:
        yield _join(place_folder, users, tests=tests, tell=tell)
    finally:
        os.close(users)
        release(place_folder)


def _prepare_folder(folder: Path) -> Path:
    folder = folder.resolve()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o755 if os.geteuid() == 0 else 0o700)
        os.close(verrous.open_lock(folder / "verrou"))
    except PermissionError as error:
        raise BaseLocaleError(
            f"Le dossier {folder} appartient à un autre compte : relancez avec ce compte-là, "
            "ou depuis un autre dossier."
        ) from error
    return folder


def _join(folder: Path, users: int, *, tests: bool, tell: Say) -> str:
    """Become a user of the server, starting it if needed; its DATABASE_URL."""
    try:
        with verrous.locked(
            folder / "verrou", on_wait=lambda: tell("Un autre démarrage de la base est en cours : attente…")
        ):
            verrous.try_lock(users, shared=True)
            return _reuse(folder, tell) or _start_and_tell(
                lieu_base.place_for(folder), tests=tests, tell=tell
            )
    except verrous.LockTimeout as error:
        raise BaseLocaleError(
            "La base de données est occupée par un autre démarrage qui ne finit pas."
        ) from error


def _reuse(folder: Path, tell: Say) -> str | None:
    url = url_of_running(folder)
    if url:
        tell("La base de données locale tourne déjà : elle est partagée.")
    return url


def _start_and_tell(place: Place, *, tests: bool, tell: Say) -> str:
    _started.append(_start(place, tests=tests))
    socket_folder = _read_record(place.folder)
    assert socket_folder is not None
    if place.is_private:
        tell(
            f"Base de données dans le dossier privé {place.home} (compte {place.account and place.account.name})."
        )
    if not socket_folder.is_relative_to(place.home):
        tell(f"Connexion locale à la base dans le dossier privé {socket_folder}.")
    return url_for(socket_folder)


def remove(folder: Path) -> None:
    """Stop the server of `folder` if nobody uses it, then delete its data."""
    if not folder.exists():
        return
    release(_prepare_folder(folder))
    if is_running(folder):
        raise BaseLocaleError("La base de données est utilisée par une autre commande : terminez-la d'abord.")
    for home in (folder, lieu_base.private_home(folder)):
        if home.exists():
            shutil.rmtree(home)
