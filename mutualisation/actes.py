"""Who still misses which act: communes × the two assemblies."""

from dataclasses import dataclass
from itertools import groupby
from typing import Any

from mutualisation.lignes import LigneLue, read_lines
from mutualisation.models import Acte, Cycle, Ligne
from mutualisation.models.ligne import LigneQuerySet
from socle.typographie import plural
from territoire.models import Commune


@dataclass(frozen=True)
class Avancement:
    """The accepted lines of a commune, and how many each assembly has voted."""

    commune: Commune
    lues: list[LigneLue]
    manque: tuple[str, str]  # (tone, words) of an act not there yet, as the calendar makes it

    @property
    def total(self) -> int:
        return len(self.lues)

    @property
    def municipal(self) -> tuple[str, str]:
        """(tone, words) of the acts of the municipal council."""
        return self._said(sum(1 for lue in self.lues if lue.acte_commune_on))

    @property
    def epci(self) -> tuple[str, str]:
        """(tone, words) of the acts of the EPCI."""
        return self._said(sum(1 for lue in self.lues if lue.acte_epci_on))

    def _said(self, voted: int) -> tuple[str, str]:
        if voted == self.total:
            return "v", "Enregistré"
        ton, mot = self.manque
        return ton, f"{mot} pour {plural(self.total - voted, 'ligne')}" if voted else mot

    @property
    def complet(self) -> bool:
        return all(lue.acte_commune_on and lue.acte_epci_on for lue in self.lues)

    @property
    def tardives(self) -> list[LigneLue]:
        """Lines whose acts are late and whose day of effect is still to be set."""
        return [lue for lue in self.lues if lue.tardive and not lue.ligne.effet_on]


def _absence(cycle: Cycle) -> tuple[str, str]:
    """To come before the votes, awaited during them, missing from the date of effect."""
    today = cycle.epci.today
    if today < cycle.votes_debut_on:
        return "n", "À voter"
    return ("o", "Attendu") if today < cycle.effective_on else ("r", "Manque")


def accepted_lines(cycle: Cycle, user: Any) -> LigneQuerySet:
    """Accepted lines of a cycle that a user sees, by commune."""
    rows: LigneQuerySet = Ligne.objects.visible_to(user).filter(
        declaration__cycle=cycle, arbitrage=Ligne.Arbitrage.ACCEPTEE
    )
    return rows.order_by("commune__tri", "commune_id", "domaine__ordre", "activite__code", "pk")


def read_progress(cycle: Cycle, user: Any) -> list[Avancement]:
    """One row per commune that has accepted lines; one query."""
    lues = read_lines(accepted_lines(cycle, user), cycle.epci.today)
    absence = _absence(cycle)
    return [Avancement(group[0].ligne.commune, group, absence) for group in by_commune(lues)]


def by_commune(lues: list[LigneLue]) -> list[list[LigneLue]]:
    """Lines ordered by commune, cut in communes."""
    return [list(group) for _, group in groupby(lues, key=lambda lue: lue.ligne.commune_id)]


def to_vote(cycle: Cycle, user: Any, type: str, commune: Commune | None) -> list[LigneLue]:
    """Accepted lines that an act of this kind may cover: not in effect yet, of that commune for a municipal act."""
    rows = accepted_lines(cycle, user).filter(appliquee_at=None)
    if type == Acte.Type.CONSEIL_MUNICIPAL:
        rows = rows.filter(commune=commune)
    return read_lines(rows, cycle.epci.today)


def already_voted(lue: LigneLue, type: str) -> bool:
    """Whether the assembly of this kind of act has already voted the line."""
    return bool(lue.acte_commune_on if type == Acte.Type.CONSEIL_MUNICIPAL else lue.acte_epci_on)
