"""The supervisor of the demo: whatever ends it leaves nothing running and nothing broken."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from outils import base_locale, demo, demo_reset
from outils.gardien import ROOT
from tests.outils.conftest import assert_none_left, running_with, server_pid

FAKE = [sys.executable, "-m", "tests.outils.fausse_demo"]
NO_BASE = {"DATABASE_URL": "postgres://nulle-part/base"}


def start(var: Path, port: int, what: str = "", **environment: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [*FAKE, str(var), str(port), what], cwd=ROOT, env=os.environ | environment,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip


def wait_ready(process: "subprocess.Popen[str]") -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("Ctrl-C"):
            return
    raise AssertionError(process.communicate()[1])


def play(var: Path, port: int, what: str = "") -> tuple[int, str, str]:
    with start(var, port, what, **NO_BASE) as process:
        output, errors = process.communicate(timeout=30)
    return process.returncode, output, errors


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_ends_everything(folder: Path, free_port: int, number: signal.Signals) -> None:
    process = start(folder, free_port, **NO_BASE)
    wait_ready(process)
    assert len(running_with(folder)) == 5
    process.send_signal(number)
    output, errors = process.communicate(timeout=15)
    assert (process.returncode, errors) == (0, "")
    assert "ses données sont gardées" in output
    assert not running_with(folder)


def test_the_address_is_told_after_the_steps(folder: Path, free_port: int) -> None:
    process = start(folder, free_port, **NO_BASE)
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(4)]
    assert lines[0] == "étape jouée\n"
    assert lines[3] == f"La démonstration est prête : http://127.0.0.1:{free_port}/\n"
    process.terminate()
    process.communicate(timeout=15)


def test_kill_9_of_the_supervisor_leaves_nothing_and_breaks_nothing(folder: Path, free_port: int) -> None:
    process = start(folder, free_port)
    wait_ready(process)
    url = base_locale.url_of_running(folder / "base")
    assert url is not None
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE t AS SELECT 42 AS n")
    process.kill()
    process.communicate()
    assert_none_left(folder)
    with base_locale.local_postgres(folder / "base") as url, psycopg.connect(url) as connection:
        assert connection.execute("SELECT n FROM t").fetchone() == (42,)


def test_a_start_just_after_kill_9_waits_for_the_end_of_the_first(folder: Path, free_port: int) -> None:
    process = start(folder, free_port, "têtu", **NO_BASE)
    wait_ready(process)
    process.kill()
    process.communicate()
    before = set(running_with(folder))
    second = start(folder, free_port, **NO_BASE)
    wait_ready(second)
    assert not before & set(running_with(folder))
    second.terminate()
    assert second.communicate(timeout=15)[1] == ""


def test_the_end_of_the_launcher_ends_everything(folder: Path, free_port: int) -> None:
    """As `kill -9` of make."""
    command = [*FAKE, str(folder), str(free_port), "parent"]
    launch = "import subprocess, sys; subprocess.run(sys.argv[1:])"
    launcher = subprocess.Popen(
        [sys.executable, "-c", launch, *command], cwd=ROOT, env=os.environ | NO_BASE, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    wait_ready(launcher)
    launcher.kill()
    launcher.communicate()
    assert_none_left(folder)


def test_a_service_that_dies_ends_everything_and_is_named(folder: Path, free_port: int) -> None:
    code, _, errors = play(folder, free_port, "meurt")
    assert code == 1
    assert "Le service deux s'est arrêté : tout s'arrête." in errors
    assert "au revoir" in errors
    assert not running_with(folder)


def test_the_database_that_dies_ends_everything(folder: Path, free_port: int) -> None:
    process = start(folder, free_port)
    wait_ready(process)
    os.kill(server_pid(folder / "base"), signal.SIGKILL)
    errors = process.communicate(timeout=20)[1]
    assert process.returncode == 1
    assert "La base de données s'est arrêtée" in errors
    assert not running_with(folder)


def test_a_service_deaf_to_sigterm_is_ended_all_the_same(folder: Path, free_port: int) -> None:
    process = start(folder, free_port, "têtu", **NO_BASE)
    wait_ready(process)
    process.terminate()
    process.communicate(timeout=15)
    assert not running_with(folder)


def test_a_failed_step_is_told_with_its_log(folder: Path, free_port: int) -> None:
    code, output, errors = play(folder, free_port, "étape")
    assert code == 1
    assert "L'étape a échoué." in errors
    assert "mauvaise étape" in errors
    assert "prête" not in output


def test_a_refusal_of_a_step_is_told_alone(folder: Path, free_port: int) -> None:
    assert play(folder, free_port, "refus") == (1, "", "EPCI inconnu.\n")


def test_a_taken_port_is_told_before_anything_starts(folder: Path, free_port: int) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", free_port))
        other.listen()
        code, output, errors = play(folder, free_port)
    assert (code, output) == (1, "")
    assert f"Le port {free_port} est déjà pris" in errors
    assert f"PORT={free_port + 1}" in errors
    assert [path.name for path in folder.iterdir()] == ["demo.verrou"]


def test_a_second_demo_in_the_same_folder_says_where_the_first_answers(folder: Path, free_port: int) -> None:
    first = start(folder, free_port, **NO_BASE)
    wait_ready(first)
    code, _, errors = play(folder, free_port + 1)
    assert code == 1
    assert f"La démonstration tourne déjà : http://127.0.0.1:{free_port}" in errors
    assert first.poll() is None
    first.terminate()
    first.communicate(timeout=15)


def test_reset_stops_the_demo_and_removes_its_data_only(folder: Path, free_port: int) -> None:
    process = start(folder, free_port)
    wait_ready(process)
    for name in ("base-tests/donnees", "static"):
        (folder / name).mkdir(parents=True)
    demo_reset.reset(folder)
    process.communicate(timeout=5)
    assert process.returncode == 0
    assert not running_with(folder)
    left = {path.name for path in folder.iterdir() if path.suffix != ".pret"}
    assert left == {"base-tests", "static", "demo.verrou"}


def test_reset_does_nothing_when_there_is_nothing(folder: Path) -> None:
    demo_reset.reset(folder)
    assert [path.name for path in folder.iterdir()] == ["demo.verrou"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--epci", "12"], "EPCI=12 : un numéro SIREN de neuf chiffres est attendu"),
        (["--date", "10/02/2027"], "DATE=10/02/2027 : une date comme 2027-02-10 est attendue"),
        (["--date", "2027-02-30"], "DATE=2027-02-30 : une date comme 2027-02-10 est attendue"),
        (["--port", "0"], "PORT=0 : un nombre de 1 à 65535 est attendu"),
        (["--port", "huit"], "PORT=huit : un nombre de 1 à 65535 est attendu"),
    ],
)
def test_bad_values_are_told_in_french(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        demo.parse(arguments)
    assert end.value.code == 2
    assert capsys.readouterr().out == sentence + "\n"


def test_empty_values_are_those_of_the_loader() -> None:
    options = demo.parse(["--epci", "", "--date", ""])
    commands = {command.name: list(command.arguments) for command in demo.steps(options.epci, options.date)}
    assert commands["charger_demo"][2:] == ["charger_demo"]


def test_given_values_reach_the_loader() -> None:
    commands = {command.name: list(command.arguments) for command in demo.steps("200067106", "2027-02-10")}
    assert commands["charger_demo"][2:] == ["charger_demo", "--epci", "200067106", "--date", "2027-02-10"]
