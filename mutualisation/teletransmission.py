"""What the identifier of a télétransmission tells: « 033-213300635-20211214-121056-DE-1-1 » carries the SIREN of who sent it."""

import re

from socle.erreurs import Refus
from territoire.models import Commune, Epci

IDENTIFIER = re.compile(r"\s*[0-9AB]{2,3}-(?P<siren>\d{9})-\d{8}-")


def check_transmission(identifiant: str, epci: Epci, commune: Commune | None) -> None:
    """Refuse the identifier of another body than the commune (None: the EPCI); one of another shape says nothing."""
    found = IDENTIFIER.match(identifiant)
    expected = _sirens(epci, commune)
    if not found or not expected or found["siren"] in expected:
        return
    siren = found["siren"]
    whose = epci.nom if siren == epci.siren else _name_of(siren, epci)
    wanted = commune.nom if commune else epci.nom
    raise Refus(
        f"Cet identifiant porte le SIREN {siren}, {f'celui de {whose}' if whose else 'que nous ne connaissons pas'} : "
        f"celui de {wanted} est le {expected[0]}. Vérifiez de qui est l'acte.",
        field="teletransmission",
    )


def _sirens(epci: Epci, commune: Commune | None) -> list[str]:
    """Those the body has or had, the present one first; none known: nothing can be checked."""
    if commune is None:
        return [epci.siren]
    past = commune.versions.order_by("-debut").values_list("siren", flat=True)
    return [siren for siren in (commune.siren, *past) if siren]


def _name_of(siren: str, epci: Epci) -> str:
    found = Commune.objects.members_of(epci, epci.today).filter(siren=siren).first()
    return found.nom if found else ""
