"""Write docs/etats.md from the declared transitions."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from socle.etats import Table
from socle.registres import tables
from socle.typographie import enumerate_french

HEAD = """# États et transitions

Ce fichier est écrit par `python manage.py etats`, depuis le module `etats` de chaque étage ; un test vérifie qu'il est à jour, un
autre joue chaque case (état, acte, rôle). Une case absente est refusée. Une phase qui suit des dates (campagne ouverte,
ligne en vigueur) n'est pas ici : elle se calcule.
"""


class Command(BaseCommand):
    help = "Écrit docs/etats.md : états, actes et rôles."

    def handle(self, *args: Any, **options: Any) -> None:
        target().write_text(document(), "utf-8")
        self.stdout.write(f"{target().name} est à jour.")


def target() -> Path:
    return Path(settings.BASE_DIR) / "docs" / "etats.md"


def document() -> str:
    """The whole page, in Markdown."""
    return HEAD + "".join(
        f"\n## {table.nom}\n\n{_states(table)}\n\n{_acts(table)}\n" for table in tables.gather()
    )


def _states(table: Table) -> str:
    return "États : " + enumerate_french([f"« {etat.label} »" for etat in table.etats]) + "."


def _acts(table: Table) -> str:
    rows = ["| Acte | Depuis | Vers | Qui |", "|---|---|---|---|", *_rows(table)]
    return "\n".join(rows)


def _rows(table: Table) -> Iterator[str]:
    for transition in table.transitions:
        who = (
            enumerate_french([str(role.label) for role in transition.roles])
            or "personne : de soi-même, au jour dit"
        )
        for cible in dict.fromkeys(transition.passages.values()):
            sources = [str(table.etats(s).label) for s, c in transition.passages.items() if c == cible]
            yield f"| {transition.acte} | {enumerate_french(sources)} | {table.etats(cible).label} | {who} |"
