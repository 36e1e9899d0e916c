"""Seats about to be left empty, told before they are: who leaves, on which day, and why."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from django.db.models import Prefetch, Q

from comptes.acces import Titre
from comptes.models import Habilitation, Personne
from comptes.roles import Role
from mutualisation.models import Absence, Adhesion, Siege, Titulaire
from socle.dates import day_and_year
from socle.typographie import sort_key
from territoire.models import Commune, Epci

HORIZON = timedelta(days=30)
PATIENCE = timedelta(days=7)  # how long it is worth telling by mail that a seat has just become empty
MANDATES = (Role.MAIRE, Role.LECTEUR)
PLACES = ("siege__epci", "siege__domaine", "siege__commune", "siege__pole", "personne", "equipe")


@dataclass(frozen=True)
class Vacance:
    """A seat that nobody answers from a day on: whom it loses and why; `absence` when she comes back to it."""

    siege: Siege
    titulaire: Titulaire
    le: date
    motif: str
    cause: str
    absence: Absence | None = None

    @property
    def occurrence(self) -> str:
        """The same for as long as it is the same news: mails are written once for it."""
        return f"{self.cause}:{self.titulaire.pk}:{self.le if self.cause in DATED else ''}"

    @property
    def commencee(self) -> bool:
        return self.le <= self.siege.epci.today

    @property
    def mots(self) -> str:
        """« sans titulaire à partir du 1er mars 2027 »; an absence leaves a seat its holder."""
        what = "personne ne répond" if self.absence else "sans titulaire"
        return f"{what} à partir du {day_and_year(self.le)}"

    @property
    def perime_on(self) -> date:
        """The day from which a mail that tells it is too late."""
        if not self.commencee:
            return self.le
        return self.absence.fin if self.absence and self.absence.fin else self.siege.epci.today + PATIENCE


DATED = ("nomination", "role", "absence")


def foreseen(epci: Epci, commune: Commune | None = None) -> list[Vacance]:
    """The seats that nobody will answer within the horizon, the first to be empty first; `commune` narrows to its own seats.

    A seat already without holder is no news. A fixed number of queries.
    """
    return _Lecture(epci, commune).vacances()


def of_hat(contexte: Titre) -> list[Vacance]:
    """The same for a hat: the whole EPCI, or the own seats of its commune."""
    commune = Commune.objects.get(pk=contexte.commune_id) if contexte.commune_id else None
    return foreseen(Epci.objects.get(pk=contexte.epci_id), commune)


def days_without_holder(epci: Epci, commune: Commune | None = None) -> dict[int, date]:
    """From which day each seat about to lose its holder has none, by its id; absences are told elsewhere."""
    return {one.siege.pk: one.le for one in foreseen(epci, commune) if not one.absence}


class _Lecture:
    """The holders of an EPCI, today and later, with what may take each one away."""

    def __init__(self, epci: Epci, commune: Commune | None) -> None:
        self.epci, self.today = epci, epci.today
        self.last = self.today + HORIZON
        self._rows = self._read(Q(siege__commune=commune, siege__cote=Siege.Cote.COMMUNE) if commune else Q())

    def _read(self, narrowed: Q) -> list[Titulaire]:
        present = Personne.objects.filter(is_active=True)
        rows = Titulaire.objects.filter(narrowed, Q(fin=None) | Q(fin__gt=self.today), siege__epci=self.epci)
        rows = rows.filter(siege__in=rows.filter(self._threatened()).order_by().values("siege"))
        members = Prefetch("equipe__membres", present.order_by("pk"), to_attr="presents")
        return list(rows.select_related(*PLACES).prefetch_related(members).order_by("debut", "pk"))

    def _threatened(self) -> Q:
        """Holders that something may take away: of an EPCI with thousands of seats, few are worth reading."""
        lasting = Q(fin=None) | Q(fin__gt=self.today)
        absences = Absence.objects.filter(lasting, epci=self.epci, debut__lte=self.last)
        roles = Habilitation.objects.filter(epci=self.epci, fin__gt=self.today, fin__lte=self.last)
        people = Q(personne__in=absences.values("personne")) | Q(personne__in=roles.values("personne"))
        return Q(fin__lte=self.last) | Q(personne__is_active=False) | Q(equipe__isnull=False) | people

    def vacances(self) -> list[Vacance]:
        seats: dict[int, list[Titulaire]] = defaultdict(list)
        for row in self._rows:
            row.siege.epci = self.epci
            seats[row.siege_id].append(row)
        found = [one for rows in seats.values() for one in self._of(rows)]
        return sorted(found, key=_rank)

    def _of(self, rows: list[Titulaire]) -> Iterator[Vacance]:
        """What threatens one seat: the loss of its holder, else an absence that nobody covers."""
        holders = [row for row in rows if row.rang == Titulaire.Rang.TITULAIRE]
        if not holders or not holders[0].covers(self.today):
            return
        loss = min(self._losses(holders), key=lambda one: one.le, default=None)
        threat = loss or self._absence(holders[0], rows)
        if threat and threat.le <= self.last and self._matters(threat):
            yield threat

    def _losses(self, holders: list[Titulaire]) -> Iterator[Vacance]:
        """Each way the holder goes before somebody else is to come."""
        one, until = holders[0], _until(holders)
        relieved = holders[1].debut if len(holders) > 1 else None
        for cause, day, motif in (
            ("nomination", until, "la nomination finit la veille"),
            ("compte", self.today if _closed(one) else None, "son compte est fermé"),
            ("equipe", self.today if _empty(one) else None, "l'équipe n'a plus personne"),
            ("role", *self._role_end(one)),
        ):
            if day and day <= self.last and not (relieved and cause == "role" and relieved <= day):
                yield Vacance(one.siege, one, day, motif, cause)

    def _role_end(self, one: Titulaire) -> tuple[date | None, str]:
        """The day the last role of a person ends in the EPCI, and how it is said."""
        roles = self._roles.get(one.personne_id or 0, [])
        if not roles or any(role.fin is None for role in roles):
            return None, ""
        last = max(roles, key=lambda role: role.fin or date.min)
        what = "mandat" if last.role in MANDATES else "rôle"
        return last.fin, f"son {what} ({Role(last.role).label}) finit la veille"

    def _absence(self, holder: Titulaire, rows: list[Titulaire]) -> Vacance | None:
        """The first absence of the holder that nobody is called for."""
        deputies = [row for row in rows if row.rang == Titulaire.Rang.SUPPLEANT]
        for absence in self._absences.get(holder.personne_id or 0, ()):
            day = max(absence.debut, self.today)
            if not absence.suppleant_id and not any(self._answers(one, day) for one in deputies):
                return Vacance(holder.siege, holder, absence.debut, absence.mots, "absence", absence)
        return None

    def _answers(self, deputy: Titulaire, day: date) -> bool:
        """Whether a deputy is there on a day."""
        if not deputy.covers(day) or _closed(deputy) or _empty(deputy):
            return False
        return not any(absence.covers(day) for absence in self._absences.get(deputy.personne_id or 0, ()))

    def _matters(self, one: Vacance) -> bool:
        """A commune's seat counts for the domains it shares, or is about to."""
        siege = one.siege
        return siege.cote == Siege.Cote.EPCI or (siege.commune_id, siege.domaine_id) in self._shared

    @property
    def _people(self) -> set[int]:
        return {row.personne_id for row in self._rows if row.personne_id}

    @cached_property
    def _roles(self) -> dict[int, list[Habilitation]]:
        """Roles that have not ended; those that ended are no news."""
        rows = Habilitation.objects.filter(
            Q(fin=None) | Q(fin__gt=self.today), epci=self.epci, personne__in=self._people
        )
        return _by_person(rows.order_by("pk"))

    @cached_property
    def _absences(self) -> dict[int, list[Absence]]:
        rows = Absence.objects.filter(
            Q(fin=None) | Q(fin__gt=self.today), epci=self.epci, personne__in=self._people
        )
        return _by_person(rows.order_by("debut", "pk"))

    @cached_property
    def _shared(self) -> set[tuple[int, int]]:
        """(commune, domain) pairs that something shares or will share."""
        rows = Adhesion.objects.filter(Q(fin=None) | Q(fin__gt=self.today), epci=self.epci)
        return set(rows.order_by().values_list("commune", "activite__versions__domaine").distinct())


def _by_person(rows: Iterable[Any]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.personne_id].append(row)
    return found


def _until(holders: list[Titulaire]) -> date | None:
    """The first day without anybody in title: successors that follow at once are counted."""
    day = holders[0].fin
    for one in holders[1:]:
        if day is not None and one.debut <= day:
            day = one.fin
    return day


def _closed(one: Titulaire) -> bool:
    return one.personne is not None and not one.personne.is_active


def _empty(one: Titulaire) -> bool:
    """A team dissolved, or in which nobody has an account any more."""
    if one.equipe is None:
        return False
    present: Any = one.equipe
    return bool(one.equipe.dissoute_at) or not (one.equipe.telephone or present.presents)


def _rank(one: Vacance) -> tuple[object, ...]:
    siege = one.siege
    return one.le, sort_key(siege.perimetre), siege.domaine.ordre, siege.pk
