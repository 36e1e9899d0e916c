"""What the pages say of a sheet: its kind, its state, how many rows of what."""

from collections.abc import Callable
from typing import Any

from mutualisation.models import Reprise
from mutualisation.reprise.colonnes import Type
from socle.typographie import enumerate_french, plural, spaced

KINDS: dict[str, tuple[str, str]] = {
    Type.PERSONNES: (
        "Les personnes",
        "Comptes et rôles : Direction des territoires, directeurs de pôle, DGS, maires, élus, collaborateurs, agents. "
        "Aucun courriel ne part : vous envoyez ensuite les invitations.",
    ),
    Type.SIEGES: (
        "Les référents et responsables",
        "Qui répond de chaque domaine, côté commune et côté EPCI, depuis quand. Les personnes sont déjà enregistrées.",
    ),
    Type.ADHESIONS: (
        "Les adhésions",
        "Ce que chaque commune partage déjà, activité par activité, avec ses dates.",
    ),
}


def kind(type: str) -> tuple[str, str]:
    """The title of a kind of sheet, and what it is for."""
    return KINDS[type]


TONS = {
    Reprise.Etat.A_CORRIGER: "r",
    Reprise.Etat.A_CONFIRMER: "a",
    Reprise.Etat.CONFIRMEE: "a",
    Reprise.Etat.ECRITE: "v",
}


def state(reprise: Reprise) -> tuple[str, str]:
    """The word for the state of a sheet, and its tone."""
    return str(reprise.etat.label), TONS.get(reprise.etat, "n")


Compte = Callable[[int], str]
COMPTES: dict[str, Compte] = {
    "comptes": lambda n: plural(n, "compte à ouvrir", "comptes à ouvrir"),
    "domaines": lambda n: plural(n, "domaine"),
    "communes": lambda n: plural(n, "commune"),
    "activites": lambda n: plural(n, "activité"),
    "adhesion": lambda n: plural(n, "adhésion"),
    "titulaire": lambda n: plural(n, "nomination"),
    "siege": lambda n: plural(n, "siège resté sans titulaire", "sièges restés sans titulaire"),
    "habilitation": lambda n: plural(n, "rôle"),
    "personne": lambda n: plural(n, "compte"),
}


def figures(reprise: Reprise) -> list[tuple[str, str, str]]:
    """The figures of a sheet: a number, the words that explain it, a tone."""
    bilan = reprise.bilan
    shown = [_figure(bilan, "lues", "ligne lue", "lignes lues")]
    if bilan["erreurs"]:
        return [*shown, _figure(bilan, "fausses", "ligne à corriger", "lignes à corriger", "r")]
    if bilan["deja"]:
        shown.append(
            _figure(bilan, "deja", "déjà enregistrée, laissée telle", "déjà enregistrées, laissées telles")
        )
    if bilan["doubles"]:
        shown.append(
            _figure(
                bilan,
                "doubles",
                "dite deux fois, comptée une fois",
                "dites deux fois, comptées une fois",
                "o",
            )
        )
    if reprise.ecrite_at:
        shown.append(_figure(bilan, "ecrites", "ligne écrite", "lignes écrites", "v"))
    else:
        about = details(reprise)
        rest = f" : {about}" if about else ""
        shown.append(_figure(bilan, "nouvelles", f"ligne à écrire{rest}", f"lignes à écrire{rest}", "a"))
    if reprise.annulee_at:
        shown.append(_figure(bilan, "retirees", "ligne retirée", "lignes retirées"))
    return shown


def _figure(bilan: dict[str, int], name: str, one: str, several: str, tone: str = "") -> tuple[str, str, str]:
    count = bilan[name]
    return spaced(count), one if count < 2 else several, tone


def details(reprise: Reprise, counts: dict[str, Any] | None = None) -> str:
    """« 12 communes et 30 activités »: what the rows are about; `counts` in place of those of the verification."""
    given = reprise.bilan if counts is None else counts
    return enumerate_french([say(given[name]) for name, say in COMPTES.items() if given.get(name)])
