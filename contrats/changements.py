"""What an avenant changes, value by value, in words: as first signed, as last signed, as proposed."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import unescape
from itertools import groupby
from typing import Any

from django.utils.html import strip_tags

from contrats.mots import Morceau, word_diff
from socle.dates import day_and_year
from socle.nombres import grouped

CHAMPS = "Article 3, activités partagées"
FICHE = "Annexe A – "
RUBRIQUES = {
    "rattachement": "Rattachement",
    "missions": "Ce que fait le service",
    "limites": "Ce qu'il ne fait pas",
    "evaluation_prealable": "Avant l'intégration",
    "niveau_attendu": "Niveau de service promis",
    "engagements_epci": "Engagements de l'EPCI",
    "engagements_commune": "Engagements de la commune",
    "conditions_normales": "Fonctionnement normal",
    "horaires": "Horaires",
    "astreinte": "Astreinte",
    "telephone_astreinte": "Téléphone de l'astreinte",
    "rythme_revues": "Rythme des revues",
}
REGLES = {
    "urgence": {
        "definition": "Ce qui est urgent",
        "accuse": "Accusé d'une urgence",
        "decision": "Décision d'une urgence",
    },
    "exceptionnel": {
        "definition": "Ce qui est exceptionnel",
        "accuse": "Accusé d'un motif exceptionnel",
        "decision": "Décision d'un motif exceptionnel",
    },
}
COTES = {"commune": "Référent de la commune", "epci": "Référent de l'EPCI"}
# What changes without an avenant: who holds a seat, the number to call (article 11).
LIBRES = {*COTES.values(), RUBRIQUES["telephone_astreinte"]}
BLOCKS = re.compile(r"</(?:p|li|h3)>|<br>")
LONG = 120  # beyond, a value is not read in a column

Cle = tuple[str, str]


@dataclass(frozen=True)
class Changement:
    """A value that is not the one last signed: where it stands, what it is; None where it does not stand."""

    section: str
    quoi: str
    initial: str | None
    signe: str | None
    propose: str | None
    cle: str  # of the section, whatever its title

    @property
    def long(self) -> bool:
        """Whether it is read on the whole width."""
        return any(len(text or "") > LONG for text in (self.initial, self.signe, self.propose))

    @property
    def libre(self) -> bool:
        """Whether it may change without an avenant: one that changes nothing else is not voted."""
        return self.quoi in LIBRES

    @property
    def morceaux(self) -> list[Morceau]:
        """The last signed text and the proposed one in one, word by word."""
        return word_diff(self.signe or "", self.propose or "")


def changes(initial: dict[str, Any], signed: dict[str, Any], proposed: dict[str, Any]) -> list[Changement]:
    """What the data of a proposed text change of the last signed, in the order of the contract; data of `contract_data`."""
    first, before, after = lines(initial), lines(signed), lines(proposed)
    titles = _titles(signed) | _titles(proposed)
    return [
        Changement(
            titles.get(key[0], key[0]), key[1], first.get(key), before.get(key), after.get(key), key[0]
        )
        for key in in_order(after, before)
        if before.get(key) != after.get(key)
    ]


def _titles(data: dict[str, Any]) -> dict[str, str]:
    """The title of the section of each fiche, by its key: a domain keeps its code when it is renamed."""
    return {FICHE + fiche["code"]: FICHE + fiche["libelle"] for fiche in data["fiches"]}


def in_order(one: Iterable[Cle], other: Iterable[Cle]) -> list[Cle]:
    """The keys of both, by section, in the order of the first, then of the second."""
    keys = list(dict.fromkeys((*one, *other)))
    rank = {section: n for n, section in enumerate(dict.fromkeys(section for section, _ in keys))}
    return sorted(keys, key=lambda key: rank[key[0]])


@dataclass(frozen=True)
class Changements:
    """The changes of a section: those read in columns, then those that take the whole width."""

    courts: list[Changement]
    longs: list[Changement]


def by_section(found: Iterable[Changement]) -> list[tuple[str, Changements]]:
    """The changes under the title of their section."""
    groups = [list(some) for _, some in groupby(found, key=lambda one: one.cle)]
    return [
        (
            some[0].section,
            Changements([one for one in some if not one.long], [one for one in some if one.long]),
        )
        for some in groups
    ]


def lines(data: dict[str, Any]) -> dict[Cle, str]:
    """Every value that binds, in words, by (key of the section, name); mentions of the acts are not among them."""
    found: dict[Cle, str] = {}
    for section, name, value in _lines(data):
        key, rank = (section, name), 1
        while key in found:  # two indicators of one name
            rank += 1
            key = (section, f"{name} ({rank})")
        found[key] = value
    return found


def _lines(data: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    yield "Les parties", "Commune", f"{data['commune']['nom']} ({data['commune']['code_insee']})"
    yield "Les parties", "EPCI", f"{data['epci']['nom']}, {data['epci']['type']} ({data['epci']['siren']})"
    for rank, text in enumerate(data["considerants"], start=1):
        yield "Considérants", f"Considérant {rank}", as_text(text)
    for article in data["articles"]:
        yield f"Article {article['numero']}", "Titre", article["titre"]
        yield f"Article {article['numero']}", "Texte", as_text(article["html"])
    for famille in data["familles"]:
        for domaine in famille["domaines"]:
            yield from _domaine(domaine, famille["libelle"])
    for fiche in data["fiches"]:
        for name, value in _fiche(fiche):
            yield FICHE + fiche["code"], name, value
    yield "Annexe C – Rythme des revues", "Revues de domaine", data["revues"]["rythme"]
    yield "Annexe C – Rythme des revues", "Revues de contrat", data["revues"]["contrat"]


def as_text(html: str) -> str:
    """The words of a rendered clause, a line for each of its blocks."""
    return unescape(strip_tags(BLOCKS.sub(r"\g<0>\n", html))).strip()


def _domaine(domaine: dict[str, Any], famille: str) -> Iterator[tuple[str, str, str]]:
    service = ", ".join(filter(None, (domaine["service_commun"], domaine["rattachement"])))
    since = day_and_year(domaine["depuis_on"])
    name = f"Domaine {domaine['code']}"  # a name may change from one year to the next, a code does not
    yield CHAMPS, name, f"{domaine['libelle']} ({famille}) ; {service} ; depuis le {since}"
    for activite in domaine["activites"]:
        value = (
            f"{activite['libelle']} : {activite['nature']}, depuis le {day_and_year(activite['depuis_on'])}"
        )
        yield CHAMPS, f"Activité {activite['code']}", value


def _fiche(fiche: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield "Domaine", f"{fiche['code']} {fiche['libelle']}, {fiche['famille']}"
    for key, name in RUBRIQUES.items():
        if fiche[key]:
            yield name, fiche[key]
    for rule, names in REGLES.items():
        for key, name in names.items():
            yield name, fiche[rule][key]
    for indicateur in fiche["indicateurs"]:
        yield f"Indicateur « {indicateur['libelle']} »", _indicateur(indicateur)
    for cote, name in COTES.items():
        if fiche["referents"][cote]:
            yield name, _referent(fiche["referents"][cote])


def _indicateur(one: dict[str, Any]) -> str:
    better = "à la hausse" if one["sens"] == "hausse" else "à la baisse"
    before = "non mesuré" if one["reference"] is None else grouped(one["reference"])
    return (
        f"avant : {before} ; promis : {grouped(one['cible'])} ; tolérance : {grouped(one['tolerance'])} "
        f"({one['unite']}, {better})"
    )


def _referent(one: dict[str, Any]) -> str:
    held = ", ".join(filter(None, (one["titulaire"] or "à désigner", one["fonction"])))
    return f"{held} ; suppléance : {one['suppleant'] or 'à désigner'}"
