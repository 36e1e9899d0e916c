"""The Direction shifts the dates while 28 people type: nobody loses anything, nobody gets an error."""

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from comptes.models import Personne
from comptes.roles import Role
from journal.models import Courriel, Evenement
from mutualisation.calendrier import shifted
from mutualisation.changements import read_choices
from mutualisation.models import Cycle, Declaration
from mutualisation.workflows import declaration as workflow
from tests.concurrence import failures, together
from tests.factories import CycleFactory, DeclarationFactory, EpciFactory, activite, catalogue, holder
from tests.mutualisation.gestes import prepare, wanted
from tests.mutualisation.test_brouillon import lignes
from tests.mutualisation.test_cycle import typed

pytestmark = pytest.mark.django_db(transaction=True)
COMMUNES = 14  # a DGS and a collaborateur each
Post = Callable[[], Any]


@pytest.fixture
def cycle(at_time: Callable[[Any], datetime]) -> Cycle:
    at_time("2027-02-10 10:00")
    epci = EpciFactory()
    catalogue(epci)
    found: Cycle = CycleFactory(epci=epci, calendrier=True, annee=2028, ouvert_at=at_time("2027-02-10 10:00"))
    return found


def signed_in(personne: Personne) -> Client:
    client = Client()
    client.force_login(personne)
    return client


def typing(cycle: Cycle) -> list[Post]:
    """Of each commune, two pages loaded together: the DGS unticks DB-01, the collaborateur asks DC-01 as a prestation."""
    posts = []
    for _ in range(COMMUNES):
        declaration = DeclarationFactory(cycle=cycle)
        dgs, helper = (
            holder(role, cycle.epci, commune=declaration.commune) for role in (Role.DGS, Role.COLLABORATEUR)
        )
        draft = prepare(declaration, dgs, plus=["DB-01"])
        seen = wanted(draft)
        one, other = activite(cycle.epci, "DB-01").pk, activite(cycle.epci, "DC-01").pk
        unticked = {"activites": sorted(seen - {one})}
        asked = {"activites": sorted(seen), f"facon-{other}": "prestation"}
        page = {"vues": ",".join(map(str, seen)), "action": "enregistrer"}
        for who, typed_here in ((dgs, unticked), (helper, asked)):
            posts.append(_post(who, "mutualisation:declaration", draft.pk, page | typed_here))
    return posts


def shifting(cycle: Cycle) -> Post:
    """The Direction confirms two weeks more."""
    dates = typed(shifted(cycle, 2), version=str(cycle.version), confirmer="oui")
    who = holder(Role.DIRECTION_TERRITOIRES, cycle.epci)
    return _post(who, "mutualisation:cycle_dates", cycle.pk, dates)


def _post(who: Personne, route: str, pk: int, data: dict[str, Any]) -> Post:
    client, address = signed_in(who), reverse(route, args=[pk])
    return lambda: client.post(address, data).status_code


def kept(cycle: Cycle) -> list[dict[str, Any]]:
    return [lignes(one) for one in Declaration.objects.filter(cycle=cycle).order_by("pk")]


def test_nobody_loses_anything(cycle: Cycle):
    posts = [*typing(cycle), shifting(cycle)]
    done = together(*posts)
    assert not failures(done)
    assert done == [302] * 29
    assert kept(cycle) == [{"DC-01": ("prestation", "", "")}] * COMMUNES
    after = Cycle.objects.get(pk=cycle.pk)
    assert (after.declaration_fin_on - cycle.declaration_fin_on).days == 14
    assert Evenement.objects.filter(type="cycle.dates").count() == 1
    told = Courriel.objects.filter(type="cycle_dates", destinataire__habilitations__role=Role.DGS)
    assert told.count() == COMMUNES


def test_without_the_lock_half_of_it_is_lost(cycle: Cycle, monkeypatch: pytest.MonkeyPatch):
    """The control: the same presses, where reading a declaration does not lock it and everybody has read it first."""
    posts, everyone = typing(cycle), threading.Barrier(2 * COMMUNES)

    def unlocked(model: Any, pk: int, version: int | None = None, *, select: Any = ()) -> Any:
        return model.objects.select_related(*select).get(pk=pk)

    def read_before_all_write(declaration: Declaration) -> Any:
        choix = read_choices(declaration)
        everyone.wait(10)
        return choix

    monkeypatch.setattr(workflow, "locked", unlocked)
    monkeypatch.setattr(workflow, "read_choices", read_before_all_write)
    together(*posts, shifting(cycle))
    assert all("DB-01" in rows for rows in kept(cycle))
