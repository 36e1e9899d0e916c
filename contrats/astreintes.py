"""Hours and numbers on call, as the contract of a commune promises them on a day."""

from collections.abc import Iterable
from datetime import date

from contrats.models import Engagement, VersionContrat
from socle.registres import Astreinte
from territoire.models import Epci


def on_call(epci: Epci, commune: int, on: date) -> Iterable[Astreinte]:
    """What the version in force says, signed or not; a text that is still being written promises nothing.

    Duty numbers are there to be called: whoever belongs to the EPCI may read them, unlike the rest of the contract.
    """
    settled = VersionContrat.objects.applicable(on).exclude(etat__in=VersionContrat.PREPARATION)
    running = settled.filter(epci=epci, commune=commune, effective_on__lte=on)
    version = running.order_by("-contrat", "-numero").first()
    for row in Engagement.objects.filter(version_contrat=version).order_by("pk") if version else ():
        yield Astreinte(row.domaine_id, row.horaires, row.astreinte, row.telephone_astreinte)
