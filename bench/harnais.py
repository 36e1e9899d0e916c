"""The harness: measures are registered here, run in order, compared, written and shown."""

import gc
import json
import statistics
import time
import traceback
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parent / "resultats.json"
WARM_UPS = 2
ROUNDS = 7
HEADS = ("Mesure", "Valeur", "Référence", "Rapport", "Objectif", "Atteint")


@dataclass(frozen=True)
class Releve:
    """What one measure found: its value, and the one it is compared with."""

    valeur: float
    reference: float


@dataclass(frozen=True)
class Mesure:
    """A registered measure; `objectif` is the highest ratio wanted, None when the figure is only published."""

    nom: str
    unite: str
    reference: str
    objectif: float | None
    function: Callable[[Any], Releve]


@dataclass(frozen=True)
class Resultat:
    """One line of resultats.json. A measure that broke has neither value nor ratio, and is not reached."""

    nom: str
    valeur: float | None
    unite: str
    reference: float | None
    ratio: float | None
    objectif: float | None
    atteint: bool | None


mesures: list[Mesure] = []


def mesure(
    nom: str, *, unite: str, reference: str, objectif: float | None = None
) -> Callable[[Callable[[Any], Releve]], Callable[[Any], Releve]]:
    """Register a function of the bench (see bench.banc) that returns a Releve, under a French name."""

    def register(function: Callable[[Any], Releve]) -> Callable[[Any], Releve]:
        if any(known.nom == nom for known in mesures):
            raise ValueError(f"{nom} is registered twice")
        mesures.append(Mesure(nom, unite, reference, objectif, function))
        return function

    return register


def compare(one: Mesure, banc: Any) -> Resultat:
    """Run a measure; what breaks is shown, and counts as not reached."""
    try:
        found = one.function(banc)
    except Exception:  # whatever one measure raises, the others are still taken
        traceback.print_exc()
        return Resultat(one.nom, None, one.unite, None, None, one.objectif, False)
    ratio = found.valeur / found.reference
    reached = None if one.objectif is None else ratio <= one.objectif
    return Resultat(
        one.nom,
        round(found.valeur, 4),
        one.unite,
        round(found.reference, 4),
        round(ratio, 3),
        one.objectif,
        reached,
    )


def cpu_seconds(first: Callable[[], object], second: Callable[[], object]) -> Releve:
    """CPU seconds of two functions, warm, in turns; the median of each.

    Only this process is counted (`time.process_time`), neither PostgreSQL nor waiting. The garbage collector runs
    before each turn and is off during it.
    """
    for _ in range(WARM_UPS):
        first()
        second()
    turns = [(_timed(first), _timed(second)) for _ in range(ROUNDS)]
    values, references = zip(*turns, strict=True)
    return Releve(statistics.median(values), statistics.median(references))


def _timed(function: Callable[[], object]) -> float:
    gc.collect()
    gc.disable()
    try:
        start = time.process_time()
        function()
        return time.process_time() - start
    finally:
        gc.enable()


def write(results: Iterable[Resultat]) -> None:
    RESULTS.write_text(json.dumps([asdict(one) for one in results], ensure_ascii=False, indent=2) + "\n")


def table(results: Iterable[Resultat], measured: Iterable[Mesure]) -> str:
    """The results for a reader, then what each was compared with."""
    rows = [HEADS, *(_row(one) for one in results)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    references: dict[str, list[str]] = {}
    for one in measured:
        references.setdefault(one.reference, []).append(one.nom.partition(" – ")[0])
    notes = [f"{', '.join(dict.fromkeys(names))} : contre {text}." for text, names in references.items()]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:], "", *notes])


def _row(one: Resultat) -> tuple[str, ...]:
    reached = {None: "publié", True: "oui", False: "NON"}[one.atteint]
    wanted = "" if one.objectif is None else f"≤ {_number(one.objectif)}"
    value, reference = (f"{_number(number)} {one.unite}" for number in (one.valeur, one.reference))
    return (one.nom, value, reference, _number(one.ratio), wanted, reached)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}".replace(".", ",")
