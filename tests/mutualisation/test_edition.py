"""Editions of the catalogue: begun, changed, given up, frozen once and for all, put into effect."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest

from comptes.models import Role
from journal.models import Courriel, Evenement, Tache
from journal.workflows.tache import run_due
from mutualisation.ecarts import losses, read_changes, read_reach
from mutualisation.editions import read_edition
from mutualisation.models import Activite, Adhesion, Catalogue, Domaine
from mutualisation.workflows.activite import (
    add_activite,
    restore_activite,
)
from mutualisation.workflows.bloc import undo_bloc
from mutualisation.workflows.catalogue import (
    begin_edition,
    change_day,
    default_day,
    discard_edition,
    freeze_edition,
)
from mutualisation.workflows.cycle import open_cycle
from mutualisation.workflows.domaine import (
    retire_domaine,
)
from socle.droits import ActionInterdite
from socle.erreurs import Conflit, Refus
from tests.concurrence import failures, together
from tests.factories import (
    AdhesionFactory,
    CycleFactory,
    EpciFactory,
    LigneFactory,
    Monde,
    activite,
    build_world,
    domaine,
    holder,
)
from tests.mutualisation.atelier import (
    FIRST_DAY,
    begin,
    bind,
    codes,
    describe,
    edit,
    freeze,
    merge,
    now,
    phrases,
    retire,
    split,
)

AtTime = Callable[[Any], datetime]


class TestBeginning:
    def test_a_draft_is_a_copy_of_the_latest_frozen_edition_with_its_rules(
        self, monde: Monde, at_time: AtTime
    ):
        first = begin(monde, date(2028, 6, 1))
        bind(first, monde.direction, "Chaussée", "DA-01", "DA-02")
        describe(first, "DC", monde.direction, requis=("DA",), porteur=monde.a.commune)
        edit(first, "DB-01", monde.direction, exclusion="Mission du centre de gestion.")
        freeze(first, monde.direction)
        second = begin(monde)
        assert codes(second) == codes(first)
        assert second.blocs.get().nom == "Chaussée"
        assert second.blocs.get().pk != first.blocs.get().pk
        assert [
            row.activite.code for row in second.activites.filter(bloc=second.blocs.get()).order_by("ordre")
        ] == [
            "DA-01",
            "DA-02",
        ]
        assert second.prerequis.get().requis == domaine(monde.epci)
        assert second.exclusions.get().motif == "Mission du centre de gestion."
        assert second.domaines.get(domaine__code="DC").porteur == monde.a.commune
        assert phrases(second) == []

    def test_one_draft_at_a_time(self, monde: Monde):
        begin(monde)
        with pytest.raises(Refus, match="déjà en préparation"):
            begin(monde, date(2030, 1, 1))

    @pytest.mark.parametrize(
        ("day", "phrase"),
        [
            (date(2020, 1, 1), "déjà gelée à compter du 1er janvier 2020"),
            (date(2027, 2, 10), "Le 10 février 2027 est passé"),
        ],
    )
    def test_the_first_day_comes_after_today_and_after_the_edition_before(
        self, monde: Monde, day: date, phrase: str
    ):
        with pytest.raises(Refus, match=phrase) as caught:
            begin(monde, day)
        assert caught.value.field == "effective_on"
        assert Catalogue.objects.filter(epci=monde.epci).count() == 1

    def test_the_day_proposed_is_the_effect_of_the_next_cycle_not_open(self, monde: Monde):
        assert default_day(monde.epci) == date(2029, 1, 1)
        monde.cycle_futur.delete()
        assert default_day(monde.epci) == date(2029, 1, 1)
        assert default_day(monde.epci_voisin) == date(2028, 1, 1)

    def test_an_epci_without_edition_starts_from_the_reference_list(self, db: None, at_time: AtTime):
        at_time("2027-02-10")
        epci = EpciFactory()
        direction = holder(Role.DIRECTION_TERRITOIRES, epci)
        draft = begin_edition(epci=epci, effective_on=date(2026, 1, 1), acteur=direction)
        assert draft.domaines.count() == 18
        assert "pas une liste officielle" in draft.origine
        assert freeze_edition(catalogue=draft, acteur=direction, version=1).gele

    def test_only_the_direction_begins_and_changes(self, monde: Monde):
        for acteur in (monde.a.dgs, monde.administrateur, monde.responsable, monde.direction_voisine):
            with pytest.raises(ActionInterdite, match="Seule la Direction des territoires prépare"):
                begin_edition(epci=monde.epci, effective_on=FIRST_DAY, acteur=acteur)
        draft = begin(monde)
        for acteur in (monde.a.dgs, monde.administrateur, monde.direction_voisine):
            with pytest.raises(ActionInterdite, match="Seule la Direction des territoires modifie"):
                retire(draft, acteur, "DA-01")
            with pytest.raises(ActionInterdite, match="Seule la Direction des territoires gèle"):
                freeze(draft, acteur)
        assert codes(draft, "DA") == ["DA-01", "DA-02", "DA-03"]

    def test_another_day_and_giving_up(self, monde: Monde):
        draft = begin(monde)
        change_day(catalogue=draft, effective_on=date(2030, 1, 1), acteur=monde.direction, version=now(draft))
        assert Catalogue.objects.get(pk=draft.pk).effective_on == date(2030, 1, 1)
        with pytest.raises(Refus, match="est passé"):
            change_day(
                catalogue=draft, effective_on=date(2027, 1, 1), acteur=monde.direction, version=now(draft)
            )
        split(draft, monde.direction, "DA-01", "Chaussée", "Trottoirs")
        discard_edition(catalogue=draft, acteur=monde.direction)
        assert not Catalogue.objects.filter(pk=draft.pk).exists()
        assert not Activite.objects.filter(libelle="Trottoirs").exists()
        assert Activite.objects.filter(epci=monde.epci).count() == 9
        assert begin(monde)


class TestTwoPeople:
    def test_the_second_is_told_who_was_faster_and_what_changed(self, monde: Monde):
        draft = begin(monde)
        edit(draft, "DA-01", monde.direction, libelle="Chaussée")
        with pytest.raises(
            Conflit, match=r"Direction.* a modifié cette page .*« Voirie, activité 1 » renommée"
        ):
            add_activite(
                catalogue=draft,
                domaine=domaine(monde.epci),
                code="DA-04",
                libelle="Ponts",
                acteur=monde.direction,
                version=1,
            )

    def test_a_frozen_edition_never_changes(self, monde: Monde):
        draft = begin(monde)
        bloc = bind(draft, monde.direction, "Chaussée", "DA-01", "DA-02")
        freeze(draft, monde.direction)
        for gesture in (
            lambda: undo_bloc(catalogue=draft, bloc=bloc, acteur=monde.direction),
            lambda: retire(draft, monde.direction, "DB-01"),
            lambda: describe(draft, "DA", monde.direction, libelle="Voies"),
            lambda: discard_edition(catalogue=draft, acteur=monde.direction),
            lambda: restore_activite(catalogue=draft, activite=activite(monde.epci), acteur=monde.direction),
        ):
            with pytest.raises(
                ActionInterdite, match="Une édition gelée ne change plus : préparez la suivante"
            ):
                gesture()
        with pytest.raises(ActionInterdite, match="une seule fois"):
            freeze(draft, monde.direction)

    @pytest.mark.django_db(transaction=True)
    def test_two_drafts_begun_in_the_same_second_make_one(self, at_time: AtTime):
        at_time("2027-02-10 10:00")
        world = build_world()
        results = together(*(lambda: begin(world) for _ in range(2)))
        (lost,) = failures(results)
        assert isinstance(lost, Refus)
        assert "déjà en préparation" in lost.message
        assert Catalogue.objects.filter(epci=world.epci, gele_at=None).count() == 1

    @pytest.mark.django_db(transaction=True)
    def test_two_gestures_in_the_same_second_do_not_both_pass(self, at_time: AtTime):
        at_time("2027-02-10 10:00")
        world = build_world()
        draft = begin(world)

        def add(code: str) -> Any:
            return add_activite(
                catalogue=draft,
                domaine=domaine(world.epci),
                code=code,
                libelle=f"Activité {code}",
                acteur=world.direction,
                version=1,
            )

        (lost,) = failures(together(lambda: add("DA-07"), lambda: add("DA-08")))
        assert isinstance(lost, Conflit)
        assert draft.activites.filter(domaine__code="DA").count() == 4


class TestFreezing:
    def test_an_edition_whose_day_is_past_is_not_frozen(self, monde: Monde, at_time: AtTime):
        draft = begin(monde)
        at_time("2029-01-01")
        with pytest.raises(
            Refus, match="Le 1er janvier 2029 est passé : donnez à cette édition un premier jour"
        ):
            freeze(draft, monde.direction)

    def test_it_takes_effect_on_its_day_and_not_before(self, monde: Monde, at_time: AtTime):
        draft = begin(monde)
        chaussee, trottoirs = split(draft, monde.direction, "DA-01", "Chaussée", "Trottoirs")
        describe(draft, "DB", monde.direction, libelle="Personnel")
        freeze(draft, monde.direction)
        assert Tache.objects.filter(type="mutualisation.edition").count() == 1
        at_time("2028-12-31 23:59")
        run_due()
        shared = Adhesion.objects.filter(commune=monde.a.commune)
        assert [row.activite.code for row in shared.order_by("pk")] == ["DA-01"]
        assert Domaine.objects.get(epci=monde.epci, code="DB").libelle == "Ressources humaines"
        at_time("2029-01-01 00:00")
        run_due()
        today = Adhesion.objects.activites_of(monde.a.commune, monde.epci, FIRST_DAY)
        assert today == {chaussee.pk, trottoirs.pk}
        assert Domaine.objects.get(epci=monde.epci, code="DB").libelle == "Personnel"
        assert Evenement.objects.about(draft).filter(type="catalogue.applique").count() == 1

    def test_the_dgs_of_touched_communes_are_told_once(self, monde: Monde):
        Adhesion.objects.filter(commune=monde.b.commune).delete()
        draft = begin(monde)
        retire(draft, monde.direction, "DA-01")
        edit(draft, "DB-01", monde.direction, libelle="Paie")
        freeze(draft, monde.direction)
        mail = Courriel.objects.get(type="catalogue_gele")
        assert mail.destinataire == monde.a.dgs
        assert "Voirie, activité 1" in mail.corps
        assert "finissent le 1er janvier 2029" in mail.corps.replace("\u00a0", " ")
        assert "Paie" not in mail.corps
        assert "votre commune reprend ces activités" in mail.corps
        assert "suit de lui-même" not in mail.corps

    def test_what_follows_by_itself_is_told_apart_from_what_ends(self, monde: Monde):
        AdhesionFactory(epci=monde.epci, commune=monde.b.commune, activite=activite(monde.epci, "DA-02"))
        draft = begin(monde)
        retire(draft, monde.direction, "DA-01")
        split(draft, monde.direction, "DA-02", "Chaussée", "Trottoirs")
        freeze(draft, monde.direction)
        both = Courriel.objects.get(type="catalogue_gele", destinataire=monde.b.dgs).corps
        assert "votre commune reprend ces activités" in both
        assert "Pour le reste, vous n’avez rien à faire" in both

    def test_opening_a_cycle_freezes_the_draft_of_its_day_and_takes_it(self, monde: Monde):
        draft = begin(monde)
        retire(draft, monde.direction, "DC-03")
        cycle = open_cycle(cycle=monde.cycle_futur, acteur=monde.direction)
        draft.refresh_from_db()
        assert draft.gele
        assert cycle.catalogue == draft

    def test_opening_takes_an_edition_frozen_since_the_cycle_was_prepared(self, monde: Monde):
        frozen = freeze(begin(monde, date(2028, 7, 1)), monde.direction)
        assert open_cycle(cycle=monde.cycle_futur, acteur=monde.direction).catalogue == frozen

    def test_opening_leaves_a_draft_of_a_later_day(self, monde: Monde):
        draft = begin(monde, date(2030, 1, 1))
        cycle = open_cycle(cycle=monde.cycle_futur, acteur=monde.direction)
        draft.refresh_from_db()
        assert not draft.gele
        assert cycle.catalogue != draft

    def test_a_draft_that_is_not_ready_keeps_the_cycle_closed(self, monde: Monde):
        draft = begin(monde)
        for code in ("DC-01", "DC-02", "DC-03"):
            retire(draft, monde.direction, code)
        with pytest.raises(Refus, match="« Espaces verts » n'a aucune activité"):
            open_cycle(cycle=monde.cycle_futur, acteur=monde.direction)
        monde.cycle_futur.refresh_from_db()
        assert not monde.cycle_futur.ouvert_at

    def test_a_merge_waits_for_the_effect_of_the_cycles_already_open(self, monde: Monde):
        """Otherwise a retrait asked there, of one part, would take the other parts away."""
        draft = begin(monde, date(2028, 1, 1))
        merge(draft, monde.direction, "Sols", "DA-01", "DA-02")
        with pytest.raises(Refus, match=r"Le cycle 2028, déjà ouvert.* au plus tôt le 2 janvier 2028"):
            freeze(draft, monde.direction)
        change_day(catalogue=draft, effective_on=date(2028, 1, 2), acteur=monde.direction, version=now(draft))
        assert freeze(draft, monde.direction).gele

    def test_an_open_cycle_keeps_its_edition(self, monde: Monde):
        freeze(begin(monde, date(2027, 7, 1)), monde.direction)
        before = monde.cycle.catalogue_id
        open_cycle(cycle=monde.cycle, acteur=monde.direction)
        monde.cycle.refresh_from_db()
        assert monde.cycle.catalogue_id == before


class TestReach:
    def test_communes_adhesions_lines_and_seats(self, monde: Monde):
        LigneFactory(
            declaration=monde.a.ligne.declaration, activite=activite(monde.epci, "DB-01"), acceptee=True
        )
        AdhesionFactory(
            epci=monde.epci,
            commune=monde.a.commune,
            activite=activite(monde.epci, "DB-02"),
            fin=date(2028, 6, 1),
        )
        draft = begin(monde)
        retire_domaine(catalogue=draft, domaine=domaine(monde.epci, "DA"), acteur=monde.direction)
        merge(draft, monde.direction, "Paie et carrières", "DB-01", "DB-02")
        reach = {ecart.phrase: portee for ecart, portee in read_reach(draft, read_changes(draft))}
        gone = reach["Le domaine « Voirie » n'est plus offert."]
        assert (gone.sieges, gone.communes) == (3, ("L'Haÿ-les-Roses", "Œuilly"))
        ended = reach["« Voirie, activité 1 » (Voirie) n'est plus offerte."]
        assert (ended.communes, ended.adhesions) == (("L'Haÿ-les-Roses", "Œuilly"), 2)
        merged = next(portee for phrase, portee in reach.items() if "fusionnent" in phrase)
        assert (merged.communes, merged.adhesions, merged.lignes) == ((), 0, 1)

    def test_a_prerequis_touches_who_shares_the_domain_without_it(self, monde: Monde):
        shared = {"epci": monde.epci, "commune": monde.a.commune}
        AdhesionFactory(**shared, activite=activite(monde.epci, "DB-02"))
        draft = begin(monde)
        describe(draft, "DA", monde.direction, requis=("DB",))
        ((ecart, portee),) = read_reach(draft, read_changes(draft))
        assert ecart.phrase == "« Voirie » demande désormais « Ressources humaines »."
        assert (portee.communes, portee.adhesions, portee.lignes) == (("Œuilly",), 1, 1)
        freeze(draft, monde.direction)
        told = Courriel.objects.filter(type="catalogue_gele").order_by("pk")
        assert {mail.destinataire for mail in told} == {monde.b.dgs}

    def test_what_a_retirement_ends_is_said_before(self, monde: Monde):
        draft = begin(monde)
        voirie = activite(monde.epci, "DA-01").pk
        said = "2 partages finissent ce jour-là, dans 2 communes : L'Haÿ-les-Roses, Œuilly."
        asked = "2 demandes en cours restent sans objet."
        assert losses(read_edition(draft), [voirie]) == [said, asked]
        heir, other = split(draft, monde.direction, "DA-01", "Chaussée", "Trottoirs")
        assert losses(read_edition(draft), [heir.pk]) == ["Aucun partage n'est en cours ce jour-là."]
        assert losses(read_edition(draft), [heir.pk, other.pk]) == [said, asked]

    def test_the_number_of_queries_does_not_grow(self, monde: Monde, django_assert_num_queries: Any):
        draft = begin(monde)
        retire(draft, monde.direction, "DA-01")
        ecarts = read_changes(draft)
        with django_assert_num_queries(3):
            read_reach(draft, ecarts)
        for code in ("DB-01", "DC-01", "DC-02"):
            retire(draft, monde.direction, code)
        ecarts = read_changes(draft)
        with django_assert_num_queries(3):
            read_reach(draft, ecarts)


def test_what_only_a_draft_knows_is_not_published(monde: Monde):
    draft = begin(monde)
    (added, _) = split(draft, monde.direction, "DA-01", "Chaussée", "Trottoirs")
    seen = Activite.objects.visible_to(monde.a.dgs)
    assert added not in seen
    assert activite(monde.epci, "DA-01") in seen
    freeze(draft, monde.direction)
    assert added in Activite.objects.visible_to(monde.a.dgs)


def test_a_draft_is_seen_by_those_who_see_everything(monde: Monde):
    draft = begin(monde)
    for user, sees in (
        (monde.direction, True),
        (monde.administrateur, True),
        (monde.a.dgs, False),
        (monde.responsable, False),
        (monde.direction_voisine, False),
    ):
        assert (draft in Catalogue.objects.visible_to(user)) is sees
    freeze(draft, monde.direction)
    assert draft in Catalogue.objects.visible_to(monde.a.dgs)
    assert draft not in Catalogue.objects.visible_to(monde.direction_voisine)


def test_a_cycle_prepared_by_a_command_freezes_too(monde: Monde):
    cycle = CycleFactory(epci=monde.epci, calendrier=True, annee=2031, ouvert_at=None)
    draft = begin(monde, date(2031, 1, 1))
    assert open_cycle(cycle=cycle, acteur=None).catalogue == draft
