"""A demo with tiny commands in place of Django's: `python -m tests.outils.fausse_demo VAR PORT [WHAT]`."""

import sys
from pathlib import Path

from outils.demo import Plan, play
from outils.superviseur import Command

VAR = Path(sys.argv[1])
WHAT = sys.argv[3] if len(sys.argv) > 3 else ""
# Each child has a child, and the folder in its command line so that the tests find it.
STAY = """
import pathlib, signal, subprocess, sys, time
folder, source, what, name = sys.argv[1:]
if 'têtu' in what:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if source:
    subprocess.Popen([sys.executable, '-c', source, folder, '', what, name + '-enfant'])
(pathlib.Path(folder) / (name + '.pret')).touch()
print('au revoir', flush=True)
time.sleep(0.5 if 'meurt' in what else 60)
"""
NAMES = ["un", "deux"]


def stay(name: str, what: str = "") -> Command:
    return Command(name, f"Le service {name}", [sys.executable, "-c", STAY, str(VAR), STAY, what, name])


def everyone_stays() -> bool:
    """Each child and each grandchild has begun: a test may count them."""
    return all((VAR / f"{name}{of}.pret").exists() for name in NAMES for of in ["", "-enfant"])


def step() -> Command:
    scripts = {
        "étape": "echo mauvaise étape >&2; exit 4",
        "refus": "echo 'CommandError: EPCI inconnu.' >&2; exit 1",
    }
    script = scripts.get(WHAT, "echo étape jouée")
    return Command("etape", "L'étape", ["sh", "-c", script])


if __name__ == "__main__":
    sys.exit(
        play(
            Plan(
                var=VAR,
                port=int(sys.argv[2]),
                steps=[step()],
                services=[stay(NAMES[0]), stay(NAMES[1], WHAT)],
                closing=[],
                is_ready=everyone_stays,
                follow_parent=WHAT == "parent",
            )
        )
    )
