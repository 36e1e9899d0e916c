"""What the DGS and the maires read when communes move: for each kind of move, what happens and nothing else."""

from collections.abc import Callable

import pytest

from journal.models import Courriel
from mutualisation.mouvements import SUITES
from territoire.comparaison import Nature, Releve
from tests.factories import Monde
from tests.mutualisation.test_mouvement import apply, departure, merger, split
from tests.territoire.releves import new_commune, releve

pytestmark = pytest.mark.django_db
FOLLOWS = "les référents passent à"


def renaming(monde: Monde) -> Releve:
    return releve(monde.epci, change={monde.a.commune: {"nom": "L'Haÿ"}})


def read(monde: Monde) -> str:
    """What the DGS of A was written, on one line, with plain spaces and apostrophes."""
    corps = Courriel.objects.get(type="communes_mouvement", destinataire=monde.a.dgs).corps
    for set_, plain in (("\u00a0", " "), ("\u202f", " "), ("’", "'")):
        corps = corps.replace(set_, plain)
    return " ".join(corps.split())


@pytest.mark.parametrize(
    ("said", "sentences"),
    [
        (
            departure,
            [
                "L'Haÿ-les-Roses quitte la Métropole.",
                "Ce jour-là finissent ses partages, les rôles et les sièges de référent tenus pour elle",
                "ses demandes en cours sont closes",
            ],
        ),
        (
            merger,
            [
                "L'Haÿ-les-Roses et Œuilly deviennent Val-d'Œuilly.",
                "ce qui est partagé et les référents passent à Val-d'Œuilly",
                "un brouillon ne peut plus être déposé : c'est à Val-d'Œuilly de déclarer",
            ],
        ),
        (
            split,
            [
                "La Haie partage d'office les mêmes activités que L'Haÿ-les-Roses.",
                "Pour L'Haÿ-les-Roses, rien ne change",
            ],
        ),
        (renaming, ["nom L'Haÿ, au lieu de L'Haÿ-les-Roses.", "Rien d'autre ne change"]),
    ],
)
def test_each_move_says_what_follows_it(monde: Monde, said: Callable[[Monde], Releve], sentences: list[str]):
    apply(monde, said(monde))
    text = read(monde)
    assert [sentence for sentence in sentences if sentence not in text] == [], text
    assert (FOLLOWS in text) == (said is merger)


def test_every_move_that_is_told_has_its_words():
    """A new population is told to nobody."""
    assert SUITES.keys() == set(Nature) - {Nature.POPULATION}


def test_two_moves_of_one_commune_are_both_told(monde: Monde):
    """A commune renamed the day a part of it is detached."""
    change = {monde.a.commune: {"nom": "L'Haÿ", "population": 3000}}
    apply(monde, releve(monde.epci, plus=(new_commune("La Haie", 2000),), change=change))
    text = read(monde)
    assert "La Haie se détache de L'Haÿ-les-Roses." in text
    assert "nom L'Haÿ, au lieu de L'Haÿ-les-Roses" in text


def test_names_take_their_article(monde: Monde):
    said = releve(monde.epci, sans=(monde.a.commune, monde.b.commune), plus=(new_commune("Le Val", 14000),))
    apply(monde, said)
    text = read(monde)
    assert "ce qui est partagé et les référents passent au Val" in text
    assert "c'est au Val de déclarer" in text
