"""`make bench`: run every measure, write bench/resultats.json, show a table; exit 1 when an objective is missed."""

import argparse
import os
import platform
import signal
import sys
from collections.abc import Sequence

os.environ.update(DEMO="1", TESTING="1", DJANGO_SETTINGS_MODULE="config.settings")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Mesurer, et comparer.")
    parser.add_argument(
        "--seulement", default="", help="ne faire que les mesures dont le nom contient ce texte"
    )
    wanted = parser.parse_args(arguments).seulement
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was begun is undone on the way out

    import django

    django.setup()
    # Each registers its measures, run in this order: ageing the large EPCI comes once the others are taken.
    from bench import depart, effet, impression, pages, reprise, vieillissement  # noqa: F401
    from bench.banc import scratch
    from bench.harnais import compare, mesures, table, write

    chosen = [one for one in mesures if wanted.lower() in one.nom.lower()]
    print(
        f"Python {platform.python_version()}, {os.cpu_count()} processeurs. Chargement de deux EPCI…",
        flush=True,
    )
    with scratch() as banc:
        results = []
        for one in chosen:
            print(f"  {one.nom}…", flush=True)
            results.append(compare(one, banc))
    print("", table(results, chosen), sep="\n")
    if not wanted:
        write(results)
    return int(any(one.atteint is False for one in results))


if __name__ == "__main__":
    sys.exit(main())
