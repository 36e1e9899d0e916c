"""The reference data of territories: what it holds, how it is searched, how it is made."""

import json
import lzma
import os
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from outils import extrait_territoire as extrait
from territoire import reference

FAKE_MTIME = datetime(2026, 2, 3, 12, tzinfo=UTC).timestamp()


def _luhn(siren: str) -> bool:
    doubled = [int(c) * (2 if index % 2 else 1) for index, c in enumerate(siren)]
    return sum(d // 10 + d % 10 for d in doubled) % 10 == 0


def test_every_epci_and_commune_of_france_is_there_once():
    epci = reference.read_extract().epci
    communes = [commune for one in epci for commune in one.communes]
    assert len(epci) == len({one.siren for one in epci}) == 1255
    assert len(communes) == len({c.code_insee for c in communes}) == len({c.siren for c in communes}) == 34871
    assert {one.type for one in epci} == {"CA", "CC", "CU", "METRO", "MET69"}
    assert all(one.communes for one in epci)


def test_sirens_have_a_valid_check_digit():
    epci = reference.read_extract().epci
    sirens = [one.siren for one in epci] + [c.siren for one in epci for c in one.communes]
    assert [siren for siren in sirens if len(siren) != 9 or not _luhn(siren)] == []


def test_meta_says_source_version_date_and_licence():
    meta = reference.read_extract().meta
    assert meta["source"] == "@etalab/decoupage-administratif"
    assert meta["version"] == "6.0.0"
    assert date.fromisoformat(meta["date"]).year == 2026
    assert "MIT" in meta["licence"]
    assert "://" not in json.dumps(dict(meta))


def test_bordeaux_metropole_has_its_28_communes():
    epci = reference.find_epci("243300316")
    assert (epci.nom, epci.type, epci.departement) == ("Bordeaux Métropole", "METRO", "33")
    assert len(epci.communes) == 28
    merignac = next(c for c in epci.communes if c.nom == "Mérignac")
    assert (merignac.code_insee, merignac.siren, merignac.departement) == ("33281", "213302813", "33")
    assert 800_000 < epci.population < 900_000


def test_pays_basque_has_158_communes_and_spaces_are_allowed_in_a_siren():
    assert len(reference.find_epci(" 200 067 106 ").communes) == 158


def test_names_have_plain_apostrophes_and_single_spaces():
    epci = reference.read_extract().epci
    names = [one.nom for one in epci] + [c.nom for one in epci for c in one.communes]
    assert [name for name in names if "’" in name or name != " ".join(name.split())] == []


def test_an_unknown_siren_is_told_in_french():
    with pytest.raises(reference.EpciInconnu, match=r"Aucun EPCI .* SIREN « 123456789 »") as caught:
        reference.find_epci("123456789")
    assert isinstance(caught.value, LookupError)
    assert caught.value.siren == "123456789"


def test_la_reunion_lives_in_its_own_time_zone():
    cinor = reference.find_epci("249740119")
    assert reference.time_zone(cinor.departement) == "Indian/Reunion"
    assert {c.departement for c in cinor.communes} == {"974"}


@pytest.mark.parametrize(
    ("departement", "fuseau"),
    [
        ("971", "America/Guadeloupe"),
        ("972", "America/Martinique"),
        ("973", "America/Cayenne"),
        ("976", "Indian/Mayotte"),
        ("2A", "Europe/Paris"),
        ("33", "Europe/Paris"),
    ],
)
def test_time_zones(departement, fuseau):
    assert reference.time_zone(departement) == ZoneInfo(fuseau).key


def test_no_overseas_departement_of_the_extract_falls_back_on_paris():
    found = {c.departement for one in reference.read_extract().epci for c in one.communes}
    overseas = {departement for departement in found if departement.startswith("97")}
    assert overseas == set(reference.FUSEAUX)
    assert len(found) == 101


@pytest.mark.parametrize("departement", ["57", "67", "68"])
def test_alsace_moselle_has_its_own_holidays(departement):
    days = reference.holidays_of(departement, 2027)
    assert days[date(2027, 12, 26)] == "Saint-Étienne"
    assert days[date(2027, 3, 26)] == "Vendredi saint"


def test_bordeaux_has_the_eleven_common_holidays():
    days = reference.holidays_of("33", 2027)
    assert reference.holiday_region("33") is None
    assert date(2027, 12, 26) not in days
    assert days[date(2027, 7, 14)] == "Fête nationale"
    assert days[date(2027, 1, 1)] == "Jour de l'an"
    assert len(days) == 11
    assert list(days) == sorted(days)


@pytest.mark.parametrize(
    ("departement", "day"),
    [("971", (5, 27)), ("972", (5, 22)), ("973", (6, 10)), ("974", (12, 20)), ("976", (4, 27))],
)
def test_overseas_keeps_the_abolition_of_slavery(departement, day):
    assert reference.holidays_of(departement, 2027)[date(2027, *day)] == "Abolition de l'esclavage"


def test_a_caller_cannot_spoil_the_holidays_of_the_next():
    reference.holidays_of("33", 2028).clear()
    assert len(reference.holidays_of("33", 2028)) == 11


def _commune(code: str, nom: str, population: int, departement: str) -> dict[str, object]:
    return {
        "code": code,
        "nom": nom,
        "type": "commune-actuelle",
        "siren": f"2{code.zfill(8)}",
        "population": population,
        "departement": departement,
    }


def _member(commune: dict[str, object]) -> dict[str, object]:
    return {"code": commune["code"], "siren": commune["siren"], "nom": "autre", "populationTotale": 7}


ALONE = _commune("64001", "Seule", 5, "64")
COMMUNES = [_commune("33002", "L’Île  Bleue", 10, "33"), _commune("40001", "Œuilly", 90, "40"), ALONE]
EPCI = [
    {"code": "200000002", "nom": "CC  B", "type": "CC", "membres": [_member(c) for c in COMMUNES[:2]]},
    {"code": "200000001", "nom": "CA A", "type": "CA", "membres": [_member(ALONE)]},
]


def _package(folder: Path, epci: list[dict[str, object]], communes: list[dict[str, object]]) -> Path:
    (folder / "data").mkdir(parents=True)
    manifest = {"name": "faux-paquet", "version": "1.2.3", "license": "MIT"}
    (folder / "package.json").write_text(json.dumps(manifest))
    (folder / "data" / "epci.json").write_text(json.dumps(epci))
    (folder / "data" / "communes.json").write_text(json.dumps(communes))
    os.utime(folder / "data" / "epci.json", (FAKE_MTIME, FAKE_MTIME))
    return folder


def test_the_same_facts_in_any_order_give_the_same_bytes(tmp_path):
    members = [{**EPCI[0], "membres": EPCI[0]["membres"][::-1]}, EPCI[1]]
    first = _package(tmp_path / "a", EPCI, COMMUNES)
    second = _package(tmp_path / "b", members[::-1], COMMUNES[::-1])
    extrait.write_extract(first, tmp_path / "a.xz")
    extrait.write_extract(second, tmp_path / "b.xz")
    assert (tmp_path / "a.xz").read_bytes() == (tmp_path / "b.xz").read_bytes()


def test_the_extract_is_sorted_cleaned_and_dated(tmp_path):
    size = extrait.write_extract(_package(tmp_path / "a", EPCI, COMMUNES), tmp_path / "new" / "a.xz")
    data = (tmp_path / "new" / "a.xz").read_bytes()
    written = json.loads(lzma.decompress(data))
    assert size == len(data)
    assert (written["meta"]["version"], written["meta"]["date"]) == ("1.2.3", "2026-02-03")
    assert [one["siren"] for one in written["epci"]] == ["200000001", "200000002"]
    assert written["epci"][1]["nom"] == "CC B"
    assert written["epci"][1]["departement"] == "40"
    assert written["epci"][1]["communes"][0] == ["33002", "200033002", "L'Île Bleue", 10, 7, "33"]
    assert list(written["meta"]["champs_commune"])[3:5] == ["population", "population_totale"]


@pytest.mark.parametrize(
    ("epci", "communes", "message"),
    [
        ([{**EPCI[0], "type": "SIVU"}], COMMUNES, "type inconnu 'SIVU'"),
        ([{**EPCI[0], "code": "20000000"}], COMMUNES, "SIREN mal formé"),
        (EPCI, COMMUNES[:1], "Commune 40001"),
        ([{**EPCI[0], "membres": []}], COMMUNES, "aucune commune membre"),
        ([EPCI[0], {**EPCI[0], "code": "200000003"}], COMMUNES, "plusieurs fois : 33002, 40001"),
    ],
)
def test_a_package_that_contradicts_itself_is_refused(tmp_path, epci, communes, message):
    with pytest.raises(extrait.PaquetInvalide, match=message):
        extrait.write_extract(_package(tmp_path / "a", epci, communes), tmp_path / "a.xz")
    assert not (tmp_path / "a.xz").exists()
