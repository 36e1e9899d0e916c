"""Who answers for the domains of an EPCI on a day, both sides, read in three queries; and who may."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from django.db.models import Q, QuerySet

from comptes.models import Equipe, Habilitation, Personne
from comptes.roles import Role
from mutualisation.models import Siege, Titulaire
from mutualisation.models.absence import agents_of, lasting
from socle.typographie import enumerate_french, sort_key
from territoire.models import Appartenance, Commune, Epci, Pole


@dataclass
class SiegeLu:
    """A seat on a day: who holds it in title, since when, and the deputies."""

    id: int
    cote: str
    domaine_id: int
    commune_id: int | None
    pole_id: int | None
    perimetre: str
    titulaire: Personne | Equipe | None = None
    depuis_on: date | None = None
    suppleants: list[Personne | Equipe] = field(default_factory=list)
    vacant_on: date | None = None  # the day from which nobody will hold it, when that is near

    @property
    def vacant(self) -> bool:
        return self.titulaire is None

    @property
    def suppleance(self) -> str:
        return enumerate_french([str(holder) for holder in self.suppleants])


class Referents:
    """Both sides of every domain of an EPCI, as they stand on a day.

    `only` and `narrowed` limit what is read (`serving(commune)`, `domaine__in=…`).
    """

    def __init__(self, epci: Epci, on: date, *only: Q, **narrowed: Any) -> None:
        self._epci, self._on = epci, on
        self._sieges = _read_seats(Siege.objects.filter(*only, epci=epci, **narrowed), on)
        self._by_perimeter = {(s.cote, s.domaine_id, s.commune_id, s.pole_id): s for s in self._sieges}

    def commune_side(self, commune: int, domaine: int) -> SiegeLu | None:
        """The référent communal's seat, None when it does not exist."""
        return self._by_perimeter.get((Siege.Cote.COMMUNE, domaine, commune, None))

    def epci_side(self, commune: int, domaine: int) -> SiegeLu | None:
        """The nearest seat of the EPCI, held ones first: of the commune, its pôle, all communes."""
        known = self.epci_sides(commune, domaine)
        return next((siege for siege in known if not siege.vacant), known[0] if known else None)

    def epci_sides(self, commune: int, domaine: int) -> list[SiegeLu]:
        """Every seat of the EPCI that serves a commune for a domain, the nearest first."""
        pole = self._poles.get(commune)
        wanted = dict.fromkeys(((commune, None), (None, pole.pk if pole else None), (None, None)))
        keys = [(Siege.Cote.EPCI, domaine, *perimeter) for perimeter in wanted]
        return [self._by_perimeter[key] for key in keys if key in self._by_perimeter]

    def of_epci(self, domaine: int) -> list[SiegeLu]:
        """Every seat of the EPCI for a domain, the widest perimeter first."""
        found = [s for s in self._sieges if s.cote == Siege.Cote.EPCI and s.domaine_id == domaine]
        return sorted(found, key=lambda s: (bool(s.commune_id), bool(s.pole_id), sort_key(s.perimetre)))

    def announce(self, days: Mapping[int, date]) -> None:
        """Say from which day seats (by id) will have no holder."""
        for siege in self._sieges:
            siege.vacant_on = days.get(siege.id)

    def vacancies(self, commune: int, domaines: Iterable[int]) -> int:
        """How many seats nobody holds in title, on both sides, for some domains of a commune."""
        pairs = ((self.commune_side(commune, d), self.epci_side(commune, d)) for d in domaines)
        return sum(siege is None or siege.vacant for pair in pairs for siege in pair)

    def pole_name(self, commune: int) -> str:
        """« pôle Ouest », whether the EPCI named it « Ouest » or « Pôle Ouest »; empty without pôle."""
        pole = self._poles.get(commune)
        if not pole:
            return ""
        bare = pole.nom[5:] if pole.nom.lower().startswith(("pôle ", "pole ")) else pole.nom
        return f"pôle {bare}"

    @cached_property
    def _poles(self) -> dict[int, Pole | None]:
        """The pôle of each member commune."""
        members = Appartenance.objects.on(self._on).filter(epci=self._epci).select_related("pole")
        return {row.commune_id: row.pole for row in members.order_by("pk")}


