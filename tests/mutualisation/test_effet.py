"""From acts to adhesions: once, on the right day, whatever the order, the crash or the time zone."""

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db.models import QuerySet
from django.urls import reverse

from comptes.roles import Role
from journal.models import Evenement, Tache
from journal.workflows.tache import run, run_due
from journal.workflows.unite import unit
from mutualisation.models import Acte, Adhesion, Cycle, Declaration, Ligne
from mutualisation.workflows import derivation, effet
from mutualisation.workflows.acte import cancel_act
from mutualisation.workflows.cycle import change_dates
from mutualisation.workflows.derivation import apply_editions
from mutualisation.workflows.effet import awaiting_effect, schedule_effect, set_effect_date
from mutualisation.workflows.instruction import arbitrate
from socle.droits import ActionInterdite
from socle.erreurs import Refus
from territoire.models import Epci
from tests.concurrence import failures, together
from tests.factories import (
    AdhesionFactory,
    CycleFactory,
    DeclarationFactory,
    EpciFactory,
    Monde,
    activite,
    build_world,
    catalogue,
    fresh,
    holder,
    member_commune,
)
from tests.mutualisation.gestes import accept, changing, ids, one_ready_line, prepare, submit, text_of, vote

AtTime = Callable[[Any], datetime]
EFFET = date(2028, 1, 1)
VOTE = date(2027, 11, 26)
TARD = date(2028, 1, 12)


def shared(declaration: Declaration, on: date) -> frozenset[int]:
    return Adhesion.objects.activites_of(declaration.commune, declaration.epci, on)


def accepted(monde: Monde, code: str = "DB-01") -> Ligne:
    return accept(one_ready_line(monde.a.declaration, monde.a.dgs, code), monde.direction)


def vote_both(monde: Monde, ligne: Ligne, commune_on: date = VOTE, epci_on: date = VOTE) -> None:
    declaration = monde.a.declaration
    vote(declaration, monde.direction, lignes=[ligne], epci=False, executoire_on=commune_on)
    vote(declaration, monde.direction, lignes=[ligne], epci=True, executoire_on=epci_on)


@pytest.mark.parametrize("epci_first", [True, False])
def test_acts_come_in_either_order(monde: Monde, at_time: AtTime, epci_first: bool):
    ligne = accepted(monde)
    at_time("2027-12-01")
    for epci in (epci_first, not epci_first):
        ligne.refresh_from_db()
        assert ligne.effet_on is None
        vote(monde.a.declaration, monde.direction, lignes=[ligne], epci=epci, executoire_on=VOTE)
    ligne.refresh_from_db()
    assert (ligne.effet_on, ligne.appliquee_at) == (EFFET, None)


@pytest.mark.parametrize("epci", [True, False])
def test_one_assembly_is_not_enough(monde: Monde, at_time: AtTime, epci: bool):
    ligne = accepted(monde)
    at_time("2027-12-01")
    vote(monde.a.declaration, monde.direction, lignes=[ligne], epci=epci, executoire_on=VOTE)
    vote(monde.a.declaration, monde.direction, lignes=[ligne], epci=epci, executoire_on=VOTE, numero="autre")
    at_time("2028-01-02")
    schedule_effect(monde.cycle, EFFET)
    run_due()
    assert shared(monde.a.declaration, date(2028, 1, 2)) == ids(monde.a.declaration, "DA-01")


def test_a_line_takes_effect_at_midnight_and_not_a_minute_before(monde: Monde, at_time: AtTime):
    ligne = accepted(monde)
    at_time("2027-12-01")
    vote_both(monde, ligne)
    schedule_effect(monde.cycle, EFFET)
    at_time("2027-12-31 23:59")
    run_due()
    assert not shared(monde.a.declaration, EFFET) & ids(monde.a.declaration, "DB-01")
    at_time("2028-01-01 00:00")
    run_due()
    assert ids(monde.a.declaration, "DB-01") <= shared(monde.a.declaration, EFFET)
    assert not ids(monde.a.declaration, "DB-01") & shared(monde.a.declaration, date(2027, 12, 31))


