"""What a person may reach on a day, read once per request: the ground of every `visible_to(user)`."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from comptes.roles import Role
from socle import registres
from territoire.models import today_of

if TYPE_CHECKING:
    from comptes.models import Personne


@dataclass(frozen=True)
class Titre:
    """One way of acting: a role on a perimeter. `domaine_id` is set for the titles that come from a seat."""

    role: Role
    epci_id: int
    epci_nom: str
    pole_id: int | None = None
    pole_nom: str = ""
    commune_id: int | None = None
    commune_nom: str = ""
    domaine_id: int | None = None

    @property
    def cle(self) -> str:
        """A key that survives the request: seats of one person on one perimeter make one context."""
        return f"{self.role}-{self.epci_id}-{self.pole_id or 0}-{self.commune_id or 0}"

    @property
    def libelle_role(self) -> str:
        return Role(self.role).label

    @property
    def libelle_perimetre(self) -> str:
        return self.commune_nom or self.pole_nom or self.epci_nom

    @property
    def libelle(self) -> str:
        """« DGS, Mérignac »."""
        return f"{self.libelle_role}, {self.libelle_perimetre}"


class Acces:
    """The titles of a person, and the sets that visibility rules ask for."""

    def __init__(self, titres: tuple[Titre, ...]) -> None:
        self.titres = titres

    @classmethod
    def of(cls, personne: "Personne") -> "Acces":
        """Titles in force today, by the day of each EPCI: habilitations, then what derives from seats."""
        return cls((*_from_habilitations(personne), *registres.titres.gather(personne)))

    def with_role(self, *roles: Role) -> list[Titre]:
        return [titre for titre in self.titres if titre.role in roles]

    @property
    def epcis(self) -> frozenset[int]:
        """EPCI in which the person holds any title."""
        return frozenset(titre.epci_id for titre in self.titres)

    def epcis_with(self, *roles: Role) -> frozenset[int]:
        return frozenset(titre.epci_id for titre in self.with_role(*roles))

    @property
    def epcis_entiers(self) -> frozenset[int]:
        """EPCI of which the person sees everything of the trade."""
        return self.epcis_with(Role.DIRECTION_TERRITOIRES, Role.ADMINISTRATEUR, Role.SERVICE)

    def poles_with(self, *roles: Role) -> frozenset[int]:
        return frozenset(titre.pole_id for titre in self.with_role(*roles) if titre.pole_id)

    def communes_with(self, *roles: Role) -> frozenset[int]:
        return frozenset(titre.commune_id for titre in self.with_role(*roles) if titre.commune_id)

    def acts_for_epci(self, epci_id: int, *roles: Role) -> bool:
        return epci_id in self.epcis_with(*roles)

    def acts_for_commune(self, commune_id: int, *roles: Role) -> bool:
        return commune_id in self.communes_with(*roles)


def _from_habilitations(personne: "Personne") -> list[Titre]:
    present: Any = personne.habilitations.on(today_of("epci"))
    rows = present.select_related("epci", "pole", "commune").order_by("debut", "pk")
    return [
        Titre(
            role=Role(row.role),
            epci_id=row.epci_id,
            epci_nom=row.epci.nom,
            pole_id=row.pole_id,
            pole_nom=row.pole.nom if row.pole else "",
            commune_id=row.commune_id,
            commune_nom=row.commune.nom if row.commune else "",
        )
        for row in rows
    ]
