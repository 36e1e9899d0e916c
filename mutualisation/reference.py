"""The reference catalogue: 18 domains and 130 activities, compiled from public sources; a starting point, never a constant."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

DONNEES = Path(__file__).parent / "donnees" / "catalogue.json"


@lru_cache(maxsize=1)
def read_reference() -> dict[str, Any]:
    """The reference catalogue as written in `donnees/catalogue.json`."""
    catalogue: dict[str, Any] = json.loads(DONNEES.read_text(encoding="utf-8"))
    return catalogue
