"""What a commune will share when a cycle takes effect, were it to ask nothing: what is decided, what the catalogue changes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TypeAlias

from django.db.models import Q

from mutualisation.derivations import Derivation, Membres, read_derivations
from mutualisation.frise import Decision, decision_of
from mutualisation.models import ActiviteVersion, Cycle, Declaration, Ligne, MotifDomaine
from mutualisation.partages import Partages, Periode, foresee
from socle.dates import ONE_DAY
from territoire.models import Commune


@dataclass(frozen=True)
class Partage:
    """How an activity is shared (a value of Adhesion.Nature), since when itself, and since when with what it took over."""

    nature: str
    debut: date
    depuis: date


@dataclass(frozen=True)
class Report:
    """A line postponed in the cycle before: it comes back in the draft, with the reason then given."""

    nature: str
    precision: str
    annee: int
    motif: str


@dataclass(frozen=True)
class Perte:
    """An activity still shared on the eve of a day, which the catalogue withdraws that day."""

    libelle: str
    domaine: int
    domaine_libelle: str
    day: date


@dataclass(frozen=True)
class Veille:
    """The starting point of a draft: what is shared by activity id, what the catalogue ends, what comes back and why."""

    base: Mapping[int, Partage] = field(default_factory=dict)
    reports: Mapping[int, Report] = field(default_factory=dict)
    motifs: Mapping[int, str] = field(default_factory=dict)
    pertes: Sequence[Perte] = ()


Base: TypeAlias = dict[int, Partage]


def base_on_eve(cycle: Cycle, commune: Commune) -> Base:
    """What will be in force on the eve of effect, in the activities of the cycle's edition; a fixed number of queries.

    What is decided in earlier cycles counts though it is not in effect yet, and so do the communes that this one will
    succeed by then.
    """
    return _Lecture(cycle, commune).base()


def read_eve(declaration: Declaration) -> Veille:
    """What a draft starts from; a fixed number of queries."""
    cycle = declaration.cycle
    lecture = _Lecture(cycle, declaration.commune)
    base, lignes = lecture.base(), _postponed(cycle, lecture.succeeded)
    reports = {
        heir: Report(ligne.nature, ligne.precision, ligne.declaration.cycle.annee, ligne.arbitrage_motif)
        for ligne in lignes
        for heir in _heirs(ligne.activite_id, _since(lecture.derivations, ligne.declaration.cycle, cycle))
        if _still_asked(ligne, base.get(heir))
    }
    return Veille(base, reports, _motives(lignes), lecture.losses())


def read_losses(declaration: Declaration) -> Sequence[Perte]:
    """What the catalogue takes away from a commune by the effect of a cycle; a fixed number of queries."""
    return _Lecture(declaration.cycle, declaration.commune).losses()


class _Lecture:
    """The timeline of a commune up to the effect of a cycle, as its draft must read it.

    The cycle keeps the edition it was opened with, and a commune about to merge reads what it shares itself.
    """

    def __init__(self, cycle: Cycle, commune: Commune) -> None:
        self.cycle, self.commune = cycle, commune
        self.derivations = read_derivations(cycle.epci, cycle.effective_on)
        self.elders = _elders(commune, self.derivations)
        membres, today = Membres(cycle.epci), cycle.epci.today
        # Rights and duties pass to a commune nouvelle, not to one detached from a commune that stays.
        past = _elders(commune, [d for d in self.derivations if d.day <= today])
        self.succeeded = {commune.pk, *(pk for pk in past if not membres.on(pk, today))}
        self._days = [d.day for d in self.derivations if d.activites and d.day > cycle.ouverture_on]
        self._shares = self._read()

    def _read(self) -> Partages:
        cycle, edition_on = self.cycle, self.cycle.catalogue.effective_on
        seen = [
            replace(
                derivation,
                communes={pk: heirs for pk, heirs in derivation.communes.items() if pk != self.commune.pk},
                activites=derivation.activites if derivation.day <= edition_on else {},
            )
            for derivation in self.derivations
        ]
        return foresee(
            cycle.epci,
            list(self._decided()),
            seen,
            since=min([cycle.effective_on, *(day - ONE_DAY for day in self._days)]),
            until=cycle.effective_on,
            communes=[self.commune.pk],
        )

    def _decided(self) -> Iterable[Decision]:
        """Lines accepted in earlier cycles and not in effect yet; of another commune that still stands, only the voted ones."""
        cycle, today = self.cycle, self.cycle.epci.today
        pending = Ligne.objects.changing().filter(
            Q(commune__in=self.succeeded) | Q(commune__in=self.elders, effet_on__isnull=False),
            epci=cycle.epci,
            declaration__cycle__effective_on__lt=cycle.effective_on,
            arbitrage=Ligne.Arbitrage.ACCEPTEE,
            appliquee_at=None,
        )
        rows = pending.exclude(nature=Ligne.Nature.REVISION).order_by("pk")
        for ligne in rows.select_related("declaration__cycle__catalogue"):
            expected = max(ligne.declaration.cycle.effective_on, today)
            day = ligne.effet_on or min(expected, cycle.effective_on)
            if day <= cycle.effective_on:
                yield decision_of(ligne, day)

    def base(self) -> Base:
        held = {
            pk: periode
            for (commune, pk), periode in self._shares.on(self.cycle.effective_on).items()
            if commune == self.commune.pk
        }
        # An edition that the cycle does not offer may already be in force: what it replaced is still there to choose.
        for derivation in self.derivations:
            if derivation.day > self.cycle.catalogue.effective_on:
                for pk, periode in self._on_the_eve_of(derivation):
                    held.setdefault(pk, periode)
        return {pk: Partage(p.nature, p.debut, p.depuis or p.debut) for pk, p in held.items()}

    def _on_the_eve_of(self, derivation: Derivation) -> Iterable[tuple[int, Periode]]:
        """What the commune shares of the activities that give way on a day."""
        for pk in derivation.activites:
            periode = self._shares.held((self.commune.pk, pk), derivation.day - ONE_DAY)
            if periode:
                yield pk, periode

    def losses(self) -> tuple[Perte, ...]:
        """What the catalogue withdraws without replacing it."""
        lost = {
            pk: derivation.day
            for derivation in self.derivations
            if derivation.day in self._days
            for pk, _ in self._on_the_eve_of(derivation)
            if not derivation.activites[pk]
        }
        rows = ActiviteVersion.objects.filter(activite__in=lost, catalogue__gele_at__isnull=False)
        told = {}
        for row in rows.select_related("domaine", "catalogue").order_by("catalogue__effective_on", "ordre"):
            day = lost[row.activite_id]
            if row.catalogue.effective_on < day:
                told[row.activite_id] = Perte(row.libelle, row.domaine_id, row.domaine.libelle, day)
        return tuple(told.values())


def _elders(commune: Commune, derivations: Sequence[Derivation]) -> set[int]:
    """Ids of the communes that lead to one, itself included."""
    reached = {commune.pk}
    for derivation in reversed(derivations):
        reached |= {pk for pk, heirs in derivation.communes.items() if reached.intersection(heirs)}
    return reached


def _since(derivations: Iterable[Derivation], before: Cycle, cycle: Cycle) -> list[Derivation]:
    """The editions between that of a cycle and that of a later one."""
    first, last = before.catalogue.effective_on, cycle.catalogue.effective_on
    return [derivation for derivation in derivations if first < derivation.day <= last]


def _heirs(activite: int, derivations: Iterable[Derivation]) -> list[int]:
    """The activities that one has become."""
    reached = [activite]
    for derivation in derivations:
        reached = [heir for pk in reached for heir in derivation.activites.get(pk, (pk,))]
    return list(dict.fromkeys(reached))


def _postponed(cycle: Cycle, communes: Iterable[int]) -> list[Ligne]:
    """The lines that the cycle just before this one postponed."""
    earlier = Cycle.objects.filter(
        epci=cycle.epci, effective_on__lt=cycle.effective_on, ouvert_at__isnull=False
    )
    lignes = Ligne.objects.filter(
        commune__in=communes,
        declaration__cycle__in=earlier.order_by("-effective_on").values("pk")[:1],
        arbitrage=Ligne.Arbitrage.REPORTEE,
    )
    return list(lignes.select_related("declaration__cycle__catalogue").order_by("activite__code", "pk"))


def _still_asked(ligne: Ligne, partage: Partage | None) -> bool:
    """Whether what a postponed line asked is not the case meanwhile."""
    if ligne.nature in (Ligne.Nature.RETRAIT, Ligne.Nature.REVISION):
        return partage is not None
    return partage is None or partage.nature != Ligne.PARTAGE[Ligne.Nature(ligne.nature)]


def _motives(lignes: list[Ligne]) -> dict[int, str]:
    """The motives then given for the domains of these lines, by domain id."""
    rows = MotifDomaine.objects.filter(
        declaration__in={ligne.declaration_id for ligne in lignes},
        domaine__in={ligne.domaine_id for ligne in lignes},
    )
    return dict(rows.order_by("pk").values_list("domaine_id", "texte"))
