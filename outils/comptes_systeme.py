"""Which system account runs PostgreSQL: it refuses to run as root."""

import os
import pwd
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

USUAL_ACCOUNTS = ("nobody", "postgres", "www-data", "daemon")


@dataclass(frozen=True)
class Account:
    """An existing unprivileged account."""

    uid: int
    gid: int
    name: str

    def popen_options(self) -> dict[str, Any]:
        """Options of subprocess.Popen that leave root for good (as `setpriv --clear-groups`)."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        """Give a folder and what it contains to this account."""
        for inside in (path, *path.rglob("*")):
            os.chown(inside, self.uid, self.gid, follow_symlinks=False)

    def succeeds(self, command: Sequence[str | Path]) -> bool:
        """Whether a command run as this account returns 0."""
        try:
            done = subprocess.run(command, check=False, cwd="/", capture_output=True, **self.popen_options())
        except (OSError, subprocess.SubprocessError):
            return False
        return done.returncode == 0


def account_of(uid: int) -> Account | None:
    """The account with this number; None for root or when there is none."""
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        return None
    return Account(uid, entry.pw_gid, entry.pw_name) if uid else None


def candidates(folder: Path) -> Iterator[Account]:
    """Accounts to try for data kept in `folder`, best first: who asked, who owns, then the usual ones."""
    for uid in (int(os.environ.get("SUDO_UID") or 0), folder.stat().st_uid):
        if account := account_of(uid):
            yield account
    yield from usual_accounts()


def usual_accounts() -> Iterator[Account]:
    """Unprivileged accounts that a Debian or a macOS has."""
    for name in USUAL_ACCOUNTS:
        try:
            account = account_of(pwd.getpwnam(name).pw_uid)
        except KeyError:
            continue
        if account:
            yield account
