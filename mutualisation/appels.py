"""« Qui appeler »: for each side of a domain in a commune, who answers on a day, why, and who comes next."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from django.db.models import Q

from comptes.models import Equipe, Habilitation, Personne
from comptes.roles import Role
from mutualisation.models import Absence, Adhesion
from mutualisation.referents import Referents, SiegeLu
from socle import registres
from socle.registres import Astreinte
from socle.saisie import dialled
from territoire.models import Commune, Epci


@dataclass(frozen=True)
class Contact:
    """Somebody to call: a person, a team or the duty line; `empeche` says why not now, "" for who answers."""

    cle: tuple[str, int]
    nom: str
    qualite: str
    fonction: str = ""
    telephone: str = ""
    email: str = ""
    empeche: str = ""

    @property
    def composer(self) -> str:
        """What a telephone dials."""
        return dialled(self.telephone)

    @property
    def mots(self) -> str:
        """« Claude Martin, titulaire : absence jusqu'au 12 mars 2027 »."""
        return f"{self.nom}, {self.qualite} : {self.empeche}"


@dataclass(frozen=True)
class Reponse:
    """One side of a domain: everybody who may be called, in order."""

    siege: SiegeLu | None
    contacts: tuple[Contact, ...]

    @property
    def appeler(self) -> Contact | None:
        """Whom to call: the first who answers."""
        return next((one for one in self.contacts if not one.empeche), None)

    @property
    def raisons(self) -> list[str]:
        """Why it is not somebody who comes before."""
        first = self.appeler
        before = self.contacts[: self.contacts.index(first)] if first else self.contacts
        vacant = ["siège sans titulaire"] if self.siege is None or self.siege.vacant else []
        return vacant + [one.mots for one in before]

    @property
    def ensuite(self) -> list[Contact]:
        """Who may be called when the first does not answer."""
        return [one for one in self.contacts if not one.empeche][1:]

    @property
    def numero(self) -> str:
        """The number to call, of the first who answers; empty when it is not known."""
        return self.appeler.telephone if self.appeler else ""


class Appels:
    """Whom to call for a commune on a day, domain by domain; a fixed number of queries, whatever the number of domains."""

    def __init__(self, epci: Epci, commune: Commune, on: date) -> None:
        self._epci, self._commune, self._on = epci, commune, on
        self._referents = Referents(epci, on)

    def commune_side(self, domaine: int) -> Reponse:
        """The référent communal, who replaces her, then the DGS."""
        seat = self._referents.commune_side(self._commune.pk, domaine)
        return self._answer(seat, [*self._of_seat(seat, "titulaire"), *self._heads])

    def epci_side(self, domaine: int) -> Reponse:
        """The responsable, who replaces him, then those of the wider perimeters, then who is on call."""
        seats = self._referents.epci_sides(self._commune.pk, domaine)
        seat = self._referents.epci_side(self._commune.pk, domaine)
        found = [one for each in seats for one in self._of_seat(each, _title(each, seats))]
        return self._answer(seat, [*found, *self._on_call(domaine)])

    def service(self, domaine: int) -> Astreinte | None:
        """Hours and number on call of a domain, when a contract in force says them."""
        return self._services.get(domaine)

    @cached_property
    def partages(self) -> frozenset[int]:
        """Ids of the activities that the commune shares on the day."""
        return Adhesion.objects.activites_of(self._commune, self._epci, self._on)

    def _answer(self, seat: SiegeLu | None, contacts: Sequence[Contact]) -> Reponse:
        """Each once, at her first place."""
        return Reponse(seat, tuple({one.cle: one for one in reversed(contacts)}.values())[::-1])

    def _of_seat(self, seat: SiegeLu | None, title: str) -> Iterator[Contact]:
        """The holder, who replaces her during this absence, the deputies, then the team she is in."""
        if seat is None:
            return
        holder = seat.titulaire
        if holder:
            yield from self._of(holder, title)
        absence = self._absences.get(holder.pk) if isinstance(holder, Personne) else None
        if absence and absence.suppleant:
            yield self._person(absence.suppleant, "pendant cette absence")
        for deputy in seat.suppleants:
            yield from self._of(deputy, "suppléance")
        if isinstance(holder, Personne):
            for team in self._teams_of(holder):
                yield self._team(team, f"équipe dont {holder} fait partie")

    def _of(self, holder: Personne | Equipe, title: str) -> Iterator[Contact]:
        """A person; a team by its number, or by its members when it has none."""
        if isinstance(holder, Personne):
            yield self._person(holder, title)
            return
        yield self._team(holder, title)
        if not holder.telephone:
            for member in self._members(holder):
                yield self._person(member, f"membre de l'équipe {holder}")

    def _person(self, one: Personne, title: str) -> Contact:
        absence = self._absences.get(one.pk)
        empeche = absence.mots if absence else ""
        if not one.is_active and self._on >= self._epci.today:
            empeche = "compte fermé"
        return Contact(("p", one.pk), str(one), title, one.fonction, one.telephone, one.email, empeche)

    def _team(self, one: Equipe, title: str) -> Contact:
        empeche = "" if one.telephone else "équipe sans numéro"
        return Contact(("e", one.pk), str(one), title, telephone=one.telephone, empeche=empeche)

    def _on_call(self, domaine: int) -> Iterator[Contact]:
        service = self.service(domaine)
        if service and service.telephone:
            last = "en dernier recours"
            yield Contact(("a", domaine), "Astreinte", last, service.texte, telephone=service.telephone)

    def _members(self, equipe: Equipe) -> list[Personne]:
        return next((list(row.membres.all()) for row in self._teams if row.pk == equipe.pk), [])

    def _teams_of(self, personne: Personne) -> list[Equipe]:
        """Teams of a person that have a number."""
        return [row for row in self._teams if row.telephone and personne in row.membres.all()]

    @cached_property
    def _teams(self) -> list[Equipe]:
        rows = Equipe.objects.filter(epci=self._epci).standing().prefetch_related("membres")
        return list(rows.order_by("nom", "pk"))

    @cached_property
    def _absences(self) -> dict[int, Absence]:
        """Who is away on the day, by person."""
        rows: Any = Absence.objects.on(self._on).filter(epci=self._epci).order_by("pk")
        return {row.personne_id: row for row in rows.select_related("suppleant")}

    @cached_property
    def _heads(self) -> list[Contact]:
        held = Habilitation.objects.on(self._on).filter(
            Q(personne__is_active=True), epci=self._epci, commune=self._commune, role=Role.DGS
        )
        rows = held.select_related("personne").order_by("personne__tri", "pk")
        return [self._person(row.personne, "DGS de la commune") for row in rows]

    @cached_property
    def _services(self) -> dict[int, Astreinte]:
        found = registres.astreintes.gather(self._epci, self._commune.pk, self._on)
        return {one.domaine_id: one for one in found}


def _title(seat: SiegeLu, seats: list[SiegeLu]) -> str:
    """« titulaire » for the nearest seat, « responsable pour toutes les communes » for a wider one."""
    return "titulaire" if seat is seats[0] else f"responsable pour {seat.perimetre}"
