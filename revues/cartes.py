"""The card of reviews under the deadlines: how many were held this half-year, and the next one."""

from collections.abc import Iterable
from datetime import date

from django.db.models import Count
from django.urls import reverse

from comptes.acces import Titre
from comptes.models import Personne
from comptes.roles import Role
from revues.models import Revue
from revues.tableau import HELD, between, expected, half_year, scope
from socle import horloge
from socle.dates import MOIS, hour, long_day
from socle.registres import Carte, Lien
from socle.typographie import plural
from territoire.models import Epci

SHOWN_TO = (
    Role.DGS,
    Role.MAIRE,
    Role.COLLABORATEUR,
    Role.LECTEUR,
    Role.REFERENT_COMMUNAL,
    Role.RESPONSABLE_SERVICE,
    Role.DIRECTEUR_POLE,
    Role.DIRECTION_TERRITOIRES,
)


def cards(user: Personne, contexte: Titre, today: date) -> Iterable[Carte]:
    """« 57 tenues sur 66 prévues », since the first day of the half-year; nothing for a hat without reviews."""
    if contexte.role not in SHOWN_TO:
        return
    epci = Epci.objects.get(pk=contexte.epci_id)
    mine = scope(user, contexte)
    first, end = half_year(today)
    half = between(first, end, epci.fuseau)
    counts = mine.aggregate(
        dues=Count("pk", filter=half & expected()), tenues=Count("pk", filter=half & HELD)
    )
    following = mine.filter(etat=Revue.Etat.PREVUE, prevue_at__gte=horloge.now())
    next_one = following.select_related("commune", "domaine", "epci").order_by("prevue_at", "pk").first()
    if not counts["dues"] and next_one is None:
        return
    yield Carte(
        titre=f"Revues tenues depuis {MOIS[first.month - 1]}",
        phrases=(_held(counts["tenues"], counts["dues"]), _next(next_one, contexte)),
        jauge=(counts["tenues"], counts["dues"]),
        lien=Lien("Tenues et prévues, mois par mois", reverse("revues:tableau")),
    )


def _held(held: int, due: int) -> str:
    return f"{plural(held, 'tenue')} sur {plural(due, 'prévue')}"


def _next(revue: Revue | None, contexte: Titre) -> str:
    if revue is None:
        return "Aucune autre n'est encore prévue."
    local = horloge.local(revue.prevue_at, revue.epci.fuseau)
    where = "" if contexte.commune_id else f", {revue.commune}"
    return f"Prochaine : {revue.libelle}{where}, {long_day(local)} à {hour(local)}."
