"""The two référents of each domain of a commune on a day, read in a constant number of queries."""

from collections.abc import Iterable
from datetime import date

from comptes.models import Personne
from mutualisation.referents import SiegeLu, read_seats
from territoire.models import Appartenance, Epci


class Referents:
    """Both sides of every domain of an EPCI, as they stand on a day; `domaines` narrows what is read."""

    def __init__(self, epci: Epci, day: date, domaines: Iterable[int] | None = None) -> None:
        narrowed = {} if domaines is None else {"domaine__in": list(domaines)}
        self._annuaire = read_seats(epci, day, **narrowed)
        memberships = Appartenance.objects.on(day).filter(epci=epci).select_related("pole").order_by("pk")
        self._poles = {row.commune_id: row.pole for row in memberships}

    def commune_side(self, commune: int, domaine: int) -> SiegeLu | None:
        """The référent communal's seat, None when it does not exist."""
        return self._annuaire.commune_side(domaine, commune)

    def epci_side(self, commune: int, domaine: int) -> SiegeLu | None:
        """The seat of the EPCI that serves the commune: the nearest one that someone holds."""
        pole = self._poles.get(commune)
        return self._annuaire.epci_side(domaine, commune, pole.pk if pole else None)

    def vacancies(self, commune: int, domaines: Iterable[int]) -> int:
        """How many seats nobody holds in title, on both sides, for some domains of a commune."""
        pairs = ((self.commune_side(commune, d), self.epci_side(commune, d)) for d in domaines)
        return sum(is_vacant(siege) for pair in pairs for siege in pair)

    def pole_name(self, commune: int) -> str:
        """« pôle Ouest », whether the EPCI named it « Ouest » or « Pôle Ouest »; empty without pôle."""
        pole = self._poles.get(commune)
        if not pole:
            return ""
        bare = pole.nom[5:] if pole.nom.lower().startswith(("pôle ", "pole ")) else pole.nom
        return f"pôle {bare}"


def is_vacant(siege: SiegeLu | None) -> bool:
    """Nobody holds the seat in title, or it does not exist."""
    return siege is None or siege.vacant


def fonction(siege: SiegeLu) -> str:
    """What the holder does; a team answers by its own name."""
    return siege.titulaire.fonction if isinstance(siege.titulaire, Personne) else ""
