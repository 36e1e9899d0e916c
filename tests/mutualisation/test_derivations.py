"""Whatever the order in which the catalogue, the communes and the lines change, adhesions are what a slow reading says.

The reference below knows no period, no lock and no lateness: it walks from month to month with the set of what is shared,
and is told every fact. The real workflows hear of the facts when they are recorded, late or not, in any order of a day.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from journal.models import Evenement
from journal.workflows.unite import unit
from mutualisation.models import (
    Activite,
    ActiviteVersion,
    Adhesion,
    Catalogue,
    Cycle,
    Domaine,
    DomaineVersion,
    Ligne,
    Succession,
)
from mutualisation.partages import read_shares, voted_lines
from mutualisation.workflows.derivation import apply_editions, apply_moves
from mutualisation.workflows.effet import apply_ready
from socle import horloge
from territoire.models import Appartenance, Commune, Epci, Filiation
from tests.factories import CommuneFactory, DeclarationFactory, EpciFactory, LigneFactory, member_commune

# Few months, so that facts meet: moves and editions of the same day, lines about what gave way, late acts.
MONTHS = [date(2021, n + 1, 1) for n in range(9)]
LAST = len(MONTHS) - 1
SINCE = date(2020, 1, 1)
ENTREE, RETRAIT = Ligne.Nature.ENTREE, Ligne.Nature.RETRAIT
REGULARISATION, PRESTATION = Ligne.Nature.REGULARISATION, Ligne.Nature.PRESTATION
Cle = tuple[int, int]


@dataclass(frozen=True)
class Geste:
    """What an edition does: split, merge or retire, about the activities of these ranks among those offered."""

    quoi: str
    rang: int
    autre: int


@dataclass(frozen=True)
class Edition:
    mois: int
    gestes: tuple[Geste, ...]


@dataclass(frozen=True)
class Mouvement:
    """Communes merge in a new one, one joins a neighbour, a part is detached from one, one leaves; recorded at `su` or later."""

    mois: int
    quoi: str
    rang: int
    su: int


@dataclass(frozen=True)
class Choix:
    """A line: chosen in the cycle open since `ouvert`, in effect at `effet`, recorded at `su` or later."""

    ouvert: int
    effet: int
    su: int
    commune: int
    activite: int
    nature: str


months = st.integers(1, LAST)
gestes = st.builds(
    Geste, st.sampled_from(["scission", "fusion", "retrait"]), st.integers(0, 9), st.integers(0, 9)
)
editions = st.lists(
    st.builds(Edition, months, st.tuples(gestes) | st.tuples(gestes, gestes)),
    min_size=1,
    max_size=2,
    unique_by=lambda edition: edition.mois,
)
moves = st.lists(
    st.builds(
        Mouvement,
        months,
        st.sampled_from(["nouvelle", "absorption", "scission", "depart"]),
        st.integers(0, 9),
        months,
    ),
    min_size=1,
    max_size=2,
)
choices = st.lists(
    st.builds(
        Choix,
        months,
        months,
        months,
        st.integers(0, 9),
        st.integers(0, 9),
        st.sampled_from([ENTREE, RETRAIT, RETRAIT, REGULARISATION, PRESTATION]),
    ),
    min_size=2,
    max_size=6,
)


@dataclass
class Essai:
    """A small EPCI in which the facts happen; what the reference is told is noted beside."""

    epci: Epci
    communes: list[Commune]
    offres: dict[int, list[int]] = field(default_factory=dict)
    activites: dict[int, dict[int, tuple[int, ...]]] = field(default_factory=dict)
    mouvements: dict[int, dict[int, tuple[int, ...]]] = field(default_factory=dict)
    appris: dict[int, set[int]] = field(default_factory=dict)
    lignes: list[tuple[int, Choix, Ligne]] = field(default_factory=list)
    partages: set[tuple[int, int]] = field(default_factory=set)
    codes: Iterator[int] = field(default_factory=count)

    def offered(self, mois: int) -> list[int]:
        """The activities of the edition in force."""
        return self.offres[max(start for start in self.offres if start <= mois)]

    def members(self, mois: int) -> list[int]:
        """The communes that are there, once all is known."""
        there = [commune.pk for commune in self.communes]
        for day in sorted(self.mouvements):
            if day <= mois:
                for gone, heirs in self.mouvements[day].items():
                    there = [pk for pk in there if pk != gone] if gone not in heirs else there
                    there += [heir for heir in heirs if heir not in there]
        return there


def build(initial: list[tuple[int, int]]) -> Essai:
    epci = EpciFactory()
    essai = Essai(epci, [member_commune(epci, nom=f"Commune {n}") for n in range(3)])
    domaine = Domaine.objects.create(epci=epci, code="D", libelle="Domaine", libelle_court="D")
    essai.offres[0] = [activity(essai).pk for _ in range(4)]
    edition_row(essai, domaine, 0)
    for commune, rank in set(initial):
        cle = essai.communes[commune].pk, essai.offres[0][rank]
        essai.partages.add(cle)
        Adhesion.objects.create(
            epci=epci, commune_id=cle[0], activite_id=cle[1], debut=SINCE, origine=Adhesion.Origine.REPRISE
        )
    return essai


def activity(essai: Essai) -> Activite:
    rank = next(essai.codes)
    return Activite.objects.create(epci=essai.epci, code=f"D-{rank:02d}", libelle=f"Activité {rank}")


def edition_row(essai: Essai, domaine: Domaine, mois: int) -> Catalogue:
    """The frozen edition of a month, from what `offres` says of it."""
    day = MONTHS[mois] if mois else SINCE
    edition = Catalogue.objects.create(
        epci=essai.epci,
        effective_on=day,
        gele_at=datetime(2019, 1, 1, tzinfo=UTC),
        appliquee_at=None if mois else datetime(2020, 1, 1, tzinfo=UTC),
    )
    DomaineVersion.objects.create(
        catalogue=edition,
        domaine=domaine,
        libelle="Domaine",
        libelle_court="D",
        famille="support",
        rattachement="pole",
        ordre=1,
    )
    ActiviteVersion.objects.bulk_create(
        ActiviteVersion(catalogue=edition, activite_id=pk, domaine=domaine, libelle=str(pk), ordre=ordre)
        for ordre, pk in enumerate(essai.offres[mois])
    )
    return edition


def plan_edition(essai: Essai, edition: Edition) -> None:
    """Freeze an edition: its gestures are about the activities of the edition before."""
    offered = list(essai.offered(edition.mois))
    heirs: dict[int, tuple[int, ...]] = {}
    for geste in edition.gestes:
        old = [pk for pk in offered if pk in essai.offered(edition.mois)]
        if (geste.quoi == "fusion" and len(old) < 2) or not old:
            continue
        first, second = old[geste.rang % len(old)], old[(geste.rang + 1 + geste.autre) % len(old)]
        gone = {first, second} if geste.quoi == "fusion" and first != second else {first}
        number = {"scission": 2, "fusion": 1, "retrait": 0}[geste.quoi]
        new = tuple(activity(essai).pk for _ in range(number))
        heirs |= dict.fromkeys(gone, new)
        offered = [pk for pk in offered if pk not in gone] + list(new)
    essai.offres[edition.mois], essai.activites[edition.mois] = offered, heirs
    row = edition_row(essai, Domaine.objects.get(epci=essai.epci), edition.mois)
    Succession.objects.bulk_create(
        Succession(catalogue=row, ancienne_id=old, nouvelle_id=pk) for old, new in heirs.items() for pk in new
    )


def plan_move(essai: Essai, move: Mouvement) -> None:
    """Decide what a move is about: those there that day, and not already moving on it or later."""
    there = essai.members(move.mois)
    busy = {pk for day, moved in essai.mouvements.items() for old, new in moved.items() for pk in (old, *new)}
    free = [pk for pk in there if pk not in busy]
    if len(free) < 2:
        return
    first, second = free[move.rang % len(free)], free[(move.rang + 1) % len(free)]
    heirs: dict[int, tuple[int, ...]] = {
        "nouvelle": lambda: dict.fromkeys((first, second), (CommuneFactory().pk,)),
        "absorption": lambda: {first: (second,)},
        "scission": lambda: {first: (first, CommuneFactory().pk)},
        "depart": lambda: {first: ()},
    }[move.quoi]()
    essai.mouvements.setdefault(move.mois, {}).update(heirs)
    essai.appris.setdefault(max(move.su, move.mois), set()).add(move.mois)


def plan_line(essai: Essai, rank: int, choix: Choix) -> None:
    """A line whose day comes after the opening of its cycle; the same activity is asked once in a cycle."""
    ouvert, effet = sorted((choix.ouvert, choix.effet))
    there, offered = essai.members(ouvert), essai.offered(ouvert)
    if ouvert == effet or not there or not offered:
        return
    cycle = cycle_of(essai, ouvert)
    commune = Commune.objects.get(pk=there[choix.commune % len(there)])
    declaration = cycle.declarations.filter(commune=commune).first() or DeclarationFactory(
        cycle=cycle, epci=essai.epci, commune=commune, deposee=True
    )
    asked = Activite.objects.get(pk=offered[choix.activite % len(offered)])
    if declaration.lignes.filter(activite=asked).exists():
        return
    domaine = Domaine.objects.get(epci=essai.epci)
    ligne = LigneFactory(
        declaration=declaration, activite=asked, domaine=domaine, nature=choix.nature, acceptee=True
    )
    essai.lignes.append((max(choix.su, effet), Choix(ouvert, effet, rank, 0, 0, choix.nature), ligne))


def cycle_of(essai: Essai, ouvert: int) -> Cycle:
    """The cycle open since a month; the one opened later has the later year."""
    opening = MONTHS[ouvert]
    days = [opening + timedelta(days=n) for n in range(9)]
    names = ("ouverture", "declaration_debut", "declaration_fin", "evaluation_debut", "evaluation_fin")
    names += ("point_arret", "votes_debut", "votes_fin", "effective")
    known = Cycle.objects.filter(epci=essai.epci, annee=2000 + ouvert).first()
    return known or Cycle.objects.create(
        epci=essai.epci,
        annee=2000 + ouvert,
        catalogue=Catalogue.objects.in_force(essai.epci, opening),
        ouvert_at=datetime(2020, 1, 1, tzinfo=UTC),
        **{f"{name}_on": day for name, day in zip(names, days, strict=True)},
    )


def reference(essai: Essai) -> list[dict[Cle, str]]:
    """How each pair is shared in each month, every fact being known."""
    shared, told = dict.fromkeys(essai.partages, "mutualisation"), []
    about = {row.pk: {(row.commune_id, row.activite_id)} for _, _, row in essai.lignes}
    left = sorted(
        ((choix, row) for _, choix, row in essai.lignes), key=lambda one: (one[0].ouvert, one[1].pk)
    )
    for mois in range(len(MONTHS)):
        for choix, row in left:
            if choix.ouvert < mois:
                about[row.pk] = followed(essai, mois, about[row.pk], shared, choix.nature)
        shared = handed_over(essai, mois, shared)
        for choix, row in [one for one in left if one[0].effet == mois]:
            left.remove((choix, row))
            shared = decided(shared, about[row.pk], choix.nature)
            for older, other in left:
                if older.ouvert < choix.ouvert:
                    about[other.pk] -= about[row.pk]
        told.append(dict(shared))
    return told


def step(essai: Essai, mois: int, cle: Cle) -> set[Cle]:
    """Where a pair is from the first of a month, when it was there on the eve."""
    communes = essai.mouvements.get(mois, {}).get(cle[0], (cle[0],)) if mois else (cle[0],)
    activites = essai.activites.get(mois, {}).get(cle[1], (cle[1],))
    return {(commune, activite) for commune in communes for activite in activites}


def handed_over(essai: Essai, mois: int, shared: dict[Cle, str]) -> dict[Cle, str]:
    """What is shared from a month on: an heir as the first of its sources, who was there before having precedence."""
    moved = list(essai.mouvements.get(mois, {}))
    gone = sorted(essai.activites.get(mois, {}))
    first = sorted(
        shared,
        key=lambda cle: (
            moved.index(cle[0]) if cle[0] in moved else -1,
            gone.index(cle[1]) if cle[1] in gone else -1,
        ),
    )
    after: dict[Cle, str] = {}
    for cle in first:
        for heir in step(essai, mois, cle):
            after.setdefault(heir, shared[cle])
    return after


def followed(essai: Essai, mois: int, about: set[Cle], shared: dict[Cle, str], nature: str) -> set[Cle]:
    """What a choice is about from a month on; a retrait leaves what others bring to a merger."""
    reached = {heir for cle in about for heir in step(essai, mois, cle)}
    if nature != RETRAIT:
        return reached
    return reached - {heir for cle in shared.keys() - about for heir in step(essai, mois, cle)}


def decided(shared: dict[Cle, str], about: set[Cle], nature: str) -> dict[Cle, str]:
    if nature == RETRAIT:
        return {cle: how for cle, how in shared.items() if cle not in about}
    return shared | dict.fromkeys(about, Ligne.PARTAGE[Ligne.Nature(nature)])


def live(essai: Essai, arrange: Callable[[list[Any]], list[Any]]) -> None:
    """The months go by: on each first, what is due is done and what is recorded is heard, in the order of `arrange`."""
    for mois, day in enumerate(MONTHS):
        with horloge.at(horloge.at_hour(day, datetime.min.time().replace(hour=10), essai.epci.fuseau)):
            acts: list[Any] = []
            if mois in essai.activites:
                acts.append(lambda: apply_editions(essai.epci))
            acts += [lambda past=past: learn(essai, past) for past in sorted(essai.appris.get(mois, ()))]
            acts += [lambda row=row: hear(essai, row) for su, _, row in essai.lignes if su == mois]
            for act in arrange(acts):
                act()


def learn(essai: Essai, mois: int) -> None:
    """A newer extract tells a move of a month come, then adhesions follow. Twice, as once."""
    register(essai, mois)
    apply_moves(epci=essai.epci, day=MONTHS[mois])
    before = state()
    apply_moves(epci=essai.epci, day=MONTHS[mois])
    assert state() == before


def register(essai: Essai, mois: int) -> None:
    """Memberships and filiations, as a newer extract makes them."""
    day = MONTHS[mois]
    for old, heirs in essai.mouvements[mois].items():
        if old not in heirs:
            Appartenance.objects.filter(commune_id=old, fin=None).update(fin=day)
        for heir in set(heirs) - {old}:
            Filiation.objects.get_or_create(ancienne_id=old, nouvelle_id=heir, effective_on=day)
            if not Appartenance.objects.filter(commune_id=heir).exists():
                Appartenance.objects.create(epci=essai.epci, commune_id=heir, debut=day)


def hear(essai: Essai, ligne: Ligne) -> None:
    """The last of the acts of a line is recorded."""
    choix = next(choix for _, choix, row in essai.lignes if row == ligne)
    with unit():
        Ligne.objects.filter(pk=ligne.pk).update(effet_on=MONTHS[choix.effet])
        apply_ready(essai.epci, [ligne.pk])


def state() -> list[tuple[Any, ...]]:
    return sorted(
        Adhesion.objects.order_by("pk").values_list("commune_id", "activite_id", "debut", "fin"), key=str
    )


def shared_in(essai: Essai, mois: int) -> dict[Cle, str]:
    rows = Adhesion.objects.on(MONTHS[mois]).filter(epci=essai.epci)
    return {(row[0], row[1]): row[2] for row in rows.values_list("commune_id", "activite_id", "nature")}


def read_in(essai: Essai, mois: int) -> dict[Cle, str]:
    """The same as the matrix reads it."""
    day = MONTHS[mois]
    lignes = voted_lines(essai.epci).select_related("declaration__cycle__catalogue").order_by("pk")
    shares = read_shares(essai.epci, lignes, since=day, until=day)
    return {cle: periode.nature for cle, periode in shares.on(day).items()}


worlds = given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3)), min_size=3, max_size=8),
    editions,
    moves,
    choices,
    st.data(),
)
# A failure is told as found: shrinking plays the years again for minutes.
unshrunk = settings(
    max_examples=25,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def plan(
    initial: list[tuple[int, int]],
    editions: list[Edition],
    moves: list[Mouvement],
    choices: list[Choix],
) -> Essai:
    essai = build(initial)
    for edition in sorted(editions, key=lambda edition: edition.mois):
        plan_edition(essai, edition)
    for move in sorted(moves, key=lambda move: move.mois):
        plan_move(essai, move)
    for rank, choix in enumerate(choices):
        plan_line(essai, rank, choix)
    return essai


@pytest.mark.django_db
@unshrunk
@worlds
def test_adhesions_are_what_a_slow_reading_says(
    initial: list[tuple[int, int]],
    editions: list[Edition],
    moves: list[Mouvement],
    choices: list[Choix],
    data: Any,
):
    with transaction.atomic():
        essai = plan(initial, editions, moves, choices)
        live(essai, lambda acts: data.draw(st.permutations(acts)) if len(acts) > 1 else acts)
        check(essai)
        transaction.set_rollback(True)


@pytest.mark.django_db
@unshrunk
@worlds
def test_what_the_matrix_foresees_is_what_a_slow_reading_says(
    initial: list[tuple[int, int]],
    editions: list[Edition],
    moves: list[Mouvement],
    choices: list[Choix],
    data: Any,
):
    """Everything is recorded beforehand and nothing has happened yet, but for the months gone by when it is read."""
    with transaction.atomic():
        essai = plan(initial, editions, moves, choices)
        for mois in sorted(essai.mouvements):
            register(essai, mois)
        for _, choix, ligne in essai.lignes:
            Ligne.objects.filter(pk=ligne.pk).update(effet_on=MONTHS[choix.effet])
        with horloge.at(horloge.midnight(MONTHS[0], essai.epci.fuseau)):
            for mois, expected in enumerate(reference(essai)):
                assert read_in(essai, mois) == expected, MONTHS[mois]
        transaction.set_rollback(True)


def check(essai: Essai) -> None:
    for mois, expected in enumerate(reference(essai)):
        assert shared_in(essai, mois) == expected, MONTHS[mois]
        assert read_in(essai, mois) == expected, MONTHS[mois]


either_order = pytest.mark.parametrize("arrange", [list, lambda acts: acts[::-1]], ids=["jobs", "people"])
SCISSION = Edition(3, (Geste("scission", 0, 0),))


@pytest.mark.django_db
class TestOneByOne:
    """What the property met once, kept as an example each."""

    @either_order
    def test_a_commune_nouvelle_and_an_edition_of_the_same_day(self, arrange: Any):
        essai = build([(0, 0), (1, 1)])
        plan_edition(essai, SCISSION)
        plan_move(essai, Mouvement(3, "nouvelle", 0, 3))
        live(essai, arrange)
        check(essai)
        assert len(shared_in(essai, LAST)) == 3

    @either_order
    def test_a_move_recorded_late_takes_along_the_edition_and_the_lines_since(self, arrange: Any):
        essai = build([(0, 0)])
        plan_edition(essai, SCISSION)
        plan_move(essai, Mouvement(2, "nouvelle", 0, 7))
        for rank, (effet, activite, nature) in enumerate([(4, 1, ENTREE), (5, 2, ENTREE), (6, 0, RETRAIT)]):
            plan_line(essai, rank, Choix(1, effet, effet, 0, activite, nature))
        live(essai, arrange)
        check(essai)
        assert not Adhesion.objects.on(MONTHS[LAST]).filter(commune=essai.communes[0]).exists()

    def test_a_line_about_an_activity_split_opens_an_adhesion_for_each_part(self):
        essai = build([])
        plan_edition(essai, SCISSION)
        plan_line(essai, 0, Choix(1, 4, 4, 0, 0, ENTREE))
        live(essai, list)
        check(essai)
        assert essai.lignes[0][2].adhesions.count() == 2

    @pytest.mark.parametrize("late", [(4, 6), (6, 4)])
    def test_of_two_cycles_that_decide_the_same_day_the_later_wins_whichever_is_recorded_first(
        self, late: tuple[int, int]
    ):
        essai = build([(0, 0)])
        plan_edition(essai, Edition(3, (Geste("fusion", 0, 0),)))
        plan_line(essai, 0, Choix(1, 4, late[0], 0, 0, RETRAIT))
        plan_line(essai, 1, Choix(2, 4, late[1], 0, 1, ENTREE))
        live(essai, list)
        check(essai)
        assert len(shared_in(essai, LAST)) == 1

    def test_a_late_retrait_of_one_part_leaves_what_the_other_brought(self):
        essai = build([(0, 0), (0, 1)])
        plan_edition(essai, Edition(3, (Geste("fusion", 0, 0),)))
        plan_line(essai, 0, Choix(1, 4, 4, 0, 0, RETRAIT))
        live(essai, list)
        check(essai)
        assert len(shared_in(essai, LAST)) == 1
        told = Evenement.objects.get(type="ligne.sans_effet")
        assert told.libelle.endswith("elle a été réunie avec ce qui restait partagé")

    @pytest.mark.parametrize("known", [(5, 6), (6, 5)])
    def test_a_late_line_leaves_what_a_later_cycle_decided(self, known: tuple[int, int]):
        """Left in 2027, taken again in 2028: the acts of 2027 come last, and change nothing, in either order."""
        essai = build([(0, 0)])
        plan_line(essai, 0, Choix(1, 5, known[0], 0, 0, RETRAIT))
        plan_line(essai, 1, Choix(2, 4, known[1], 0, 0, PRESTATION))
        live(essai, list)
        check(essai)
        assert list(shared_in(essai, LAST).values()) == ["prestation"]
        told = Evenement.objects.filter(type="ligne.sans_effet").values_list("libelle", flat=True)
        assert [one.endswith("le cycle 2002 en a décidé autrement") for one in told] == (
            [True] if known == (6, 5) else []
        )

    def test_handing_over_is_told_once(self):
        essai = build([(0, 0)])
        plan_move(essai, Mouvement(3, "nouvelle", 0, 3))
        live(essai, list)  # learns the move twice
        told = Evenement.objects.filter(type="adhesion.transmise")
        assert [event.libelle for event in told.order_by("pk")] == [
            "Commune 0 : 1 adhésion transmise le 1er avril 2021"
        ]
