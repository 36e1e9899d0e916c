"""Who is to be written to: the people of some roles, as every floor knows them, on a day."""

from collections.abc import Collection, Iterable
from datetime import date
from functools import cached_property
from itertools import groupby

from django.db.models import Q

from comptes.models import Habilitation, Personne
from comptes.roles import Role
from socle import registres
from socle.registres import Destinataire
from territoire.models import Appartenance, Commune, Epci


class Carnet:
    """The people of some roles in an EPCI, read once and asked about any day; `commune` narrows to who serves it.

    One query by registered function, and one more where pôles count, whatever the number of communes.
    """

    def __init__(self, epci: Epci, roles: Collection[str], commune: Commune | None = None) -> None:
        self._epci, self._commune = epci, commune
        self._rows: list[Destinataire] = registres.destinataires.gather(epci, frozenset(roles), commune)

    def people(self, roles: Collection[str], on: date, *, domaine: int | None = None) -> list[Personne]:
        """Open accounts that hold one of these roles on a day, each once, in French order.

        `domaine` leaves out the seats of the others. Of the seats that serve the commune, the nearest one that somebody
        holds answers: its own, its pôle's, the EPCI's. Deputies are not written to.
        """
        rows = [row for row in self._on(on) if row.role in roles and _about(row, domaine)]
        nearest = _nearest(rows) if self._commune else {}
        return _in_order(
            row.personne for row in rows if row.etendue == nearest.get(_question(row), row.etendue)
        )

    def by_commune(self, on: date) -> dict[Commune, list[Personne]]:
        """The people who act for a single commune on a day, by commune; both in French order."""
        rows = [row for row in self._on(on) if row.commune]
        rows.sort(key=lambda row: (row.commune.tri, row.commune.pk))
        return {
            commune: _in_order(row.personne for row in group)
            for commune, group in groupby(rows, key=lambda row: row.commune)
        }

    def _on(self, day: date) -> list[Destinataire]:
        return [row for row in self._rows if row.periode.covers(day) and self._serves(row, day)]

    def _serves(self, row: Destinataire, day: date) -> bool:
        """Whether the pôle of a row, if any, was that of the commune on a day; the registry saw to the commune itself."""
        if not (self._commune and row.pole_id):
            return True
        return any(a.pole_id == row.pole_id for a in self._appartenances if a.covers(day))

    @cached_property
    def _appartenances(self) -> list[Appartenance]:
        return list(Appartenance.objects.filter(epci=self._epci, commune=self._commune).order_by("pk"))


def recipients(
    epci: Epci, *roles: Role, on: date, commune: Commune | None = None, domaine: int | None = None
) -> list[Personne]:
    """Who to write to on a day: open accounts that hold one of the roles, each once, in French order (see Carnet)."""
    return Carnet(epci, roles, commune).people(roles, on, domaine=domaine)


def heads_by_commune(epci: Epci, on: date, commune: Commune | None = None) -> dict[Commune, list[Personne]]:
    """Who answers for each commune (or for one) on a day: its DGS, else its maire; communes in French order.

    A commune that has neither is left out.
    """
    found = {
        **Carnet(epci, [Role.MAIRE], commune).by_commune(on),
        **Carnet(epci, [Role.DGS], commune).by_commune(on),
    }
    return {one: found[one] for one in sorted(found, key=lambda one: (one.tri, one.pk))}


def heads_of(epci: Epci, commune: Commune, on: date) -> list[Personne]:
    """Who answers for a commune on a day: its DGS, else its maire; what one does not read is told to nobody else."""
    return heads_by_commune(epci, on, commune).get(commune, [])


def held(epci: Epci, roles: frozenset[str], commune: Commune | None) -> Iterable[Destinataire]:
    """The habilitations of some roles: those of a commune, and those that are wider."""
    rows = Habilitation.objects.filter(epci=epci, role__in=roles, personne__is_active=True)
    if commune:
        rows = rows.filter(Q(commune=commune) | Q(commune=None))
    for row in rows.select_related("personne", "commune").order_by("pk"):
        yield Destinataire(row.personne, row.role, row, row.commune, row.pole_id)


def _about(row: Destinataire, domaine: int | None) -> bool:
    return None in (domaine, row.domaine_id) or row.domaine_id == domaine


def _question(row: Destinataire) -> tuple[str, int | None]:
    return row.role, row.domaine_id


def _nearest(rows: Iterable[Destinataire]) -> dict[tuple[str, int | None], int]:
    """The narrowest perimeter that somebody holds in title, by role and domain."""
    found: dict[tuple[str, int | None], int] = {}
    for row in rows:
        found[_question(row)] = min(row.etendue, found.get(_question(row), row.etendue))
    return found


def _in_order(people: Iterable[Personne]) -> list[Personne]:
    return sorted(set(people), key=lambda personne: (personne.tri, personne.pk))
