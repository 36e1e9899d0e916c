"""What the copy to sign adds to the text « arrêté pour vote »: the mentions of the acts and the signatories, nothing else."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from socle.dates import day_and_year

# Where the two texts may differ, by the path of a value in the data that is printed.
MENTIONS = ("exemplaire", "edite_on", "deliberations", "signataires", "visas", "verification")
LABELS = {
    "exemplaire": "Nature de l'exemplaire",
    "edite_on": "Date d'édition",
    "deliberations.commune": "Délibération de la commune",
    "deliberations.epci": "Délibération de l'EPCI",
    "signataires.commune": "Signataire de la commune",
    "signataires.epci": "Signataire de l'EPCI",
    "visas": "Visas",
    "verification": "Adresse et empreinte de vérification",
}
ABSENT = object()


@dataclass(frozen=True)
class Difference:
    """One value that is not the same: its path, what was there and what is there (None: nothing)."""

    chemin: str
    avant: Any
    apres: Any

    @property
    def permise(self) -> bool:
        """Whether it is a mention of the acts."""
        return self.chemin.split(".")[0] in MENTIONS

    @property
    def dit_avant(self) -> str:
        """What was there, in words."""
        return _said(self.chemin, self.avant)

    @property
    def dit_apres(self) -> str:
        """What is there now, in words."""
        return _said(self.chemin, self.apres)

    @property
    def libelle(self) -> str:
        """What it is called; its path when it is not a mention."""
        return next((words for path, words in LABELS.items() if self.chemin.startswith(path)), self.chemin)


def differences(before: Any, after: Any, path: str = "") -> Iterator[Difference]:
    """Every value that differs between two JSON trees, in the order of the first.

    Lists are compared place by place; visas, whose order follows that of the acts, by what is gone and what is new.
    """
    if path == "visas" and isinstance(before, list) and isinstance(after, list):
        yield from _phrases(before, after)
        return
    if isinstance(before, dict) and isinstance(after, dict):
        pairs = [(key, before.get(key, ABSENT), after.get(key, ABSENT)) for key in {**before, **after}]
    elif isinstance(before, list) and isinstance(after, list):
        longest = max(len(before), len(after))
        pairs = [(str(n), _at(before, n), _at(after, n)) for n in range(longest)]
    else:
        if before != after:
            yield Difference(path, _shown(before), _shown(after))
        return
    for key, one, two in pairs:
        yield from differences(one, two, f"{path}.{key}" if path else key)


def _phrases(before: list[str], after: list[str]) -> Iterator[Difference]:
    yield from (Difference("visas", one, None) for one in before if one not in after)
    yield from (Difference("visas", None, one) for one in after if one not in before)


def _at(values: list[Any], n: int) -> Any:
    return values[n] if n < len(values) else ABSENT


def _shown(value: Any) -> Any:
    return None if value is ABSENT else value


EXEMPLAIRES = {"projet": "Projet", "arrete": "Texte arrêté pour vote", "a_signer": "Exemplaire à signer"}
NOTHING = "rien"


def _said(path: str, value: Any) -> str:
    if value is None:
        return NOTHING
    if isinstance(value, dict):
        return ", ".join(str(one) for one in value.values())
    if path == "edite_on":
        return day_and_year(date.fromisoformat(value))
    return EXEMPLAIRES.get(value, str(value)) if path == "exemplaire" else str(value)
