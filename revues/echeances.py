"""What reviews expect of a person."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from django.db.models import QuerySet
from django.urls import reverse

from comptes.acces import Titre
from comptes.models import Personne
from comptes.roles import Role
from mutualisation.visibilite import perimeter
from revues.models import Revue
from socle import horloge
from socle.registres import Echeance
from socle.typographie import plural

SOON = timedelta(days=15)
SHOWN = 5


def deadlines(user: Personne, contexte: Titre, today: date) -> Iterable[Echeance]:
    """Reviews to hold or to write for a responsable; late ones for the Direction."""
    if contexte.role == Role.RESPONSABLE_SERVICE:
        yield from _of_seat(user, contexte, today)
    if contexte.role in (Role.DIRECTION_TERRITOIRES, Role.DIRECTEUR_POLE):
        yield from _of_direction(contexte, today)


def _of_seat(user: Personne, contexte: Titre, today: date) -> Iterator[Echeance]:
    seats = [titre for titre in user.acces.titres if titre.cle == contexte.cle]
    mine = Revue.objects.none()
    for titre in seats:
        mine |= Revue.objects.filter(
            perimeter(titre, "commune_id"), epci=titre.epci_id, domaine=titre.domaine_id
        )
    soon = mine.filter(etat=Revue.Etat.PREVUE, prevue_at__lte=horloge.now() + SOON)
    for revue in soon.select_related("epci", "commune", "domaine").order_by("prevue_at", "pk")[:SHOWN]:
        yield _deadline(revue)


def _deadline(revue: Revue) -> Echeance:
    local = horloge.local(revue.prevue_at, revue.epci.fuseau)
    past = revue.en_retard
    return Echeance(
        due_on=local.date(),
        titre=f"{'Écrire le compte rendu' if past else 'Tenir la revue'} : {revue.domaine}, {revue.commune}",
        detail=f"{revue.lieu}, {local.hour} h {local.minute:02d}.",
        url=reverse("revues:revue", args=[revue.pk]),
        bouton="Écrire" if past else "Préparer",
    )


def _of_direction(contexte: Titre, today: date) -> Iterator[Echeance]:
    late = _late(contexte)
    count = late.count()
    if count:
        yield Echeance(
            due_on=today,
            titre="Relancer les revues sans compte rendu",
            detail=f"{plural(count, 'revue passée attend', 'revues passées attendent')} un compte rendu, ou un motif.",
            url=reverse("revues:revues") + "?etat=retard",
            bouton="Voir",
        )


def _late(contexte: Titre) -> QuerySet[Revue]:
    late = Revue.objects.filter(epci=contexte.epci_id, etat=Revue.Etat.PREVUE, prevue_at__lt=horloge.now())
    return late.filter(perimeter(contexte, "commune_id"))
