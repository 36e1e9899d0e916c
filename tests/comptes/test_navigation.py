"""The menu says where one is, on every page and under every hat."""

import re
from typing import Any

import pytest
from django.urls import reverse

from comptes.navigation import ENTRIES, LABELS, UNDER
from tests.factories import Monde

MENU = re.compile(r'<nav[^>]* aria-label="Principale">(.*?)</nav>', re.DOTALL)
CURRENT = re.compile(r'<a href="([^"]+)" aria-current="page">')


def current(client: Any, who: Any, path: str) -> set[str]:
    """Addresses of the entries of the menu marked as the present one."""
    client.force_login(who)
    response = client.get(path)
    assert response.status_code == 200
    (menu, *_) = MENU.findall(response.content.decode())
    return set(CURRENT.findall(menu))


@pytest.mark.parametrize("page", ["poles", "equipes", "sieges", "catalogue", "matrice"])
@pytest.mark.parametrize("who", ["direction", "directeur", "administrateur"])
def test_who_answers_stands_under_who_shares_what(client: Any, monde: Monde, who: str, page: str):
    path = reverse(f"mutualisation:{page}")
    assert current(client, getattr(monde, who), path) == {reverse("mutualisation:matrice")}


@pytest.mark.parametrize(
    ("who", "entry"), [("dgs", "ma_declaration"), ("directeur", "campagne"), ("direction", "campagne")]
)
def test_a_declaration_stands_where_each_hat_comes_from(client: Any, monde: Monde, who: str, entry: str):
    reader = monde.a.dgs if who == "dgs" else getattr(monde, who)
    path = reverse("mutualisation:declaration", args=[monde.a.declaration.pk])
    assert current(client, reader, path) == {reverse(f"mutualisation:{entry}")}


@pytest.mark.parametrize(("who", "entry"), [("direction", "instructions"), ("directeur", "campagne")])
def test_the_instruction_stands_under_an_entry_of_the_hat(client: Any, monde: Monde, who: str, entry: str):
    path = reverse("mutualisation:instruction", args=[monde.cycle.pk])
    assert current(client, getattr(monde, who), path) == {reverse(f"mutualisation:{entry}")}


def test_an_engagement_stands_under_the_contracts(client: Any, monde: Monde):
    path = reverse("contrats:engagement", args=[monde.a.engagement.pk])
    assert current(client, monde.a.dgs, path) == {reverse("contrats:contrats")}


def test_every_entry_has_a_label_and_every_page_an_entry_of_some_hat():
    entries = {name for names in ENTRIES.values() for name in names}
    assert entries <= set(LABELS)
    assert {name for names in UNDER.values() for name in names} <= entries
