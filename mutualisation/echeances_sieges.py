"""The seats that nobody will answer, told to those who may name somebody."""

from collections.abc import Iterable
from datetime import date

from django.urls import reverse

from comptes.acces import Titre
from comptes.models import Personne
from comptes.roles import Role
from mutualisation.vacances import Vacance, of_hat
from socle.registres import Echeance
from socle.typographie import plural


def seat_deadlines(user: Personne, contexte: Titre, today: date) -> Iterable[Echeance]:
    """One row for all the seats about to be left empty: those of the EPCI for the Direction, of her commune for a DGS."""
    if contexte.role not in (Role.DIRECTION_TERRITOIRES, Role.DGS):
        return
    found = of_hat(contexte)
    if found:
        yield Echeance(
            due_on=max(found[0].le, today),
            titre=_titre(found),
            detail=_detail(found),
            url=reverse("mutualisation:sieges_a_pourvoir"),
            bouton="Voir" if len(found) > 1 else "Nommer",
            nombre=len(found),
        )


def _titre(found: list[Vacance]) -> str:
    return f"Nommer quelqu'un : {plural(len(found), 'siège va rester', 'sièges vont rester')} sans personne"


def _detail(found: list[Vacance]) -> str:
    """The first seat, in words, and how many others."""
    first, others = found[0], len(found) - 1
    more = f" Et {plural(others, 'autre siège', 'autres sièges')}." if others else ""
    return f"{first.siege} : {first.mots} ({first.titulaire} : {first.motif}).{more}"
