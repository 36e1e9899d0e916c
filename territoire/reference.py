"""The EPCI of France and their communes, as public reference data, with their time zones and public holidays.

No model here: these are facts read from a file, described in `territoire/donnees/README.md`.
"""

import json
import lzma
import re
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import holidays

EXTRAIT = Path(__file__).resolve().parent / "donnees" / "extrait.json.xz"

CODE_INSEE, SIREN = re.compile(r"[0-9][0-9AB][0-9]{3}"), re.compile(r"[0-9]{9}")
ONE_LINE = re.compile(r"[^\x00-\x1f]{1,200}")
DEPLOYE_MAX = 50_000_000  # characters of an extract once unfolded; the present one has 1.9 million

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


class ExtraitInvalide(ValueError):
    """A file is not an extract of the reference data; the French message is for the user."""

    def __init__(self) -> None:
        super().__init__(
            "Ce fichier n'est pas un extrait des données de référence : il faut le fichier « extrait.json.xz » "
            "d'une version plus récente."
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
    return parse_extract(EXTRAIT.read_bytes())


def parse_extract(octets: bytes) -> Extrait:
    """An extract from the bytes of its file; raises ExtraitInvalide, with a sentence for the user, for anything else."""
    text = _unfold(octets)
    try:
        raw = json.loads(text)
        columns = list(raw["meta"]["champs_commune"])
        date.fromisoformat(raw["meta"]["date"])
        epci = tuple(_epci(row, columns) for row in raw["epci"])
        by_siren = MappingProxyType({one.siren: one for one in epci})
        return Extrait(
            MappingProxyType({**raw["meta"], "version": str(raw["meta"]["version"])}), epci, by_siren
        )
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError):
        raise ExtraitInvalide from None


def _unfold(octets: bytes) -> bytes:
    """The text of a compressed file, never longer than DEPLOYE_MAX however small the file."""
    reader = lzma.LZMADecompressor(format=lzma.FORMAT_XZ)
    try:
        text = reader.decompress(octets, max_length=DEPLOYE_MAX)
    except lzma.LZMAError:
        raise ExtraitInvalide from None
    if not reader.eof:
        raise ExtraitInvalide
    return text


def find_epci(siren: str) -> EpciReference:
    """The EPCI of this SIREN, spaces allowed; raises EpciInconnu."""
    try:
        return read_extract().by_siren["".join(siren.split())]
    except KeyError:
        raise EpciInconnu(siren) from None


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
    """One EPCI of the file; raises what a malformed row makes Python raise."""
    insee, siren, nom, population, departement = (
        columns.index(name) for name in ("code_insee", "siren", "nom", "population", "departement")
    )
    communes = tuple(
        CommuneReference(
            _text(c[insee], CODE_INSEE),
            _text(c[siren], SIREN),
            _text(c[nom]),
            _count(c[population]),
            _text(c[departement]),
        )
        for c in row["communes"]
    )
    return EpciReference(
        _text(row["siren"], SIREN), _text(row["nom"]), _text(row["type"]), _text(row["departement"]), communes
    )


def _text(value: Any, shape: re.Pattern[str] = ONE_LINE) -> str:
    if not isinstance(value, str) or not shape.fullmatch(value):
        raise ValueError(value)
    return value


def _count(value: Any) -> int:
    if not isinstance(value, int) or not 0 <= value < 10**8:
        raise ValueError(value)
    return value
