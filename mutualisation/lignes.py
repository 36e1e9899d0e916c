"""A line as people read it: what was decided, what it still waits for, from when it has effect."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from mutualisation.models import Ligne
from mutualisation.models.ligne import LigneQuerySet
from socle.dates import day_and_year

RELATED = ("declaration__cycle", "commune", "epci", "domaine", "activite", "arbitree_par")
TONS_ARBITRAGE = {
    Ligne.Arbitrage.SANS_OBJET: "n",
    Ligne.Arbitrage.A_INSTRUIRE: "n",
    Ligne.Arbitrage.ACCEPTEE: "v",
    Ligne.Arbitrage.REFUSEE: "r",
    Ligne.Arbitrage.REPORTEE: "o",
}
TONS_NATURE = {
    Ligne.Nature.ENTREE: "a",
    Ligne.Nature.EXTENSION: "a",
    Ligne.Nature.RETRAIT: "r",
    Ligne.Nature.MAINTIEN: "v",
}


@dataclass(frozen=True)
class LigneLue:
    """A line with the earliest days its two acts are exécutoires (None while an act is missing)."""

    ligne: Ligne
    acte_commune_on: date | None
    acte_epci_on: date | None
    today: date

    @property
    def arbitrage(self) -> tuple[str, str]:
        """(tone, words) of the decision."""
        return TONS_ARBITRAGE[Ligne.Arbitrage(self.ligne.arbitrage)], self.ligne.get_arbitrage_display()

    @property
    def nature(self) -> tuple[str, str]:
        """(tone, words) of what is asked."""
        return TONS_NATURE[Ligne.Nature(self.ligne.nature)], self.ligne.get_nature_display()

    @property
    def acceptee(self) -> bool:
        return self.ligne.arbitrage == Ligne.Arbitrage.ACCEPTEE

    @property
    def manquants(self) -> list[str]:
        """The acts an accepted line still waits for, in words."""
        if not self.acceptee or self.ligne.effet_on:
            return []
        commune = f"délibération du conseil municipal {self.ligne.commune.de}"
        epci = f"délibération du conseil de {self.ligne.epci.nom_commun}"
        return [text for text, day in ((commune, self.acte_commune_on), (epci, self.acte_epci_on)) if not day]

    @property
    def executoire_on(self) -> date | None:
        """The day both acts are exécutoires, once both are recorded."""
        return (
            max(self.acte_commune_on, self.acte_epci_on)
            if self.acte_commune_on and self.acte_epci_on
            else None
        )

    @property
    def tardive(self) -> bool:
        """Both acts are there, but exécutoires after the date of the cycle: the Direction sets the day."""
        late = self.executoire_on and self.executoire_on > self.ligne.declaration.cycle.effective_on
        return bool(late and self.acceptee and not self.ligne.appliquee_at)

    @property
    def effet(self) -> tuple[str, str]:
        """(tone, sentence) about the effect of an accepted line; empty words for the others."""
        if not self.acceptee:
            return "n", ""
        if self.ligne.effet_on:
            return self._dated(self.ligne.effet_on)
        if self.manquants:
            due = self.today >= self.ligne.declaration.cycle.effective_on
            return ("r" if due else "o"), f"En attente d'acte : {' ; '.join(self.manquants)}"
        return "o", "Actes tardifs : date d'effet à fixer"

    def _dated(self, day: date) -> tuple[str, str]:
        if not self.ligne.appliquee_at:
            return "a", f"Effet le {day_and_year(day)}"
        leaving = self.ligne.nature == Ligne.Nature.RETRAIT
        return (
            ("n", f"Repris le {day_and_year(day)}")
            if leaving
            else ("v", f"En vigueur depuis le {day_and_year(day)}")
        )


def read_lines(lignes: LigneQuerySet, today: date) -> list[LigneLue]:
    """The lines of a queryset, as read, in its own order; one query."""
    rows: Any = lignes.with_acts().select_related(*RELATED)
    return [LigneLue(row, row.acte_commune_on, row.acte_epci_on, today) for row in rows]
