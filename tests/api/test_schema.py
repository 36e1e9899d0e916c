"""The OpenAPI schema: served as committed, complete, in French."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from rest_framework.test import APIClient

from config.api import RESOURCES

COMMITTED = Path(__file__).resolve().parents[2] / "docs" / "api" / "openapi.yml"
REFRESH = "python manage.py spectacular --validate --fail-on-warn --file docs/api/openapi.yml"


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(COMMITTED.read_text())
    return loaded


def operations(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in schema["paths"].items():
        assert list(methods) == ["get"], path
        yield path, methods["get"]


@pytest.mark.django_db
def test_the_schema_served_is_the_one_committed(api_client: APIClient):
    served = api_client.get("/api/v1/schema/")
    assert served.status_code == 200
    same = served.content.decode() == COMMITTED.read_text()
    assert same, f"the API has changed: « {REFRESH} », then read the difference as an integrator would"


@pytest.mark.django_db
def test_the_schema_is_served_under_a_name_in_ascii(api_client: APIClient):
    served = api_client.get("/api/v1/schema/")
    assert all(value.isascii() for value in served.headers.values())
    assert served["Content-Disposition"] == 'inline; filename="openapi.yaml"'


def test_every_resource_is_described(schema: dict[str, Any]):
    expected = {f"/api/v1/{name}/{rest}" for name in RESOURCES for rest in ("", "{id}/")}
    assert set(schema["paths"]) == expected


def test_every_parameter_is_explained(schema: dict[str, Any]):
    for path, operation in operations(schema):
        assert operation["summary"], path
        assert operation["description"], path
        for parameter in operation["parameters"]:
            where = f"{path} {parameter['name']}"
            assert len(parameter.get("description", "")) > 5, where
            assert parameter["description"][0].isupper(), where
            assert parameter["schema"].get("type"), where


def test_every_field_is_explained(schema: dict[str, Any]):
    """And nothing is left of the English docstrings of the code."""
    for name, component in schema["components"]["schemas"].items():
        for field, words in component.get("properties", {}).items():
            assert len(words.get("description", "")) > 3, f"{name}.{field}: say what it is, in French"
            assert words["description"][0].isupper(), f"{name}.{field}"
        if component["type"] == "object" and name != "Probleme":
            assert "description" not in component, name


def test_every_field_is_always_there(schema: dict[str, Any]):
    for name, component in schema["components"]["schemas"].items():
        if component["type"] == "object" and name != "Probleme":
            assert set(component["required"]) == set(component["properties"]), name


def test_every_error_is_documented(schema: dict[str, Any]):
    for path, operation in operations(schema):
        expected = {"200", "400", "401", "406"} | ({"404"} if "{id}" in path else set())
        assert set(operation["responses"]) == expected, path
        for status, response in operation["responses"].items():
            assert response["description"], (path, status)
            kind = "application/json" if status == "200" else "application/problem+json"
            assert list(response["content"]) == [kind], (path, status)


def test_both_ways_of_entering_are_described(schema: dict[str, Any]):
    ways = schema["components"]["securitySchemes"]
    assert set(ways) == {"jeton", "cookieAuth"}
    assert all(way["description"] for way in ways.values())
