"""The clock, the registries, rights and refusals, periods, reads that cannot write."""

from datetime import UTC, date, datetime, time, timedelta
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpResponse
from django.test import RequestFactory

from socle import horloge
from socle.droits import ActionInterdite, require
from socle.erreurs import Conflit, Refus
from socle.middleware import ReadOnlyGetMiddleware, WriteInRead
from socle.registres import Registre
from territoire.models import Epci
from tests.factories import AppartenanceFactory, EpciFactory

NEW_YEAR = datetime(2027, 12, 31, 23, tzinfo=UTC)  # midnight in Paris


class TestClock:
    def test_it_tells_true_time_by_default(self):
        assert abs(horloge.now() - datetime.now(UTC)) < timedelta(seconds=5)
        assert horloge.now().utcoffset() == timedelta()

    def test_the_day_depends_on_the_place(self):
        with horloge.at(NEW_YEAR):
            assert horloge.today("Europe/Paris") == date(2028, 1, 1)
            assert horloge.today("America/Martinique") == date(2027, 12, 31)

    def test_midnight_is_local(self):
        assert horloge.midnight(date(2028, 1, 1), "Europe/Paris") == NEW_YEAR
        assert horloge.midnight(date(2028, 7, 1), "Europe/Paris") == datetime(2028, 6, 30, 22, tzinfo=UTC)
        assert horloge.at_hour(date(2028, 1, 1), time(8), "Indian/Reunion") == datetime(
            2028, 1, 1, 4, tzinfo=UTC
        )

    def test_an_instant_is_told_elsewhere(self):
        assert horloge.local(NEW_YEAR, "Europe/Paris").isoformat() == "2028-01-01T00:00:00+01:00"

    def test_stopping_is_nested_and_undone_even_by_an_error(self):
        later = NEW_YEAR + timedelta(days=1)
        with horloge.at(NEW_YEAR):
            with pytest.raises(ZeroDivisionError), horloge.at(later):
                assert horloge.now() == later
                raise ZeroDivisionError
            assert horloge.now() == NEW_YEAR
        assert horloge.now() != NEW_YEAR

    def test_real_time_never_moves(self):
        with horloge.at(NEW_YEAR):
            assert horloge.real_now() != NEW_YEAR

    def test_the_demonstration_moves_it(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(horloge, "_offset_source", None)
        assert not horloge.is_demonstration()
        horloge.set_offset_source(lambda: timedelta(days=100))
        assert horloge.is_demonstration()
        assert horloge.now() - horloge.real_now() > timedelta(days=99)

    def test_the_fixture_reads_days_and_hours(self, at_time: Any):
        assert at_time("2027-02-10") == horloge.now() == datetime(2027, 2, 10, 9, tzinfo=UTC)
        assert at_time("2027-07-10 08:30") == horloge.now() == datetime(2027, 7, 10, 6, 30, tzinfo=UTC)


class TestRegistre:
    def test_functions_answer_in_order(self):
        registre: Registre[Any] = Registre("essai")
        registre.register("b", lambda n: [n, n + 1])
        registre.register("a", lambda n: iter([n * 10]))
        assert registre.gather(2) == [2, 3, 20]
        assert registre.get("a")(1).__next__() == 10

    def test_a_name_is_taken_once(self):
        registre: Registre[Any] = Registre("essai")
        registre.register("a", print)
        registre.register("a", print)
        assert len(list(registre)) == 1
        with pytest.raises(ValueError, match="essai: a is registered twice"):
            registre.register("a", repr)

    def test_an_unknown_name_is_an_error(self):
        with pytest.raises(KeyError):
            Registre("essai").get("absent")


class Porte:
    QUI_PEUT: ClassVar = {"ouvrir": "Seul le gardien ouvre la porte."}

    def abilities_for(self, user: Any) -> dict[str, bool]:
        return {"ouvrir": user == "gardien"}


class TestRights:
    def test_who_may_passes(self):
        require(Porte(), "gardien", "ouvrir")

    def test_who_may_not_is_told_who_can(self):
        with pytest.raises(ActionInterdite, match=r"^Seul le gardien ouvre la porte\.$") as refused:
            require(Porte(), "passant", "ouvrir")
        assert isinstance(refused.value, PermissionDenied)

    def test_an_action_nobody_declared_is_a_fault_of_ours(self):
        with pytest.raises(KeyError):
            require(Porte(), "gardien", "fermer")

    def test_a_refusal_says_where(self):
        refus = Refus("La date est passée.", field="date")
        assert (refus.message, refus.field, str(refus)) == (
            "La date est passée.",
            "date",
            "La date est passée.",
        )
        assert isinstance(Conflit("Trop tard."), Refus)
        assert Conflit("Trop tard.").field is None


@pytest.mark.django_db
class TestPeriods:
    def test_the_first_day_is_in_the_last_is_out(self):
        row = AppartenanceFactory(debut=date(2027, 1, 1), fin=date(2028, 1, 1))
        days = ("2026-12-31", "2027-01-01", "2027-12-31", "2028-01-01")
        on = [row.epci.appartenances.on(date.fromisoformat(day)).exists() for day in days]
        assert on == [False, True, True, False]

    def test_without_end_it_lasts(self):
        row = AppartenanceFactory(debut=date(2027, 1, 1))
        assert row.epci.appartenances.on(date(2999, 1, 1)).exists()


@pytest.mark.django_db
class TestReadOnlyGet:
    def answer(self, method: str, view: Any) -> HttpResponse:
        request = RequestFactory().generic(method, "/")
        return ReadOnlyGetMiddleware(lambda request: view() or HttpResponse())(request)

    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    def test_a_read_cannot_write(self, method: str):
        with pytest.raises(WriteInRead, match="INSERT"), transaction.atomic():
            self.answer(method, EpciFactory)
        assert not Epci.objects.exists()

    def test_nor_lock_a_counter_in_passing(self):
        epci = EpciFactory()
        with pytest.raises(WriteInRead, match="UPDATE"):
            self.answer("GET", lambda: Epci.objects.filter(pk=epci.pk).update(nom="x") and None)

    def test_a_read_reads(self):
        EpciFactory()
        seen = SimpleNamespace(count=0)

        def view() -> None:
            seen.count = Epci.objects.count()

        assert self.answer("GET", view).status_code == 200
        assert seen.count == 1

    def test_a_post_writes(self):
        def view() -> None:
            EpciFactory()

        self.answer("POST", view)
        assert Epci.objects.count() == 1