def test_executoire_by_the_date_but_recorded_later_takes_effect_from_the_date(monde: Monde, at_time: AtTime):
    ligne = accepted(monde)
    at_time("2028-02-10")
    vote_both(monde, ligne, commune_on=EFFET, epci_on=VOTE)
    assert Adhesion.objects.get(ligne=ligne).debut == EFFET


def test_executoire_later_waits_for_the_date_of_the_direction(monde: Monde, at_time: AtTime):
    ligne = accepted(monde)
    at_time("2028-01-20")
    vote_both(monde, ligne, commune_on=TARD)
    ligne.refresh_from_db()
    assert ligne.effet_on is None
    with pytest.raises(Refus, match="ne peut pas précéder le 12 janvier 2028"):
        set_effect_date(ligne=ligne, acteur=monde.direction, effet_on=date(2028, 1, 11))
    set_effect_date(ligne=ligne, acteur=monde.direction, effet_on=TARD)
    assert Adhesion.objects.get(ligne=ligne).debut == TARD


def test_acts_in_time_leave_no_day_to_set(monde: Monde, at_time: AtTime):
    ligne = accepted(monde)
    at_time("2027-12-01")
    vote_both(monde, ligne)
    with pytest.raises(Refus, match="exécutoires à temps : la ligne prend effet le 1er janvier 2028"):
        set_effect_date(ligne=ligne, acteur=monde.direction, effet_on=TARD)
    ligne.refresh_from_db()
    assert ligne.effet_on == EFFET


def test_a_line_without_effect_says_why_on_its_page(monde: Monde, at_time: AtTime, client: Any):
    ligne = accepted(monde)
    AdhesionFactory(epci=monde.epci, commune=monde.a.commune, activite=ligne.activite)
    at_time("2028-02-10")
    vote_both(monde, ligne)
    assert Evenement.objects.get(type="ligne.sans_effet").libelle.endswith("elle était déjà partagée ainsi")
    client.force_login(fresh(monde.direction))
    page = text_of(client.get(reverse("mutualisation:ligne", args=[ligne.pk])))
    assert "Sans effet" in page
    assert "En vigueur depuis" not in page


def test_a_date_to_come_set_by_the_direction_has_its_own_job(monde: Monde, at_time: AtTime):
    ligne = accepted(monde)
    at_time("2028-01-20")
    vote_both(monde, ligne, commune_on=TARD)
    set_effect_date(ligne=ligne, acteur=monde.direction, effet_on=date(2028, 3, 1))
    run_due()
    assert not Adhesion.objects.filter(ligne=ligne).exists()
    at_time("2028-03-01 00:00")
    run_due()
    assert Adhesion.objects.get(ligne=ligne).debut == date(2028, 3, 1)


def test_only_the_direction_sets_a_late_date_and_only_with_both_acts(monde: Monde, at_time: AtTime):
    ligne = accepted(monde)
    at_time("2028-01-20")
    with pytest.raises(ActionInterdite, match="Seule la Direction"):
        set_effect_date(ligne=ligne, acteur=monde.a.dgs, effet_on=TARD)
    with pytest.raises(Refus, match="deux assemblées"):
        set_effect_date(ligne=ligne, acteur=monde.direction, effet_on=TARD)


def leaving_line(monde: Monde) -> Ligne:
    prepare(monde.a.declaration, monde.a.dgs, moins=["DA-01"], motifs={monde.domaine.pk: "Retour en régie."})
    submit(monde.a.declaration, monde.a.dgs)
    return accept(changing(monde.a.declaration)[0], monde.direction)


def test_a_waiting_retrait_leaves_the_adhesion_open(monde: Monde, at_time: AtTime):
    ligne = leaving_line(monde)
    at_time("2028-01-05")
    vote(monde.a.declaration, monde.direction, lignes=[ligne], epci=True, executoire_on=VOTE)
    schedule_effect(monde.cycle, EFFET)
    run_due()
    assert Adhesion.objects.get(commune=monde.a.commune).fin is None
    vote(monde.a.declaration, monde.direction, lignes=[ligne], epci=False, executoire_on=VOTE)
    adhesion = Adhesion.objects.get(commune=monde.a.commune)
    assert (adhesion.fin, adhesion.ligne_fin) == (EFFET, ligne)


