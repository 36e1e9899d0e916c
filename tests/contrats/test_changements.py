"""What an avenant changes, value by value: nothing is left out, and the changes lead from one text to the other."""

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from contrats.changements import Changement, by_section, changes, lines
from contrats.mentions import MENTIONS
from tests.documents import exemples

# What no avenant changes: the mentions of the acts, what numbers the text, what the page around it says.
ASIDE = {*MENTIONS, "numero", "projet", "effet_on", "version", "avenant", "registre", "demonstration"}
# Written on the cover only.
COULEUR = ("epci", "couleur")


def leaves(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value of a tree."""
    if isinstance(tree, dict):
        return [leaf for key, value in tree.items() for leaf in leaves(value, (*path, key))]
    if isinstance(tree, list):
        return [leaf for rank, value in enumerate(tree) for leaf in leaves(value, (*path, rank))]
    return [path]


def changed(data: dict[str, Any], path: tuple[Any, ...]) -> dict[str, Any]:
    """The same tree with another value at a path."""
    found = copy.deepcopy(data)
    node: Any = found
    for key in path[:-1]:
        node = node[key]
    before = node[path[-1]]
    node[path[-1]] = _other(before)
    return found


def _other(value: Any) -> Any:
    if value in ("hausse", "baisse"):
        return {"hausse": "baisse", "baisse": "hausse"}[value]
    if isinstance(value, str) and value[:4].isdigit() and value[4:5] == "-":
        return "2031-05-06"
    return f"{value}, autrement" if isinstance(value, str) else (value or 0) + 1


CONTRAT = exemples.contrat(domaines=2)
for _one in CONTRAT["fiches"]:
    _one["referents"] = {
        "commune": {"titulaire": "Ada Leroy", "fonction": "DGA", "suppleant": ""},
        "epci": None,
    }
PATHS = [
    path
    for path in leaves(CONTRAT)
    if path[0] not in ASIDE
    and path != COULEUR
    and path[-2:] != ("referents", "epci")
    and "programme" not in path  # agreed on each year, without avenant (article 4.1)
]


class TestNothingIsLeftOut:
    def test_every_value_of_a_contract_is_compared(self):
        said = lines(CONTRAT)
        silent = [path for path in PATHS if lines(changed(CONTRAT, path)) == said]
        assert silent == []

    def test_nor_an_item_more_or_less(self):
        said = lines(CONTRAT)
        for path in (("familles", 0, "domaines"), ("fiches",), ("fiches", 0, "indicateurs")):
            less = copy.deepcopy(CONTRAT)
            node: Any = less
            for key in path:
                node = node[key]
            node.append(copy.deepcopy(node[0]))
            assert lines(less) != said
            del node[0]
            node.pop()
            assert lines(less) != said

    def test_a_new_key_of_the_data_is_compared_or_put_aside(self):
        compared = {"epci", "commune", "considerants", "articles", "familles", "fiches", "revues"}
        assert set(CONTRAT) == compared | ASIDE - {"edite_on"}


@given(st.sets(st.sampled_from(PATHS), max_size=6), st.sets(st.sampled_from(PATHS), max_size=6))
def test_the_changes_applied_to_the_old_text_give_the_new_one(some: Any, others: Any):
    before, after = CONTRAT, CONTRAT
    for path in some:
        before = changed(before, path)
    for path in others:
        after = changed(after, path)
    found = changes(CONTRAT, before, after)
    assert applied(lines(before), found) == lines(after)
    assert bool(found) == (lines(before) != lines(after))


def applied(old: dict[tuple[str, str], str], found: list[Changement]) -> dict[tuple[str, str], str]:
    new = dict(old)
    for one in found:
        assert new.pop((one.cle, one.quoi), None) == one.signe
        if one.propose is not None:
            new[one.cle, one.quoi] = one.propose
    return new


def test_two_indicators_of_one_name_are_both_compared():
    twice = copy.deepcopy(CONTRAT)
    twice["fiches"][0]["indicateurs"] = [twice["fiches"][0]["indicateurs"][0]] * 2
    names = [name for _, name in lines(twice) if name.startswith("Indicateur")]
    assert any(name.endswith("(2)") for name in names)


def test_short_values_are_read_in_columns_and_long_ones_apart():
    after = copy.deepcopy(CONTRAT)
    after["fiches"][0]["horaires"] = "Jour et nuit"
    after["fiches"][0]["missions"] = "Long texte. " * 30
    [(section, found)] = by_section(changes(CONTRAT, CONTRAT, after))
    assert section == f"Annexe A – {CONTRAT['fiches'][0]['libelle']}"
    assert [one.quoi for one in found.courts] == ["Horaires"]
    assert [one.quoi for one in found.longs] == ["Ce que fait le service"]


def test_a_domain_renamed_is_a_change_of_its_name():
    after = copy.deepcopy(CONTRAT)
    after["fiches"][0]["libelle"] = "Voirie et réseaux"
    code, before = (CONTRAT["fiches"][0][key] for key in ("code", "libelle"))
    [(section, found)] = by_section(changes(CONTRAT, CONTRAT, after))
    assert section == "Annexe A – Voirie et réseaux"
    [one] = found.courts
    assert one.quoi == "Domaine" and not found.longs
    assert (one.signe or "").startswith(f"{code} {before},")
    assert (one.propose or "").startswith(f"{code} Voirie et réseaux,")


def test_an_activity_renamed_by_the_catalogue_is_one_change_not_one_gone_and_one_come():
    after = copy.deepcopy(CONTRAT)
    activite = after["familles"][0]["domaines"][0]["activites"][0]
    before, activite["libelle"] = activite["libelle"], "Nom de la nouvelle édition"
    [one] = changes(CONTRAT, CONTRAT, after)
    assert one.quoi == f"Activité {activite['code']}"
    assert (one.signe or "").startswith(f"{before} : ")
    assert (one.propose or "").startswith("Nom de la nouvelle édition : ")


def test_who_answers_changes_without_an_avenant():
    after = copy.deepcopy(CONTRAT)
    after["fiches"][0]["referents"]["commune"]["titulaire"] = "Zoé Petit"
    after["fiches"][1]["telephone_astreinte"] = "05 56 00 00 01"
    found = changes(CONTRAT, CONTRAT, after)
    assert len(found) == 2 and all(one.libre for one in found)
    after["fiches"][0]["horaires"] = "Jour et nuit"
    assert [one.quoi for one in changes(CONTRAT, CONTRAT, after) if not one.libre] == ["Horaires"]
