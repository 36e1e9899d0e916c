"""A command with a PostgreSQL around it."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from outils import processus
from outils.gardien import ROOT
from tests.outils.conftest import assert_none_left, running_with

RUN = """
import sys
from pathlib import Path
from outils.avec_base import run
sys.exit(run(sys.argv[2:], tests=True, var=Path(sys.argv[1])))
"""
QUERY = """
import os, psycopg
with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
    print(connection.execute("SELECT 40 + 2").fetchone()[0])
"""
WAIT = "import sys, time; print('prêt', flush=True); time.sleep(60)"


def start(folder: Path, *command: str) -> "subprocess.Popen[str]":
    whole = [sys.executable, "-c", RUN, str(folder), *command]
    return subprocess.Popen(
        whole, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def play(folder: Path, *command: str) -> tuple[int, str, str]:
    with start(folder, *command) as process:
        output, errors = process.communicate(timeout=30)
    return process.returncode, output, errors


def test_the_command_reaches_the_database(folder: Path) -> None:
    assert play(folder, sys.executable, "-c", QUERY) == (0, "42\n", "")
    assert not running_with(folder)


@pytest.mark.parametrize(("script", "code"), [("exit 0", 0), ("exit 3", 3), ("kill -TERM $$", 143)])
def test_the_exit_code_is_the_command_s(folder: Path, script: str, code: int) -> None:
    assert play(folder, "sh", "-c", script)[0] == code


def test_an_unknown_command_is_said(folder: Path) -> None:
    code, _, errors = play(folder, "commande-qui-n-existe-pas")
    assert code == 127
    assert "Commande impossible à lancer" in errors
    assert not running_with(folder)


def test_a_given_database_is_used_as_it_is(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://ailleurs/base")
    assert play(folder, "sh", "-c", "echo $DATABASE_URL")[1] == "postgres://ailleurs/base\n"
    assert not list(folder.iterdir())


def test_variables_that_turn_clients_elsewhere_are_removed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPORT", "1")
    assert play(folder, sys.executable, "-c", QUERY)[1] == "42\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signals_reach_the_command_and_nothing_is_left(folder: Path, number: signal.Signals) -> None:
    script = f"trap 'exit 7' {number.name[3:]}; echo prêt; sleep 60 & wait"
    process = start(folder, "sh", "-c", script, "sh", str(folder))
    assert process.stdout is not None
    assert process.stdout.readline() == "prêt\n"
    process.send_signal(number)
    assert process.wait(15) == 7
    processus.send(process.pid, signal.SIGKILL, group=True)  # the sleep of the script
    process.communicate()
    assert not running_with(folder)


def test_kill_9_ends_the_command_and_the_server(folder: Path) -> None:
    process = start(folder, sys.executable, "-c", WAIT, str(folder))
    assert process.stdout is not None
    assert process.stdout.readline() == "prêt\n"
    process.kill()
    process.communicate()
    assert_none_left(folder)
