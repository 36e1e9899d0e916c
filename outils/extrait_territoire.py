"""Makes the reference extract of the EPCI of France from an unpacked npm package.

The package is `@etalab/decoupage-administratif`:

    python -m outils.extrait_territoire DIR_OF_UNPACKED_PACKAGE

Only facts are kept (names, codes, populations, membership), sorted: the same package always gives the same
bytes.
"""

import argparse
import json
import lzma
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

CIBLE = Path(__file__).resolve().parent.parent / "territoire" / "donnees" / "extrait.json.xz"

TYPES = {
    "CA": "communauté d'agglomération",
    "CC": "communauté de communes",
    "CU": "communauté urbaine",
    "MET69": "métropole de Lyon, collectivité à statut particulier",
    "METRO": "métropole",
}
CHAMPS_EPCI = {
    "siren": "numéro SIREN de l'EPCI, neuf chiffres",
    "nom": "nom dans la liste de la DGCL, sigle du type compris quand la liste le porte",
    "type": "code de la liste des types",
    "departement": "le plus peuplé des départements couverts (la source ne donne pas le siège)",
    "communes": "communes membres, une ligne par commune, dans l'ordre de champs_commune",
}
CHAMPS_COMMUNE = {
    "code_insee": "code officiel géographique de la commune",
    "siren": "numéro SIREN de la commune",
    "nom": "nom du code officiel géographique",
    "population": "population municipale légale la plus récente du paquet (Mayotte : 2017)",
    "population_totale": "population totale de la liste de la DGCL, d'un millésime antérieur à population",
    "departement": "code du département : deux caractères, trois outre-mer",
}
SOURCES = [
    "DGCL, liste et composition des EPCI à fiscalité propre",
    "INSEE, code officiel géographique",
    "INSEE, populations légales",
]


class PaquetInvalide(ValueError):
    """The package does not hold what the extract needs; the message says which record."""


def build_extract(package: Path) -> dict[str, Any]:
    """The extract as plain data: `meta` then `epci`, sorted by SIREN, their communes by INSEE code."""
    communes = {c["code"]: c for c in _read(package, "communes") if c["type"] == "commune-actuelle"}
    rows = [_epci(raw, communes) for raw in _read(package, "epci")]
    _refuse_twice([row["siren"] for row in rows])
    _refuse_twice([commune[0] for row in rows for commune in row["communes"]])
    return {"meta": _meta(package, rows), "epci": sorted(rows, key=lambda row: row["siren"])}


def write_extract(package: Path, target: Path = CIBLE) -> int:
    """Write the compressed extract of a package; returns its size in bytes."""
    text = json.dumps(build_extract(package), ensure_ascii=False, separators=(",", ":"))
    data = lzma.compress(text.encode(), format=lzma.FORMAT_XZ, preset=9)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)
    return len(data)


def _read(package: Path, name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((package / "data" / f"{name}.json").read_text(encoding="utf-8"))
    return rows


def _meta(package: Path, rows: list[dict[str, Any]]) -> dict[str, Any]:
    manifest = json.loads((package / "package.json").read_text(encoding="utf-8"))
    return {
        "source": manifest["name"],
        "version": manifest["version"],
        "date": _date(package),
        "licence": f"{manifest['license']} (paquet) ; Licence Ouverte (données)",
        "sources": SOURCES,
        "epci": len(rows),
        "communes": sum(len(row["communes"]) for row in rows),
        "types": TYPES,
        "champs_epci": CHAMPS_EPCI,
        "champs_commune": CHAMPS_COMMUNE,
    }


def _date(package: Path) -> str:
    # The manifest has no date; unpacking keeps the one of the data file.
    written_at = datetime.fromtimestamp((package / "data" / "epci.json").stat().st_mtime, UTC)
    return written_at.date().isoformat()


def _epci(raw: dict[str, Any], communes: dict[str, dict[str, Any]]) -> dict[str, Any]:
    if raw["type"] not in TYPES:
        raise PaquetInvalide(f"EPCI {raw['code']} : type inconnu {raw['type']!r}.")
    if not raw["membres"]:
        raise PaquetInvalide(f"EPCI {raw['code']} : aucune commune membre.")
    members = sorted(_commune(member, communes) for member in raw["membres"])
    return {
        "siren": _siren(raw["code"]),
        "nom": _clean(raw["nom"]),
        "type": raw["type"],
        "departement": _main_departement(members),
        "communes": members,
    }


def _commune(member: dict[str, Any], communes: dict[str, dict[str, Any]]) -> list[Any]:
    official = communes.get(member["code"])
    if official is None or official["siren"] != member["siren"]:
        raise PaquetInvalide(
            f"Commune {member['code']} : absente des communes actuelles, ou d'un autre SIREN."
        )
    return [
        member["code"],
        _siren(member["siren"]),
        _clean(official["nom"]),
        official["population"],
        member["populationTotale"],
        official["departement"],
    ]


def _main_departement(members: list[list[Any]]) -> str:
    people: Counter[str] = Counter()
    for *_names, population, _totale, departement in members:
        people[departement] += population
    return min(people, key=lambda departement: (-people[departement], departement))


def _siren(value: str) -> str:
    if len(value) != 9 or not value.isdigit():
        raise PaquetInvalide(f"SIREN mal formé : {value!r}.")
    return value


def _clean(name: str) -> str:
    return " ".join(name.replace("’", "'").split())


def _refuse_twice(keys: list[str]) -> None:
    twice = sorted(key for key, count in Counter(keys).items() if count > 1)
    if twice:
        raise PaquetInvalide(f"Présent plusieurs fois : {', '.join(twice)}.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("package", type=Path, help="folder of the unpacked package")
    size = write_extract(parser.parse_args().package)
    print(f"{CIBLE.name} : {size} octets")


if __name__ == "__main__":
    main()
