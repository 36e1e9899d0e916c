"""The signatures a deposited copy should bear: those of the signatories that the copy issued names, beside those it bears."""

from dataclasses import dataclass

from contrats.models import ExemplaireSigne
from documents.signature import Certificat
from socle.typographie import enumerate_french, sort_key

SIDES = ("commune", "epci")


@dataclass(frozen=True)
class Attendu:
    """A signatory that the copy issued names, and whether the file bears a signature of that name."""

    nom: str
    qualite: str
    trouve: bool


def awaited(exemplaire: ExemplaireSigne) -> list[Attendu]:
    """Who was to sign, each beside one signature of the file at most.

    A certificate writes a name in any order and case, with or without accents, among other words.
    """
    found = [_words(name) for name in signed_by(exemplaire)]
    named = exemplaire.document.source["contrat"]["signataires"]
    return [_beside(named[side], found) for side in SIDES if named[side]]


def signed_by(exemplaire: ExemplaireSigne) -> list[str]:
    """The names of the certificates that signed the file."""
    return [one["signataire"] for one in exemplaire.constat.get("signatures", [])]


def unfound(exemplaire: ExemplaireSigne) -> list[str]:
    """The names of those whose signature is awaited and is not in the file."""
    return [one.nom for one in awaited(exemplaire) if not one.trouve]


def revoked(exemplaire: ExemplaireSigne) -> list[str]:
    """The names of the certificates of the file that its own evidence says revoked."""
    signatures = exemplaire.constat.get("signatures", [])
    return [one["signataire"] for one in signatures if one["certificat"] == Certificat.REVOQUE.value]


def doubts(exemplaire: ExemplaireSigne) -> list[str]:
    """Why a file is not confirmed without a motive, a sentence each; none when nothing is in doubt."""
    missing, withdrawn = map(enumerate_french, (unfound(exemplaire), revoked(exemplaire)))
    return [
        *([f"Ce fichier ne porte pas la signature attendue : {missing}."] if missing else []),
        *([f"Une signature est faite avec un certificat révoqué : {withdrawn}."] if withdrawn else []),
    ]


def _beside(named: dict[str, str], found: list[set[str]]) -> Attendu:
    """The signatory, his signature taken out of those found."""
    his = next((words for words in found if _words(named["nom"]) <= words), None)
    if his is not None:
        found.remove(his)
    return Attendu(named["nom"], named["qualite"], his is not None)


def _words(name: str) -> set[str]:
    return set(sort_key(name).split())
