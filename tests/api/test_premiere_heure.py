"""The guide of the integrator tells the truth: each of its calls is answered."""

import re
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.request import Request

import pytest

from journal.models import Evenement
from tests.api.conftest import Lire
from tests.api.test_curseurs import events
from tests.factories import Monde

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "api" / "premiere-heure.md"
CALL = re.compile(r'curl -H "Authorization: Bearer \$JETON" "\$API/([^"]+)"')
PROGRAM = re.compile(r"```python\n(.*?)```", re.DOTALL)


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


@pytest.fixture
def programme(monde: Monde) -> str:
    """The Python program of the guide, with the address and the token of the test, and small pages."""
    (found,) = PROGRAM.findall(GUIDE.read_text())
    given = {
        "http://127.0.0.1:8000": "http://testserver",
        "mac_votre_jeton": monde.secret,
        "epci=1": f"epci={monde.epci.pk}",
        '"taille": 200': '"taille": 2',
    }
    text: str = found
    for written, real in given.items():
        assert text.count(written) == 1, written
        text = text.replace(written, real)
    return text


@pytest.mark.django_db
def test_the_program_of_the_guide_follows_the_events(
    monde: Monde, lire: Lire, programme: str, monkeypatch: pytest.MonkeyPatch, capsys: Any
):
    asked: list[str] = []

    def urlopen(demande: Request, timeout: int) -> BytesIO:
        asked.append(demande.full_url)
        assert demande.get_header("Authorization") == f"Bearer {monde.secret}"
        return BytesIO(lire(demande.full_url, monde.secret).content)

    monkeypatch.setattr("urllib.request.urlopen", urlopen)
    events(monde.epci, 5)
    names: dict[str, Any] = {}
    exec(programme, names)
    numeros = list(
        Evenement.objects.filter(epci=monde.epci).order_by("numero").values_list("numero", flat=True)
    )
    assert [int(line.split()[0]) for line in capsys.readouterr().out.splitlines()] == numeros
    assert len(asked) == -(-len(numeros) // 2) >= 3
    assert names["dernier"] == numeros[-1]
    assert list(names["evenements"](monde.epci.pk, names["dernier"])) == []
