"""A demo with tiny commands in place of Django's: `python -m tests.outils.fausse_demo VAR PORT [WHAT]`."""

import sys
from pathlib import Path

from outils.demo import Plan, play
from outils.superviseur import Command

VAR = Path(sys.argv[1])
WHAT = sys.argv[3] if len(sys.argv) > 3 else ""
# Each child has a child, and the folder in its command line so that the tests find it.
STAY = """
import subprocess, sys, time, pathlib
folder, stubborn, lives = pathlib.Path(sys.argv[1]), 'têtu' in sys.argv[3], 'meurt' not in sys.argv[3]
import signal
if stubborn:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if len(sys.argv) < 5:
    subprocess.Popen([sys.executable, '-c', sys.argv[2], sys.argv[1], '', sys.argv[3], 'petit-enfant'])
(folder / f'{len(sys.argv)}.pret').touch()
print('au revoir', flush=True)
time.sleep(60 if lives else 0.5)
"""


def stay(name: str, what: str = "") -> Command:
    return Command(name, f"Le service {name}", [sys.executable, "-c", STAY, str(VAR), STAY, what])


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
                services=[stay("un"), stay("deux", WHAT)],
                closing=[],
                is_ready=lambda: (VAR / "4.pret").exists() and (VAR / "5.pret").exists(),
                follow_parent=WHAT == "parent",
            )
        )
    )
