"""The journal: numbers without gap, in the order of commits, with the change they tell."""

import threading
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F

from journal.models import CompteurEvenement, Evenement, EvenementDetail
from journal.workflows import unite
from journal.workflows.unite import OutsideUnit, record, unit
from territoire.models import Epci
from tests.concurrence import PATIENCE, failures, together
from tests.factories import EpciFactory, PersonneFactory

TOGETHER = 6


def tell(epci: Epci, **kwargs: Any) -> None:
    record(type="essai", objet=epci, epci=epci, libelle=kwargs.pop("libelle", "Essai"), acteur=None, **kwargs)


def tell_alone(epci: Epci) -> None:
    with unit():
        tell(epci)


def numbers(epci: Epci) -> list[int]:
    return list(Evenement.objects.filter(epci=epci).order_by("pk").values_list("numero", flat=True))


@pytest.mark.django_db
class TestRecord:
    def test_outside_a_unit_nothing_is_written(self):
        epci = EpciFactory()
        with pytest.raises(OutsideUnit, match="essai"):
            tell(epci)
        assert numbers(epci) == []

    def test_events_are_numbered_in_order_per_epci(self):
        one, two = EpciFactory(), EpciFactory()
        with unit():
            for epci in (two, one, two):
                tell(epci, libelle=f"{epci}")
        with unit():
            tell(two)
        assert (numbers(one), numbers(two)) == ([1], [1, 2, 3])

    def test_what_is_kept(self):
        epci, acteur = EpciFactory(), PersonneFactory()
        with unit():
            record(
                type="epci.renomme",
                objet=epci,
                epci=epci,
                libelle="é" * 400,
                acteur=acteur,
                qualite="DGS",
                contenu={"nom": "x"},
                detail={"avant": "y"},
            )
        event = Evenement.objects.about(epci).get()
        assert (event.acteur, event.qualite, event.contenu) == (acteur, "DGS", {"nom": "x"})
        assert len(event.libelle) == 300
        assert event.detail.contenu == {"avant": "y"}

    def test_no_detail_no_row(self):
        tell_alone(EpciFactory())
        assert not EvenementDetail.objects.exists()

    def test_a_refused_savepoint_takes_its_events_away(self):
        epci = EpciFactory()
        with unit():
            tell(epci, libelle="avant")
            with pytest.raises(ZeroDivisionError), unit():
                tell(epci, libelle="refusé")
                raise ZeroDivisionError
            tell(epci, libelle="après")
        assert list(Evenement.objects.order_by("numero").values_list("numero", "libelle")) == [
            (1, "avant"),
            (2, "après"),
        ]

    def test_a_refused_unit_leaves_no_gap(self):
        epci = EpciFactory()
        tell_alone(epci)
        with pytest.raises(ZeroDivisionError), unit():
            tell(epci)
            raise ZeroDivisionError
        tell_alone(epci)
        assert numbers(epci) == [1, 2]

    def test_the_decorator_opens_a_unit_and_joins_one(self):
        epci = EpciFactory()

        @unite.unite
        def act() -> str:
            tell(epci)
            return "fait"

        with unit():
            assert act() == act() == "fait"
            assert numbers(epci) == [], "numbers come last"
        assert numbers(epci) == [1, 2]

    def test_the_counter_is_touched_once_per_unit(self, django_assert_num_queries: Any):
        epci = EpciFactory()
        tell_alone(epci)
        with django_assert_num_queries(5), unit():  # savepoint, counter moved and read, one insert, release
            for _ in range(20):
                tell(epci)


