"""`make demo-reset`: stop the demo of this folder and delete its data, nothing else."""

import shutil
import sys
from contextlib import closing
from pathlib import Path

from outils import base_locale
from outils.gardien import ROOT
from outils.lieu_base import BaseLocaleError
from outils.superviseur import DemoError
from outils.verrou_demo import DemoLock


def reset(var: Path) -> None:
    """Stop, then delete; DemoError or BaseLocaleError when something still uses the data."""
    with closing(DemoLock(var)) as lock:
        if lock.stop_holder():
            print("La démonstration en cours a été arrêtée.")
        base_locale.remove(var / "base")
        for name in ("broker", "journaux"):
            shutil.rmtree(var / name, ignore_errors=True)
        for old in var.glob("beat*"):
            old.unlink()


def main() -> int:
    try:
        reset(ROOT / "var")
    except (DemoError, BaseLocaleError) as failure:
        print(failure, file=sys.stderr)
        return 1
    print("Les données de la démonstration sont effacées : « make demo » repart de zéro.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
