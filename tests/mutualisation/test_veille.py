"""What a draft starts from: adhesions of the eve, what is decided, what the catalogue and the communes become."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mutualisation.changements import read_choices
from mutualisation.models import Adhesion, Cycle, Declaration, Ligne, MotifDomaine
from mutualisation.veille import base_on_eve, read_eve
from mutualisation.workflows.derivation import apply_editions
from socle import horloge
from territoire.models import Filiation
from tests.factories import AdhesionFactory, DeclarationFactory, LigneFactory, Monde, activite, domaine
from tests.mutualisation.editions import next_edition
from tests.mutualisation.gestes import changing, ids, prepare, submit, wanted


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
