"""Who answers for the domains of a commune on a day, both sides, read in three queries."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from comptes.models import Equipe, Personne
from mutualisation.models import Siege, Titulaire
from socle.typographie import enumerate_french
from territoire.models import Epci


@dataclass
class SiegeLu:
    """A seat on a day: who holds it in title, since when, and the deputies."""

    id: int
    cote: str
    domaine_id: int
    commune_id: int | None
    pole_id: int | None
    perimetre: str
    titulaire: Personne | Equipe | None = None
    depuis_on: date | None = None
    suppleants: list[Personne | Equipe] = field(default_factory=list)

    @property
    def vacant(self) -> bool:
        return self.titulaire is None

    @property
    def suppleance(self) -> str:
        return enumerate_french([str(holder) for holder in self.suppleants])


class Annuaire:
    """The seats of an EPCI as held on a day."""

    def __init__(self, sieges: Iterable[SiegeLu]) -> None:
        self.sieges = list(sieges)
        self._by_perimeter = {(s.cote, s.domaine_id, s.commune_id, s.pole_id): s for s in self.sieges}

    def commune_side(self, domaine: int, commune: int) -> SiegeLu | None:
        """The seat of the référent communal."""
        return self._by_perimeter.get((Siege.Cote.COMMUNE, domaine, commune, None))

    def epci_side(self, domaine: int, commune: int, pole: int | None) -> SiegeLu | None:
        """The nearest seat of the EPCI, held ones first: of the commune, its pôle, all communes."""
        wanted = ((commune, None), (None, pole), (None, None))
        keys = [(Siege.Cote.EPCI, domaine, *held) for held in wanted]
        known = [self._by_perimeter[key] for key in keys if key in self._by_perimeter]
        return next((siege for siege in known if not siege.vacant), known[0] if known else None)

    def of_epci(self, domaine: int) -> list[SiegeLu]:
        """Every seat of the EPCI for a domain, the widest perimeter first."""
        found = [s for s in self.sieges if s.cote == Siege.Cote.EPCI and s.domaine_id == domaine]
        return sorted(found, key=lambda s: (bool(s.commune_id), bool(s.pole_id), s.perimetre))


def read_seats(epci: Epci, on: date, **perimeter: Any) -> Annuaire:
    """The seats of an EPCI on a day; `perimeter` narrows them (`domaine=…`)."""
    rows = Siege.objects.filter(epci=epci, **perimeter).select_related("commune", "pole").order_by("pk")
    sieges = {row.pk: _read(row) for row in rows}
    held = Titulaire.objects.on(on).filter(siege__in=list(sieges)).select_related("personne", "equipe")
    for titulaire in held.order_by("debut", "pk"):
        _seat(sieges[titulaire.siege_id], titulaire)
    return Annuaire(sieges.values())


def _read(row: Siege) -> SiegeLu:
    return SiegeLu(row.pk, row.cote, row.domaine_id, row.commune_id, row.pole_id, row.perimetre)


def _seat(siege: SiegeLu, titulaire: Titulaire) -> None:
    holder = titulaire.personne or titulaire.equipe
    assert holder  # titulaire_person_or_team
    if titulaire.rang == Titulaire.Rang.TITULAIRE:
        siege.titulaire, siege.depuis_on = holder, titulaire.debut
    else:
        siege.suppleants.append(holder)
