"""The merge fields of clauses: a closed, typed list, written « {Nom de la commune} » in a text."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import NamedTuple

from socle.dates import day_and_year
from socle.typographie import of, plural

BRACES = re.compile(r"\{([^{}\n]*)\}")
WORDS = (
    *("zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit"),
    *("neuf", "dix", "onze", "douze", "treize", "quatorze", "quinze", "seize"),
)


@dataclass(frozen=True)
class Faits:
    """What a contract says of itself to its clauses; `groupement` is « la Métropole » or « la Communauté »."""

    epci: str
    siren: str
    groupement: str
    commune: str
    code_insee: str
    pole: str
    reference: str
    version: str
    effet_on: date
    domaines: int
    activites: int
    rythme: str
    revues: str
    observation_jours: int
    conciliation_mois: int


class Champ(NamedTuple):
    """A merge field: its type in French, what it is for, what it prints of a contract (empty: an error)."""

    genre: str
    aide: str
    lire: Callable[[Faits], str]


CHAMPS: dict[str, Champ] = {
    "Nom de la commune": Champ("texte", "« Mérignac »", lambda f: f.commune),
    "de Nom de la commune": Champ("texte", "« de Mérignac », « du Bouscat »", lambda f: of(f.commune)),
    "Code de la commune": Champ("texte", "le code officiel géographique", lambda f: f.code_insee),
    "Pôle de la commune": Champ("texte", "« pôle Ouest » ; vide pour une commune sans pôle", lambda f: f.pole),
    "Nom de l'EPCI": Champ("texte", "son nom entier", lambda f: f.epci),
    "SIREN de l'EPCI": Champ("texte", "son numéro", lambda f: f.siren),
    "le groupement": Champ("texte", "« la Métropole » ou « la Communauté »", lambda f: f.groupement),
    "Le groupement": Champ("texte", "le même, en début de phrase", lambda f: _capital(f.groupement)),
    "du groupement": Champ("texte", "« de la Métropole » ou « de la Communauté »", lambda f: f"de {f.groupement}"),
    "au groupement": Champ("texte", "« à la Métropole » ou « à la Communauté »", lambda f: f"à {f.groupement}"),
    "Référence du contrat": Champ("texte", "« C-2028-001 »", lambda f: f.reference),
    "Version du contrat": Champ("texte", "« Contrat initial », « Avenant n° 1 »", lambda f: f.version),
    "Date d'effet": Champ("date", "« 1er janvier 2028 »", lambda f: day_and_year(f.effet_on)),
    "Nombre de domaines": Champ("nombre", "« 18 domaines »", lambda f: plural(f.domaines, "domaine")),
    "Nombre d'activités": Champ("nombre", "« 130 activités »", lambda f: plural(f.activites, "activité")),
    "Rythme des revues de domaine": Champ("texte", "« chaque mois », ou « au rythme de chaque fiche »", lambda f: f.rythme),
    "Mois des revues de contrat": Champ("texte", "« en mai ou juin… »", lambda f: f.revues),
    "Durée d'observation": Champ("durée", "« huit jours », réglée pour tous", lambda f: _days(f.observation_jours)),
    "Délai de conciliation": Champ("durée", "« deux mois », réglé pour tous", lambda f: _months(f.conciliation_mois)),
}  # fmt: skip


def label(written: str) -> str:
    """A label as the list has it: a typographic apostrophe or space does not make another field."""
    return " ".join(written.replace("’", "'").split())


def fields_of(texte: str) -> list[str]:
    """Labels of the known fields that a text uses, in order, once each."""
    found = (label(one) for one in BRACES.findall(texte))
    return list(dict.fromkeys(one for one in found if one in CHAMPS))


def faults(texte: str) -> Iterator[str]:
    """What is wrong with the braces of a text, in French: fields nobody knows, braces left open."""
    for written in dict.fromkeys(label(one) for one in BRACES.findall(texte)):
        if written not in CHAMPS:
            yield f"Le champ {{{written}}} n'existe pas{_nearest(written)}."
    rest = BRACES.sub("", texte)
    for sign, said in (("{", "n'est pas fermée"), ("}", "n'est pas ouverte")):
        if sign in rest:
            line = next(line for line in rest.splitlines() if sign in line)
            yield f"Une accolade {said}, près de « {line.strip()[:60]} »."


def empty_fields(texte: str, faits: Faits) -> list[str]:
    """Labels of the fields of a text that have no value for a contract."""
    return [one for one in fields_of(texte) if not CHAMPS[one].lire(faits)]


def _nearest(written: str) -> str:
    near = get_close_matches(written, CHAMPS, n=1)
    return f" ; vouliez-vous dire {{{near[0]}}}" if near else ""


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _in_words(count: int) -> str:
    return WORDS[count] if count < len(WORDS) else str(count)


def _days(count: int) -> str:
    return f"{_in_words(count)} {'jours' if count > 1 else 'jour'}"


def _months(count: int) -> str:
    return f"{_in_words(count)} mois"
