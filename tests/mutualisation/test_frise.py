"""The timeline by itself: ends given beforehand, and who remains while something is detached from it."""

from datetime import date

import pytest

from mutualisation.derivations import Cle, Derivation
from mutualisation.frise import Decision, Frise, Tenue

EVE, DAY, LATER = date(2027, 7, 1), date(2028, 1, 1), date(2028, 7, 1)
OLD, NEW, OTHER = (1, 1), (2, 1), (3, 1)
SINCE_2020 = date(2020, 1, 1)


def held(fin: date | None = None) -> Tenue:
    return Tenue(SINCE_2020, fin, "mutualisation", SINCE_2020, connue=7)


def retrait(cle: Cle, day: date) -> Decision:
    return Decision(1, cle, "retrait", day, 2028, catalogue_on=SINCE_2020, ouverture_on=EVE)


def frise(
    connues: dict[Cle, list[Tenue]], *derivations: Derivation, lines: tuple[Decision, ...] = ()
) -> Frise:
    return Frise(connues, lines, derivations, since=EVE, jouees=derivations)


def spans(frise: Frise, cle: Cle) -> list[tuple[date, date | None]]:
    return [(tenue.debut, tenue.fin) for tenue in frise.periods(cle)]


MERGED = Derivation(DAY, communes={1: (2,), 3: (2,)})
DETACHED = Derivation(DAY, communes={1: (1, 2)})


@pytest.mark.parametrize(
    ("fin", "passed_on"), [(EVE, []), (DAY, [(DAY, None)]), (None, [(DAY, None)]), (LATER, [(DAY, None)])]
)
def test_what_ended_before_the_day_is_not_passed_on(fin: date | None, passed_on: list[object]):
    read = frise({OLD: [held(fin)]}, MERGED)
    assert spans(read, OLD) == [(SINCE_2020, min(fin or DAY, DAY))]
    assert spans(read, NEW) == passed_on


def test_who_remains_keeps_one_period_and_hands_it_over_whole():
    read = frise({OLD: [held()]}, DETACHED)
    assert spans(read, OLD) == [(SINCE_2020, None)]
    assert [one.connue for one in read.periods(OLD)] == [7]
    assert [(one.debut, one.depuis) for one in read.periods(NEW)] == [(DAY, SINCE_2020)]


def test_a_retrait_leaves_what_another_commune_brought_unless_it_had_ended_before():
    both = frise({OLD: [held()], OTHER: [held()]}, MERGED, lines=(retrait(OLD, LATER),))
    assert spans(both, NEW) == [(DAY, None)]
    alone = frise({OLD: [held()], OTHER: [held(EVE)]}, MERGED, lines=(retrait(OLD, LATER),))
    assert spans(alone, NEW) == [(DAY, LATER)]


def test_the_first_day_played_still_reads_its_eve():
    read = Frise({OLD: [held(DAY)]}, (), [MERGED], since=DAY, jouees=[MERGED])
    assert spans(read, NEW) == [(DAY, None)]
