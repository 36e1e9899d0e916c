"""Clauses as texts: the reference ones, those in force, their light markup, and merged with what a contract says.

The markup is a narrow part of Markdown: sub-headings (##), lists, **gras**, *italique*, paragraphs, a line end kept. HTML is
text like any other, links and images do not exist: nothing a text holds is ever fetched.
"""

import html
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import nh3
from markdown_it import MarkdownIt

from contrats.champs import BRACES, CHAMPS, Faits, empty_fields, faults, label
from contrats.models import Clause, JeuClauses
from territoire.models import Epci

REFERENCE = Path(__file__).parent / "textes" / "clauses.md"
TAGS = {"p", "br", "h3", "ul", "ol", "li", "strong", "em", "mark"}
# What stands for a field between the two renderings: private characters, which no text keeps.
OPEN, CLOSE = "\ue000", "\ue001"
HELD = re.compile(f"{OPEN}([0-9]+){CLOSE}")
HEADING = re.compile(r"<(/?)h[1-6]>")

_markdown = MarkdownIt("zero", {"html": False, "breaks": True}).enable(
    ["heading", "list", "emphasis", "newline", "escape"]
)


@dataclass(frozen=True)
class Texte:
    """A clause as it is read: its article (0: the considérants), its title, its text in markup."""

    article: int
    titre: str
    texte: str

    @property
    def nom(self) -> str:
        """« Article 7 – Évaluation », « Considérants »."""
        return f"Article {self.article} – {self.titre}" if self.article else self.titre


@dataclass(frozen=True)
class Defaut:
    """What prevents a clause from being printed: its name, and why."""

    clause: str
    phrase: str

    def __str__(self) -> str:
        return f"{self.clause} : {self.phrase}"


@lru_cache(maxsize=1)
def read_reference() -> tuple[Texte, ...]:
    """The considérants and the twelve articles of `textes/clauses.md`, a starting point for every EPCI."""
    parts = re.split(r"^# ", REFERENCE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    pairs = (part.split("\n", 1) for part in parts)
    return tuple(Texte(n, titre, texte.strip()) for n, (titre, texte) in enumerate(pairs))


def read_texts(jeu: JeuClauses) -> list[Texte]:
    """The clauses of a set, in order."""
    rows = Clause.objects.filter(jeu=jeu).order_by("article")
    return [Texte(*row) for row in rows.values_list("article", "titre", "texte")]


def texts_in_force(epci: Epci) -> list[Texte]:
    """The clauses of the latest published set; the reference ones for an EPCI that has none yet."""
    latest = JeuClauses.objects.published(epci)[:1]
    rows = Clause.objects.filter(jeu__in=latest.values("pk")).order_by("article")
    return [Texte(*row) for row in rows.values_list("article", "titre", "texte")] or list(read_reference())


def sanitise(code: str) -> str:
    """HTML with the tags of clauses only, and `class="vide"` on what is still to come."""
    return nh3.clean(code, tags=TAGS, attributes={"ol": {"start"}}, allowed_classes={"em": {"vide"}})


def to_html(texte: str, said: Callable[[str], str]) -> str:
    """A text rendered, each field as the HTML that `said` gives for its label."""
    rendered, labels = _render(texte)
    return HELD.sub(lambda match: said(labels[int(match[1])]), rendered)


@lru_cache(maxsize=512)
def _render(texte: str) -> tuple[str, tuple[str, ...]]:
    """A text as HTML, its fields held by their rank, and their labels: the same for all the contracts of an EPCI."""
    labels: list[str] = []

    def hold(match: re.Match[str]) -> str:
        labels.append(label(match[1]))
        return f"{OPEN}{len(labels) - 1}{CLOSE}"

    bare = texte.replace(OPEN, "").replace(CLOSE, "")
    rendered = HEADING.sub(r"<\1h3>", _markdown.render(BRACES.sub(hold, bare)))
    return sanitise(rendered).strip(), tuple(labels)


def as_written(name: str) -> str:
    """A field as it stands in a text, marked."""
    return f"<mark>{{{html.escape(name)}}}</mark>"


def of_contract(faits: Faits) -> Callable[[str], str]:
    """What each field prints in a contract; its name, set apart, while it has no value there."""

    def said(name: str) -> str:
        value = CHAMPS[name].lire(faits) if name in CHAMPS else ""
        if value:
            return html.escape(value, quote=False)
        return f'<em class="vide">{html.escape(name, quote=False)} : à compléter</em>'

    return said


def print_clauses(textes: Iterable[Texte], faits: Faits) -> dict[str, Any]:
    """The considérants and the articles as a contract prints them: JSON, fields merged."""
    said = of_contract(faits)
    by_article = {one.article: one for one in textes}
    preamble = by_article.pop(0)
    return {
        "considerants": [
            to_html(part, said) for part in re.split(r"\n\s*\n", preamble.texte) if part.strip()
        ],
        "articles": [
            {"numero": str(number), "titre": one.titre, "html": to_html(one.texte, said)}
            for number, one in sorted(by_article.items())
        ],
    }


def defects(textes: Iterable[Texte], faits: Faits) -> Iterator[Defaut]:
    """What prevents the clauses from being printed in a contract: faults of writing, fields without a value there."""
    for one in textes:
        yield from (Defaut(one.nom, phrase) for phrase in faults(one.texte))
        yield from (
            Defaut(one.nom, f"le champ {{{name}}} est vide.") for name in empty_fields(one.texte, faits)
        )