def serving(commune: Commune) -> Q:
    """The seats that may answer for a commune: its own, those for it, and those of pôles or of everyone."""
    return Q(commune=commune) | Q(commune=None)


def people_of(epci: Epci, commune: Commune | None = None) -> QuerySet[Personne]:
    """Those who may sit: open accounts with a title, a seat or a team in the EPCI, past or present, in French order.

    For a commune: whoever has or will have a role there, or sits for it, and the agents of the EPCI.
    """
    human = Personne.objects.filter(is_active=True).exclude(habilitations__role=Role.SERVICE)
    if commune:
        held = Habilitation.objects.filter(Q(commune=commune) | Q(role=Role.AGENT), epci=epci)
        current = held.filter(Q(fin=None) | Q(fin__gt=epci.today)).values("personne")
        known = Q(pk__in=current) | Q(sieges__siege__epci=epci, sieges__siege__commune=commune)
    else:
        known = Q(habilitations__epci=epci) | Q(sieges__siege__epci=epci) | Q(equipes__epci=epci)
    return human.filter(known).distinct().order_by("tri", "pk")


def deputies_for(epci: Epci, personne: Personne) -> QuerySet[Personne]:
    """Who may be called in place of a person: whoever may sit for her commune, else an agent of the EPCI."""
    seats = Titulaire.objects.filter(lasting("siege__epci"), personne=personne, siege__epci=epci)
    roles = Habilitation.objects.filter(lasting("epci"), personne=personne, epci=epci)
    communes = {*seats.values_list("siege__commune", flat=True), *roles.values_list("commune", flat=True)}
    known = Q(pk__in=agents_of(epci.pk).values("pk"))
    for commune in Commune.objects.filter(pk__in=communes - {None}):
        known |= Q(pk__in=people_of(epci, commune).order_by().values("pk"))
    return Personne.objects.filter(known).exclude(pk=personne.pk).order_by("tri", "pk")


def candidates(equipe: Equipe) -> QuerySet[Personne]:
    """Those who may be in a team, a new one or not: people of its EPCI, and whoever is in already."""
    people = people_of(equipe.epci)
    if not equipe.pk:
        return people
    kept = Q(pk__in=people.order_by().values("pk")) | Q(pk__in=equipe.membres.order_by().values("pk"))
    return Personne.objects.filter(kept).order_by("tri", "pk")


def fonction(siege: SiegeLu) -> str:
    """What the holder does; a team answers by its own name."""
    return siege.titulaire.fonction if isinstance(siege.titulaire, Personne) else ""


def _read_seats(rows: QuerySet[Siege], on: date) -> list[SiegeLu]:
    sieges = {row.pk: _read(row) for row in rows.select_related("commune", "pole").order_by("pk")}
    held = Titulaire.objects.on(on).filter(siege__in=list(sieges)).select_related("personne", "equipe")
    for titulaire in held.order_by("debut", "pk"):
        _seat(sieges[titulaire.siege_id], titulaire)
    return list(sieges.values())


def _read(row: Siege) -> SiegeLu:
    return SiegeLu(row.pk, row.cote, row.domaine_id, row.commune_id, row.pole_id, row.perimetre)


def _seat(siege: SiegeLu, titulaire: Titulaire) -> None:
    holder = titulaire.personne or titulaire.equipe
    assert holder  # titulaire_person_or_team
    if titulaire.rang == Titulaire.Rang.TITULAIRE:
        siege.titulaire, siege.depuis_on = holder, titulaire.debut
    else:
        siege.suppleants.append(holder)
