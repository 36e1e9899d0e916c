"""Every kind of line, and two people on the same draft: nothing lost, nothing silently overwritten."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from mutualisation.brouillon import Saisie
from mutualisation.changements import read_choices
from mutualisation.models import Declaration, Ligne
from mutualisation.workflows import declaration as workflow
from mutualisation.workflows.declaration import save_draft
from socle import horloge
from socle.erreurs import Conflit, Refus
from tests.concurrence import failures, together
from tests.factories import Monde, activite, build_world
from tests.mutualisation.gestes import changing, choose, ids, prepare, submit, wanted

AtTime = Callable[[Any], datetime]
Nature = Ligne.Nature


def lignes(declaration: Declaration) -> dict[str, tuple[str, str, str]]:
    """(nature, how it was shared, what is asked) by code, of the lines that change something."""
    return {
        ligne.activite.code: (ligne.nature, ligne.partage_avant, ligne.precision)
        for ligne in declaration.lignes.changing().select_related("activite")
    }


def shared_as(monde: Monde, nature: str) -> None:
    """A shares DA-01 in this way, since a line in effect."""
    monde.a.commune.adhesions.update(nature=nature)
    Ligne.objects.filter(pk=monde.a.ligne.pk).update(effet_on="2027-01-01", appliquee_at=horloge.now())


class TestNatures:
    def test_a_service_without_adhesion(self, monde: Monde):
        choose(monde.a.declaration, monde.a.dgs, {"DB-01": "prestation"}, plus=["DB-01"])
        assert lignes(monde.a.declaration) == {"DB-01": ("prestation", "", "")}

    def test_putting_right_a_metropolitan_competence(self, monde: Monde):
        choose(monde.a.declaration, monde.a.dgs, {"DA-02": "regularisation"}, plus=["DA-02"])
        assert lignes(monde.a.declaration) == {"DA-02": ("regularisation", "", "")}

    def test_a_level_of_service_to_revise_says_what_is_asked(self, monde: Monde):
        choose(monde.a.declaration, monde.a.dgs, {"DA-01": "revision"})
        with pytest.raises(Refus, match="Ce que la commune demande pour « Voirie, activité 1 »"):
            submit(monde.a.declaration, monde.a.dgs)
        choose(monde.a.declaration, monde.a.dgs, {}, precisions={"DA-01": "Deux passages par semaine."})
        done = submit(monde.a.declaration, monde.a.dgs)
        assert lignes(done) == {"DA-01": ("revision", "mutualisation", "Deux passages par semaine.")}

    def test_changing_the_way_is_a_line_that_says_how_it_was(self, monde: Monde):
        shared_as(monde, "prestation")
        choose(monde.a.declaration, monde.a.dgs, {"DA-01": "mutualisation"})
        done = submit(monde.a.declaration, monde.a.dgs)
        assert lignes(done) == {"DA-01": ("extension", "prestation", "")}
        (changement,) = read_choices(done).changements
        assert changement.phrase == "votre commune adhère désormais pleinement à « Voirie, activité 1 »"

    def test_coming_back_to_the_usual_way_is_no_line(self, monde: Monde):
        choose(monde.a.declaration, monde.a.dgs, {"DA-01": "prestation"})
        choose(monde.a.declaration, monde.a.dgs, {"DA-01": "mutualisation"})
        assert lignes(monde.a.declaration) == {}

    def test_choosing_a_way_asks_for_the_activity(self, monde: Monde):
        choose(monde.a.declaration, monde.a.dgs, {"DB-01": "prestation"})
        assert lignes(monde.a.declaration) == {"DB-01": ("prestation", "", "")}

    def test_an_untick_forgets_the_way(self, monde: Monde):
        choose(monde.a.declaration, monde.a.dgs, {"DB-01": "prestation"}, plus=["DB-01"])
        prepare(monde.a.declaration, monde.a.dgs, moins=["DB-01"])
        prepare(monde.a.declaration, monde.a.dgs, plus=["DB-01"])
        assert lignes(monde.a.declaration) == {"DB-01": ("entree", "", "")}

    def test_what_is_kept_is_frozen_as_it_is_shared(self, monde: Monde):
        shared_as(monde, "prestation")
        done = submit(monde.a.declaration, monde.a.dgs)
        kept = done.lignes.get(nature=Nature.MAINTIEN)
        assert kept.partage_avant == "prestation"
        etat = read_choices(done).domaine(monde.domaine.pk)
        assert (etat.facon(kept.activite_id), etat.changements) == ("prestation", [])

    @pytest.mark.parametrize(
        ("facons", "word"),
        [({"DB-01": "revision"}, "ne se révise pas"), ({"DB-01": "location"}, "n'existe pas")],
    )
    def test_a_way_that_does_not_exist(self, monde: Monde, facons: dict[str, str], word: str):
        with pytest.raises(Refus, match=word):
            choose(monde.a.declaration, monde.a.dgs, facons, plus=["DB-01"])
        assert not monde.a.declaration.lignes.exists()


class TestADeux:
    """Two pages loaded together, saved one after the other."""

    def test_two_ways_for_one_activity_is_a_conflict_that_says_both(self, monde: Monde):
        draft = monde.a.declaration
        page, pk = wanted(draft), activite(monde.epci).pk
        first = Saisie(page, page, {}, {}, facons={pk: "prestation"})
        save_draft(declaration=draft, acteur=monde.a.collaborateur, saisie=first)
        mine = Saisie(page, page | ids(draft, "DB-01"), {}, {}, facons={pk: "regularisation"})
        with pytest.raises(
            Conflit, match=r"Collaborateur.*« Voirie, activité 1 » : « prestation »"
        ) as caught:
            save_draft(declaration=draft, acteur=monde.a.dgs, saisie=mine)
        assert caught.value.field == f"facon-{pk}"
        assert set(lignes(draft)) == {"DA-01"}

    def test_one_s_own_other_tab_is_not_told_as_somebody(self, monde: Monde):
        draft, seen, dom = monde.a.declaration, wanted(monde.a.declaration), monde.domaine.pk
        save_draft(declaration=draft, acteur=monde.a.dgs, saisie=Saisie(seen, seen, {}, {dom: "Un"}))
        with pytest.raises(
            Conflit, match=r"^Le motif de « Voirie » a changé .*autre de vos onglets .*« Un »"
        ):
            save_draft(declaration=draft, acteur=monde.a.dgs, saisie=Saisie(seen, seen, {}, {dom: "Deux"}))

    def test_a_text_emptied_meanwhile_is_told_in_words(self, monde: Monde):
        draft, seen, dom = monde.a.declaration, wanted(monde.a.declaration), monde.domaine.pk
        for vu, motif in (("", "Un"), ("Un", "")):
            saisie = Saisie(seen, seen, {dom: vu}, {dom: motif})
            save_draft(declaration=draft, acteur=monde.a.collaborateur, saisie=saisie)
        with pytest.raises(Conflit, match="plus rien n'y est écrit"):
            save_draft(
                declaration=draft, acteur=monde.a.dgs, saisie=Saisie(seen, seen, {dom: "Un"}, {dom: "Deux"})
            )

    def test_the_same_way_twice_is_no_conflict(self, monde: Monde):
        draft = monde.a.declaration
        page, pk = wanted(draft), activite(monde.epci).pk
        for who in (monde.a.collaborateur, monde.a.dgs):
            same = Saisie(page, page, {}, {}, facons={pk: "prestation"})
            save_draft(declaration=draft, acteur=who, saisie=same)
        assert lignes(draft) == {"DA-01": ("prestation", "mutualisation", "")}

    def test_a_way_untouched_here_keeps_what_the_other_chose(self, monde: Monde):
        draft = monde.a.declaration
        page, pk = wanted(draft), activite(monde.epci).pk
        chosen = Saisie(page, page, {}, {}, facons={pk: "prestation"})
        save_draft(declaration=draft, acteur=monde.a.collaborateur, saisie=chosen)
        stale = Saisie(page, page | ids(draft, "DC-01"), {}, {}, facons={pk: "mutualisation"})
        save_draft(declaration=draft, acteur=monde.a.dgs, saisie=stale)
        assert {code: nature for code, (nature, _, _) in lignes(draft).items()} == {
            "DA-01": "prestation",
            "DC-01": "entree",
        }

    def test_the_same_precision_rewritten_is_a_conflict(self, monde: Monde):
        draft = monde.a.declaration
        choose(draft, monde.a.dgs, {"DA-01": "revision"}, precisions={"DA-01": "Un"})
        page, pk = wanted(draft), activite(monde.epci).pk
        base = Saisie(page, page, {}, {}, facons_vues={pk: "revision"}, facons={pk: "revision"})
        seen = replace(base, precisions_vues={pk: "Un"})
        save_draft(
            declaration=draft, acteur=monde.a.collaborateur, saisie=replace(seen, precisions={pk: "Deux"})
        )
        with pytest.raises(Conflit, match=r"la précision de « Voirie, activité 1 » : « Deux »") as caught:
            save_draft(declaration=draft, acteur=monde.a.dgs, saisie=replace(seen, precisions={pk: "Trois"}))
        assert caught.value.field == f"precision-{pk}"
        assert lignes(draft)["DA-01"][2] == "Deux"

    def test_too_long_a_precision(self, monde: Monde):
        with pytest.raises(Refus, match=r"La précision de « Voirie, activité 1 » tient en 4.000") as caught:
            choose(monde.a.declaration, monde.a.dgs, {"DA-01": "revision"}, precisions={"DA-01": "é" * 4001})
        assert caught.value.field == f"precision-{activite(monde.epci).pk}"


@pytest.mark.django_db(transaction=True)
class TestMemeSeconde:
    """Two tabs save in the same second."""

    def _save(self, at_time: AtTime) -> list[Any]:
        at_time("2027-02-10 10:00")
        world = build_world()
        self.declaration = prepare(world.a.declaration, world.a.dgs, plus=["DB-01"])
        page = wanted(self.declaration)
        sent = [
            (world.a.dgs, Saisie(page, page - ids(self.declaration, "DB-01"), {}, {})),
            (
                world.a.collaborateur,
                Saisie(page, page, {}, {}, facons={activite(world.epci, "DC-01").pk: "prestation"}),
            ),
        ]
        return together(
            *(
                lambda who=who, saisie=saisie: save_draft(
                    declaration=Declaration.objects.get(pk=self.declaration.pk), acteur=who, saisie=saisie
                )
                for who, saisie in sent
            )
        )

    def test_both_are_kept(self, at_time: AtTime):
        assert not failures(self._save(at_time))
        assert lignes(self.declaration) == {"DC-01": ("prestation", "", "")}

    def test_without_the_lock_one_is_lost(self, at_time: AtTime, monkeypatch: pytest.MonkeyPatch):
        """The control: the same two saves, where reading does not lock."""
        both = threading.Barrier(2)

        def unlocked(model: Any, pk: int, version: int | None = None, *, select: Any = ()) -> Any:
            return model.objects.select_related(*select).get(pk=pk)

        def slow(*args: Any, **kwargs: Any) -> Any:
            choix = read_choices(*args, **kwargs)
            if threading.current_thread() is not threading.main_thread():
                both.wait(10)
            return choix

        monkeypatch.setattr(workflow, "locked", unlocked)
        monkeypatch.setattr(workflow, "read_choices", slow)
        self._save(at_time)
        assert "DB-01" in lignes(self.declaration)


def test_a_submitted_declaration_is_read_from_its_lines(monde: Monde):
    choose(
        monde.a.declaration,
        monde.a.dgs,
        {"DB-01": "prestation", "DA-01": "revision"},
        precisions={"DA-01": "x"},
    )
    done = submit(monde.a.declaration, monde.a.dgs)
    said = [changement.phrase for changement in read_choices(done).changements]
    assert said == [
        "votre commune demande de revoir le niveau de service de « Voirie, activité 1 »",
        "votre commune demande en prestation « Ressources humaines, activité 1 »",
    ]
    assert [ligne.nature for ligne in changing(done)] == ["revision", "prestation"]
