"""Generated requests, valid and not, over every operation of the schema: only documented answers."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as bounds
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from config.api import RESOURCES
from tests.factories import Monde

pytestmark = pytest.mark.django_db
EXAMPLES = 6
SIGNALS = (request_started, request_finished)
BOUNDED = bounds(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def application() -> Iterator[Any]:
    """The server in the transaction of the test: like Django's client, it may not close the connection."""
    for signal in SIGNALS:
        signal.disconnect(close_old_connections)
    yield get_wsgi_application()
    for signal in SIGNALS:
        signal.connect(close_old_connections)


def operations(application: Any) -> list[Any]:
    schema = schemathesis.openapi.from_wsgi("/api/v1/schema/", application)
    return [result.ok() for result in schema.get_all_operations()]


def headers(monde: Monde) -> dict[str, str]:
    return {"Authorization": f"Bearer {monde.secret}"}


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_no_generated_request_breaks_anything(monde: Monde, application: Any, mode: GenerationMode):
    """A cursor of the right shape that this API did not make is refused: valid data may be answered 400."""
    for operation in operations(application):

        @BOUNDED
        @given(case=operation.as_strategy(generation_mode=mode))
        def ask(case: Any) -> None:
            case.call_and_validate(headers=headers(monde), excluded_checks=[positive_data_acceptance])

        ask()


def test_real_objects_are_what_the_schema_says(monde: Monde, application: Any):
    by_path = {operation.path: operation for operation in operations(application)}
    for name in sorted(set(RESOURCES) - {"evenements"}):
        listed = by_path[f"/api/v1/{name}/"].Case().call_and_validate(headers=headers(monde))
        assert listed.status_code == 200
        for row in listed.json()["resultats"]:
            case = by_path[f"/api/v1/{name}/{{id}}/"].Case(path_parameters={"id": row["id"]})
            assert case.call_and_validate(headers=headers(monde)).json() == row
