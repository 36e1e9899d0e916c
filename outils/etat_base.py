"""What runs in a folder: read from the note left by the last start, and checked."""

import json
import os
import socket
from pathlib import Path
from urllib.parse import quote

from outils import lieu_base, processus
from outils.lieu_base import SOCKET_NAME

DATABASE = "mutualisation"
PORT = 5432


def url_for(socket_folder: Path, database: str = DATABASE) -> str:
    """The address of a database behind this socket folder, as DATABASE_URL."""
    return f"postgres://postgres@/{database}?host={quote(str(socket_folder), safe='/')}&port={PORT}"


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
    return next((pid for home in homes if (pid := server_pid(home / "donnees"))), None)


def _running_socket(folder: Path) -> Path | None:
    record = read_record(folder)
    return record if record and _answers(record / SOCKET_NAME) else None


def read_record(folder: Path) -> Path | None:
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


def server_pid(data: Path) -> int | None:
    """The pid of the server that runs on this data, from the note PostgreSQL keeps."""
    try:
        pid = int((data / "postmaster.pid").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return None
    ours = processus.alive(pid) and f" -D {data} " in processus.command_line(pid)
    return pid if ours else None


def write_record(folder: Path, socket_folder: Path) -> None:
    """Note where the server of `folder` listens."""
    record, draft = folder / "serveur.json", folder / "serveur.json.ebauche"
    draft.write_text(json.dumps({"folder": str(folder), "socket": str(socket_folder)}))
    draft.rename(record)