def test_the_job_twice_opens_once(monde: Monde, at_time: AtTime):
    ligne = accepted(monde)
    at_time("2027-12-01")
    vote_both(monde, ligne)
    schedule_effect(monde.cycle, EFFET)
    at_time("2028-01-01 00:01")
    tache = Tache.objects.get(type=effet.TACHE_EFFET)
    run(tache)
    run(tache)
    tache.refresh_from_db()
    assert not tache.erreur
    assert Adhesion.objects.filter(ligne=ligne).count() == 1
    assert Evenement.objects.filter(type="adhesion.ouverte").count() == 1


def cancel_acts(monde: Monde, ligne: Ligne) -> None:
    for acte in Acte.objects.filter(lignes=ligne):
        cancel_act(acte=acte, acteur=monde.direction, version=acte.version, motif="Saisi par erreur.")


def test_a_refused_line_never_takes_effect(monde: Monde, at_time: AtTime):
    ligne = accepted(monde)
    at_time("2027-12-01")
    vote_both(monde, ligne)
    cancel_acts(monde, ligne)
    arbitrate(ligne=ligne, acteur=monde.direction, decision="refusee", motif="Erreur.", qualite="x")
    schedule_effect(monde.cycle, EFFET)
    at_time("2028-01-02")
    run_due()
    assert not Adhesion.objects.filter(ligne=ligne).exists()


def test_accepted_and_voted_again_after_the_day_takes_effect_at_once(monde: Monde, at_time: AtTime):
    ligne = accepted(monde)
    at_time("2027-12-01")
    vote_both(monde, ligne)
    cancel_acts(monde, ligne)
    arbitrate(ligne=ligne, acteur=monde.direction, decision="reportee", motif="Un doute.", qualite="x")
    schedule_effect(monde.cycle, EFFET)
    at_time("2028-01-02")
    run_due()
    accept(ligne, monde.direction)
    vote_both(monde, ligne)
    assert Adhesion.objects.get(ligne=ligne).debut == EFFET


def test_moving_the_date_of_effect_moves_the_lines_already_dated(monde: Monde, at_time: AtTime):
    ligne = accepted(monde)
    at_time("2027-12-01")
    vote_both(monde, ligne)
    moved = date(2028, 2, 1)
    change_dates(cycle=monde.cycle, acteur=monde.direction, version=1, dates={"effective_on": moved})
    ligne.refresh_from_db()
    assert ligne.effet_on == moved
    at_time("2028-01-15")
    run_due()
    assert not Adhesion.objects.filter(ligne=ligne).exists()
    at_time("2028-02-01 00:00")
    run_due()
    assert Adhesion.objects.get(ligne=ligne).debut == moved


def test_la_reunion_takes_effect_at_its_own_midnight(db: None, at_time: AtTime):
    """Midnight in Saint-Denis is nine in the evening in Paris, on 31 December."""
    at_time(datetime(2027, 2, 10, 8, tzinfo=UTC))
    epci = EpciFactory(fuseau="Indian/Reunion")
    catalogue(epci)
    commune = member_commune(epci, nom="L'Étang-Salé")
    direction, dgs = holder(Role.DIRECTION_TERRITOIRES, epci), holder(Role.DGS, epci, commune=commune)
    cycle = CycleFactory(epci=epci, calendrier=True, annee=2028)
    declaration = DeclarationFactory(cycle=cycle, commune=commune)
    ligne = accept(one_ready_line(declaration, dgs), direction)
    at_time("2027-12-01")
    for side in (True, False):
        vote(declaration, direction, lignes=[ligne], epci=side, executoire_on=VOTE)
    schedule_effect(cycle, EFFET)
    at_time("2027-12-31 20:59")
    run_due()
    assert not Adhesion.objects.filter(ligne=ligne).exists()
    at_time("2027-12-31 21:00")
    run_due()
    assert Adhesion.objects.get(ligne=ligne).debut == EFFET


