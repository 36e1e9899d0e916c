"""The rehearsal of a draft of clauses: what would change in each contract in preparation. Nothing is written."""

from collections.abc import Iterable
from dataclasses import dataclass

from contrats.champs import Faits, faults
from contrats.clauses import (
    Defaut,
    Texte,
    as_written,
    defects,
    of_contract,
    read_texts,
    texts_in_force,
    to_html,
)
from contrats.faits import read_facts
from contrats.models import JeuClauses, VersionContrat
from contrats.mots import Morceau, word_diff
from territoire.models import Epci


@dataclass(frozen=True)
class Ecart:
    """A clause beside the one in force."""

    avant: Texte
    apres: Texte

    @property
    def change(self) -> bool:
        return self.avant != self.apres

    @property
    def html_avant(self) -> str:
        """The text in force, fields as written."""
        return to_html(self.avant.texte, as_written)

    @property
    def html_apres(self) -> str:
        """The text of the draft, fields as written."""
        return to_html(self.apres.texte, as_written)

    @property
    def morceaux(self) -> list[Morceau]:
        """Both texts in one, word by word."""
        return word_diff(self.avant.texte, self.apres.texte)


@dataclass(frozen=True)
class Passage:
    """An article of one contract, before and after, merged."""

    nom: str
    avant: str
    apres: str


@dataclass(frozen=True)
class ContratRepete:
    """A contract in preparation: the articles that would change, and what could not be printed."""

    version: VersionContrat
    articles: tuple[Ecart, ...]
    defauts: tuple[Defaut, ...]
    faits: Faits

    @property
    def passages(self) -> list[Passage]:
        """Its articles side by side, as it would print them."""
        said = of_contract(self.faits)
        return [
            Passage(one.apres.nom, to_html(one.avant.texte, said), to_html(one.apres.texte, said))
            for one in self.articles
        ]


@dataclass(frozen=True)
class Repetition:
    """What a draft changes, clause by clause and contract by contract; `fautes` are errors of writing, in any contract."""

    ecarts: tuple[Ecart, ...]
    contrats: tuple[ContratRepete, ...]
    fautes: tuple[Defaut, ...]

    @property
    def changes(self) -> list[Ecart]:
        return [ecart for ecart in self.ecarts if ecart.change]

    @property
    def publiable(self) -> bool:
        """Whether nothing prevents the draft from being published."""
        return not self.fautes and not any(contrat.defauts for contrat in self.contrats)


def compare(jeu: JeuClauses) -> tuple[Ecart, ...]:
    """Each clause of a set beside the one in force."""
    before = {one.article: one for one in texts_in_force(jeu.epci)}
    return tuple(Ecart(before[one.article], one) for one in read_texts(jeu))


def rehearse(jeu: JeuClauses) -> Repetition:
    """What publishing a draft would change; a number of queries that does not depend on contracts."""
    ecarts = compare(jeu)
    versions = list(_in_preparation(jeu.epci))
    facts = read_facts(jeu.epci, versions)
    changed = tuple(ecart for ecart in ecarts if ecart.change)
    texts = [ecart.apres for ecart in ecarts]
    found = (
        ContratRepete(version, changed, tuple(_empty(texts, facts[version.pk])), facts[version.pk])
        for version in versions
    )
    fautes = tuple(Defaut(one.nom, phrase) for one in texts for phrase in faults(one.texte))
    return Repetition(ecarts, tuple(found), fautes)


def _in_preparation(epci: Epci) -> Iterable[VersionContrat]:
    rows = VersionContrat.objects.filter(epci=epci, etat__in=VersionContrat.PREPARATION)
    return rows.select_related("epci", "commune").order_by("commune__tri", "pk")


def _empty(texts: list[Texte], faits: Faits) -> Iterable[Defaut]:
    """Fields without a value in one contract: faults of writing are told once for all."""
    faulty = {one.nom for one in texts if any(faults(one.texte))}
    return (defaut for defaut in defects(texts, faits) if defaut.clause not in faulty)
