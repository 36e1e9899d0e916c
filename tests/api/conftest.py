"""`lire(path, qui, **filters)`: a GET of the API with a bearer token of `qui` (a person or a secret)."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.response import Response
from rest_framework.test import APIClient

from comptes.models import Personne
from tests.factories import JetonFactory

Lire = Callable[..., Response]


def bearer(qui: Personne | str) -> dict[str, str]:
    """The header that tells who asks."""
    secret = qui if isinstance(qui, str) else JetonFactory.with_secret(personne=qui)[1]
    return {"HTTP_AUTHORIZATION": f"Bearer {secret}"}


@pytest.fixture
def lire(api_client: APIClient) -> Lire:
    def read(path: str, qui: Personne | str, **filters: Any) -> Response:
        address = path if "://" in path else f"/api/v1/{path}"
        response: Response = api_client.get(address, filters or None, **bearer(qui))
        return response

    return read


@pytest.fixture
def ids(lire: Lire) -> Callable[..., list[int]]:
    """The identifiers of the first page of a list, which must be answered."""

    def read(path: str, qui: Personne | str, **filters: Any) -> list[int]:
        response = lire(path, qui, taille=200, **filters)
        assert response.status_code == 200, response.content.decode()
        return [row["id"] for row in response.json()["resultats"]]

    return read