def ready_communes(at_time: AtTime) -> tuple[Cycle, list[Ligne]]:
    """Two communes whose lines are voted, the day before effect; the job of the cycle is scheduled."""
    at_time("2027-02-10 10:00")
    world = build_world()
    lignes = []
    for side in (world.a, world.b):
        ligne = accept(one_ready_line(side.declaration, side.dgs), world.direction)
        lignes.append(ligne)
    at_time("2027-12-01")
    for side, ligne in zip((world.a, world.b), lignes, strict=True):
        for epci in (True, False):
            vote(
                side.declaration,
                world.direction,
                lignes=[ligne],
                epci=epci,
                executoire_on=VOTE,
                numero=f"{side.commune.pk}-{epci}",
            )
    schedule_effect(world.cycle, EFFET)
    at_time("2028-01-01 00:05")
    return world.cycle, lignes


def test_a_commune_that_cannot_hand_over_holds_no_other(
    db: None, at_time: AtTime, monkeypatch: pytest.MonkeyPatch
):
    """An edition that withdraws an activity that two communes share."""
    at_time("2028-01-01 00:05")
    epci = EpciFactory()
    catalogue(epci)
    stuck, other = member_commune(epci, nom="Ambès"), member_commune(epci, nom="Œuilly")
    for commune in (stuck, other):
        AdhesionFactory(epci=epci, commune=commune, activite=activite(epci))
    edition = catalogue(epci, effective_on=EFFET)
    edition.activites.get(activite__code="DA-01").delete()
    hand_over = derivation._hand_over

    def fails_for_one(**kwargs: Any) -> None:
        with unit():
            hand_over(**kwargs)
            if stuck in kwargs["communes"]:
                raise ZeroDivisionError

    monkeypatch.setattr(derivation, "_hand_over", fails_for_one)
    with pytest.raises(ExceptionGroup, match="handing over"):
        apply_editions(epci)
    assert list(Adhesion.objects.on(EFFET).values_list("commune", flat=True)) == [stuck.pk]
    assert awaiting_effect(epci, EFFET) == {stuck.pk}
    monkeypatch.setattr(derivation, "_hand_over", hand_over)
    apply_editions(epci)
    assert not Adhesion.objects.on(EFFET).exists() and awaiting_effect(epci, EFFET) == set()
    assert Evenement.objects.filter(type="adhesion.transmise").count() == 2


