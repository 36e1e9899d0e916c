"""The EPCI of France and their communes, as public reference data, with their time zones and public holidays.

No model here: these are facts read from a file, described in `territoire/donnees/README.md`.
"""

import json
import lzma
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import holidays

from socle.typographie import sort_key

EXTRAIT = Path(__file__).resolve().parent / "donnees" / "extrait.json.xz"

FUSEAU_PAR_DEFAUT = "Europe/Paris"
FUSEAUX = MappingProxyType(
    {
        "971": "America/Guadeloupe",
        "972": "America/Martinique",
        "973": "America/Cayenne",
        "974": "Indian/Reunion",
        "976": "Indian/Mayotte",
    }
)
# The library knows Bas-Rhin and Haut-Rhin as one region, Moselle apart (Code du travail, L.3134-13).
REGIONS_FERIES = MappingProxyType(
    {
        "57": "57",
        "67": "6AE",
        "68": "6AE",
        "971": "971",
        "972": "972",
        "973": "973",
        "974": "974",
        "976": "976",
    }
)


class EpciInconnu(LookupError):
    """No EPCI à fiscalité propre has this SIREN in the reference data; the French message is for the user."""

    def __init__(self, siren: str) -> None:
        self.siren = siren
        super().__init__(
            f"Aucun EPCI à fiscalité propre ne porte le SIREN « {siren} » dans les données de référence. "
            "Vérifiez ses neuf chiffres."
        )


@dataclass(frozen=True, slots=True)
class CommuneReference:
    """A member commune; `population` is its municipal legal population."""

    code_insee: str
    siren: str
    nom: str
    population: int
    departement: str


@dataclass(frozen=True, slots=True)
class EpciReference:
    """An EPCI à fiscalité propre; `departement` is the most peopled it covers, communes by INSEE code."""

    siren: str
    nom: str
    type: str
    departement: str
    communes: tuple[CommuneReference, ...]

    @property
    def population(self) -> int:
        """Municipal population of all member communes."""
        return sum(commune.population for commune in self.communes)


@dataclass(frozen=True, slots=True)
class Extrait:
    """The whole extract: `meta` (source, version, date, licence, meaning of fields) and the EPCI by SIREN."""

    meta: MappingProxyType[str, Any]
    epci: tuple[EpciReference, ...]
    by_siren: MappingProxyType[str, EpciReference] = field(repr=False)


@lru_cache(maxsize=1)
def read_extract() -> Extrait:
    """The extract of the repository, read once per process."""
    raw = json.loads(lzma.decompress(EXTRAIT.read_bytes()))
    columns = list(raw["meta"]["champs_commune"])
    epci = tuple(_epci(row, columns) for row in raw["epci"])
    by_siren = MappingProxyType({one.siren: one for one in epci})
    return Extrait(meta=MappingProxyType(raw["meta"]), epci=epci, by_siren=by_siren)


def find_epci(siren: str) -> EpciReference:
    """The EPCI of this SIREN, spaces allowed; raises EpciInconnu."""
    try:
        return read_extract().by_siren["".join(siren.split())]
    except KeyError:
        raise EpciInconnu(siren) from None


def search_epci(text: str, limit: int = 20) -> list[EpciReference]:
    """At most `limit` EPCI whose name holds the text, in French order.

    Accents, case and punctuation do not count; a blank text finds nothing.
    """
    wanted = sort_key(text)
    if not wanted:
        return []
    found = [(key, one.siren, one) for key, one in _names() if wanted in key]
    return [one for _key, _siren, one in sorted(found, key=lambda row: row[:2])[:limit]]


@lru_cache(maxsize=1)
def _names() -> tuple[tuple[str, EpciReference], ...]:
    return tuple((sort_key(one.nom), one) for one in read_extract().epci)


def time_zone(departement: str) -> str:
    """IANA time zone of a département; no EPCI lies overseas beyond the five of the table."""
    return FUSEAUX.get(departement, FUSEAU_PAR_DEFAUT)


def holiday_region(departement: str) -> str | None:
    """Subdivision code of the `holidays` library where public holidays differ, None under the common rule."""
    return REGIONS_FERIES.get(departement)


def holidays_of(departement: str, year: int) -> dict[date, str]:
    """Public holidays of a year in a département, in order, with French names.

    Code du travail, L.3133-1, L.3134-13 (Alsace-Moselle) and L.3422-2 (overseas).
    """
    return dict(_holidays(holiday_region(departement), year))


@lru_cache(maxsize=256)
def _holidays(region: str | None, year: int) -> tuple[tuple[date, str], ...]:
    return tuple(sorted(holidays.country_holidays("FR", subdiv=region, years=year, language="fr").items()))


def _epci(row: dict[str, Any], columns: list[str]) -> EpciReference:
    insee, siren, nom, population, departement = (
        columns.index(name) for name in ("code_insee", "siren", "nom", "population", "departement")
    )
    communes = tuple(
        CommuneReference(c[insee], c[siren], c[nom], c[population], c[departement]) for c in row["communes"]
    )
    return EpciReference(row["siren"], row["nom"], row["type"], row["departement"], communes)
