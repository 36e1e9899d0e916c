"""What a commune will share on the eve of effect of a cycle, counting what is already decided and what the catalogue changes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TypeAlias

from mutualisation.derivations import Derivation, read_derivations, route
from mutualisation.models import Adhesion, Cycle, Declaration, Ligne, MotifDomaine
from territoire.models import Commune, Filiation


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
class Veille:
    """The starting point of a draft: what is shared by activity id, what comes back, and the motives of what comes back."""

    base: Mapping[int, Partage] = field(default_factory=dict)
    reports: Mapping[int, Report] = field(default_factory=dict)
    motifs: Mapping[int, str] = field(default_factory=dict)


Base: TypeAlias = dict[int, Partage]


@dataclass(frozen=True)
class _Decision:
    """A line accepted in an earlier cycle and not in effect yet, about one of today's activities."""

    day: date
    activite: int
    nature: str


def base_on_eve(cycle: Cycle, commune: Commune) -> Base:
    """What will be in force on the eve of effect, in the activities of the cycle's edition; a fixed number of queries.

    Starts from the adhesions of the eve, then plays in order what is decided and not in effect yet: lines accepted in
    earlier cycles, activities that split or merge up to the day of effect, communes that this one succeeds.
    """
    return _base(cycle, _succeeded(cycle, commune), _editions(cycle))


def read_eve(declaration: Declaration) -> Veille:
    """What a draft starts from; a fixed number of queries."""
    cycle, editions = declaration.cycle, _editions(declaration.cycle)
    communes = _succeeded(cycle, declaration.commune)
    base = _base(cycle, communes, editions)
    lignes = _postponed(cycle, communes)
    reports = {
        heir: Report(ligne.nature, ligne.precision, ligne.declaration.cycle.annee, ligne.arbitrage_motif)
        for ligne in lignes
        for heir in _heirs(ligne.activite_id, _since(editions, ligne.declaration.cycle, cycle.effective_on))
        if _still_asked(ligne, base.get(heir))
    }
    return Veille(base, reports, _motives(lignes))


def _editions(cycle: Cycle) -> list[Derivation]:
    return [d for d in read_derivations(cycle.epci, cycle.effective_on) if d.activites]


def _succeeded(cycle: Cycle, commune: Commune) -> list[int]:
    """The commune, and those whose rights and duties it will have taken over by the day of effect."""
    before = Filiation.objects.filter(nouvelle=commune, effective_on__lte=cycle.effective_on)
    return [commune.pk, *before.order_by("pk").values_list("ancienne_id", flat=True)]


def _base(cycle: Cycle, communes: list[int], editions: list[Derivation]) -> Base:
    base: Base = {}
    rows = Adhesion.objects.on(cycle.veille_on).filter(epci=cycle.epci, commune__in=communes)
    for activite, nature, debut in rows.order_by("debut", "pk").values_list("activite_id", "nature", "debut"):
        base.setdefault(activite, Partage(nature, debut, debut))
    decisions = _decided_before(cycle, communes, editions)
    # On the same day, the catalogue changes first: lines are then about what took over.
    steps: list[tuple[date, int, Derivation | _Decision]] = [
        *((edition.day, 0, edition) for edition in editions),
        *((decision.day, 1, decision) for decision in decisions),
    ]
    for _, _, step in sorted(steps, key=lambda step: step[:2]):
        if isinstance(step, Derivation):
            _hand_over(base, step)
        else:
            _decide(base, step)
    return base


def _hand_over(base: Base, edition: Derivation) -> None:
    """As workflows.derivation does: the first source that was shared says how its heir is."""
    inherited: Base = {}
    for ancienne, heirs in edition.activites.items():
        partage = base.get(ancienne)
        if partage and partage.debut < edition.day:
            del base[ancienne]
            for heir in heirs:
                inherited.setdefault(heir, replace(partage, debut=edition.day))
    for heir, partage in inherited.items():
        base.setdefault(heir, partage)


def _decide(base: Base, decision: _Decision) -> None:
    if decision.nature == Ligne.Nature.RETRAIT:
        base.pop(decision.activite, None)
    elif decision.nature in Ligne.PARTAGE:
        opened = Partage(Ligne.PARTAGE[Ligne.Nature(decision.nature)], decision.day, decision.day)
        present = base.get(decision.activite, opened)
        base[decision.activite] = replace(present, nature=opened.nature)


def _decided_before(cycle: Cycle, communes: list[int], editions: list[Derivation]) -> Iterable[_Decision]:
    pending = Ligne.objects.changing().filter(
        commune__in=communes,
        epci=cycle.epci,
        declaration__cycle__effective_on__lt=cycle.effective_on,
        declaration__cycle__clos_at=None,
        arbitrage=Ligne.Arbitrage.ACCEPTEE,
        appliquee_at=None,
    )
    rows = pending.select_related("declaration__cycle__catalogue").order_by("declaration__cycle__annee", "pk")
    for ligne in rows:
        day = ligne.declaration.cycle.effective_on
        for heir in _heirs(ligne.activite_id, _since(editions, ligne.declaration.cycle, day)):
            yield _Decision(day, heir, ligne.nature)


def _since(editions: list[Derivation], cycle: Cycle, until: date) -> list[Derivation]:
    """The editions that changed the catalogue after the one a cycle froze, up to a day included."""
    return [edition for edition in editions if cycle.catalogue.effective_on < edition.day <= until]


def _heirs(activite: int, editions: list[Derivation]) -> list[int]:
    return [heir for _, heir in route((0, activite), editions)]


def _postponed(cycle: Cycle, communes: list[int]) -> list[Ligne]:
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