@pytest.mark.django_db(transaction=True)
class TestPannes:
    def test_a_crash_in_the_middle_then_resumed_does_exactly_the_rest(
        self, at_time: AtTime, monkeypatch: pytest.MonkeyPatch
    ):
        _, lignes = ready_communes(at_time)
        tache = Tache.objects.get(type=effet.TACHE_EFFET)
        apply = effet.apply_ready
        calls: list[Any] = []

        def dies_on_the_second(*args: Any) -> None:
            calls.append(args)
            apply(*args)
            if len(calls) == 2:
                raise SystemExit("killed")

        monkeypatch.setattr(effet, "apply_ready", dies_on_the_second)
        with pytest.raises(SystemExit, match="killed"):
            effet.run_effect(tache)
        assert Adhesion.objects.filter(ligne__in=lignes).count() == 1
        monkeypatch.setattr(effet, "apply_ready", apply)
        effet.run_effect(tache)
        assert Adhesion.objects.filter(ligne__in=lignes).count() == 2
        assert Evenement.objects.filter(type="adhesion.ouverte").count() == 2
        assert Ligne.objects.filter(pk__in=[ligne.pk for ligne in lignes], appliquee_at=None).count() == 0

    def test_a_commune_that_fails_holds_no_other_and_is_tried_again(
        self, at_time: AtTime, monkeypatch: pytest.MonkeyPatch
    ):
        cycle, lignes = ready_communes(at_time)
        stuck, other = lignes
        apply = effet.apply_ready

        def fails_for_the_first(epci: Epci, pks: list[int]) -> None:
            apply(epci, pks)
            if stuck.pk in pks:
                raise ZeroDivisionError("période impossible")

        monkeypatch.setattr(effet, "apply_ready", fails_for_the_first)
        run_due()
        assert set(Adhesion.objects.filter(ligne__in=lignes).values_list("ligne", flat=True)) == {other.pk}
        tache = Tache.objects.get(type=effet.TACHE_EFFET)
        assert (tache.etat, tache.fait, tache.total) == ("nouvel essai prévu", 2, 3)
        assert tache.constat == "Échec pour L'Haÿ-les-Roses. Tout le reste est fait."
        assert "ZeroDivisionError: période impossible" in tache.erreur and "L'Haÿ-les-Roses" in tache.erreur
        assert awaiting_effect(cycle.epci, EFFET) == {stuck.commune_id}

        monkeypatch.setattr(effet, "apply_ready", apply)
        Tache.objects.update(reessai_at=None)
        run_due()
        tache.refresh_from_db()
        assert (tache.etat, tache.constat) == ("faite", "")
        assert Adhesion.objects.filter(ligne__in=lignes).count() == 2
        assert Evenement.objects.filter(type="adhesion.ouverte").count() == 2
        assert awaiting_effect(cycle.epci, EFFET) == set()

    def test_an_edition_that_fails_holds_no_line(self, at_time: AtTime, monkeypatch: pytest.MonkeyPatch):
        _, lignes = ready_communes(at_time)
        monkeypatch.setattr(effet, "apply_editions", lambda epci: 1 / 0)
        run_due()
        assert Adhesion.objects.filter(ligne__in=lignes).count() == 2
        assert Tache.objects.get(type=effet.TACHE_EFFET).constat.startswith("Échec pour le catalogue.")

    def test_two_workers_at_once_open_each_adhesion_once(self, at_time: AtTime):
        _, lignes = ready_communes(at_time)
        tache = Tache.objects.get(type=effet.TACHE_EFFET)
        results = together(*(lambda: effet.run_effect(Tache.objects.get(pk=tache.pk)) for _ in range(2)))
        assert not failures(results)
        assert Adhesion.objects.filter(ligne__in=lignes).count() == 2
        assert Evenement.objects.filter(type="adhesion.ouverte").count() == 2

    def test_without_the_locks_two_workers_collide(self, at_time: AtTime, monkeypatch: pytest.MonkeyPatch):
        """The control: the same two workers, where nothing is locked and both have read before either writes."""

        _, lignes = ready_communes(at_time)
        tache = Tache.objects.get(type=effet.TACHE_EFFET)
        both = threading.Barrier(2)
        paint = effet._paint

        def wait_for_the_other(epci: Epci, rows: list[Ligne]) -> set[int]:
            if not both.broken and rows[0].pk == lignes[0].pk:
                both.wait(10)
            return paint(epci, rows)

        monkeypatch.setattr(QuerySet, "select_for_update", lambda self, **kwargs: self)
        monkeypatch.setattr(effet, "_paint", wait_for_the_other)
        results = together(*(lambda: effet.run_effect(Tache.objects.get(pk=tache.pk)) for _ in range(2)))
        assert failures(results) or Evenement.objects.filter(type="adhesion.ouverte").count() > 2

    def test_two_acts_recorded_in_the_same_second_see_each_other(self, at_time: AtTime):
        at_time("2027-02-10 10:00")
        world = build_world()
        ligne = accepted(world)
        at_time("2027-12-01")
        results = together(
            *(
                lambda epci=epci: vote(
                    world.a.declaration, world.direction, lignes=[ligne], epci=epci, executoire_on=VOTE
                )
                for epci in (True, False)
            )
        )
        assert not failures(results)
        ligne.refresh_from_db()
        assert ligne.effet_on == EFFET
