"""The directory of people of an EPCI, and who keeps it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from django.db.models import Q, QuerySet

from comptes.models import Habilitation, Personne
from comptes.roles import Role
from socle import registres
from socle.registres import Tenue
from territoire.models import Epci, today_of


@dataclass(frozen=True)
class Annuaire:
    """The people of an EPCI, their habilitations and its technical pages: its administrators' alone."""

    epci: Epci
    QUI_PEUT: ClassVar[dict[str, str]] = {
        "administrer": "Seul l'administrateur de votre EPCI peut voir cette page et agir sur les comptes.",
    }

    def abilities_for(self, user: Any) -> dict[str, bool]:
        return {"administrer": user.acces.acts_for_epci(self.epci.pk, Role.ADMINISTRATEUR)}

    def people(self) -> QuerySet[Personne]:
        """Everyone who holds, held or will hold a habilitation here."""
        return Personne.objects.in_epcis([self.epci.pk])

    def tenues(self, personne: Personne) -> list[Tenue]:
        """What the person answers for here, or will, besides her habilitations: her seats, her teams."""
        return [tenue for tenue in registres.tenues.gather(personne) if tenue.epci_id == self.epci.pk]

    def serves_elsewhere(self, personne: Personne) -> bool:
        """Whether the person holds, or will hold, a title in another EPCI: her account is then not this one's to close."""
        others = personne.habilitations.exclude(epci=self.epci)
        current = others.filter(Q(fin=None) | Q(fin__gt=today_of("epci")))
        tenues = registres.tenues.gather(personne)
        return current.exists() or any(tenue.epci_id != self.epci.pk for tenue in tenues)

    def has_served_elsewhere(self, personne: Personne) -> bool:
        """Whether the person also held a title in another EPCI: her account still reads what she was sent there."""
        return self.serves_elsewhere(personne) or personne.habilitations.exclude(epci=self.epci).exists()


def administrators(epcis: Iterable[int], on: date) -> QuerySet[Personne]:
    """Open accounts that administer any of these EPCI on a day, in French order."""
    held = Habilitation.objects.on(on).filter(role=Role.ADMINISTRATEUR, epci__in=epcis)
    return Personne.objects.filter(is_active=True, pk__in=held.values("personne")).order_by("tri", "pk")
