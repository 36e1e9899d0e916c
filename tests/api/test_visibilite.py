"""Who reads what: the API shows exactly what `visible_to` gives, and a foreign object does not exist."""

from collections.abc import Callable
from typing import Any

import pytest

from comptes.roles import Role
from config.api import RESOURCES
from contrats.models import Contrat
from journal.models import Evenement
from journal.workflows.unite import record, unit
from mutualisation.models import Adhesion, Cycle, Domaine, Siege
from revues.models import Revue
from territoire.models import Commune, Epci
from tests.api.conftest import Lire, bearer
from tests.factories import (
    AdhesionFactory,
    ContratFactory,
    CycleFactory,
    EngagementFactory,
    Monde,
    RevueFactory,
    SiegeFactory,
    VersionContratFactory,
    activite,
    domaine,
    fresh,
)

pytestmark = pytest.mark.django_db
PROBLEM = "application/problem+json"
MODELS = {
    "epcis": Epci,
    "communes": Commune,
    "domaines": Domaine,
    "cycles": Cycle,
    "adhesions": Adhesion,
    "contrats": Contrat,
    "sieges": Siege,
    "revues": Revue,
    "evenements": Evenement,
}
WHO: dict[str, Callable[[Monde], Any]] = {
    "dgs": lambda m: m.a.dgs,
    "maire": lambda m: m.a.maire,
    "collaborateur": lambda m: m.a.collaborateur,
    "lecteur": lambda m: m.a.lecteur,
    "referent": lambda m: m.a.referent,
    "responsable": lambda m: m.responsable,
    "responsable d'un autre domaine": lambda m: m.responsable_autre,
    "directeur": lambda m: m.directeur,
    "direction": lambda m: m.direction,
    "administrateur": lambda m: m.administrateur,
    "service": lambda m: m.service,
    "direction voisine": lambda m: m.direction_voisine,
}


@pytest.fixture
def complet(monde: Monde) -> Monde:
    """The world, with something of every kind in the neighbouring EPCI, and a journal."""
    epci, commune = monde.epci_voisin, monde.commune_voisine
    CycleFactory(epci=epci, annee=2028)
    AdhesionFactory(epci=epci, commune=commune, activite=activite(epci))
    contrat = ContratFactory(epci=epci, commune=commune)
    EngagementFactory(version_contrat=VersionContratFactory(contrat=contrat), domaine=domaine(epci))
    SiegeFactory(epci=epci, commune=commune, domaine=domaine(epci))
    RevueFactory(epci=epci, commune=commune, domaine=domaine(epci))
    for side, where in (
        (epci, commune),
        (monde.epci, monde.a.commune),
        (monde.epci, monde.b.commune),
        (monde.epci, None),
    ):
        with unit():
            record(type="essai", objet=side, epci=side, libelle="Essai", acteur=None, commune=where)
    return monde


def test_every_resource_is_looked_at():
    assert set(MODELS) | {"activites"} == set(RESOURCES)


@pytest.mark.parametrize("who", WHO)
def test_the_lists_are_what_visible_to_gives(complet: Monde, ids: Callable[..., list[int]], who: str):
    person = WHO[who](complet)
    for path, model in MODELS.items():
        expected = model.objects.visible_to(fresh(person)).order_by("pk").values_list("pk", flat=True)  # type: ignore[attr-defined]
        assert sorted(ids(f"{path}/", person)) == list(expected), path


@pytest.mark.parametrize(
    ("who", "communes"),
    [
        ("dgs", "a"),
        ("maire", "a"),
        ("lecteur", "a"),
        ("referent", "a"),
        ("directeur", "a"),
        ("responsable", "ab"),
        ("responsable d'un autre domaine", ""),
        ("direction", "ab"),
        ("service", "ab"),
    ],
)
def test_whose_reviews_and_contracts_each_role_reads(complet: Monde, lire: Lire, who: str, communes: str):
    expected = {getattr(complet, name).commune.pk for name in communes}
    for path in ("revues", "contrats"):
        rows = lire(f"{path}/", WHO[who](complet)).json()["resultats"]
        assert {row["commune"] for row in rows} == expected, path


def test_a_service_account_reads_its_epci_and_no_other(complet: Monde, lire: Lire):
    read = {path: lire(f"{path}/", complet.secret, taille=200).json()["resultats"] for path in RESOURCES}
    assert [row["id"] for row in read.pop("epcis")] == [complet.epci.pk]
    members = {complet.a.commune.pk, complet.b.commune.pk, complet.c.pk}
    assert {row["id"] for row in read.pop("communes")} == members
    for path, rows in read.items():
        assert {row["epci"] for row in rows} == {complet.epci.pk}, path


def test_each_object_reads_alone(complet: Monde, lire: Lire):
    for path in RESOURCES:
        mine = lire(f"{path}/", complet.secret).json()["resultats"][0]
        assert lire(f"{path}/{mine['id']}/", complet.secret).json() == mine


