"""Any years of choices decided and voted in any order leave the periods that were declared, arbitrated and voted.

The lines are arbitrated and their acts recorded by the real workflows; what should come of it is read from the choices alone,
by the slow reading of test_derivations, which is told the lines accepted by whom decides and voted by both assemblies.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from comptes.roles import Role
from journal.models import Tache
from mutualisation.models import Acte, Activite, Adhesion, Catalogue, Cycle, Domaine, Ligne
from mutualisation.models.cycle import DATES
from mutualisation.workflows.acte import record_act
from mutualisation.workflows.effet import executoire_dates, run_effect, set_effect_date
from mutualisation.workflows.instruction import arbitrate
from socle import horloge
from socle.erreurs import Refus
from territoire.models import Commune
from tests.factories import DeclarationFactory, LigneFactory, holder
from tests.mutualisation.test_derivations import (
    ENTREE,
    LAST,
    MONTHS,
    RETRAIT,
    Choix,
    Essai,
    Mouvement,
    build,
    learn,
    moves,
    plan_move,
    reference,
    shared_in,
    unshrunk,
)

ACCEPTEE, REFUSEE, REPORTEE = Ligne.Arbitrage.ACCEPTEE, Ligne.Arbitrage.REFUSEE, Ligne.Arbitrage.REPORTEE
CYCLES = {1: 3, 3: 5, 5: 7}  # opened, in effect: on the first of these months
Temps = tuple[int, int]  # an act: exécutoire so many months after the opening, recorded so many months later


@dataclass(frozen=True)
class Voeu:
    """A line, what is decided of it (None: nothing), and the act of each assembly (None: missing)."""

    ouvert: int
    commune: int
    activite: int
    nature: str
    decision: str | None
    actes: tuple[Temps | None, Temps | None]

    @property
    def votes(self) -> list[tuple[int, int]]:
        """(month exécutoire, month recorded) of each act there is, within the months that are lived."""
        given = [
            (self.ouvert + 1 + due, self.ouvert + 1 + due + late) for due, late in filter(None, self.actes)
        ]
        return [one for one in given if one[1] <= LAST]

    @property
    def effet(self) -> int | None:
        """The month it should take effect: the cycle's when both acts were exécutoires by then, else the later act's."""
        if self.decision != ACCEPTEE or len(self.votes) < 2:
            return None
        return max(CYCLES[self.ouvert], *(due for due, _ in self.votes))


act = st.none() | st.tuples(st.integers(0, 3), st.integers(0, 3))
voeux = st.lists(
    st.builds(
        Voeu,
        st.sampled_from(list(CYCLES)),
        st.integers(0, 4),
        st.integers(0, 3),
        st.sampled_from([ENTREE, RETRAIT]),
        st.sampled_from([ACCEPTEE, ACCEPTEE, ACCEPTEE, REFUSEE, REPORTEE, None]),
        st.tuples(act, act),
    ),
    min_size=3,
    max_size=9,
)
initials = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3)), min_size=3, max_size=8)


class Annees:
    """The lines of an EPCI, and what people do about them month by month."""

    def __init__(self, essai: Essai, voeux: list[Voeu]) -> None:
        self.essai = essai
        self.direction = holder(Role.DIRECTION_TERRITOIRES, essai.epci)
        self.cycles = {ouvert: _cycle(essai, ouvert) for ouvert in CYCLES}
        self.lignes: list[tuple[Voeu, Ligne]] = []
        for voeu in voeux:
            self._declare(voeu)

    def _declare(self, voeu: Voeu) -> None:
        """A line of a commune that is there when the cycle opens; the same activity is asked once in a cycle."""
        there, offered = self.essai.members(voeu.ouvert), self.essai.offered(voeu.ouvert)
        cycle, commune = self.cycles[voeu.ouvert], there[voeu.commune % len(there)]
        asked = offered[voeu.activite % len(offered)]
        if Ligne.objects.filter(declaration__cycle=cycle, commune=commune, activite=asked).exists():
            return
        found = Commune.objects.get(pk=commune)
        declaration = cycle.declarations.filter(commune=found).first() or DeclarationFactory(
            cycle=cycle, epci=self.essai.epci, commune=found, deposee=True
        )
        domaine = Domaine.objects.get(epci=self.essai.epci)
        activite = Activite.objects.get(pk=asked)
        ligne = LigneFactory(declaration=declaration, activite=activite, domaine=domaine, nature=voeu.nature)
        self.lignes.append((voeu, ligne))
        if voeu.effet is not None:
            su = max(known for _, known in voeu.votes)
            choix = Choix(voeu.ouvert, voeu.effet, su, voeu.commune, voeu.activite, voeu.nature)
            self.essai.lignes.append((su, choix, ligne))

    def due(self, mois: int) -> list[Callable[[], Any]]:
        """What happens on the first of a month."""
        ready = [cycle for ouvert, cycle in self.cycles.items() if CYCLES[ouvert] == mois]
        acts: list[Callable[[], Any]] = [lambda cycle=cycle: _effect(cycle) for cycle in ready]
        acts += [
            lambda past=past: learn(self.essai, past) for past in sorted(self.essai.appris.get(mois, ()))
        ]
        for voeu, ligne in self.lignes:
            if voeu.ouvert == mois and voeu.decision:
                acts.append(lambda voeu=voeu, ligne=ligne: self._decide(voeu, ligne))
            for rank, temps in enumerate(voeu.actes):
                if temps and voeu.ouvert + 1 + sum(temps) == mois:
                    day = MONTHS[voeu.ouvert + 1 + temps[0]]
                    acts.append(
                        lambda voeu=voeu, ligne=ligne, rank=rank, day=day: self._vote(voeu, ligne, rank, day)
                    )
        return acts

    def _decide(self, voeu: Voeu, ligne: Ligne) -> None:
        arbitrate(
            ligne=ligne, acteur=self.direction, decision=str(voeu.decision), motif="Motif.", qualite="x"
        )

    def _vote(self, voeu: Voeu, ligne: Ligne, rank: int, day: date) -> None:
        """Record the act of an assembly; the Direction then dates a line voted too late. Only what is accepted is voted."""
        try:
            record_act(
                cycle=self.cycles[voeu.ouvert],
                acteur=self.direction,
                type=(Acte.Type.CONSEIL_MUNICIPAL, Acte.Type.CONSEIL_EPCI)[rank],
                numero=f"{rank}-{ligne.pk}",
                adopte_on=day,
                executoire_on=day,
                lignes=[ligne.pk],
                commune=None if rank else ligne.commune,
            )
        except Refus:
            assert voeu.decision != ACCEPTEE
            return
        assert voeu.decision == ACCEPTEE
        commune_on, epci_on = executoire_dates([ligne.pk])[ligne.pk]
        if commune_on and epci_on and max(commune_on, epci_on) > self.cycles[voeu.ouvert].effective_on:
            set_effect_date(ligne=ligne, acteur=self.direction, effet_on=max(commune_on, epci_on))


def _cycle(essai: Essai, ouvert: int) -> Cycle:
    days = [MONTHS[ouvert] + timedelta(days=n) for n in range(len(DATES) - 1)]
    found: Cycle = Cycle.objects.create(
        epci=essai.epci,
        annee=2000 + ouvert,
        catalogue=Catalogue.objects.in_force(essai.epci, MONTHS[ouvert]),
        ouvert_at=datetime(2020, 1, 1, tzinfo=UTC),
        **dict(zip(DATES, [*days, MONTHS[CYCLES[ouvert]]], strict=True)),
    )
    return found


def _effect(cycle: Cycle) -> None:
    run_effect(Tache(epci=cycle.epci, parametres={"cycle": cycle.pk, "jour": cycle.effective_on.isoformat()}))


def live(annees: Annees, arrange: Callable[[list[Any]], list[Any]]) -> None:
    """The months go by: on each first, what is due and what people do, in the order of `arrange`."""
    for mois, day in enumerate(MONTHS):
        with horloge.at(horloge.at_hour(day, time(10), annees.essai.epci.fuseau)):
            for act in arrange(annees.due(mois)):
                act()


def check(annees: Annees) -> None:
    """What is shared in each month is what was voted, and no two periods of a pair meet."""
    for mois, expected in enumerate(reference(annees.essai)):
        assert shared_in(annees.essai, mois) == expected, MONTHS[mois]
    rows = Adhesion.objects.filter(epci=annees.essai.epci).order_by("commune", "activite", "debut")
    for one, other in pairwise(rows):
        same = (one.commune_id, one.activite_id) == (other.commune_id, other.activite_id)
        assert not same or (one.fin and one.fin <= other.debut), (one, other)


@pytest.mark.django_db
@unshrunk
@given(initials, moves, voeux, st.data())
def test_periods_are_what_was_declared_arbitrated_and_voted(
    initial: list[tuple[int, int]], moves: list[Mouvement], voeux: list[Voeu], data: Any
):
    with transaction.atomic():
        essai = build(initial)
        for move in sorted(moves, key=lambda move: move.mois):
            plan_move(essai, move)
        annees = Annees(essai, voeux)
        live(annees, lambda acts: data.draw(st.permutations(acts)) if len(acts) > 1 else acts)
        check(annees)
        transaction.set_rollback(True)


either_order = pytest.mark.parametrize("arrange", [list, lambda acts: acts[::-1]], ids=["jobs", "people"])


@pytest.mark.django_db
@either_order
@pytest.mark.parametrize(
    ("decision", "actes", "shared"),
    [
        (ACCEPTEE, ((0, 0), (1, 0)), {3, 4, 5, 6, 7, 8}),
        (ACCEPTEE, ((1, 3), (0, 0)), {3, 4, 5, 6, 7, 8}),  # recorded late, exécutoire in time
        (ACCEPTEE, ((0, 0), (3, 1)), {5, 6, 7, 8}),  # exécutoire late
        (ACCEPTEE, ((0, 0), None), set()),
        (REFUSEE, ((0, 0), (0, 0)), set()),
        (REPORTEE, ((0, 0), (0, 0)), set()),
        (None, ((0, 0), (0, 0)), set()),
    ],
)
def test_one_line(arrange: Any, decision: str | None, actes: Any, shared: set[int]):
    annees = Annees(build([]), [Voeu(1, 0, 0, ENTREE, decision, actes)])
    live(annees, arrange)
    check(annees)
    assert {mois for mois in range(len(MONTHS)) if shared_in(annees.essai, mois)} == shared
