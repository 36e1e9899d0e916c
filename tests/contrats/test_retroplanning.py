"""The plan of a vote: counted back from the sitting, on working days, in order."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contrats.retroplanning import Echeancier, Regle, Retroplanning, convocation_on, plan, rule_of
from socle.dates import ONE_DAY
from territoire.models.epci import WorkingDays

EFFECT, END = date(2028, 1, 1), date(2027, 11, 30)
TODAY = date(2027, 9, 1)
GRANDE, PETITE = rule_of(12000), rule_of(900)


def working(*off: date) -> WorkingDays:
    """Working days without a database."""
    days = WorkingDays.__new__(WorkingDays)
    days._off = set(off)
    return days


def planned(
    *sittings: date, regle: Regle = GRANDE, today: date = TODAY, end: date | None = END
) -> Retroplanning:
    return plan(
        Echeancier(today, sittings, EFFECT, end), regle, working(date(2027, 11, 1), date(2027, 11, 11))
    )


def day_of(found: Retroplanning, word: str) -> date:
    return next(etape.jour for etape in found.etapes if word in etape.quoi)


class TestRule:
    @pytest.mark.parametrize(("population", "jours"), [(3499, 3), (3500, 5), (1, 3), (0, 5), (250000, 5)])
    def test_clear_days_by_population(self, population: int, jours: int):
        regle = rule_of(population)
        assert (regle.jours, regle.note) == (jours, jours == 5)

    def test_neither_the_day_of_the_call_nor_that_of_the_sitting_counts(self):
        # Sitting on Friday 15: the 10th to the 14th are clear, called on Saturday 9 at the latest, so on Friday 8.
        assert convocation_on(date(2027, 10, 15), GRANDE, working()) == date(2027, 10, 8)
        # Three clear days: the 12th to the 14th, called on Monday 11.
        assert convocation_on(date(2027, 10, 15), PETITE, working()) == date(2027, 10, 11)

    def test_a_holiday_moves_the_call_before_it(self):
        holiday = date(2027, 10, 11)
        assert convocation_on(date(2027, 10, 15), PETITE, working(holiday)) == date(2027, 10, 8)


class TestPlan:
    def test_counted_back_from_the_next_sitting(self):
        found = planned(date(2027, 10, 15), date(2027, 11, 19))
        assert (found.seance_on, found.saisie, found.alertes) == (date(2027, 10, 15), True, ())
        assert [(etape.jour, etape.quoi.split(",")[0]) for etape in found.etapes] == [
            (date(2027, 10, 1), "Texte arrêté"),
            (date(2027, 10, 8), "Convocation et note explicative de synthèse envoyée aux conseillers"),
            (date(2027, 10, 15), "Séance du conseil municipal"),
            (
                date(2027, 10, 22),
                "Délibération transmise au préfet et publiée ; liste des délibérations affichée",
            ),
            (END, "Fin des délibérations du cycle"),
            (date(2027, 12, 31), "Dernier jour pour que la délibération soit exécutoire avant l'effet"),
            (EFFECT, "Effet du contrat"),
        ]

    def test_a_sitting_that_can_no_longer_be_called_gives_way_to_the_next(self):
        found = planned(date(2027, 9, 3), date(2027, 10, 15))
        assert (found.seance_on, found.alertes) == (date(2027, 10, 15), ())

    def test_the_only_sitting_is_too_near(self):
        found = planned(date(2027, 9, 3))
        assert found.seance_on == date(2027, 9, 3)
        assert "devait partir au plus tard le vendredi 27 août 2027" in found.alertes[0]
        assert "un jour franc" in found.alertes[0]

    def test_no_sitting_is_known(self):
        found = planned(TODAY - ONE_DAY)
        assert (found.seance_on, found.saisie) == (END, False)
        assert "Aucune séance à venir" in found.alertes[0] and "mardi 30 novembre 2027" in found.alertes[0]

    def test_without_cycle_a_day_is_left_to_transmit(self):
        assert planned(end=None).seance_on == date(2027, 12, 30)

    def test_no_sitting_is_known_and_the_votes_are_over(self):
        found = planned(today=date(2027, 12, 1))
        assert found.seance_on == date(2027, 12, 7)
        assert "après la fin des délibérations" in found.alertes[1]

    @pytest.mark.parametrize(
        ("sitting", "said"),
        [
            (date(2027, 12, 10), "après la fin des délibérations"),
            (date(2027, 12, 31), "avant l'effet, le samedi 1er janvier 2028"),
            (date(2028, 2, 4), "avant l'effet"),
        ],
    )
    def test_a_sitting_too_late_is_told(self, sitting: date, said: str):
        found = planned(sitting)
        assert found.seance_on == sitting and said in " ".join(found.alertes)

    def test_a_small_commune_sends_no_note(self):
        found = planned(date(2027, 10, 15), regle=PETITE)
        assert [etape.quoi for etape in found.etapes if "note" in etape.quoi] == []
        assert day_of(found, "Convocation") == date(2027, 10, 11)

    def test_what_is_due_a_week_before_is_due_at_once_when_it_is_late(self):
        assert day_of(planned(date(2027, 9, 10)), "Texte arrêté") == TODAY


near = st.dates(date(2027, 6, 1), date(2028, 3, 31))
HOLIDAYS = st.lists(st.dates(date(2027, 1, 1), date(2028, 12, 31)), max_size=15)


class TestProperties:
    @given(near, st.lists(near, max_size=5), st.none() | near, st.integers(1, 9000), HOLIDAYS)
    def test_ordered_worked_and_never_after_the_sitting(
        self, today: date, sittings: list[date], end: date | None, population: int, off: list[date]
    ):
        days, regle = working(*off), rule_of(population)
        found = plan(Echeancier(today, tuple(sittings), EFFECT, end), regle, days)
        assert [etape.jour for etape in found.etapes] == sorted(etape.jour for etape in found.etapes)
        assert all(days.works(etape.jour) for etape in found.etapes if not etape.fixe)
        ready, called = day_of(found, "Texte arrêté"), day_of(found, "Convocation")
        assert ready <= called < found.seance_on < day_of(found, "transmise")
        assert (found.seance_on - called).days > regle.jours
        assert found.seance_on >= today and found.saisie == (
            found.seance_on in sittings and max(sittings) >= today
        )

    @given(near, st.lists(near, min_size=1, max_size=5), HOLIDAYS)
    def test_a_sitting_that_can_be_called_is_never_left_for_one_that_cannot(
        self, today: date, sittings: list[date], off: list[date]
    ):
        days = working(*off)
        timely = [day for day in sittings if convocation_on(day, GRANDE, days) >= today]
        found = plan(Echeancier(today, tuple(sittings), EFFECT, END), GRANDE, days)
        if timely:
            assert found.seance_on == min(timely)
            assert not any("devait partir" in said for said in found.alertes)

    @given(near, HOLIDAYS)
    def test_a_proposed_day_can_always_be_called(self, today: date, off: list[date]):
        days = working(*off)
        found = plan(Echeancier(today, (), EFFECT, END), GRANDE, days)
        assert days.works(found.seance_on) and convocation_on(found.seance_on, GRANDE, days) >= today
        assert found.seance_on <= END or found.seance_on <= today + timedelta(days=30)
