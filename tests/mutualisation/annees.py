"""Around 1 January 2028, seen from 10 February 2027: what is shared, voted, split and merged that day."""

from collections.abc import Callable
from datetime import date
from typing import Any

from journal.models import Tache
from mutualisation.models import Cycle, Ligne
from mutualisation.workflows.derivation import apply_moves
from mutualisation.workflows.effet import run_effect
from territoire.models import Appartenance, Commune, Epci, Filiation
from tests.factories import (
    ActiviteFactory,
    AdhesionFactory,
    AppartenanceFactory,
    CycleFactory,
    DeclarationFactory,
    EpciFactory,
    LigneFactory,
    activite,
    catalogue,
    domaine,
)
from tests.mutualisation.editions import next_edition

TODAY, NEW_YEAR = date(2027, 2, 10), date(2028, 1, 1)
SPLIT = {"DA-01": ["DA-11", "DA-12"], "DA-02": ["DA-21"], "DA-03": ["DA-21"], "DC-01": []}


def cycle_2028() -> Cycle:
    """The cycle of 2028 of an EPCI without communes, whose edition is still the first one."""
    epci = EpciFactory()
    catalogue(epci)
    made: Cycle = CycleFactory(epci=epci, calendrier=True, annee=2028)
    return made


def share(epci: Epci, commune: Commune, *codes: str, **period: Any) -> None:
    for code in codes:
        AdhesionFactory(epci=epci, commune=commune, activite=activite(epci, code), **period)


def vote(cycle: Cycle, commune: Commune, code: str, nature: str = Ligne.Nature.ENTREE) -> Any:
    declaration = cycle.declarations.filter(commune=commune).first()
    declaration = declaration or DeclarationFactory(cycle=cycle, commune=commune, deposee=True)
    return LigneFactory(
        declaration=declaration,
        activite=activite(cycle.epci, code),
        nature=nature,
        acceptee=True,
        effet_on=NEW_YEAR,
    )


def offer_one_more(cycle: Cycle, code: str) -> None:
    """The edition of 2028 adds an activity to domain DA."""
    edition = next_edition(cycle, {})
    added = ActiviteFactory(epci=cycle.epci, code=code)
    edition.activites.create(activite=added, domaine=domaine(cycle.epci), libelle=added.libelle, ordre=9)


def merge(epci: Epci, nouvelle: str, *anciennes: Commune) -> Commune:
    """On 1 January 2028 these communes become one."""
    made = AppartenanceFactory(epci=epci, debut=NEW_YEAR, commune__nom=nouvelle).commune
    for ancienne in anciennes:
        Appartenance.objects.filter(commune=ancienne).update(fin=NEW_YEAR)
        Filiation.objects.create(ancienne=ancienne, nouvelle=made, effective_on=NEW_YEAR)
    return made


def cross(cycle: Cycle, at_time: Callable[[Any], Any]) -> None:
    """The new year comes: editions, moves and lines take effect."""
    at_time("2028-01-01 08:00")
    run_effect(Tache(epci=cycle.epci, parametres={"cycle": cycle.pk, "jour": NEW_YEAR.isoformat()}))
    apply_moves(epci=cycle.epci, day=NEW_YEAR)
