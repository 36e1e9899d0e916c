"""SQL queries of each page that needs no object, in tests/requetes.json: a change shows there, and is meant.

`REQUETES=ecrire pytest -n 0 tests/test_requetes.py` writes the file again.
"""

import json
import os
from pathlib import Path
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.factories import Monde
from tests.routes import ROUTES, person

COUNTS = Path(__file__).with_name("requetes.json")
WRITE = os.environ.get("REQUETES") == "ecrire"
PAGES = [
    route
    for route in ROUTES
    if route.kind == "page" and route.args.__name__ == "nothing" and route.expected("GET")["di"] == 200
]


def test_each_page_asks_what_the_file_says(monde: Monde, client: Client):
    client.force_login(person(monde, "di"))
    found = {route.name: _queries(client, reverse(route.name)) for route in PAGES}
    if WRITE:
        COUNTS.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")
    assert found == json.loads(COUNTS.read_text())


def _queries(client: Any, address: str) -> int:
    """Warm: on the second call."""
    assert client.get(address).status_code == 200
    with CaptureQueriesContext(
        connection,
    ) as captured:
        client.get(address)
    return len(captured)
