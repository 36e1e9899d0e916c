"""Roles and seats on the day communes merge or leave: they follow to the commune nouvelle, or end.

Read on that day and not when the move is recorded, months before: people come and go meanwhile.
"""

from datetime import date
from typing import Any

from django.db.models import Q, QuerySet

from comptes.models import Habilitation
from comptes.roles import Role
from journal.workflows.unite import unite
from mutualisation.derivations import Membres
from mutualisation.models import Siege, Titulaire
from territoire.models import Commune, Epci, Filiation


@unite
def hand_over_titles(*, epci: Epci, day: date) -> None:
    """Carry the roles and seats of the communes that others succeed from a day on, end those of the communes that left.

    Twice changes nothing. Nobody's past rights change: what comes late is done from today.
    """
    since = max(day, epci.today)
    left = [commune for commune, fin in Membres(epci).departures() if fin == day]
    filiations = Filiation.objects.filter(ancienne__in=left, effective_on=day).select_related(
        "ancienne", "nouvelle"
    )
    for one in filiations.order_by("-ancienne__population", "pk"):
        _carry_roles(epci, one.ancienne, one.nouvelle, since)
        _carry_seats(epci, one.ancienne, one.nouvelle, since)
    gone = set(left) - {one.ancienne_id for one in filiations}
    _end(Habilitation.objects.filter(epci=epci, commune__in=gone), since)
    _end(Titulaire.objects.filter(siege__epci=epci, siege__commune__in=gone), since)


def _standing(since: date) -> Q:
    """What has not ended by a day, begun or not."""
    return Q(fin=None) | Q(fin__gt=since)


def _end(rows: QuerySet[Any], since: date) -> None:
    """End these periods on a day; those that would begin from then on never do."""
    rows.filter(debut__gte=since).delete()
    rows.filter(_standing(since)).update(fin=since)


def _carry_roles(epci: Epci, ancienne: Commune, nouvelle: Commune, since: date) -> None:
    """Those of the former commune act for the new one too: what was begun under the former name must be finished.

    A maire's mandate ends with his commune, which becomes a commune déléguée (CGCT, L.2113-10).
    """
    rows = Habilitation.objects.filter(epci=epci, commune=ancienne)
    for row in rows.filter(_standing(since)).exclude(role=Role.MAIRE).order_by("pk"):
        debut = max(row.debut, since)
        same = {"epci": epci, "commune": nouvelle, "personne_id": row.personne_id, "role": row.role}
        if not Habilitation.objects.on(debut).filter(**same).exists():
            Habilitation.objects.create(**same, debut=debut, fin=row.fin)
    _end(rows.filter(role=Role.MAIRE), since)


def _carry_seats(epci: Epci, ancienne: Commune, nouvelle: Commune, since: date) -> None:
    """Holders of the seats of a former commune sit for the new one, in title while nobody does, else as deputies."""
    rows = Titulaire.objects.filter(siege__epci=epci, siege__commune=ancienne)
    for row in rows.filter(_standing(since)).select_related("siege").order_by("-rang", "pk"):
        siege, _ = Siege.objects.get_or_create(
            epci=epci, cote=row.siege.cote, domaine_id=row.siege.domaine_id, commune=nouvelle, pole=None
        )
        _seat(siege, row, max(row.debut, since))
    _end(rows, since)


def _seat(siege: Siege, row: Titulaire, debut: date) -> None:
    sitting = siege.titulaires.filter(_standing(debut))
    if sitting.filter(personne=row.personne_id, equipe=row.equipe_id).exists():
        return
    taken = sitting.filter(rang=Titulaire.Rang.TITULAIRE).exists()
    siege.titulaires.create(
        personne_id=row.personne_id,
        equipe_id=row.equipe_id,
        rang=Titulaire.Rang.SUPPLEANT if taken else row.rang,
        debut=debut,
        fin=row.fin,
    )
