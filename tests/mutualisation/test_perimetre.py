"""The filters of a list offer what the reader follows, and nothing else."""

from typing import Any

import pytest
from django.urls import reverse

from comptes.roles import Role
from mutualisation.perimetre import communes_of, domaines_of, poles_of
from territoire.models import Commune, Pole
from tests.factories import Monde, SiegeFactory, domaine, fresh, holder
from tests.mutualisation.demandes import delegation_pk


def told(monde: Monde, user: Any) -> tuple[list[Commune], list[Pole], list[str]]:
    epci = monde.epci
    codes = [found.code for found in domaines_of(user, epci)]
    return list(communes_of(user, epci)), list(poles_of(user, epci)), codes


def test_who_follows_the_whole_epci_is_offered_everything(monde: Monde):
    communes, poles, domaines = told(monde, monde.direction)
    assert communes == [monde.a.commune, monde.b.commune, monde.c]
    assert [pole.nom for pole in poles] == ["Pôle Nord", "Pôle Sud"]
    assert domaines == ["DA", "DB", "DC"]


def test_a_director_is_offered_his_pole(monde: Monde):
    communes, poles, domaines = told(monde, monde.directeur)
    assert (communes, domaines) == ([monde.a.commune], ["DA", "DB", "DC"])
    assert [pole.nom for pole in poles] == ["Pôle Nord"]


def test_a_responsable_is_offered_his_domain_everywhere(monde: Monde):
    communes, poles, domaines = told(monde, monde.responsable)
    assert (len(communes), len(poles), domaines) == (3, 2, ["DA"])


def test_titles_add_up_and_the_one_of_agent_opens_nothing(monde: Monde):
    person = holder(Role.AGENT, monde.epci)
    assert told(monde, person) == ([], [], [])
    values = {"epci": monde.epci, "titulaire": person}
    SiegeFactory(**values, referent=True, commune=monde.b.commune, domaine=domaine(monde.epci, "DB"))
    SiegeFactory(**values, referent=True, commune=monde.c, domaine=domaine(monde.epci, "DC"))
    communes, _, domaines = told(monde, fresh(person))
    assert (communes, domaines) == ([monde.b.commune, monde.c], ["DB", "DC"])


def test_nothing_of_another_epci(monde: Monde):
    assert told(monde, monde.direction_voisine) == ([], [], [])


def offered(client: Any, who: Any, url: str) -> dict[str, int]:
    """How many values each list of a page offers."""
    client.force_login(who)
    form = client.get(url).context["filtre"]
    fields = getattr(form, "form", form).fields
    return {name: fields[name].queryset.count() for name in ("commune", "pole", "domaine") if name in fields}


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("instruction", {"commune": 1, "pole": 1, "domaine": 3}),
        ("evaluations", {"commune": 1, "domaine": 3}),
        ("actes", {"pole": 1}),
        ("actes_enregistres", {"commune": 1}),
        ("avis_enregistres", {"commune": 1}),
        ("campagne", {"pole": 1}),
        ("conventions", {"pole": 1}),
    ],
)
def test_every_list_of_a_director(monde: Monde, client: Any, page: str, expected: dict[str, int]):
    args = [] if page in ("campagne", "conventions") else [monde.cycle_passe.pk]
    assert offered(client, monde.directeur, reverse(f"mutualisation:{page}", args=args)) == expected


def test_who_was_delegated_an_evaluation_finds_its_commune(monde: Monde, client: Any):
    delegation_pk(monde)
    url = reverse("mutualisation:evaluations", args=[monde.cycle_passe.pk])
    assert offered(client, monde.b.referent, url) == {"commune": 2, "domaine": 1}
