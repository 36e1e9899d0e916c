"""Walking a table of states: every (state, act, role) cell is played against the workflows.

The tests of a floor stand in tests/<floor>/test_etats.py; `walks` notes the table each of them plays.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from django.db import transaction

from comptes.models import Personne
from comptes.roles import Role
from socle.droits import ActionInterdite
from socle.erreurs import Refus
from socle.etats import Table
from tests.factories import Monde, fresh, holder

Play = Callable[[Any, Personne], Any]  # returns the state reached
Test = TypeVar("Test", bound=Callable[..., None])
walked: set[str] = set()


def walks(table: Table) -> Callable[[Test], Test]:
    """Say that a test walks a table: one that no test walks fails (tests/mutualisation/test_etats.py)."""

    def note(test: Test) -> Test:
        walked.add(table.nom)
        return test

    return note


def everyone(monde: Monde) -> dict[Role, Personne]:
    """One person for each role, all of commune A and of the domain DA where it matters."""
    return {
        Role.ADMINISTRATEUR: monde.administrateur,
        Role.DIRECTION_TERRITOIRES: monde.direction,
        Role.DIRECTEUR_POLE: monde.directeur,
        Role.RESPONSABLE_SERVICE: monde.responsable,
        Role.DGS: monde.a.dgs,
        Role.MAIRE: monde.a.maire,
        Role.REFERENT_COMMUNAL: monde.a.referent,
        Role.LECTEUR: monde.a.lecteur,
        Role.COLLABORATEUR: monde.a.collaborateur,
        Role.AGENT: holder(Role.AGENT, monde.epci, nom="Agent"),
        Role.SERVICE: monde.service,
    }


def walk(
    table: Table, people: dict[Role, Personne], put: Callable[[str], Any], plays: dict[str, Play]
) -> None:
    """Play each act in each state by each role, and compare where it leads with the table; what was written is undone."""
    declared = {one.acte for one in table.transitions if one.roles}
    silent, unknown = sorted(declared - set(plays)), sorted(set(plays) - declared)
    assert not silent, f"« {table.nom} » : write in `plays` the gesture of {silent}"
    assert not unknown, f"« {table.nom} » : the table declares no act {unknown}"
    wrong = []
    for acte, play in plays.items():
        for source in table.etats:
            for role, who in people.items():
                one = table.transition(acte)
                expected = one.passages.get(source) if role in one.roles else None
                reached = _reached(put, source, play, fresh(who))
                if reached != expected:
                    wrong.append((acte, str(source), str(role), reached, expected))
    assert wrong == []


def _reached(put: Callable[[str], Any], source: str, play: Play, who: Personne) -> str | None:
    """The state an act leads to; None where it is refused."""
    with transaction.atomic():
        try:
            reached = play(put(source), who)
        except (Refus, ActionInterdite):
            reached = None
        transaction.set_rollback(True)
    return reached


def moved(before: str, after: str) -> str:
    """The state reached: an act told done that leaves things where they were is no act."""
    if before == after:
        raise Refus("nothing moved")
    return after
