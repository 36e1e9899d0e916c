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
from mutualisation.changements import (
    Changement,
    Choix,
    EtatDomaine,
    ac_sentence,
    consequences_of,
    read_choices,
)
from mutualisation.models import Activite, Adhesion, Ligne
from mutualisation.models.catalogue import ActiviteLue, DomaineLu
from mutualisation.workflows.declaration import Saisie, save_draft
from mutualisation.workflows.effet import schedule_effect
from socle import horloge, registres
from socle.registres import Consequence
from tests.factories import Monde, domaine
from tests.mutualisation.gestes import accept, changing, prepare, submit, vote, wanted

CODES = [f"{code}-{rank:02d}" for code in ("DA", "DB", "DC") for rank in (1, 2, 3)]
EFFET = date(2028, 1, 1)
Nature = Ligne.Nature
VOIRIE = DomaineLu(
    1,
    "DA",
    "Voirie",
    "Voirie",
    "operationnelle",
    "",
    "pole",
    "",
    tuple(ActiviteLue(n, f"DA-{n}", f"Tâche {n}") for n in (1, 2, 3)),
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


def test_the_effect_on_the_compensation_is_always_said(monde: Monde):
    assert ac_sentence(monde.cycle).endswith("avant le point d'arrêt du 9 juillet 2027.")


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


def live_the_year(monde: Monde, ticked: set[str], accepted: set[str]) -> None:
    """Declare, decide, vote, cross 1 January; then compare what was said with what is shared."""
    declaration = monde.a.declaration
    ids = dict(Activite.objects.filter(epci=monde.epci).order_by("code").values_list("code", "pk"))
    motifs = {domaine(monde.epci, code).pk: "Pourquoi" for code in ("DA", "DB", "DC")}
    saisie = Saisie(wanted(declaration), frozenset(ids[code] for code in ticked), {}, motifs)
    base = wanted(declaration)
    save_draft(declaration=declaration, acteur=monde.a.dgs, saisie=saisie)
    submit(declaration, monde.a.dgs)
    said = read_choices(declaration).changements
    lignes = [
        accept(ligne, monde.direction) for ligne in changing(declaration) if ligne.activite.code in accepted
    ]
    with horloge.at(datetime.fromisoformat("2027-12-01T10:00+01:00")):
        for epci in (True, False):
            if lignes:
                vote(declaration, monde.direction, lignes=lignes, epci=epci, executoire_on=date(2027, 11, 26))
        schedule_effect(monde.cycle, EFFET)
    with horloge.at(datetime.fromisoformat("2028-01-01T00:00+01:00")):
        run_due()
    kept = {ids[code] for code in accepted}
    plus = {a.id for c in said if c.nature != Nature.RETRAIT for a in c.activites} & kept
    minus = {a.id for c in said if c.nature == Nature.RETRAIT for a in c.activites} & kept
    assert Adhesion.objects.activites_of(declaration.commune, monde.epci, EFFET) == (base | plus) - minus
    assert Adhesion.objects.activites_of(declaration.commune, monde.epci, date(2027, 12, 31)) == base


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(ticked=st.sets(st.sampled_from(CODES)), accepted=st.sets(st.sampled_from(CODES)))
def test_what_is_said_to_change_is_what_then_changes(monde: Monde, ticked: set[str], accepted: set[str]):
    with pytest.raises(RolledBack), unit():
        live_the_year(monde, ticked, accepted)
        raise RolledBack
