"""Who signs a contract on a day, for each side."""

from dataclasses import dataclass
from datetime import date

from comptes.models import Habilitation, Personne
from comptes.roles import Role
from contrats.models import Signataire
from territoire.models import Commune, Epci

MAIRE = "maire"


@dataclass(frozen=True)
class Signe:
    """Somebody who signs, in what capacity, and by what arrêté when it is by délégation."""

    personne: Personne
    qualite: str
    arrete: str = ""

    @property
    def data(self) -> dict[str, str]:
        """What the contract prints."""
        qualite = f"{self.qualite}, {self.arrete}" if self.arrete else self.qualite
        return {"nom": str(self.personne), "qualite": qualite}


def for_epci(epci: Epci, on: date) -> Signe | None:
    """Who signs for the EPCI: a délégation in force, else the president; None while nobody is named."""
    return _named(epci, None, on)


def for_commune(epci: Epci, commune: Commune, on: date) -> Signe | None:
    """Who signs for the commune: a délégation in force, else the maire; None while there is none."""
    named = _named(epci, commune, on)
    if named:
        return named
    rows = Habilitation.objects.on(on).filter(epci=epci, commune=commune, role=Role.MAIRE)
    maire = rows.select_related("personne").order_by("-debut", "pk").first()
    return Signe(maire.personne, MAIRE) if maire else None


def _named(epci: Epci, commune: Commune | None, on: date) -> Signe | None:
    rows = Signataire.objects.on(on).filter(epci=epci, commune=commune).select_related("personne")
    found = sorted(rows, key=lambda row: (not row.delegue, -row.debut.toordinal(), row.pk))
    if not found:
        return None
    first = found[0]
    arrete = f"par délégation, arrêté n° {first.arrete_numero}" if first.delegue else ""
    return Signe(first.personne, first.qualite, arrete)
