"""Reading the one form of a declaration."""

from django.http import QueryDict

from mutualisation.workflows.declaration import Saisie
from socle.erreurs import Refus

DAMAGED = "La page envoyée est incomplète : rechargez-la, puis recommencez. Rien n'a été enregistré."


def read_saisie(data: QueryDict) -> Saisie:
    """What the page showed and what the person made of it. Raises Refus for a form that is not ours."""
    if "vues" not in data:
        raise Refus(DAMAGED)
    return Saisie(
        vues=frozenset(_number(text) for text in str(data["vues"]).split(",") if text),
        cochees=frozenset(_number(text) for text in data.getlist("activites")),
        motifs_vus=_motives(data, "motif_vu-"),
        motifs=_motives(data, "motif-"),
    )


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise Refus(DAMAGED)
    return int(text)


def _motives(data: QueryDict, prefix: str) -> dict[int, str]:
    """Texts by domain id; browsers send CRLF, and PostgreSQL takes no NUL."""
    return {
        _number(name.removeprefix(prefix)): str(data[name]).replace("\r\n", "\n").replace("\x00", "").strip()
        for name in data
        if name.startswith(prefix)
    }
