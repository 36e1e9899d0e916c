"""The timeline of shares: what is known, what gives way and what is decided, played day after day.

One rule, for the workflows that write adhesions and for the pages that read them before their day; it reads no table. On a
day, what gives way goes first, then what is given as such begins, then lines, the later cycle having the last word.

- A line is about the pairs that the one it names has become by its day.
- An older line never undoes what a later cycle has decided of the same pair.
- A share that ends on the day it gives way is passed on: its end is the work of whoever recorded the move.
- A retrait ends what the commune brought, never what another activity or another commune brought to a merger.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import NamedTuple, TypeAlias

from mutualisation.derivations import Cle, Derivation
from mutualisation.models import Ligne
from socle.dates import ONE_DAY

RETRAIT = Ligne.Nature.RETRAIT.value
Etape: TypeAlias = tuple[tuple[date, int, int, int], "Derivation | Decision | tuple[Cle, Tenue]"]


class Decision(NamedTuple):
    """A line that has a day, or is read as if it had: the pair it names, what it decides, and in which cycle it was chosen.

    `acquise`: what is known already holds its effect; it only has precedence over the lines of older cycles. `tardive`: its
    day comes after that of its cycle, and another cycle may have decided meanwhile.
    """

    ligne: int
    cle: Cle
    nature: str
    day: date
    annee: int
    catalogue_on: date
    ouverture_on: date
    acquise: bool = False
    tardive: bool = False


def decision_of(ligne: Ligne, day: date) -> Decision:
    """A line with its cycle and its edition at hand, read as taking effect on a day."""
    cycle = ligne.declaration.cycle
    return Decision(
        ligne=ligne.pk,
        cle=(ligne.commune_id, ligne.activite_id),
        nature=ligne.nature,
        day=day,
        annee=cycle.annee,
        catalogue_on=cycle.catalogue.effective_on,
        ouverture_on=cycle.ouverture_on,
        tardive=day > cycle.effective_on,
    )


@dataclass(slots=True, eq=False)
class Tenue:
    """A pair shared over `[debut, fin)`: how, since when with what it took over (`depuis`), what opened and closed it.

    `connue` is the id of the adhesion that holds it already, `origine` a value of Adhesion.Origine.
    """

    debut: date
    fin: date | None
    nature: str
    depuis: date
    origine: str = ""
    ligne: int | None = None
    ligne_fin: int | None = None
    connue: int | None = None

    def covers(self, day: date) -> bool:
        return self.debut <= day and (self.fin is None or day < self.fin)


class Sort(Enum):
    """What became of a line on its day, `AUTREMENT` being told with the year of the cycle that decided."""

    EFFET = "effet"
    DEJA = "déjà"
    DISPARUE = "disparue"
    REUNIE = "réunie"
    AUTREMENT = "autrement"


class Frise:
    """The periods of some pairs, from those known (in order, by pair) and what happens from `since` on.

    `derivations` are all those that pairs may have gone through, `jouees` those that what is known does not hold yet. What
    is known and begins from `since` on is given: it stands until the next decision, and puts an end to the one before.
    """

    def __init__(
        self,
        connues: Mapping[Cle, Iterable[Tenue]],
        decisions: Iterable[Decision],
        derivations: Iterable[Derivation],
        *,
        since: date,
        jouees: Collection[Derivation],
    ) -> None:
        self._since = since
        self._jouees = {derivation.day for derivation in jouees}
        self._closes: dict[Cle, list[Tenue]] = {}
        self._en_cours: dict[Cle, Tenue] = {}
        self._attente = {decision.ligne: decision for decision in decisions}
        self._about: dict[int, set[Cle]] = {pk: {one.cle} for pk, one in self._attente.items()}
        self._by_cle: dict[Cle, list[Decision]] = {}
        self._sorts: dict[int, tuple[Sort, int]] = {}
        self._index()
        etapes = sorted(
            [*self._place(connues), *_dated(self._attente.values(), derivations)], key=lambda etape: etape[0]
        )
        for (day, *_), step in etapes:
            self._play(day, step)

    def periods(self, cle: Cle) -> list[Tenue]:
        """The periods of a pair, in order."""
        held = self._en_cours.get(cle)
        return [*self._closes.get(cle, ()), *([held] if held else [])]

    @property
    def cles(self) -> set[Cle]:
        """The pairs that have a period."""
        return self._closes.keys() | self._en_cours.keys()

    def sort(self, ligne: int) -> tuple[Sort, int]:
        """What became of a line (its id), and the year of the cycle that decided otherwise (else 0)."""
        return self._sorts.get(ligne, (Sort.DISPARUE, 0))

    def _place(self, connues: Mapping[Cle, Iterable[Tenue]]) -> Iterator[Etape]:
        """Set what is over and what runs on the eve; the rest begins on its day."""
        for cle, tenues in connues.items():
            for tenue in tenues:
                if tenue.debut >= self._since:
                    yield (tenue.debut, 2, 0, 0), (cle, tenue)
                elif tenue.fin is None or tenue.fin >= self._since:
                    self._en_cours[cle] = tenue
                else:
                    self._closes.setdefault(cle, []).append(tenue)
                    continue
                if tenue.fin:
                    yield (tenue.fin, 1, 0, 0), (cle, tenue)

    def _play(self, day: date, step: "Derivation | Decision | tuple[Cle, Tenue]") -> None:
        if isinstance(step, Derivation):
            self._follow(step)
            if day in self._jouees:
                self._hand_over(step)
        elif isinstance(step, Decision):
            self._decide(step)
        elif step[1].debut == day:
            self._begin(*step)
        elif self._en_cours.get(step[0]) is step[1] and step[1].fin == day:
            self._close(step[0], day)

    def _begin(self, cle: Cle, tenue: Tenue) -> None:
        """What is given as such begins, whatever came before."""
        self._close(cle, tenue.debut)
        self._en_cours[cle] = tenue

    def _open(
        self, cle: Cle, day: date, nature: str, depuis: date, origine: str, ligne: int | None = None
    ) -> bool:
        """Share a pair from a day; False when it was, in that way."""
        held = self._en_cours.get(cle)
        if held and held.nature == nature:
            return False
        self._close(cle, day, ligne)
        self._en_cours[cle] = Tenue(
            day, None, nature, held.depuis if held else depuis, origine=origine, ligne=ligne
        )
        return True

    def _close(self, cle: Cle, day: date, ligne: int | None = None) -> bool:
        """Share a pair no more from a day; False when it was not."""
        held = self._en_cours.pop(cle, None)
        if held and held.debut < day:
            held.fin, held.ligne_fin = day, ligne
            self._closes.setdefault(cle, []).append(held)
        return held is not None

    def _hand_over(self, derivation: Derivation) -> None:
        """What gives way ends, and each heir is shared as the first of its sources was on the eve."""
        giving = [cle for cle in self._en_cours if derivation.heirs(cle) is not None]
        heirs = sorted({heir for cle in giving for heir in derivation.heirs(cle) or ()})
        held = {
            heir: next(self._en_cours[cle] for cle in derivation.sources(heir) if cle in self._en_cours)
            for heir in heirs
        }
        for cle in giving:
            if cle not in (derivation.heirs(cle) or ()):
                self._close(cle, derivation.day)
        for heir, source in held.items():
            self._open(heir, derivation.day, source.nature, source.depuis, derivation.origine(heir))

    def _decide(self, decision: Decision) -> None:
        """A line takes effect on what the pair it names has become."""
        del self._attente[decision.ligne]
        about = sorted(self._about[decision.ligne])
        if not decision.acquise:
            changed = [cle for cle in about if self._apply(decision, cle)]
            if changed:
                self._sorts[decision.ligne] = Sort.EFFET, 0
            elif about:
                self._sorts.setdefault(decision.ligne, (Sort.DEJA, 0))
        for cle in about:
            self._take_precedence(decision, cle)

    def _apply(self, decision: Decision, cle: Cle) -> bool:
        if decision.nature == RETRAIT:
            return self._close(cle, decision.day, decision.ligne)
        nature = Ligne.PARTAGE[Ligne.Nature(decision.nature)]
        held = self._en_cours.get(cle)
        if held:
            held.fin = None  # decided anew: an end given beforehand no longer stands
        return self._open(cle, decision.day, nature, decision.day, "cycle", decision.ligne)

    def _take_precedence(self, decision: Decision, cle: Cle) -> None:
        """Older lines still to come leave alone what a later cycle has just decided."""
        for older in self._by_cle.get(cle, ()):
            if older.annee < decision.annee and older.ligne in self._attente:
                self._about[older.ligne].discard(cle)
                self._sorts[older.ligne] = Sort.AUTREMENT, decision.annee

    def _follow(self, derivation: Derivation) -> None:
        """The lines still to come follow the pairs they name."""
        for decision in self._attente.values():
            self._about[decision.ligne] = self._followed(decision, derivation)
        self._index()

    def _index(self) -> None:
        self._by_cle = {}
        for pk, decision in self._attente.items():
            for cle in self._about[pk]:
                self._by_cle.setdefault(cle, []).append(decision)

    def _followed(self, decision: Decision, derivation: Derivation) -> set[Cle]:
        about = self._about[decision.ligne]
        step = _since_chosen(derivation, decision)
        reached = {heir for cle in about for heir in step.after(cle)}
        if decision.nature != RETRAIT:
            return reached
        own = {source for cle in about for source in _on_the_eve(cle, derivation, decision)}
        kept = {heir for heir in reached if self._brought_by_others(heir, derivation, own)}
        if kept:
            self._sorts[decision.ligne] = Sort.REUNIE, 0
        return reached - kept

    def _brought_by_others(self, heir: Cle, derivation: Derivation, own: set[Cle]) -> bool:
        """Whether something else than `own` was shared on the eve, and leads to an heir."""
        return any(
            tenue.covers(derivation.day - ONE_DAY)
            for cle in derivation.sources(heir)
            if cle not in own
            for tenue in self.periods(cle)
        )


def _dated(decisions: Iterable[Decision], derivations: Iterable[Derivation]) -> Iterator[Etape]:
    for derivation in derivations:
        yield (derivation.day, 0, 0, 0), derivation
    for decision in decisions:
        yield (decision.day, 3, decision.annee, decision.ligne), decision


def _since_chosen(derivation: Derivation, decision: Decision) -> Derivation:
    """What a derivation changes for a line: nothing that it knew when it was chosen."""
    return derivation.known_since(communes=decision.ouverture_on, activites=decision.catalogue_on)


def _on_the_eve(cle: Cle, derivation: Derivation, decision: Decision) -> tuple[Cle, ...]:
    """The pairs of the eve that a line is about: it may already name an activity, or a commune, by its new name."""
    known = derivation.known_until(communes=decision.ouverture_on, activites=decision.catalogue_on)
    return known.sources(cle)