@pytest.mark.django_db
class TestAppendOnly:
    @pytest.fixture
    def event(self) -> Evenement:
        epci = EpciFactory()
        with unit():
            tell(epci, detail={"avant": 1})
        return Evenement.objects.get()

    def test_a_line_is_never_changed(self, event: Evenement):
        with pytest.raises(IntegrityError, match="ne se modifie pas"), transaction.atomic():
            Evenement.objects.filter(pk=event.pk).update(libelle="autre")
        with pytest.raises(IntegrityError, match="ne se modifie pas"), transaction.atomic():
            EvenementDetail.objects.update(contenu={})

    def test_a_line_is_never_deleted(self, event: Evenement):
        with (
            pytest.raises(IntegrityError, match="ne se modifie pas"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute("DELETE FROM journal_evenement")
        assert Evenement.objects.exists()

    def test_details_may_be_purged(self, event: Evenement):
        EvenementDetail.objects.all().delete()
        assert Evenement.objects.exists()


def without_lock(meeting: threading.Barrier) -> Any:
    """The counter read, then written: what everybody writes first."""

    def reserve(epci_id: int, count: int) -> int:
        last = CompteurEvenement.objects.values_list("dernier", flat=True).get(epci_id=epci_id) + count
        meeting.wait(PATIENCE)
        CompteurEvenement.objects.filter(epci_id=epci_id).update(dernier=last)
        return last

    return reserve


def from_sequence(epci_id: int, count: int) -> int:
    """A serial: it never waits, and gives its numbers before the commit."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('essai_numero')")
        return int(cursor.fetchone()[0])


@pytest.fixture
def sequence() -> Any:
    with connection.cursor() as cursor:
        cursor.execute("CREATE SEQUENCE essai_numero")
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP SEQUENCE essai_numero")


class LateCommit:
    """A first act whose commit is late, a second one that starts meanwhile, and what a reader sees."""

    def __init__(self, epci: Epci) -> None:
        self.epci = epci
        self.written, self.release = threading.Event(), threading.Event()
        self.threads = [threading.Thread(target=self._late), threading.Thread(target=self._second)]

    def _late(self) -> None:
        with transaction.atomic():
            tell_alone(self.epci)
            self.written.set()
            self.release.wait(PATIENCE)
        connection.close()

    def _second(self) -> None:
        self.written.wait(PATIENCE)
        tell_alone(self.epci)
        connection.close()

    def play(self) -> tuple[list[int], list[int]]:
        """Numbers a reader sees while the first commit waits, then at the end."""
        for thread in self.threads:
            thread.start()
        self.written.wait(PATIENCE)
        self.threads[1].join(0.5)
        during = numbers(self.epci)
        self.release.set()
        for thread in self.threads:
            thread.join(PATIENCE)
        return during, sorted(numbers(self.epci))


@pytest.mark.django_db(transaction=True)
class TestTogether:
    @pytest.fixture
    def epci(self) -> Epci:
        epci = EpciFactory()
        tell_alone(epci)
        return epci

    def test_numbers_have_no_gap_and_no_double(self, epci: Epci):
        results = together(*[lambda: tell_alone(epci)] * TOGETHER)
        assert failures(results) == []
        assert sorted(numbers(epci)) == list(range(1, TOGETHER + 2))

    def test_control_without_the_lock_two_acts_take_the_same_number(
        self, epci: Epci, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr(unite, "_reserve", without_lock(threading.Barrier(2)))
        results = together(*[lambda: tell_alone(epci)] * 2)
        assert [type(error) for error in failures(results)] == [IntegrityError]

    def test_the_very_first_numbers_of_an_epci(self):
        epci = EpciFactory()
        assert failures(together(*[lambda: tell_alone(epci)] * TOGETHER)) == []
        assert sorted(numbers(epci)) == list(range(1, TOGETHER + 1))

    def test_acts_on_two_epci_in_opposite_orders_do_not_block_each_other(self, epci: Epci):
        other = EpciFactory()

        def act(*order: Epci) -> None:
            for _ in range(10):
                with unit():
                    for one in order:
                        tell(one)

        assert failures(together(lambda: act(epci, other), lambda: act(other, epci))) == []
        assert sorted(numbers(epci)) == list(range(1, 22))

    def test_a_late_commit_is_never_skipped_by_a_reader(self, epci: Epci):
        assert LateCommit(epci).play() == ([1], [1, 2, 3])

    @pytest.mark.usefixtures("sequence")
    def test_control_with_a_serial_the_reader_skips_the_late_commit(
        self, epci: Epci, monkeypatch: pytest.MonkeyPatch
    ):
        CompteurEvenement.objects.update(dernier=F("dernier"))
        with connection.cursor() as cursor:
            cursor.execute("SELECT nextval('essai_numero')")
        monkeypatch.setattr(unite, "_reserve", from_sequence)
        during, _ = LateCommit(epci).play()
        assert during == [1, 3], "number 2 is not there yet: whoever asks « after 3 » never sees it"

    @pytest.mark.usefixtures("sequence")
    def test_control_with_a_serial_a_refused_act_leaves_a_gap(self, monkeypatch: pytest.MonkeyPatch):
        epci = EpciFactory()
        monkeypatch.setattr(unite, "_reserve", from_sequence)
        tell_alone(epci)
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            tell_alone(epci)
            raise ZeroDivisionError
        tell_alone(epci)
        assert numbers(epci) == [1, 3]
