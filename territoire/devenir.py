"""What became of a commune that is no longer a member of an EPCI: since when, and which communes took over."""

from dataclasses import dataclass
from datetime import date

from socle.dates import day_and_year
from socle.typographie import enumerate_french
from territoire.models import Appartenance, Commune, Epci, Filiation


@dataclass(frozen=True)
class Devenir:
    """A commune, the first day it is no longer a member, and those that succeeded it that day, in French order."""

    epci: Epci
    commune: Commune
    depuis_on: date
    heritieres: list[Commune]

    @property
    def phrase(self) -> str:
        """« Presqu'île a succédé à Ambès le 1er janvier 2028. », « Ambès n'est plus membre de … depuis le … »."""
        day = day_and_year(self.depuis_on)
        if not self.heritieres:
            return f"{self.commune} n'est plus membre de {self.epci.nom_commun} depuis le {day}."
        verb = "a" if len(self.heritieres) == 1 else "ont"
        names = enumerate_french([one.nom for one in self.heritieres])
        return f"{names} {verb} succédé {self.commune.a} le {day}."


def read_devenir(epci: Epci, commune: Commune) -> Devenir | None:
    """What became of a commune; None while it is a member."""
    periods = Appartenance.objects.filter(epci=epci, commune=commune)
    if periods.on(epci.today).exists():
        return None
    last = periods.filter(fin__lte=epci.today).order_by("-fin").first()
    if last is None or last.fin is None:
        return None
    # A part detached earlier, while the commune stayed, does not succeed it.
    rows = Filiation.objects.filter(ancienne=commune, effective_on=last.fin).select_related("nouvelle")
    return Devenir(epci, commune, last.fin, [row.nouvelle for row in rows.order_by("nouvelle__tri", "pk")])
