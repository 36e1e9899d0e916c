"""The directory of people of an EPCI, and who keeps it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from django.db.models import QuerySet

from comptes.models import Habilitation, Personne
from comptes.roles import Role
from territoire.models import Epci


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


def administrators(epcis: Iterable[int], on: date) -> QuerySet[Personne]:
    """Open accounts that administer any of these EPCI on a day, in French order."""
    held = Habilitation.objects.on(on).filter(role=Role.ADMINISTRATEUR, epci__in=epcis)
    return Personne.objects.filter(is_active=True, pk__in=held.values("personne")).order_by("tri", "pk")
