"""The local PostgreSQL: it starts anywhere, stops always, and loses nothing."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest

from outils import base_locale, processus, verrous
from outils.base_locale import local_postgres, url_of_running
from outils.gardien import ROOT
from outils.lieu_base import BaseLocaleError
from tests.outils.conftest import assert_none_left, running_with, server_pid, wait_for

HOLD = """
import sys, time
from outils.base_locale import local_postgres
with local_postgres(sys.argv[1], tests=True) as url:
    print(url, flush=True)
    time.sleep(60)
"""

SLOW_DEATH = """
import os, signal, sys, time
from outils.base_locale import local_postgres
from outils.gardien import Guard
with Guard() as guard, local_postgres(sys.argv[1], tests=True, guard=guard) as url:
    os.close(guard._write)
    time.sleep(1)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def ask(url: str, query: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(query)
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def socket_folder(url: str) -> Path:
    return Path(parse_qs(urlsplit(url).query)["host"][0])


def hold(folder: Path) -> "subprocess.Popen[str]":
    """Another process that uses the server; returns once it does."""
    command = [sys.executable, "-c", HOLD, str(folder)]
    holder = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline().startswith("postgres://")
    holder.stdout.close()
    return holder


def guards_of(pid: int) -> list[int]:
    """The guards this process started."""
    stats = [(guard, Path(f"/proc/{guard}/stat").read_text()) for guard in running_with("outils.gardien")]
    return [guard for guard, stat_line in stats if stat_line.rpartition(")")[2].split()[1] == str(pid)]


def test_it_starts_answers_and_stops(folder: Path) -> None:
    with local_postgres(folder / "base", tests=True) as url:
        assert ask(url, "SELECT current_database()") == "mutualisation"
        assert url_of_running(folder / "base") == url
    assert url_of_running(folder / "base") is None
    assert not running_with(folder)


def test_it_is_postgresql_18_that_knows_french_letters_and_no_network(folder: Path) -> None:
    with local_postgres(folder / "base", tests=True) as url:
        assert str(ask(url, "SHOW server_version")).startswith("18.")
        assert ask(url, "SELECT upper('œuilly-l''haÿ-é')") == "ŒUILLY-L'HAŸ-É"
        assert ask(url, "SHOW listen_addresses") == ""


def test_only_the_owner_reaches_the_socket_and_the_data(folder: Path) -> None:
    with local_postgres(folder / "base", tests=True) as url:
        for path in (socket_folder(url), folder / "base" / "donnees"):
            assert stat.S_IMODE(path.stat().st_mode) == 0o700


@pytest.mark.parametrize(("tests", "fsync"), [(True, "off"), (False, "on")])
def test_data_are_safe_except_for_tests(folder: Path, tests: bool, fsync: str) -> None:
    with local_postgres(folder / "base", tests=tests) as url:
        assert ask(url, "SHOW fsync") == fsync


def test_data_are_kept_from_one_start_to_the_next(folder: Path) -> None:
    with local_postgres(folder / "base", tests=True) as url:
        ask(url, "CREATE TABLE t AS SELECT 42 AS n")
    with local_postgres(folder / "base", tests=True) as url:
        assert ask(url, "SELECT n FROM t") == 42


@pytest.mark.parametrize("name", ["deux mots", "été à l'Haÿ", 'a, b "c"', "100%&host=x"])
def test_odd_folder_names(folder: Path, name: str) -> None:
    with local_postgres(folder / name / "base", tests=True) as url:
        assert ask(url, "SELECT 1") == 1
    assert not running_with(folder)


def test_a_long_path_puts_the_socket_elsewhere_and_says_where(folder: Path, sentences: list[str]) -> None:
    base = folder / ("long" * 25) / "base"
    with local_postgres(base, tests=True, tell=sentences.append) as url:
        outside = socket_folder(url)
        assert ask(url, "SELECT 1") == 1
        assert not outside.is_relative_to(folder)
        assert stat.S_IMODE(outside.stat().st_mode) == 0o700
        assert [str(outside) in sentence for sentence in sentences] == [True]
    assert not outside.exists()


def test_a_server_killed_by_9_starts_again_with_its_data(folder: Path) -> None:
    with local_postgres(folder / "base") as url:
        ask(url, "CREATE TABLE t AS SELECT 42 AS n")
        os.kill(server_pid(folder / "base"), signal.SIGKILL)
    with local_postgres(folder / "base") as url:
        assert ask(url, "SELECT n FROM t") == 42


def test_a_stale_pid_taken_by_another_program_does_not_prevent_a_start(folder: Path) -> None:
    with local_postgres(folder / "base", tests=True):
        pass
    (folder / "base" / "donnees" / "postmaster.pid").write_text(f"{os.getppid()}\n")
    with local_postgres(folder / "base", tests=True) as url:
        assert ask(url, "SELECT 1") == 1


def test_a_second_user_shares_the_server_and_says_so(folder: Path, sentences: list[str]) -> None:
    with local_postgres(folder / "base", tests=True) as first:
        with local_postgres(folder / "base", tests=True, tell=sentences.append) as second:
            assert second == first
        assert sentences == ["La base de données locale tourne déjà : elle est partagée."]
        assert ask(first, "SELECT 1") == 1
    assert not running_with(folder)


def test_the_server_outlives_the_one_who_started_it_while_used(folder: Path) -> None:
    holder = hold(folder / "base")
    with local_postgres(folder / "base", tests=True) as url:
        guards = guards_of(holder.pid)
        assert len(guards) == 1
        holder.kill()
        holder.wait()
        wait_for(lambda: not any(processus.alive(pid) for pid in guards))
        assert ask(url, "SELECT 1") == 1
    assert_none_left(folder)


def test_two_starts_at_once_use_one_server(folder: Path) -> None:
    together, urls = threading.Barrier(2), []

    def use() -> None:
        with local_postgres(folder / "base", tests=True) as url:
            urls.append((url, ask(url, "SELECT pg_postmaster_start_time()::text")))
            together.wait(20)

    users = [threading.Thread(target=use) for _ in range(2)]
    for user in users:
        user.start()
    for user in users:
        user.join()
    assert len(urls) == 2
    assert len(set(urls)) == 1


def test_a_start_waits_for_the_one_under_way_and_says_so(folder: Path, sentences: list[str]) -> None:
    (folder / "base").mkdir(mode=0o755)
    waited = threading.Event()

    def tell(sentence: str) -> None:
        sentences.append(sentence)
        waited.set()

    def other_start() -> None:
        with verrous.locked(folder / "base" / "verrou"):
            held.set()
            waited.wait(10)

    held = threading.Event()
    other = threading.Thread(target=other_start)
    other.start()
    held.wait(10)
    with local_postgres(folder / "base", tests=True, tell=tell):
        other.join()
    assert sentences == ["Un autre démarrage de la base est en cours : attente…"]


def test_killing_the_user_by_9_stops_the_server(folder: Path) -> None:
    holder = hold(folder / "base")
    assert server_pid(folder / "base")
    holder.kill()
    holder.wait()
    assert_none_left(folder)


def test_a_user_slow_to_die_does_not_leave_the_server_behind(folder: Path) -> None:
    """A dying process gives up its files one by one: the guard's pipe before the lock of the users."""
    subprocess.run([sys.executable, "-c", SLOW_DEATH, str(folder)], cwd=ROOT, check=False, timeout=60)
    assert_none_left(folder)


def test_a_copied_folder_does_not_lead_to_the_first_one(folder: Path) -> None:
    with local_postgres(folder / "base", tests=True) as url:
        ask(url, "CREATE TABLE t AS SELECT 1 AS n")
        (folder / "copie").mkdir()
        shutil.copy(folder / "base" / "serveur.json", folder / "copie")
        assert url_of_running(folder / "copie") is None
        assert url_of_running(folder / "base") == url


def test_a_checkout_closed_to_others_keeps_working(folder: Path, sentences: list[str]) -> None:
    """As root the server lives in a private folder, named; as somebody else it stays in the checkout."""
    closed = folder / "fermé"
    closed.mkdir(mode=0o700)
    with local_postgres(closed / "base", tests=True, tell=sentences.append) as url:
        assert ask(url, "SELECT 1") == 1
        moved = not socket_folder(url).is_relative_to(closed)
    assert moved == (os.geteuid() == 0)
    private = [path for path in folder.iterdir() if path != closed]
    assert [any(str(path) in sentence for sentence in sentences) for path in private] == [True] * moved
    base_locale.remove(closed / "base")
    assert not any(path.exists() for path in (closed / "base", *private))


def spoil(folder: Path) -> None:
    with local_postgres(folder, tests=True) as url:
        ask(url, "CREATE TABLE t AS SELECT 1 AS n")
    control = folder / "donnees" / "global" / "pg_control"
    control.write_bytes(bytes(len(control.read_bytes())))


def test_spoilt_data_of_the_tests_are_made_again(folder: Path) -> None:
    spoil(folder / "base")
    with local_postgres(folder / "base", tests=True) as url:
        assert ask(url, "SELECT to_regclass('t') IS NULL") is True


def test_spoilt_data_of_the_demo_are_left_and_the_log_is_shown(folder: Path) -> None:
    spoil(folder / "base")
    with pytest.raises(BaseLocaleError, match="ne démarre pas") as error, local_postgres(folder / "base"):
        pass
    assert "FATAL" in str(error.value) or "PANIC" in str(error.value)
    assert (folder / "base" / "donnees").exists()


def test_data_of_another_version_are_refused(folder: Path) -> None:
    with local_postgres(folder / "base", tests=True):
        pass
    (folder / "base" / "donnees" / "PG_VERSION").write_text("16\n")
    with pytest.raises(BaseLocaleError, match="PostgreSQL 16"), local_postgres(folder / "base"):
        pass


def test_an_interrupted_creation_is_done_again(folder: Path) -> None:
    (folder / "base" / "donnees.ebauche" / "reste").mkdir(parents=True)
    (folder / "base").chmod(0o755)
    with local_postgres(folder / "base", tests=True) as url:
        assert ask(url, "SELECT 1") == 1


def test_the_folder_of_another_account_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_path: Path) -> int:
        raise PermissionError

    monkeypatch.setattr(verrous, "open_lock", refuse)
    with pytest.raises(BaseLocaleError, match="autre compte"), local_postgres(folder / "base"):
        pass


def test_data_in_use_are_not_removed(folder: Path) -> None:
    with local_postgres(folder / "base", tests=True) as url:
        with pytest.raises(BaseLocaleError, match="utilisée"):
            base_locale.remove(folder / "base")
        assert ask(url, "SELECT 1") == 1
    base_locale.remove(folder / "base")
    assert not (folder / "base").exists()
