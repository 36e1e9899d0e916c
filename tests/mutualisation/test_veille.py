"""What a draft starts from: adhesions of the eve, what is decided, what the catalogue and the communes become."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from journal.workflows.unite import unit
from mutualisation.changements import read_choices
from mutualisation.models import Adhesion, Cycle, Declaration, Ligne, MotifDomaine
from mutualisation.veille import base_on_eve, read_eve
from mutualisation.workflows.derivation import apply_editions
from mutualisation.workflows.effet import apply_ready
from socle import horloge, registres
from territoire.models import Appartenance, Filiation
from tests.factories import AdhesionFactory, DeclarationFactory, LigneFactory, Monde, activite, domaine
from tests.mutualisation.editions import next_edition
from tests.mutualisation.gestes import changing, ids, prepare, submit, text_of, wanted


def shared(declaration: Declaration) -> dict[str, str]:
    """What is shared on the eve: nature by code."""
    base = base_on_eve(declaration.cycle, declaration.commune)
    codes = dict(declaration.epci.activites.order_by("code").values_list("pk", "code"))
    return {codes[pk]: partage.nature for pk, partage in base.items()}


def fresh(declaration: Declaration) -> Declaration:
    return Declaration.objects.select_related("cycle__epci", "cycle__catalogue", "commune", "epci").get(
        pk=declaration.pk
    )


def also(monde: Monde, code: str, nature: str = "mutualisation") -> Adhesion:
    return AdhesionFactory(
        epci=monde.epci, commune=monde.a.commune, activite=activite(monde.epci, code), nature=nature
    )


class TestCatalogue:
    def test_a_split_pre_fills_every_heir(self, monde: Monde):
        next_edition(monde.cycle, {"DA-01": ["DA-11", "DA-12"]})
        assert shared(fresh(monde.a.declaration)) == {"DA-11": "mutualisation", "DA-12": "mutualisation"}

    def test_a_merge_is_shared_as_soon_as_one_part_was(self, monde: Monde):
        next_edition(monde.cycle, {"DA-01": ["DA-11"], "DA-02": ["DA-11"]})
        assert shared(fresh(monde.a.declaration)) == {"DA-11": "mutualisation"}

    def test_what_is_withdrawn_leaves(self, monde: Monde):
        also(monde, "DB-01", "prestation")
        next_edition(monde.cycle, {"DA-01": []})
        assert shared(fresh(monde.a.declaration)) == {"DB-01": "prestation"}

    def test_the_way_of_sharing_is_inherited_and_the_year_too(self, monde: Monde):
        also(monde, "DB-01", "prestation")
        next_edition(monde.cycle, {"DB-01": ["DB-11"]})
        draft = fresh(monde.a.declaration)
        heir = base_on_eve(draft.cycle, draft.commune)[activite(monde.epci, "DB-11").pk]
        assert (heir.nature, heir.debut, heir.depuis) == ("prestation", date(2028, 1, 1), date(2020, 1, 1))

    def test_once_the_edition_is_in_force_the_heirs_are_the_same(self, monde: Monde, at_time):
        """A declaration read after the day its edition was applied says what it said before."""
        next_edition(monde.cycle, {"DA-01": ["DA-11", "DA-12"], "DA-02": ["DA-12"]})
        before = shared(fresh(monde.a.declaration))
        at_time("2028-01-02 10:00")
        apply_editions(monde.epci)
        assert shared(fresh(monde.a.declaration)) == before

    def test_a_draft_without_change_then_makes_no_line(self, monde: Monde):
        next_edition(monde.cycle, {"DA-01": ["DA-11", "DA-12"]})
        done = submit(fresh(monde.a.declaration), monde.a.dgs)
        assert not changing(done)
        assert {ligne.activite.code for ligne in done.lignes.select_related("activite")} == {"DA-11", "DA-12"}

    def test_a_decided_line_about_an_activity_split_since_counts_for_its_heirs(self, monde: Monde):
        LigneFactory(
            declaration=monde.a.ligne.declaration, activite=activite(monde.epci, "DB-01"), acceptee=True
        )
        next_edition(monde.cycle, {"DB-01": ["DB-11", "DB-12"]})
        assert set(shared(fresh(monde.a.declaration))) == {"DA-01", "DB-11", "DB-12"}

    def test_a_decided_retrait_of_one_part_leaves_what_the_other_part_keeps(self, monde: Monde):
        also(monde, "DA-02")
        Ligne.objects.filter(pk=monde.a.ligne.pk).update(nature=Ligne.Nature.RETRAIT)
        next_edition(monde.cycle, {"DA-01": ["DA-11"], "DA-02": ["DA-11"]})
        assert shared(fresh(monde.a.declaration)) == {"DA-11": "mutualisation"}

    def test_a_decided_change_of_way_is_counted(self, monde: Monde):
        Ligne.objects.filter(pk=monde.a.ligne.pk).update(nature=Ligne.Nature.PRESTATION)
        assert shared(monde.a.declaration) == {"DA-01": "prestation"}

    def test_a_decided_revision_changes_nothing(self, monde: Monde):
        Ligne.objects.filter(pk=monde.a.ligne.pk).update(nature=Ligne.Nature.REVISION)
        assert shared(monde.a.declaration) == {"DA-01": "mutualisation"}


class TestEditionOfAnOpenCycle:
    """Frozen once the cycle is open, on a day that comes before its effect: the cycle keeps the edition it offers."""

    def later(self, monde: Monde, splits: dict[str, list[str]], day: date) -> Declaration:
        former = monde.cycle.catalogue
        edition = next_edition(monde.cycle, splits)
        type(edition).objects.filter(pk=edition.pk).update(effective_on=day)
        Cycle.objects.filter(pk=monde.cycle.pk).update(catalogue=former)
        return fresh(monde.a.declaration)

    @pytest.mark.parametrize("day", [date(2027, 2, 20), date(2027, 9, 1), date(2028, 1, 1)])
    def test_the_draft_still_says_what_is_shared(self, monde: Monde, at_time, day: date):
        draft = self.later(monde, {"DA-01": ["DA-11", "DA-12"]}, day)
        assert shared(draft) == {"DA-01": "mutualisation"}
        at_time("2027-02-25 10:00")
        apply_editions(monde.epci)
        assert wanted(fresh(monde.a.declaration)) == ids(monde.a.declaration, "DA-01")

    def test_a_choice_follows_at_effect(self, monde: Monde, at_time):
        self.later(monde, {"DB-01": ["DB-11", "DB-12"]}, date(2027, 9, 1))
        ligne = LigneFactory(
            declaration=DeclarationFactory(cycle=monde.cycle, commune=monde.c, deposee=True),
            activite=activite(monde.epci, "DB-01"),
            acceptee=True,
            effet_on=date(2028, 1, 1),
        )
        at_time("2028-01-01 10:00")
        apply_editions(monde.epci)
        with unit():
            apply_ready(monde.epci, [ligne.pk])
        assert {row.activite.code for row in ligne.adhesions.select_related("activite")} == {"DB-11", "DB-12"}


class TestPertes:
    """What the catalogue withdraws is said, though nobody asked for it."""

    def test_in_the_list_the_receipt_and_the_consequences(
        self, monde: Monde, client, monkeypatch: pytest.MonkeyPatch
    ):
        next_edition(monde.cycle, {"DA-01": []})
        asked: list[frozenset[int]] = []
        monkeypatch.setattr(
            registres.consequences, "_functions", {"essai": lambda c, d, on: asked.append(d) or iter(())}
        )
        client.force_login(monde.a.dgs)
        page = reverse("mutualisation:declaration", args=[monde.a.declaration.pk])
        said = "quitte le catalogue le"
        assert said in text_of(client.get(page))
        assert asked[-1] == {monde.domaine.pk}
        done = submit(fresh(monde.a.declaration), monde.a.dgs)
        assert said in done.accuse.source["pertes"][0]
        assert said in text_of(client.get(page))

    def test_what_is_replaced_or_was_not_shared_is_no_loss(self, monde: Monde):
        next_edition(monde.cycle, {"DA-01": ["DA-11"], "DB-01": []})
        assert read_eve(fresh(monde.a.declaration)).pertes == ()


class TestDecidedBefore:
    def test_a_closed_cycle_still_counts_while_its_acts_may_come(self, monde: Monde):
        also(monde, "DB-01")
        LigneFactory(
            declaration=monde.a.ligne.declaration,
            activite=activite(monde.epci, "DB-01"),
            nature="retrait",
            acceptee=True,
        )
        Cycle.objects.filter(pk=monde.cycle_passe.pk).update(clos_at=horloge.now())
        assert shared(fresh(monde.a.declaration)) == {"DA-01": "mutualisation"}

    def test_a_day_set_after_the_effect_is_not_the_eve(self, monde: Monde):
        LigneFactory(
            declaration=monde.a.ligne.declaration,
            activite=activite(monde.epci, "DB-01"),
            acceptee=True,
            effet_on=date(2028, 3, 1),
        )
        assert shared(monde.a.declaration) == {"DA-01": "mutualisation"}

    def test_what_another_commune_has_not_voted_is_not_told(self, monde: Monde):
        """B joins A in July: A reads what B shares and what it voted, not what B only asked."""
        for code, effet_on in (("DB-01", None), ("DB-02", date(2027, 3, 1))):
            LigneFactory(
                declaration=monde.b.ligne.declaration,
                activite=activite(monde.epci, code),
                acceptee=True,
                effet_on=effet_on,
            )
        Filiation.objects.create(
            ancienne=monde.b.commune, nouvelle=monde.a.commune, effective_on=date(2027, 7, 1)
        )
        Appartenance.objects.filter(commune=monde.b.commune).update(fin=date(2027, 7, 1))
        assert set(shared(monde.a.declaration)) == {"DA-01", "DB-02"}


class TestCommunes:
    def test_a_commune_nouvelle_starts_with_what_its_parts_share(self, monde: Monde):
        AdhesionFactory(epci=monde.epci, commune=monde.b.commune, activite=activite(monde.epci, "DC-01"))
        for part in (monde.a.commune, monde.b.commune):
            Filiation.objects.create(ancienne=part, nouvelle=monde.c, effective_on=date(2028, 1, 1))
        draft = DeclarationFactory(cycle=monde.cycle, commune=monde.c)
        assert set(shared(draft)) == {"DA-01", "DC-01"}

    def test_a_merger_of_the_year_after_is_not_counted_yet(self, monde: Monde):
        Filiation.objects.create(ancienne=monde.a.commune, nouvelle=monde.c, effective_on=date(2028, 6, 1))
        assert shared(DeclarationFactory(cycle=monde.cycle, commune=monde.c)) == {}


class TestReports:
    @pytest.fixture
    def postponed(self, monde: Monde) -> Ligne:
        """In the cycle before, A asked for DB-01 « parce que » and was told to wait."""
        before = monde.a.ligne.declaration
        MotifDomaine.objects.create(
            declaration=before, domaine=domaine(monde.epci, "DB"), texte="Départ en retraite."
        )
        return LigneFactory(declaration=before, activite=activite(monde.epci, "DB-01"), reportee=True)

    def test_what_was_postponed_comes_back_with_its_motive(self, monde: Monde, postponed: Ligne):
        choix = read_choices(monde.a.declaration)
        assert wanted(monde.a.declaration) == ids(monde.a.declaration, "DA-01", "DB-01")
        assert choix.domaine(domaine(monde.epci, "DB").pk).motif == "Départ en retraite."
        report = choix.veille.reports[activite(monde.epci, "DB-01").pk]
        assert (report.annee, report.motif) == (2027, "Recrutement en cours.")

    def test_submitted_as_it_is_it_makes_its_line_and_keeps_its_motive(self, monde: Monde, postponed: Ligne):
        done = submit(monde.a.declaration, monde.a.dgs)
        assert [(ligne.activite.code, ligne.nature) for ligne in changing(done)] == [("DB-01", "entree")]
        assert done.motifs.get().texte == "Départ en retraite."

    def test_once_unticked_it_does_not_come_back(self, monde: Monde, postponed: Ligne):
        prepare(monde.a.declaration, monde.a.dgs, moins=["DB-01"])
        draft = fresh(monde.a.declaration)
        assert wanted(draft) == ids(draft, "DA-01")
        assert not draft.lignes.exists()

    def test_a_postponed_revision_comes_back_in_words(self, monde: Monde):
        Ligne.objects.filter(pk=monde.a.ligne.pk).update(
            nature="revision", precision="Deux passages.", arbitrage="reportee", arbitrage_motif="Trop tôt."
        )
        etat = read_choices(monde.a.declaration).domaine(monde.domaine.pk)
        pk = activite(monde.epci).pk
        assert (etat.facon(pk), etat.precisions[pk]) == ("revision", "Deux passages.")

    def test_what_has_happened_meanwhile_is_not_asked_again(self, monde: Monde, postponed: Ligne):
        also(monde, "DB-01")
        assert not read_eve(monde.a.declaration).reports

    def test_a_postponed_line_follows_the_catalogue(self, monde: Monde, postponed: Ligne):
        next_edition(monde.cycle, {"DB-01": ["DB-11", "DB-12"]})
        draft = fresh(monde.a.declaration)
        assert wanted(draft) == ids(draft, "DA-01", "DB-11", "DB-12")

    def test_only_the_cycle_just_before_counts(self, monde: Monde, postponed: Ligne):
        """Postponed for 2027 and not asked for 2028: 2029 does not ask it again."""
        Cycle.objects.filter(pk=monde.cycle_futur.pk).update(ouvert_at=horloge.now())
        later = DeclarationFactory(cycle=monde.cycle_futur, commune=monde.a.commune)
        assert not read_eve(later).reports

    def test_another_commune_is_not_concerned(self, monde: Monde, postponed: Ligne):
        assert not read_eve(monde.b.declaration).reports


def test_the_number_of_queries_does_not_depend_on_what_is_shared(monde: Monde):
    counts = []
    for codes in ([], ["DA-02", "DB-01", "DB-02", "DC-01"]):
        for code in codes:
            also(monde, code)
            LigneFactory(
                declaration=monde.a.ligne.declaration, activite=activite(monde.epci, code), acceptee=True
            )
        draft = fresh(monde.a.declaration)
        with CaptureQueriesContext(connection) as queries:
            read_eve(draft)
        counts.append(len(queries))
    assert counts[0] == counts[1]