def test_a_foreign_object_does_not_exist(complet: Monde, lire: Lire):
    for path in RESOURCES:
        other = lire(f"{path}/", complet.direction_voisine).json()["resultats"][0]
        foreign = lire(f"{path}/{other['id']}/", complet.secret)
        absent = lire(f"{path}/999999999/", complet.secret)
        assert (foreign.status_code, foreign["Content-Type"]) == (404, PROBLEM), path
        assert foreign.json()["code"] == "introuvable", path
        assert foreign.content == absent.content, path


def test_filtering_on_a_foreign_epci_gives_what_an_absent_one_gives(complet: Monde, lire: Lire):
    for path in sorted(set(RESOURCES) - {"epcis"}):
        foreign = lire(f"{path}/", complet.secret, epci=complet.epci_voisin.pk)
        absent = lire(f"{path}/", complet.secret, epci=999_999_999)
        assert foreign.json() == absent.json() == {"suivant": None, "precedent": None, "resultats": []}, path


def test_a_contract_shows_only_the_domains_one_answers_for(complet: Monde, lire: Lire):
    EngagementFactory(version_contrat=complet.a.version, domaine=domaine(complet.epci, "DB"))
    seen = {}
    for who in ("dgs", "responsable", "responsable d'un autre domaine"):
        rows = lire("contrats/", WHO[who](complet), commune=complet.a.commune.pk).json()["resultats"]
        seen[who] = [e["domaine_code"] for row in rows for v in row["versions"] for e in v["engagements"]]
    assert seen == {"dgs": ["DA", "DB"], "responsable": ["DA"], "responsable d'un autre domaine": ["DB"]}


def test_rights_say_what_the_account_may_do(complet: Monde, lire: Lire):
    path = f"revues/{complet.a.revue.pk}/"
    nothing = {"tenir": False, "annuler": False, "retablir": False}  # its day has not come
    can, cannot = nothing | {"tenir": True}, nothing
    for who, droits in (("directeur", can), ("responsable", can), ("dgs", cannot), ("service", cannot)):
        assert lire(path, WHO[who](complet)).json()["droits"] == droits, who


def test_the_rights_of_a_director_stop_at_his_poles(complet: Monde, lire: Lire):
    """He sees the commune by another title, but does not run its reviews."""
    both = fresh(complet.directeur)
    both.habilitations.create(role=Role.DGS, epci=complet.epci, commune=complet.b.commune, debut="2020-01-01")
    assert lire(f"revues/{complet.b.revue.pk}/", both).json()["droits"] == {
        "tenir": False,
        "annuler": False,
        "retablir": False,
    }


def test_a_seat_shows_who_holds_it_today(complet: Monde, lire: Lire, at_time: Callable[[Any], Any]):
    seat = lire(f"sieges/{complet.siege.pk}/", complet.secret).json()
    assert [(t["rang"], t["nom"]) for t in seat["titulaires"]] == [("titulaire", "Claude Responsable")]
    complet.siege.titulaires.update(fin="2027-03-01")
    at_time("2027-03-01")
    assert lire(f"sieges/{complet.siege.pk}/", complet.secret).json()["titulaires"] == []


def test_no_personal_address_leaves_by_the_api(complet: Monde, lire: Lire):
    for path in RESOURCES:
        assert "@" not in lire(f"{path}/", complet.secret, taille=200).content.decode(), path


def test_the_page_of_each_object_is_told(complet: Monde, lire: Lire, client: Any, settings: Any):
    settings.SITE_URL = "https://mutualisation.example"
    client.force_login(complet.direction)
    for path in ("cycles", "contrats", "sieges", "revues"):
        page = lire(f"{path}/", complet.secret).json()["resultats"][0]["page"]
        assert page.startswith("https://mutualisation.example/")
        assert client.get(page.removeprefix("https://mutualisation.example")).status_code == 200, page


def test_a_head_says_that_the_object_exists(complet: Monde, api_client: Any):
    response = api_client.head(f"/api/v1/revues/{complet.a.revue.pk}/", **bearer(complet.secret))
    assert (response.status_code, response.content) == (200, b"")


def test_reading_is_all_there_is(complet: Monde, lire: Lire, api_client: Any):
    first = {path: lire(f"{path}/", complet.secret).json()["resultats"][0]["id"] for path in RESOURCES}
    for address in [address for path, pk in first.items() for address in (f"{path}/", f"{path}/{pk}/")]:
        for method in ("post", "put", "patch", "delete", "options"):
            response = getattr(api_client, method)(f"/api/v1/{address}", **bearer(complet.secret))
            assert (response.status_code, response["Allow"]) == (405, "GET, HEAD"), method
            assert (response["Content-Type"], response.json()["code"]) == (PROBLEM, "methode")


def test_an_address_the_api_does_not_have(complet: Monde, lire: Lire, api_client: Any):
    response = lire("nimporte/quoi/", complet.secret)
    assert (response.status_code, response["Content-Type"]) == (404, PROBLEM)
    assert api_client.get("/api/v1/nimporte/quoi/").status_code == 401


def test_only_json_is_offered(complet: Monde, api_client: Any):
    response = api_client.get("/api/v1/epcis/", HTTP_ACCEPT="text/html", **bearer(complet.secret))
    assert (response.status_code, response.json()["code"]) == (406, "format")
