"""Extracts made for a test: what the reference data would say of an EPCI after some moves."""

import json
import lzma
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from territoire.comparaison import Releve
from territoire.models import Commune, Epci
from territoire.reference import CommuneReference

JOUR = date(2027, 3, 1)


def as_reference(commune: Commune, **changes: Any) -> CommuneReference:
    """A commune as an extract tells it, with some facts changed."""
    told = CommuneReference(commune.code_insee, commune.siren, commune.nom, commune.population, "33")
    return replace(told, **changes)


def new_commune(nom: str, population: int, **facts: str) -> CommuneReference:
    """A commune nobody knew."""
    return CommuneReference(
        facts.get("code_insee", "33990"), facts.get("siren", "299999990"), nom, population, "33"
    )


def releve(
    epci: Epci,
    *,
    sans: tuple[Commune, ...] = (),
    plus: tuple[CommuneReference, ...] = (),
    change: Mapping[Commune, dict[str, Any]] | None = None,
    **facts: Any,
) -> Releve:
    """What an extract says of the members of today, without some, with others, some changed."""
    members = [commune for commune in Commune.objects.members_of(epci, epci.today) if commune not in sans]
    told = tuple(as_reference(commune, **(change or {}).get(commune, {})) for commune in members)
    return Releve(version="7.0.0", jour=JOUR, communes=told + plus, **facts)


def extract_file(epci: Epci, told: Releve, **meta: Any) -> bytes:
    """The bytes of an extract of one EPCI."""
    columns = ["code_insee", "siren", "nom", "population", "population_totale", "departement"]
    rows = [[c.code_insee, c.siren, c.nom, c.population, c.population, c.departement] for c in told.communes]
    head = {
        "source": "essai",
        "version": told.version,
        "date": told.jour.isoformat(),
        "champs_commune": columns,
    }
    one = {"siren": epci.siren, "nom": epci.nom, "type": "METRO", "departement": "33", "communes": rows}
    return lzma.compress(json.dumps({"meta": head | meta, "epci": [one]}).encode())
