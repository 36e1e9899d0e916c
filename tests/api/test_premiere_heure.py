"""The guide of the integrator tells the truth: each of its calls is answered."""

import re
from pathlib import Path

import pytest

from tests.api.conftest import Lire
from tests.factories import Monde

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "api" / "premiere-heure.md"
CALL = re.compile(r'curl -H "Authorization: Bearer \$JETON" "\$API/([^"]+)"')


@pytest.mark.django_db
def test_every_call_of_the_guide_is_answered(monde: Monde, lire: Lire):
    text = GUIDE.read_text()
    calls = CALL.findall(text)
    assert len(calls) == text.count("curl ") == 11
    for call in calls:
        assert lire(call, monde.secret).status_code == 200, call


@pytest.mark.django_db
def test_the_error_of_the_guide_is_the_one_answered(monde: Monde, lire: Lire):
    assert f'"detail": "{lire("communes/?commue=3", monde.secret).json()["detail"]}"' in GUIDE.read_text()
