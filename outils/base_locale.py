"""A real PostgreSQL in a folder, for the demo and the tests; never in production.

Several processes may use the same server at once: each holds a shared lock on `usagers`, and the
last one to leave stops it. `verrou` is held only for the time of a start or of a stop.
"""

import contextlib
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from outils import lieu_base, serveur_base, verrous
from outils.etat_base import is_running, read_record, url_for
from outils.etat_base import url_of_running as url_of_running
from outils.gardien import Guard
from outils.lieu_base import BaseLocaleError, Place

Say = Callable[[str], None]


def say(sentence: str) -> None:
    """Tell the user, on the error output: the other one belongs to the command."""
    with contextlib.suppress(OSError):  # the terminal may have gone
        print(sentence, file=sys.stderr, flush=True)


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
    except verrous.LockTimeoutError as error:
        raise BaseLocaleError(
            "La base de données est occupée par un autre démarrage qui ne finit pas."
        ) from error


def _reuse(folder: Path, tell: Say) -> str | None:
    url = url_of_running(folder)
    if url:
        tell("La base de données locale tourne déjà : elle est partagée.")
    return url


def _start_and_tell(place: Place, *, tests: bool, tell: Say) -> str:
    serveur_base.start(place, tests=tests)
    socket_folder = read_record(place.folder)
    assert socket_folder is not None
    if place.is_private and place.account:
        tell(f"Base de données dans le dossier privé {place.home} (compte {place.account.name}).")
    if not socket_folder.is_relative_to(place.home):
        tell(f"Connexion locale à la base dans le dossier privé {socket_folder}.")
    return url_for(socket_folder)


def release(folder: Path) -> None:
    """Stop the server of `folder` unless somebody uses it; harmless when nothing runs."""
    with verrous.locked(folder / "verrou"):
        users = verrous.open_lock(folder / "usagers")
        try:
            if verrous.try_lock(users):
                serveur_base.stop(folder)
        finally:
            os.close(users)


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
