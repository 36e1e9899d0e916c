"""Lines of the programme whose time has passed, for who runs the domain."""

from collections.abc import Iterable, Iterator
from datetime import date

from django.db.models import QuerySet
from django.urls import reverse

from comptes.acces import Titre
from comptes.models import Personne
from comptes.roles import Role
from contrats.models import LigneProgramme
from contrats.programme import address
from mutualisation.visibilite import perimeter
from socle.registres import Echeance

SHOWN = 5
LATE = "retard"


def late_lines(user: Personne, contexte: Titre, today: date) -> Iterable[Echeance]:
    """For a responsable: each late line of his domains, the first ones, then how many others."""
    if contexte.role == Role.RESPONSABLE_SERVICE:
        yield from _first(_mine(user, contexte, today))


def _mine(user: Personne, contexte: Titre, today: date) -> QuerySet[LigneProgramme]:
    late = LigneProgramme.objects.late(today)
    mine = LigneProgramme.objects.none()
    for titre in (one for one in user.acces.titres if one.cle == contexte.cle):
        mine |= late.filter(perimeter(titre, "commune_id"), epci=titre.epci_id, domaine=titre.domaine_id)
    return mine.select_related("commune", "domaine").order_by("echeance_on", "pk")


def _first(late: QuerySet[LigneProgramme]) -> Iterator[Echeance]:
    found = list(late[: SHOWN + 2])
    cut = SHOWN if len(found) > SHOWN + 1 else len(found)
    for row in found[:cut]:
        yield Echeance(
            due_on=row.echeance_on,
            titre=f"Programme : {row.libelle}, {row.commune}",
            detail=f"{row.domaine} : dites que c'est fait, ou reporté et pourquoi.",
            url=address(row.commune_id, row.domaine_id, row.echeance_on.year),
            bouton="Suivre",
        )
    if cut < len(found):
        count = late.count() - cut
        yield Echeance(
            due_on=found[cut].echeance_on,
            titre=f"Et {count} autres lignes de programme en retard",
            detail="Dites pour chacune ce qu'il en est.",
            url=f"{reverse('contrats:programmes')}?etat={LATE}",
            bouton="Voir",
            nombre=count,
        )
