"""A deposited PDF made to harm: it is refused in words, within its ceilings, by a process that dies alone."""

import logging
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from documents import isolement
from documents.signature import Nature, examine
from documents.workflows.piece import read_pdf
from socle.erreurs import Refus
from tests.documents.bombes import BOMBS, text_bomb, xref_stream_bomb
from tests.documents.signatures import issued

# Bombs that are inert: what they hide is never opened, and the page is only another page.
INERT = {"attachment_bomb", "image_bomb"}
MARGIN = 10  # seconds to receive, keep and answer


# As they are set, before the fixture lowers them.
SECONDES = dict(isolement.SECONDES)


@pytest.fixture(autouse=True)
def low(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lower ceilings, so that the test is short."""
    monkeypatch.setitem(isolement.SECONDES, "examen", 4)
    monkeypatch.setattr(isolement, "MEMOIRE", 600_000_000)


def deposited(octets: bytes) -> Nature:
    """What becomes of a file deposited as the signed copy, until it would be kept."""
    read = read_pdf(SimpleUploadedFile("contrat.pdf", octets))
    return examine(issued(), read).nature


@pytest.mark.parametrize("name", sorted(BOMBS))
def test_a_bomb_is_refused_or_is_no_more_than_a_copy(name: str):
    octets = BOMBS[name]()
    if name in INERT:
        assert deposited(octets) == Nature.COPIE
        return
    with pytest.raises(Refus) as refused:
        deposited(octets)
    assert refused.value.field == "fichier"
    assert refused.value.message.endswith(".")


@pytest.mark.parametrize("bomb", [text_bomb, xref_stream_bomb])
def test_time_and_memory_have_a_ceiling(bomb: Callable[[], bytes], caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.WARNING), pytest.raises(Refus, match="trop de mémoire ou de temps"):
        deposited(bomb())
    assert "A deposited PDF was not read" in caplog.text


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("deploiement/entree.sh", r"--timeout (\d+)"),
        ("deploiement/nginx/default.conf.template", r"proxy_read_timeout (\d+)s"),
    ],
)
def test_one_deposit_ends_before_the_servers_stop_waiting(settings: Any, path: str, words: str):
    """Its pages are counted, then it is examined: past that time, who deposits would read no sentence at all."""
    found = re.search(words, (settings.BASE_DIR / path).read_text())
    assert found
    assert sum(seconds + isolement.ATTENTE for seconds in SECONDES.values()) <= int(found[1]) - MARGIN
