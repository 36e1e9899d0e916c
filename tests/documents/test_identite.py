"""The same contract gives the same bytes in two processes and two clones; one bit flipped is seen."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from contrats.models import Verification
from contrats.verification import is_the_document
from documents.models import Document
from documents.workflows.document import complete
from tests.contrats.gestes import settled, words
from tests.documents import exemples
from tests.factories import Monde

ROOT = Path(__file__).resolve().parents[2]
PARTS = (
    *("comptes", "config", "contrats", "demo", "documents", "journal", "mutualisation", "outils", "revues"),
    *("socle", "static", "templates", "territoire", "tests"),
)
SCRIPT = """
import hashlib, sys, django
django.setup()
import contrats
from tests.documents import exemples
contexte = exemples.contrat(**eval(sys.argv[1]))
print(contrats.__file__)
print(hashlib.sha256(exemples.pdf("contrat", contexte)).hexdigest())
"""


def clone(folder: Path) -> Path:
    """The code, copied elsewhere."""
    for part in PARTS:
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def printed(code: Path, cwd: Path, seed: str, **changes: Any) -> str:
    """SHA-256 of the full contract, printed by the code of a folder in a process of its own."""
    environ = {
        **os.environ,
        "PYTHONPATH": str(code),
        "PYTHONHASHSEED": seed,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "LANG": "C.UTF-8" if seed == "1" else "C",
    }
    command = [sys.executable, "-c", SCRIPT, repr(changes)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=cwd, env=environ, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    where, digest = done.stdout.splitlines()
    assert where.startswith(str(code))
    return digest


def test_two_clones_print_the_same_contract_to_the_byte(tmp_path: Path):
    first, second = clone(tmp_path / "premier"), clone(tmp_path / "second clone")
    one = printed(first, first, "1")
    assert printed(second, tmp_path, "2") == one
    assert printed(second, second, "2", numero="C-2028-020") != one, (
        "the control: another contract, other bytes"
    )


@pytest.fixture
def issued(monde: Monde) -> tuple[Document, bytes]:
    """A settled contract, and its bytes."""
    document = settled(monde).arrete
    assert document
    octets = exemples.pdf("contrat", document.source["contrat"])
    complete(document=document, octets=octets)
    document.refresh_from_db()
    return document, octets


@pytest.mark.parametrize("place", [0, 0.5, 1])
def test_one_bit_flipped_is_detected(issued: tuple[Document, bytes], client: Any, place: float):
    document, octets = issued
    at = int(place * (len(octets) - 1))
    altered = octets[:at] + bytes([octets[at] ^ 1]) + octets[at + 1 :]
    assert is_the_document(document, octets)
    assert not is_the_document(document, altered)
    assert hashlib.sha256(altered).hexdigest() != document.sha256


def test_whoever_deposits_an_altered_file_is_told(issued: tuple[Document, bytes], client: Any):
    document, octets = issued
    url = reverse("contrats:verifier", args=[Verification.objects.get(document=document).code])

    def told(content: bytes) -> str:
        return words(
            client.post(url, {"fichier": SimpleUploadedFile("contrat.pdf", content, "application/pdf")})
        )

    assert told(octets) != told(octets[:-40] + bytes([octets[-40] ^ 1]) + octets[-39:])
    assert "octet pour octet" in told(octets)
