"""Accounts closed by two people at once, or while somebody else gives a role."""

import threading
from contextlib import suppress
from datetime import date
from typing import Any

import pytest

from comptes.models import Habilitation, Personne
from comptes.roles import Role
from journal.workflows import compte as workflow
from journal.workflows.compte import close_account
from journal.workflows.personne import Mandat, grant
from socle.erreurs import Refus
from territoire.models import Epci
from tests.concurrence import failures, together
from tests.factories import EpciFactory, fresh, holder, member_commune

TODAY = date(2027, 2, 10)
MOTIF = "A quitté la collectivité."


class TestAtOnce:
    """Two administrators close each other; each has looked whether another remains before the other writes."""

    def close_each_other(self, at_time: Any, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
        at_time("2027-02-10 10:00")
        epci = EpciFactory()
        one, two = holder(Role.ADMINISTRATEUR, epci), holder(Role.ADMINISTRATEUR, epci)
        both, look = threading.Barrier(2), workflow._leave_an_administrator

        def look_together(personne: Personne, epci: Epci) -> None:
            look(personne, epci)
            with suppress(threading.BrokenBarrierError):  # the other waits for the lock, and never comes
                both.wait(1)

        monkeypatch.setattr(workflow, "_leave_an_administrator", look_together)
        return together(
            lambda: close_account(personne=two, epci=epci, acteur=one, motif=MOTIF),
            lambda: close_account(personne=one, epci=epci, acteur=two, motif=MOTIF),
        )

    @pytest.mark.django_db(transaction=True)
    def test_one_remains(self, at_time: Any, monkeypatch: pytest.MonkeyPatch):
        results = self.close_each_other(at_time, monkeypatch)
        assert [type(error) for error in failures(results)] == [Refus]
        assert Personne.objects.filter(is_active=True).count() == 1

    @pytest.mark.django_db(transaction=True)
    def test_control_without_the_lock_none_does(self, at_time: Any, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(workflow, "locked_epci", lambda pk: None)
        assert not failures(self.close_each_other(at_time, monkeypatch))
        assert not Personne.objects.filter(is_active=True).exists()


@pytest.mark.django_db(transaction=True)
def test_a_role_given_elsewhere_while_closing_leaves_nothing_half_done(at_time: Any):
    """Either the account is open with its role elsewhere, or closed and the role refused."""
    at_time("2027-02-10 10:00")
    epci, other = EpciFactory(), EpciFactory()
    leaving = holder(Role.DGS, epci, commune=member_commune(epci))
    here, there = holder(Role.ADMINISTRATEUR, epci), holder(Role.ADMINISTRATEUR, other)
    together(
        lambda: close_account(personne=leaving, epci=epci, acteur=here, motif=MOTIF),
        lambda: grant(personne=leaving, epci=other, acteur=there, mandat=Mandat(Role.AGENT, TODAY)),
    )
    assert fresh(leaving).is_active == Habilitation.objects.filter(personne=leaving, epci=other).exists()
