"""Contact cards for telephones and mail programs: vCard 4.0 (RFC 6350)."""

import re
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

CONTENT_TYPE = "text/vcard; charset=utf-8"
LINE = 75  # octets, line break left out (RFC 6350, 3.2)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_BREAK = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True)
class Fiche:
    """What a card says: a person (with `nom`) or a team; `cle` is what makes it the same card the next time."""

    cle: str
    affiche: str
    organisation: Sequence[str]
    nom: str = ""
    prenom: str = ""
    fonction: str = ""
    telephone: str = ""
    email: str = ""
    note: str = ""


def write_cards(fiches: Iterable[Fiche], revised_at: datetime) -> bytes:
    """The cards, in UTF-8 with the line breaks and folds of the RFC; `revised_at` dates them all."""
    rev = f"{revised_at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    lines = [line for one in fiches for line in _card(one, rev)]
    return "".join(f"{_folded(line)}\r\n" for line in lines).encode()


def _card(one: Fiche, rev: str) -> list[str]:
    known = (
        ("N", _parts([one.nom, one.prenom, "", "", ""]) if one.nom else ""),
        ("ORG", _parts(one.organisation)),
        ("TITLE", _text(one.fonction)),
        ("TEL;TYPE=work", _text(one.telephone)),
        ("EMAIL;TYPE=work", _text(one.email)),
        ("NOTE", _text(one.note)),
    )
    return [
        "BEGIN:VCARD",
        "VERSION:4.0",
        f"KIND:{'individual' if one.nom else 'org'}",
        f"FN:{_text(one.affiche)}",
        *(f"{name}:{value}" for name, value in known if value),
        f"UID:urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, one.cle)}",
        f"REV:{rev}",
        "END:VCARD",
    ]


def _parts(values: Sequence[str]) -> str:
    """A structured value: its parts escaped, then joined."""
    return ";".join(map(_text, values))


def _text(value: str) -> str:
    """A text with what means something in a card escaped (RFC 6350, 3.4); characters that mean nothing go."""
    clean = _CONTROL.sub("", _BREAK.sub("\n", value.strip()))
    for sign in ("\\", ",", ";"):
        clean = clean.replace(sign, f"\\{sign}")
    return clean.replace("\n", "\\n")


def _folded(line: str) -> str:
    """A line in pieces of at most 75 octets, never inside a character; each one after the first begins with a space."""
    pieces, room = [""], LINE
    for sign in line:
        size = len(sign.encode())
        if size > room:
            pieces.append("")
            room = LINE - 1
        pieces[-1] += sign
        room -= size
    return "\r\n ".join(pieces)
