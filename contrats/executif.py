"""What lapses when the executive of a commune, or of the EPCI, changes: read before it happens, never written here."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.urls import reverse

from comptes.models import Habilitation, Personne
from comptes.roles import Role
from contrats.models import Signataire
from contrats.signataires import address
from mutualisation.models import Siege, Titulaire
from territoire.models import Commune, Epci

CESSE, A_CONFIRMER = "cesse", "à confirmer"
# Those who hold their role from the mandate; the others are agents, and stay.
ELUS = (Role.MAIRE, Role.LECTEUR)


@dataclass(frozen=True)
class Suite:
    """Something that follows a mandate: whose, what, whether it lapses or is to confirm, and where to see to it.

    `par` is who may see to it there.
    """

    personne: Personne
    quoi: str
    sort: str
    url: str
    par: Role = Role.DIRECTION_TERRITOIRES


def lapsing(epci: Epci, commune: Commune | None, on: date) -> list[Suite]:
    """What was given before a day by, or to, the executive whom another replaces that day; `commune` None: the EPCI's."""
    leaving = list(_elected(epci, commune, on)) if commune else []
    return [*_roles(leaving), *_signatures(epci, commune, on), *_seats(epci, commune, leaving, on)]


def _elected(epci: Epci, commune: Commune, on: date) -> Iterator[Habilitation]:
    rows = Habilitation.objects.on(on).filter(epci=epci, commune=commune, role__in=ELUS, debut__lt=on)
    yield from rows.select_related("personne").order_by("-role", "personne__tri", "pk")


def _roles(leaving: list[Habilitation]) -> Iterator[Suite]:
    for row in leaving:
        sort = CESSE if row.role == Role.MAIRE else A_CONFIRMER
        url = reverse("comptes:personne", args=[row.personne_id])
        yield Suite(row.personne, f"rôle : {row.get_role_display()}", sort, url, Role.ADMINISTRATEUR)


def _signatures(epci: Epci, commune: Commune | None, on: date) -> Iterator[Suite]:
    rows = Signataire.objects.on(on).filter(epci=epci, commune=commune, debut__lt=on)
    for row in rows.select_related("personne", "delegant").order_by("arrete_numero", "debut", "pk"):
        what = f"délégation de signature, arrêté n° {row.arrete_numero}" if row.delegue else row.qualite
        yield Suite(row.personne, what, CESSE, address(commune))


def _seats(epci: Epci, commune: Commune | None, leaving: list[Habilitation], on: date) -> Iterator[Suite]:
    """Seats of the commune's side, in title or as a deputy, held by an elected person."""
    people = {row.personne_id for row in leaving}
    rows = Titulaire.objects.on(on).filter(
        siege__epci=epci, siege__commune=commune, siege__cote=Siege.Cote.COMMUNE, personne__in=people
    )
    for row in rows.select_related("personne", "siege__domaine").order_by("siege__domaine__ordre", "pk"):
        assert row.personne  # among those who leave
        what = f"siège {row.siege.domaine} : {row.get_rang_display()}"
        yield Suite(row.personne, what, A_CONFIRMER, reverse("mutualisation:siege", args=[row.siege_id]))
