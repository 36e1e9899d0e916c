"""Two 1 January in a row: crossed one by one, or at once after a long stop, adhesions are the same."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import transaction

from journal.workflows.tache import run_due
from mutualisation.models import Adhesion, Ligne
from mutualisation.workflows.derivation import schedule_edition
from mutualisation.workflows.effet import schedule_effect
from tests.factories import AdhesionFactory, DeclarationFactory, LigneFactory, Monde, activite
from tests.mutualisation.editions import next_edition
from tests.mutualisation.test_mouvement import apply, merger

FIRST, SECOND = date(2028, 1, 1), date(2029, 1, 1)


def voted(monde: Monde, cycle: Any, commune: Any, code: str, nature: str) -> None:
    declaration = cycle.declarations.filter(commune=commune, etat="deposee").first()
    if declaration is None:
        cycle.declarations.filter(commune=commune).delete()
        declaration = DeclarationFactory(cycle=cycle, commune=commune, deposee=True)
    LigneFactory(
        declaration=declaration,
        activite=activite(monde.epci, code),
        nature=nature,
        acceptee=True,
        effet_on=cycle.effective_on,
    )


def prepare_both_years(monde: Monde) -> None:
    """An edition and a merger on the first day, choices for both, those of 2029 against those of 2028."""
    for commune, code in ((monde.a.commune, "DA-02"), (monde.b.commune, "DB-01")):
        AdhesionFactory(epci=monde.epci, commune=commune, activite=activite(monde.epci, code))
    edition = next_edition(monde.cycle, {"DA-01": ["DA-11", "DA-12"], "DB-01": []})
    monde.cycle_futur.catalogue = edition
    monde.cycle_futur.save(update_fields=["catalogue"])
    schedule_edition(edition)
    voted(monde, monde.cycle, monde.a.commune, "DA-11", Ligne.Nature.RETRAIT)
    voted(monde, monde.cycle, monde.c, "DA-12", Ligne.Nature.ENTREE)
    voted(monde, monde.cycle, monde.c, "DC-01", Ligne.Nature.PRESTATION)
    voted(monde, monde.cycle_futur, monde.c, "DA-12", Ligne.Nature.RETRAIT)
    voted(monde, monde.cycle_futur, monde.c, "DC-01", Ligne.Nature.ENTREE)
    apply(monde, merger(monde), le=FIRST)
    for cycle in (monde.cycle, monde.cycle_futur):
        schedule_effect(cycle, cycle.effective_on)


def shared(monde: Monde) -> list[tuple[Any, ...]]:
    rows = Adhesion.objects.filter(epci=monde.epci).order_by("commune__nom", "activite__code", "debut")
    return list(rows.values_list("commune__nom", "activite__code", "nature", "debut", "fin"))


def lived(monde: Monde, at_time: Callable[[Any], Any], *instants: str) -> list[tuple[Any, ...]]:
    """What is shared once the jobs have run at these instants only; undone afterwards."""
    with transaction.atomic():
        for instant in instants:
            at_time(instant)
            run_due()
        told = shared(monde)
        transaction.set_rollback(True)
    return told


@pytest.mark.parametrize("stop", ["2029-01-01 00:10", "2029-03-01 10:00"])
def test_crossed_at_once_or_year_by_year(monde: Monde, at_time: Callable[[Any], Any], stop: str):
    prepare_both_years(monde)
    at_once = lived(monde, at_time, stop)
    assert lived(monde, at_time, "2028-01-01 00:10", "2029-01-01 00:10") == at_once
    # The retrait asked by A of what B shares too takes nothing away.
    assert [row for row in at_once if row[4] is None] == [
        ("Saint-Louis-de-Montferrand", "DC-01", "mutualisation", SECOND, None),
        ("Val-d'Œuilly", "DA-02", "mutualisation", FIRST, None),
        ("Val-d'Œuilly", "DA-11", "mutualisation", FIRST, None),
        ("Val-d'Œuilly", "DA-12", "mutualisation", FIRST, None),
    ]
    assert ("Saint-Louis-de-Montferrand", "DA-12", "mutualisation", FIRST, SECOND) in at_once
