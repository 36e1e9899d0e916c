"""Pôles of the demonstration: those of Bordeaux Métropole where they are public, invented elsewhere."""

from collections.abc import Iterable

from socle.typographie import sort_key
from territoire.models import Commune, Epci
from territoire.workflows.epci import draw_poles

BORDEAUX = "243300316"
# Grouping from general knowledge, to be checked by the EPCI: it stands here to make the demonstration readable.
POLES_DE_BORDEAUX = {
    "Pôle Bordeaux": ("bordeaux",),
    "Pôle Rive droite": (
        "ambares et lagrave", "ambes", "artigues pres bordeaux", "bassens", "bouliac", "carbon blanc", "cenon", "floirac",
        "lormont", "saint louis de montferrand", "saint vincent de paul",
    ),
    "Pôle Sud": ("begles", "gradignan", "pessac", "talence", "villenave d ornon"),
}  # fmt: skip
AUTRES_POLES = ("Pôle Centre", "Pôle Est", "Pôle Nord", "Pôle Ouest", "Pôle Sud")
COMMUNES_A_POLE = 6  # at least, so that a small EPCI has two pôles rather than five of one commune


def draw(epci: Epci, communes: list[Commune]) -> None:
    """Put the communes of an EPCI in pôles: five, fewer in a small one."""
    if epci.siren == BORDEAUX:
        draw_poles(epci=epci, poles=_bordeaux(communes))
    else:
        draw_poles(epci=epci, poles=_chunks(communes))


def _bordeaux(communes: Iterable[Commune]) -> dict[str, list[Commune]]:
    poles: dict[str, list[Commune]] = {name: [] for name in (*POLES_DE_BORDEAUX, "Pôle Ouest")}
    by_key = {key: pole for pole, keys in POLES_DE_BORDEAUX.items() for key in keys}
    for commune in communes:
        poles[by_key.get(sort_key(commune.nom), "Pôle Ouest")].append(commune)
    return poles


def _chunks(communes: list[Commune]) -> dict[str, list[Commune]]:
    names = AUTRES_POLES[: max(2, len(communes) // COMMUNES_A_POLE)]
    size = -(-len(communes) // len(names))
    return {name: communes[n * size : (n + 1) * size] for n, name in enumerate(names)}
