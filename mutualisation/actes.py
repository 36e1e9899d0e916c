"""The lines that acts are about: those accepted, by commune, and which ones an act may cover."""

from itertools import groupby
from typing import Any

from mutualisation.lignes import LigneLue, read_lines
from mutualisation.models import Acte, Cycle, Ligne
from mutualisation.models.ligne import LigneQuerySet
from territoire.models import Commune


def accepted_lines(cycle: Cycle, user: Any) -> LigneQuerySet:
    """Accepted lines of a cycle that a user sees, by commune."""
    rows: LigneQuerySet = Ligne.objects.visible_to(user).filter(
        declaration__cycle=cycle, arbitrage=Ligne.Arbitrage.ACCEPTEE
    )
    return rows.order_by("commune__tri", "commune_id", "domaine__ordre", "activite__code", "pk")


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
