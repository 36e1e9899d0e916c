"""Who is expected at the reviews of a commune."""

from datetime import date

from django.db.models import Prefetch

from comptes.models import Habilitation, Personne
from comptes.roles import Role
from mutualisation.models import Siege, Titulaire
from revues.models import Revue
from socle import horloge
from territoire.models import Commune, Epci


class Participants:
    """The seats and heads of a commune, read once (a few queries) for all its reviews around a day."""

    def __init__(self, epci: Epci, commune: Commune, on: date) -> None:
        in_title = Titulaire.objects.filter(rang=Titulaire.Rang.TITULAIRE).select_related(
            "personne", "equipe"
        )
        holders = Prefetch(
            "titulaires", in_title.prefetch_related("equipe__membres").order_by("pk"), to_attr="en_titre"
        )
        communal = Siege.objects.filter(epci=epci, cote=Siege.Cote.COMMUNE, commune=commune).order_by("pk")
        serving = Siege.objects.epci_side(commune, epci, on)
        self._sides = [list(side.prefetch_related(holders)) for side in (communal, serving)]
        self._heads = _heads(epci, commune)

    def of(self, revue: Revue) -> list[Personne]:
        """Both référents of the domain; for a contract, the maire, the DGS and the Direction."""
        day = horloge.local(revue.prevue_at, revue.epci.fuseau).date()
        if revue.domaine_id is None:
            people = {row.personne for row in self._heads if row.covers(day)}
        else:
            people = {person for side in self._sides for person in _nearest(side, revue.domaine_id, day)}
        return sorted(people, key=lambda personne: (personne.tri, personne.pk))


def participants(revue: Revue) -> list[Personne]:
    """Who is expected at one review, in French order."""
    day = horloge.local(revue.prevue_at, revue.epci.fuseau).date()
    return Participants(revue.epci, revue.commune, day).of(revue)


def _heads(epci: Epci, commune: Commune) -> list[Habilitation]:
    rows = Habilitation.objects.filter(epci=epci)
    communal = rows.filter(commune=commune, role__in=[Role.MAIRE, Role.DGS])
    direction = rows.filter(role=Role.DIRECTION_TERRITOIRES)
    return list((communal | direction).select_related("personne").order_by("pk"))


def _nearest(seats: list[Siege], domaine_id: int, day: date) -> list[Personne]:
    """The people of the nearest seat of a domain that somebody holds that day."""
    mine = (siege for siege in seats if siege.domaine_id == domaine_id)
    return next((people for siege in mine if (people := _holders(siege, day))), [])


def _holders(siege: Siege, day: date) -> list[Personne]:
    people: list[Personne] = []
    for holder in siege.en_titre:  # type: ignore[attr-defined]  # set by the Prefetch above
        if holder.covers(day):
            people += [holder.personne] if holder.personne else list(holder.equipe.membres.all())
    return people
