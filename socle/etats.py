"""States and acts, declared: the workflows read their sources here, the tests walk every cell, docs/etats.md is printed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from socle.erreurs import Refus


@dataclass(frozen=True)
class Transition:
    """An act: from which states to which one, and whose it is (nobody's: a rule of time does it)."""

    acte: str
    passages: Mapping[str, str]
    roles: tuple[Any, ...]


@dataclass(frozen=True)
class Table:
    """The states of one field, or of one set of facts, and the acts that move them."""

    nom: str
    objet: str
    etats: Any
    transitions: tuple[Transition, ...]

    def transition(self, acte: str) -> Transition:
        """The transition of an act (KeyError when nobody declared it)."""
        return {one.acte: one for one in self.transitions}[acte]

    def allows(self, acte: str, source: str) -> bool:
        """Whether the act exists in a state."""
        return source in self.transition(acte).passages

    def move(self, acte: str, source: str) -> Any:
        """The state an act leads to. Raises Refus where the act does not exist."""
        if not self.allows(acte, source):
            raise Refus(
                f"{self.objet.capitalize()} est « {self.etats(source).label} » : {acte} n'est plus possible."
            )
        return self.etats(self.transition(acte).passages[source])


def to(cible: str, *sources: str) -> dict[str, str]:
    """Passages from several states to the same one."""
    return dict.fromkeys(sources, cible)
