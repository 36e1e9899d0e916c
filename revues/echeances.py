"""What reviews expect of a person."""

from collections.abc import Callable, Iterable, Iterator
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
    now = horloge.now()
    planned = mine.filter(etat=Revue.Etat.PREVUE).select_related("epci", "commune", "domaine")
    yield from _first(planned.filter(prevue_at__lt=now), _others_to_write)
    yield from _first(planned.filter(prevue_at__gte=now, prevue_at__lte=now + SOON), _others_to_hold)


def _first(revues: QuerySet[Revue], others: Callable[[int, date], Echeance]) -> Iterator[Echeance]:
    """The first reviews, each on its row, then one row that counts the others; a single one more has its own row."""
    found = list(revues.order_by("prevue_at", "pk")[: SHOWN + 2])
    cut = SHOWN if len(found) > SHOWN + 1 else len(found)
    for revue in found[:cut]:
        yield _deadline(revue)
    if cut < len(found):
        yield others(revues.count() - cut, found[cut].jour)


def _others_to_write(count: int, since: date) -> Echeance:
    return Echeance(
        due_on=since,
        titre=f"Et {count} autres comptes rendus attendus",
        detail="Écrivez chacun, ou dites pourquoi la revue n'a pas eu lieu.",
        url=reverse("revues:revues") + "?etat=retard",
        bouton="Voir",
        nombre=count,
    )


def _others_to_hold(count: int, since: date) -> Echeance:
    return Echeance(
        due_on=since,
        titre=f"Et {count} autres revues à tenir",
        detail=f"Dans les {SOON.days} jours qui viennent.",
        url=reverse("revues:revues") + "?etat=a_venir",
        bouton="Voir",
        nombre=count,
    )


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
            titre="Revues sans compte rendu",
            detail=f"{plural(count, 'revue passée attend', 'revues passées attendent')} un compte rendu, ou un motif.",
            url=reverse("revues:revues") + "?etat=retard",
            bouton="Voir",
        )


def _late(contexte: Titre) -> QuerySet[Revue]:
    late = Revue.objects.filter(epci=contexte.epci_id, etat=Revue.Etat.PREVUE, prevue_at__lt=horloge.now())
    return late.filter(perimeter(contexte, "commune_id"))
