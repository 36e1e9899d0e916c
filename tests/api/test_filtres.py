"""Each filter keeps what it says; what is unknown, repeated or ill-typed is refused by its name."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from config.api import RESOURCES
from journal.workflows.unite import record, unit
from mutualisation.models import Activite, ActiviteVersion, Domaine, Siege
from territoire.models import Appartenance
from tests.api.conftest import Lire
from tests.factories import (
    SINCE,
    ActiviteFactory,
    AdhesionFactory,
    HabilitationFactory,
    Monde,
    RevueFactory,
    SiegeFactory,
    activite,
    catalogue,
    domaine,
    fresh,
)

pytestmark = pytest.mark.django_db
Ids = Callable[..., list[int]]


def assert_invalid(response: Any, erreurs: dict[str, list[str]]) -> None:
    """A 400 that names each faulty parameter, under `erreurs` and in the sentence of `detail`."""
    body = response.json()
    assert (response.status_code, response["Content-Type"]) == (400, "application/problem+json")
    assert (body["code"], body["title"], body["status"]) == ("invalide", "Demande incorrecte", 400)
    assert body["erreurs"] == erreurs
    assert all(name in body["detail"] for name in erreurs)


# What is refused


UNKNOWN = ["Ce paramètre n'existe pas ici."]


def test_an_unknown_parameter_is_named(monde: Monde, lire: Lire):
    for path in RESOURCES:
        response = lire(f"{path}/", monde.secret, commue=3, format="json")
        assert_invalid(response, {"commue": UNKNOWN, "format": UNKNOWN})


def test_a_detail_takes_no_parameter(monde: Monde, lire: Lire):
    for name in ("epci", "curseur", "taille", "x"):
        assert_invalid(lire(f"revues/{monde.a.revue.pk}/", monde.secret, **{name: 1}), {name: UNKNOWN})


def test_a_repeated_parameter_is_named(monde: Monde, lire: Lire):
    response = lire("revues/", monde.secret, commune=[1, 2])
    assert_invalid(response, {"commune": ["Ce paramètre est donné plusieurs fois."]})


EMPTY = ["Donnez une valeur, ou retirez ce paramètre."]


def test_an_empty_parameter_is_named_and_never_gives_everything(monde: Monde, lire: Lire):
    for path, viewset in RESOURCES.items():
        filterset = getattr(viewset, "filterset_class", None)
        for name in filterset.get_filters() if filterset else ():
            for value in ("", "  "):
                assert_invalid(lire(f"{path}/", monde.secret, **{name: value}), {name: EMPTY})


def test_an_empty_parameter_beside_others(monde: Monde, lire: Lire):
    response = lire("sieges/?cote=&domaine_code=", monde.secret)
    assert_invalid(response, {"cote": EMPTY, "domaine_code": EMPTY})
    response = lire("adhesions/?code_insee=&le=2027-03-01", monde.secret)
    assert_invalid(response, {"code_insee": EMPTY})


WHOLE = "Saisissez un nombre entier."
DAY = "Saisissez une date valide."
INSTANT = "Saisissez une date et une heure valides."
TOO_BIG = "Assurez-vous que cette valeur est inférieure ou égale à 9223372036854775807."


BAD_VALUES = [
    ("communes", "epci", "Bordeaux", WHOLE),
    ("communes", "le", "2027-02-30", DAY),
    ("communes", "le", "10/02/2027", DAY),
    ("communes", "siren", "21\x00", "Le caractère nul n’est pas autorisé."),
    ("adhesions", "commune", "1.5", WHOLE),
    ("adhesions", "activite", str(2**63), TOO_BIG),
    ("adhesions", "epci", "0", "Assurez-vous que cette valeur est supérieure ou égale à 1."),
    ("adhesions", "le", "demain", DAY),
    ("cycles", "annee", "deux mille", WHOLE),
    ("sieges", "cote", "etat", "Sélectionnez un choix valide. etat n’en fait pas partie."),
    ("revues", "type", "bilan", "Sélectionnez un choix valide. bilan n’en fait pas partie."),
    ("revues", "etat", "perdue", "Sélectionnez un choix valide. perdue n’en fait pas partie."),
    ("revues", "apres", "hier", INSTANT),
    ("revues", "avant", "2027-02-10T25:00", INSTANT),
    ("evenements", "apres", "-1", "Assurez-vous que cette valeur est supérieure ou égale à 0."),
    ("evenements", "objet_id", "x", WHOLE),
]


def test_a_bad_value_is_told_in_french(monde: Monde, lire: Lire):
    for path, name, value, message in BAD_VALUES:
        assert_invalid(lire(f"{path}/", monde.secret, **{name: value}), {name: [message]})


def test_every_fault_is_told_at_once(monde: Monde, lire: Lire):
    response = lire("revues/", monde.secret, commune="x", apres="y")
    assert_invalid(response, {"commune": [WHOLE], "apres": [INSTANT]})


# What each filter keeps


def test_communes(monde: Monde, ids: Ids):
    a, b, c = monde.a.commune, monde.b.commune, monde.c
    assert set(ids("communes/", monde.secret, epci=monde.epci.pk)) == {a.pk, b.pk, c.pk}
    assert ids("communes/", monde.secret, code_insee=a.code_insee) == [a.pk]
    assert ids("communes/", monde.secret, siren=b.siren) == [b.pk]
    assert ids("communes/", monde.secret, siren="000000000") == []


def test_communes_members_on_a_day(monde: Monde, ids: Ids):
    Appartenance.objects.filter(commune=monde.c).update(fin=date(2025, 1, 1))
    assert monde.c.pk in ids("communes/", monde.secret, le="2024-12-31")
    assert monde.c.pk not in ids("communes/", monde.secret, le="2025-01-01")
    assert ids("communes/", monde.secret, le="2019-12-31") == []
    assert monde.c.pk in ids("communes/", monde.secret)


def test_communes_members_of_one_epci_on_a_day(monde: Monde, ids: Ids):
    """An account of two EPCI: the day is that of the membership in the EPCI asked, not in the other one."""
    HabilitationFactory(personne=monde.service, service=True, epci=monde.epci_voisin)
    Appartenance.objects.filter(commune=monde.c).update(fin=date(2025, 1, 1))
    Appartenance.objects.create(commune=monde.c, epci=monde.epci_voisin, debut=date(2025, 1, 1))
    moved, who = monde.c.pk, fresh(monde.service)
    assert moved in ids("communes/", who, epci=monde.epci_voisin.pk, le="2025-01-01")
    assert moved not in ids("communes/", who, epci=monde.epci.pk, le="2025-01-01")
    assert moved in ids("communes/", who, epci=monde.epci.pk)


def test_domaines_and_activites(monde: Monde, ids: Ids):
    epci = monde.epci
    codes = Activite.objects.filter(epci=epci, code__startswith="DB").values_list("pk", flat=True)
    assert ids("domaines/", monde.secret, code="DB") == [domaine(epci, "DB").pk]
    assert ids("activites/", monde.secret, code="DB-02") == [activite(epci, "DB-02").pk]
    assert set(ids("activites/", monde.secret, domaine=domaine(epci, "DB").pk)) == set(codes)
    assert ids("activites/", monde.secret, domaine=999_999) == []
    assert len(ids("activites/", monde.secret, epci=epci.pk)) == 9
    assert len(ids("domaines/", monde.secret, epci=epci.pk)) == 3


def test_the_domain_of_an_activity_is_that_of_the_edition_in_force(monde: Monde, lire: Lire):
    moved, target = activite(monde.epci, "DA-01"), domaine(monde.epci, "DC")
    edition = catalogue(monde.epci, effective_on=date(2027, 1, 1))
    ActiviteVersion.objects.filter(catalogue=edition, activite=moved).update(domaine=target)
    coming = catalogue(monde.epci, effective_on=date(2028, 1, 1))
    assert ActiviteVersion.objects.get(catalogue=coming, activite=moved).domaine == monde.domaine
    row = lire(f"activites/{moved.pk}/", monde.secret).json()
    assert (row["domaine"], row["domaine_code"]) == (target.pk, "DC")


def test_an_activity_of_no_edition_has_no_domain(monde: Monde, lire: Lire):
    row = lire(f"activites/{ActiviteFactory(epci=monde.epci).pk}/", monde.secret).json()
    assert (row["domaine"], row["domaine_code"]) == (None, None)


def test_cycles(monde: Monde, lire: Lire):
    assert [row["annee"] for row in lire("cycles/", monde.secret, annee=2028).json()["resultats"]] == [2028]
    rows = lire("cycles/", monde.secret, epci=monde.epci.pk).json()["resultats"]
    phases = {row["annee"]: row["phase"] for row in rows}
    assert phases == {2027: "en_vigueur", 2028: "declaration", 2029: "preparation"}


def test_adhesions(monde: Monde, ids: Ids):
    a, epci = monde.a.commune, monde.epci
    ended = AdhesionFactory(epci=epci, commune=a, activite=activite(epci, "DB-01"), fin=date(2026, 1, 1))
    assert ended.pk in ids("adhesions/", monde.secret, le="2025-12-31")
    assert ended.pk not in ids("adhesions/", monde.secret, le="2026-01-01")
    assert ids("adhesions/", monde.secret, le="2019-12-31") == []
    assert ids("adhesions/", monde.secret, activite=activite(epci, "DB-01").pk) == [ended.pk]
    assert ids("adhesions/", monde.secret, activite_code="DB-01") == [ended.pk]
    assert ended.pk in ids("adhesions/", monde.secret, commune=a.pk)
    assert ended.pk not in ids("adhesions/", monde.secret, commune=monde.b.commune.pk)
    assert len(ids("adhesions/", monde.secret, code_insee=a.code_insee)) == 2
    assert len(ids("adhesions/", monde.secret, epci=epci.pk)) == 3


def test_contrats(monde: Monde, ids: Ids):
    contrat = monde.a.version.contrat_id
    assert ids("contrats/", monde.secret, commune=monde.a.commune.pk) == [contrat]
    assert ids("contrats/", monde.secret, code_insee=monde.a.commune.code_insee) == [contrat]
    assert len(ids("contrats/", monde.secret, epci=monde.epci.pk)) == 2


def test_sieges(monde: Monde, ids: Ids):
    epci = monde.epci
    other = SiegeFactory(epci=epci, referent=True, commune=monde.a.commune, domaine=domaine(epci, "DB"))
    communal = Siege.objects.filter(epci=epci, cote="commune").values_list("pk", flat=True)
    assert set(ids("sieges/", monde.secret, cote="commune")) == set(communal)
    assert set(ids("sieges/", monde.secret, cote="epci")).isdisjoint(communal)
    assert other.pk in ids("sieges/", monde.secret, domaine=other.domaine_id)
    assert ids("sieges/", monde.secret, domaine_code="DB", cote="commune") == [other.pk]
    assert len(ids("sieges/", monde.secret, commune=monde.a.commune.pk)) == 2
    assert len(ids("sieges/", monde.secret, code_insee=monde.b.commune.code_insee)) == 1
    assert len(ids("sieges/", monde.secret, epci=epci.pk)) == 5


def test_revues(monde: Monde, ids: Ids):
    a, epci = monde.a, monde.epci
    of_contract = RevueFactory(epci=epci, commune=a.commune, contrat=True)
    of_hr = RevueFactory(epci=epci, commune=a.commune, domaine=Domaine.objects.get(epci=epci, code="DB"))
    assert ids("revues/", monde.secret, type="contrat") == [of_contract.pk]
    assert ids("revues/", monde.secret, domaine=of_hr.domaine_id) == [of_hr.pk]
    assert set(ids("revues/", monde.secret, etat="tenue")) == {a.revue_tenue.pk, monde.b.revue_tenue.pk}
    assert len(ids("revues/", monde.secret, commune=a.commune.pk)) == 4
    assert len(ids("revues/", monde.secret, code_insee=monde.b.commune.code_insee)) == 2
    assert len(ids("revues/", monde.secret, epci=epci.pk)) == 6


def test_revues_between_two_instants(monde: Monde, ids: Ids):
    """The first instant is kept, the second is not: two spans in a row neither share nor lose a review."""
    revue = RevueFactory(epci=monde.epci, contrat=True, prevue_at=datetime(2027, 6, 1, 8, tzinfo=UTC))
    same = "2027-06-01T10:00:00+02:00"
    assert ids("revues/", monde.secret, apres=same) == [revue.pk]
    assert ids("revues/", monde.secret, apres="2027-06-01T08:00:01Z") == []
    assert revue.pk not in ids("revues/", monde.secret, avant=same)
    assert revue.pk in ids("revues/", monde.secret, avant="2027-06-01T08:00:01Z")


def test_evenements(monde: Monde, ids: Ids, lire: Lire):
    for commune, kind in ((monde.a.commune, "un"), (monde.b.commune, "deux"), (None, "un")):
        with unit():
            objet = commune or monde.epci
            record(type=kind, objet=objet, epci=monde.epci, libelle=kind, acteur=None, commune=commune)
    rows = lire("evenements/", monde.secret).json()["resultats"]
    first, second, third = (row["id"] for row in rows)
    assert ids("evenements/", monde.secret, type="un") == [first, third]
    assert ids("evenements/", monde.secret, commune=monde.b.commune.pk) == [second]
    assert ids("evenements/", monde.secret, objet_type="territoire.epci") == [third]
    by_object = {"objet_type": "territoire.commune", "objet_id": monde.a.commune.pk}
    assert ids("evenements/", monde.secret, **by_object) == [first]
    assert ids("evenements/", monde.secret, apres=rows[1]["numero"]) == [third]
    assert ids("evenements/", monde.secret, epci=monde.epci.pk) == [first, second, third]


def test_adhesions_say_where_the_period_ends(monde: Monde, lire: Lire):
    row = lire("adhesions/", monde.secret, code_insee=monde.a.commune.code_insee).json()["resultats"][0]
    assert (row["debut"], row["fin"], row["activite_code"]) == (SINCE.isoformat(), None, "DA-01")
