"""A line as people read it: what was decided, what it still waits for, from when it has effect."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import F, OuterRef, Subquery

from mutualisation.delais import Delai, read_delays
from mutualisation.etats import ARBITRAGE
from mutualisation.models import Etude, Evaluation, Ligne
from mutualisation.models.ligne import LigneQuerySet
from socle.dates import day_and_year
from territoire.models import Epci

RELATED = ("declaration__cycle", "commune", "epci", "domaine", "activite", "arbitree_par")
TONS_ARBITRAGE = {
    Ligne.Arbitrage.SANS_OBJET: "n",
    Ligne.Arbitrage.A_INSTRUIRE: "n",
    Ligne.Arbitrage.ACCEPTEE: "v",
    Ligne.Arbitrage.REFUSEE: "r",
    Ligne.Arbitrage.REPORTEE: "o",
    Ligne.Arbitrage.ABANDONNEE: "n",
}
TONS_ETAPE = {
    Ligne.Etape.RECUE: "n",
    Ligne.Etape.A_COMPLETER: "o",
    Ligne.Etape.RECEVABLE: "a",
    Ligne.Etape.ETUDIEE: "v",
}
TONS_AVIS = {
    Etude.Avis.FAVORABLE: "v",
    Etude.Avis.RESERVE: "o",
    Etude.Avis.DEFAVORABLE: "r",
}
TONS_NATURE = {
    Ligne.Nature.ENTREE: "a",
    Ligne.Nature.EXTENSION: "a",
    Ligne.Nature.RETRAIT: "r",
    Ligne.Nature.MAINTIEN: "v",
    Ligne.Nature.REGULARISATION: "a",
    Ligne.Nature.PRESTATION: "a",
    Ligne.Nature.REVISION: "o",
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
    def etape(self) -> tuple[str, str]:
        """(tone, words) of where the instruction stands; empty words once the line is decided."""
        if self.ligne.arbitrage != Ligne.Arbitrage.A_INSTRUIRE:
            return "n", ""
        return TONS_ETAPE[Ligne.Etape(self.ligne.etape)], self.ligne.get_etape_display()

    @property
    def situation(self) -> tuple[str, str]:
        """(tone, words) of where the line stands: its step once the instruction has begun, then the decision."""
        begun = self.ligne.etape != Ligne.Etape.RECUE
        return self.etape if begun and self.etape[1] else self.arbitrage

    @property
    def a_decider(self) -> bool:
        """Nobody has decided, and nothing is awaited from the commune (as `LigneQuerySet.to_decide`)."""
        waiting = self.ligne.arbitrage == Ligne.Arbitrage.A_INSTRUIRE
        return waiting and self.ligne.etape != Ligne.Etape.A_COMPLETER

    @property
    def a_evaluer(self) -> bool:
        """An évaluation préalable goes with it, asked or to come."""
        asked = self.ligne.nature in Evaluation.NATURES
        return asked and self.ligne.arbitrage in Evaluation.ARBITRAGES

    @property
    def retirable(self) -> bool:
        """The commune may still withdraw it: it is neither refused, nor voted, nor in effect."""
        free = not (self.votee or self.ligne.appliquee_at)
        return ARBITRAGE.allows("retirer", self.ligne.arbitrage) and free

    @property
    def votee(self) -> bool:
        """An assembly has voted it: an act goes before a decision changes."""
        return bool(self.acte_commune_on or self.acte_epci_on)

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


@dataclass(frozen=True)
class LigneSuivie(LigneLue):
    """A line of the work list: also its age, the avis of its study and who conducts it."""

    delai: Delai | None = None

    @property
    def avis(self) -> tuple[str, str]:
        """(tone, words) of the avis; empty words while there is none."""
        row: Any = self.ligne
        return (TONS_AVIS[row.avis], Etude.Avis(row.avis).label) if row.avis else ("n", "")

    @property
    def conduite_par(self) -> str:
        row: Any = self.ligne
        return f"{row.conduite_prenom or ''} {row.conduite_nom or ''}".strip()


def with_study(lignes: LigneQuerySet) -> LigneQuerySet:
    """Annotated with the study of their domain: `avis`, `conduite_id`, `conduite_prenom`, `conduite_nom` (None: not begun)."""
    studies = Etude.objects.filter(declaration=OuterRef("declaration"), domaine=OuterRef("domaine"))
    etude = studies.order_by()  # there is one: no table to join to sort it
    named = etude.annotate(prenom=F("conduite_par__prenom"), nom=F("conduite_par__nom"))
    annotated: LigneQuerySet = lignes.annotate(
        avis=Subquery(etude.values("avis")[:1]),
        conduite_id=Subquery(etude.values("conduite_par")[:1]),
        conduite_prenom=Subquery(named.values("prenom")[:1]),
        conduite_nom=Subquery(named.values("nom")[:1]),
    )
    return annotated


def follow_lines(lignes: LigneQuerySet, epci: Epci) -> list[LigneSuivie]:
    """The lines of a queryset `with_study`, as the work list reads them, in its own order; four queries."""
    delais = read_delays(epci, lignes)
    rows: Any = lignes.with_acts().select_related(*RELATED)
    return [
        LigneSuivie(row, row.acte_commune_on, row.acte_epci_on, epci.today, delais.get(row.pk))
        for row in rows
    ]
