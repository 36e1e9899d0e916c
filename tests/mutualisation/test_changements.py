"""« Ce qui change » is what then changes: sentences, states, consequences, and the adhesions of 1 January."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from journal.workflows.tache import run_due
from journal.workflows.unite import unit
from mutualisation.brouillon import Saisie
from mutualisation.changements import (
    Changement,
    Choix,
    EtatDomaine,
    consequences_of,
    read_choices,
)
from mutualisation.models import Adhesion, Ligne
from mutualisation.models.catalogue import ActiviteLue, DomaineLu
from mutualisation.workflows.declaration import save_draft
from mutualisation.workflows.effet import schedule_effect
from socle import horloge, registres
from socle.registres import Consequence
from tests.factories import AdhesionFactory, Monde, activite, domaine
from tests.mutualisation.gestes import accept, changing, ids, prepare, submit, vote, wanted

CODES = [f"{code}-{rank:02d}" for code in ("DA", "DB", "DC") for rank in (1, 2, 3)]
EFFET = date(2028, 1, 1)
Nature = Ligne.Nature
VOIRIE = DomaineLu(
    id=1,
    code="DA",
    libelle="Voirie",
    libelle_court="Voirie",
    famille="operationnelle",
    famille_libelle="",
    rattachement="pole",
    service_commun="",
    paiement="",
    porteur="",
    activites=tuple(ActiviteLue(n, f"DA-{n}", f"Tâche {n}") for n in (1, 2, 3)),
)


def etat(base: set[int], voulues: set[int]) -> EtatDomaine:
    return EtatDomaine(VOIRIE, frozenset(base), frozenset(voulues))


@pytest.mark.parametrize(
    ("base", "voulues", "mot"),
    [
        (set(), set(), "Non partagé"),
        ({1}, {1}, "Partagé, inchangé"),
        (set(), {1}, "Entrée"),
        ({1}, {1, 2}, "Extension"),
        ({1, 2}, {1}, "Retrait en partie"),
        ({1, 2}, set(), "Retrait"),
        ({1}, {2}, "Modifié"),
    ],
)
def test_the_state_of_a_domain(base: set[int], voulues: set[int], mot: str):
    assert etat(base, voulues).etat[1] == mot


@pytest.mark.parametrize(
    ("base", "voulues", "phrases"),
    [
        (set(), {1, 2, 3}, ["votre commune confie tout le domaine (3 activités)"]),
        ({1}, {1, 2, 3}, ["votre commune confie aussi « Tâche 2 » et « Tâche 3 »"]),
        ({1, 2}, set(), ["votre commune reprend tout le domaine (2 activités)"]),
        ({1}, {2}, ["votre commune confie aussi « Tâche 2 »", "votre commune reprend « Tâche 1 »"]),
        ({1}, {1}, []),
    ],
)
def test_the_sentences(base: set[int], voulues: set[int], phrases: list[str]):
    assert [changement.phrase for changement in etat(base, voulues).changements] == phrases


@pytest.mark.parametrize(
    ("etat", "phrases", "mot"),
    [
        (EtatDomaine(VOIRIE, frozenset(), frozenset({1}), facons={1: "prestation"}),
         ["votre commune demande en prestation « Tâche 1 »"], "Prestation"),
        (EtatDomaine(VOIRIE, frozenset({2}), frozenset({1, 2}), facons={1: "regularisation"}),
         ["votre commune régularise « Tâche 1 »"], "Régularisation"),
        (EtatDomaine(VOIRIE, frozenset({1}), frozenset({1}), facons={1: "revision"}),
         ["votre commune demande de revoir le niveau de service de « Tâche 1 »"], "Niveau à revoir"),
        (EtatDomaine(VOIRIE, frozenset({1}), frozenset({1, 2}), avant={1: "prestation"}, facons={1: "mutualisation"}),
         ["votre commune confie aussi « Tâche 2 »", "votre commune adhère désormais pleinement à « Tâche 1 »"],
         "Extension"),
        (EtatDomaine(VOIRIE, frozenset({1}), frozenset({1}), facons={1: "prestation"}),
         ["votre commune passe en prestation « Tâche 1 »"], "Prestation"),
        (EtatDomaine(VOIRIE, frozenset({1}), frozenset({1}), avant={1: "prestation"}), [], "Partagé, inchangé"),
    ],
)  # fmt: skip
def test_every_way_of_sharing_is_said(etat: EtatDomaine, phrases: list[str], mot: str):
    assert [changement.phrase for changement in etat.changements] == phrases
    assert etat.etat[1] == mot


def test_only_what_leaves_has_consequences(monde: Monde, monkeypatch: pytest.MonkeyPatch):
    asked: list[frozenset[int]] = []

    def some(commune: Any, domaines: frozenset[int], on: date) -> Iterator[Consequence]:
        asked.append(domaines)
        yield Consequence("12 revues prévues sans objet", "/revues/")

    monkeypatch.setattr(registres.consequences, "_functions", {"essai": some})
    entering = Choix([etat(set(), {1})])
    assert consequences_of(entering, monde.a.commune, EFFET) == []
    in_part = Choix([etat({1, 2}, {1})])
    assert consequences_of(in_part, monde.a.commune, EFFET) == []
    leaving = Choix([etat({1, 2}, set())])
    assert [c.texte for c in consequences_of(leaving, monde.a.commune, EFFET)] == [
        "12 revues prévues sans objet"
    ]
    assert asked == [frozenset({1})]


def test_once_submitted_the_choices_are_read_from_what_was_frozen(monde: Monde):
    prepare(monde.a.declaration, monde.a.dgs, plus=["DB-01"])
    submit(monde.a.declaration, monde.a.dgs)
    before = read_choices(monde.a.declaration)
    Adhesion.objects.filter(commune=monde.a.commune).delete()
    assert read_choices(monde.a.declaration) == before


def test_a_change_is_a_value():
    changement = Changement(VOIRIE, Nature.ENTREE, VOIRIE.activites)
    assert replace(changement, entier=True).phrase != changement.phrase


class RolledBack(Exception):
    """Ends an example without leaving anything."""


# What a changement makes of an activity: how it is then shared, None when it no longer is, "" when nothing moves.
PARTAGES = {
    Nature.ENTREE: "mutualisation",
    Nature.EXTENSION: "mutualisation",
    Nature.REGULARISATION: "regularisation",
    Nature.PRESTATION: "prestation",
    Nature.REVISION: "",
    Nature.RETRAIT: None,
}


def shared(monde: Monde, on: date) -> dict[str, str]:
    """How A shares each activity on a day, by code."""
    rows = Adhesion.objects.on(on).filter(epci=monde.epci, commune=monde.a.commune)
    return dict(rows.order_by("activite__code").values_list("activite__code", "nature"))


def live_the_year(
    monde: Monde, before: dict[str, str], ticked: set[str], facons: dict[str, str], accepted: set[str]
) -> None:
    """Declare, decide, vote, cross 1 January; then compare what was said with what is shared."""
    declaration = monde.a.declaration
    _share(monde, before)
    motifs = {domaine(monde.epci, code).pk: "Pourquoi" for code in ("DA", "DB", "DC")}
    seen = wanted(declaration)
    saisie = Saisie(
        seen,
        ids(declaration, *ticked),
        {},
        motifs,
        facons={pk: facons[code] for code in facons for pk in ids(declaration, code)},
        precisions=dict.fromkeys(ids(declaration, *facons), "Deux fois par semaine."),
    )
    save_draft(declaration=declaration, acteur=monde.a.dgs, saisie=saisie)
    submit(declaration, monde.a.dgs)
    said = [
        (activite.code, changement.nature)
        for changement in read_choices(declaration).changements
        for activite in changement.activites
    ]
    _decide_and_vote(monde, accepted)
    assert shared(monde, date(2027, 12, 31)) == before
    assert shared(monde, EFFET) == _announced(before, [pair for pair in said if pair[0] in accepted])


def _share(monde: Monde, before: dict[str, str]) -> None:
    Ligne.objects.filter(commune=monde.a.commune).delete()
    Adhesion.objects.filter(commune=monde.a.commune).delete()
    for code, nature in before.items():
        where = {"epci": monde.epci, "commune": monde.a.commune, "activite": activite(monde.epci, code)}
        AdhesionFactory(nature=nature, **where)


def _decide_and_vote(monde: Monde, accepted: set[str]) -> None:
    declaration = monde.a.declaration
    asked = [ligne for ligne in changing(declaration) if ligne.activite.code in accepted]
    lignes = [accept(ligne, monde.direction) for ligne in asked]
    with horloge.at(datetime.fromisoformat("2027-12-01T10:00+01:00")):
        for epci in (True, False):
            if lignes:
                vote(declaration, monde.direction, lignes=lignes, epci=epci, executoire_on=date(2027, 11, 26))
        schedule_effect(monde.cycle, EFFET)
    with horloge.at(datetime.fromisoformat("2028-01-01T00:00+01:00")):
        run_due()


def _announced(before: dict[str, str], said: list[tuple[str, Ligne.Nature]]) -> dict[str, str]:
    after: dict[str, str | None] = dict(before)
    for code, nature in said:
        if PARTAGES[nature] != "":
            after[code] = PARTAGES[nature]
    return {code: nature for code, nature in sorted(after.items()) if nature}


natures = st.sampled_from(["mutualisation", "prestation", "regularisation"])


@st.composite
def years(draw: st.DrawFn) -> dict[str, Any]:
    """What is shared, what is ticked and how, what is accepted; a level of service is revised where there is one."""
    before = draw(st.dictionaries(st.sampled_from(CODES), natures, max_size=6))
    ticked = draw(st.sets(st.sampled_from(CODES)))
    kept = sorted(ticked & before.keys())
    facons = draw(st.dictionaries(st.sampled_from(sorted(ticked)), natures, max_size=4)) if ticked else {}
    revised = draw(st.sets(st.sampled_from(kept), max_size=2)) if kept else set()
    accepted = draw(st.sets(st.sampled_from(CODES)))
    return {
        "before": before,
        "ticked": ticked,
        "facons": {**facons, **dict.fromkeys(revised, "revision")},
        "accepted": accepted,
    }


@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(year=years())
def test_what_is_said_to_change_is_what_then_changes(monde: Monde, year: dict[str, Any]):
    with pytest.raises(RolledBack), unit():
        live_the_year(monde, **year)
        raise RolledBack
