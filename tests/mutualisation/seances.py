"""Sittings, in one line each."""

from typing import Any

from mutualisation.models import Seance
from tests.factories import Monde, SeanceFactory


def sitting(monde: Monde, commune: Any = None, **more: Any) -> Seance:
    """A sitting of the council of A (or of another commune), in a month unless told."""
    made: Seance = SeanceFactory(epci=monde.epci, commune=commune or monde.a.commune, **more)
    return made
