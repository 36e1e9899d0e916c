"""Activities of a draft of the catalogue: added, renamed, moved, retired, split, merged, put back."""

from datetime import date

import pytest

from mutualisation.models import Activite, Catalogue
from mutualisation.workflows.activite import (
    DOWN,
    UP,
    add_activite,
    next_code,
    restore_activite,
    shift_activite,
)
from socle.erreurs import Refus
from tests.factories import (
    Monde,
    activite,
    domaine,
)
from tests.mutualisation.atelier import (
    begin,
    codes,
    edit,
    merge,
    now,
    phrases,
    retire,
    split,
)


class TestActivities:
    def test_adding_takes_the_next_code_and_the_last_place(self, monde: Monde):
        draft, voirie = begin(monde), domaine(monde.epci)
        assert next_code(monde.epci, voirie) == "DA-04"
        add_activite(
            catalogue=draft,
            domaine=voirie,
            code="da-04",
            libelle=" Ponts ",
            acteur=monde.direction,
            version=1,
        )
        assert codes(draft, "DA") == ["DA-01", "DA-02", "DA-03", "DA-04"]
        assert phrases(draft) == ["« Voirie » offre aussi « Ponts »."]

    @pytest.mark.parametrize(
        ("code", "libelle", "field", "phrase"),
        [
            ("DB-01", "Ponts", "code", "désigne déjà « Ressources humaines, activité 1 »"),
            ("DA-09", "VOIRIE, activite 1", "libelle", "a déjà une activité de ce nom"),
            ("DA-09", "x" * 10_000, "libelle", "200"),
            ("X" * 16, "Ponts", "code", "15"),
            ("DA-09", "  ", "libelle", "vide"),
        ],
    )
    def test_what_cannot_be_added_is_refused_at_its_field(
        self, monde: Monde, code: str, libelle: str, field: str, phrase: str
    ):
        draft = begin(monde)
        with pytest.raises(Refus, match=phrase) as caught:
            add_activite(
                catalogue=draft,
                domaine=domaine(monde.epci),
                code=code,
                libelle=libelle,
                acteur=monde.direction,
                version=1,
            )
        assert caught.value.field == field
        assert codes(draft, "DA") == ["DA-01", "DA-02", "DA-03"]
        assert now(draft) == 1

    def test_a_code_once_used_is_never_given_again(self, monde: Monde):
        draft = begin(monde)
        retire(draft, monde.direction, "DA-03")
        assert next_code(monde.epci, domaine(monde.epci)) == "DA-04"

    def test_renaming_moving_and_ordering(self, monde: Monde):
        draft = begin(monde)
        edit(draft, "DA-01", monde.direction, libelle="Chaussée", domaine=domaine(monde.epci, "DC"))
        assert phrases(draft) == [
            "« Voirie, activité 1 » s'appelle « Chaussée ».",
            "« Chaussée » passe de « Voirie » à « Espaces verts ».",
        ]
        assert codes(draft, "DC") == ["DC-01", "DC-02", "DC-03", "DA-01"]
        for sens in (UP, UP, DOWN):
            shift_activite(catalogue=draft, activite=activite(monde.epci), sens=sens, acteur=monde.direction)
        assert codes(draft, "DC") == ["DC-01", "DC-02", "DA-01", "DC-03"]
        before = now(draft)
        shift_activite(
            catalogue=draft, activite=activite(monde.epci, "DC-01"), sens=UP, acteur=monde.direction
        )
        assert now(draft) == before
        assert Activite.objects.get(code="DA-01", epci=monde.epci).libelle == "Voirie, activité 1"

    def test_a_domain_of_another_epci_is_not_in_the_edition(self, monde: Monde):
        draft = begin(monde)
        with pytest.raises(Refus, match="n'est pas dans cette édition"):
            edit(draft, "DA-01", monde.direction, domaine=domaine(monde.epci_voisin))

    def test_splitting_and_merging(self, monde: Monde):
        draft = begin(monde)
        chaussee, trottoirs = split(draft, monde.direction, "DA-01", "Chaussée", "Trottoirs")
        merge(draft, monde.direction, "Équipe verte", "DC-01", "DB-02")
        assert codes(draft, "DA") == ["DA-02", "DA-03", chaussee.code, trottoirs.code]
        assert phrases(draft) == [
            "« Voirie, activité 1 » se scinde en « Chaussée » et « Trottoirs ».",
            "« Ressources humaines, activité 2 » et « Espaces verts, activité 1 » fusionnent en « Équipe verte ».",
        ]

    def test_a_part_may_keep_the_name_of_what_is_split_and_a_merge_that_of_one(self, monde: Monde):
        draft = begin(monde)
        split(draft, monde.direction, "DA-01", "Voirie, activité 1", "Trottoirs")
        merge(draft, monde.direction, "Espaces verts, activité 1", "DC-01", "DC-02")
        assert draft.activites.filter(libelle="Espaces verts, activité 1").count() == 1

    @pytest.mark.parametrize("libelles", [(), ("Seule",), ("A", "a"), ("A", ""), tuple(map(str, range(21)))])
    def test_a_split_needs_two_names_that_differ(self, monde: Monde, libelles: tuple[str, ...]):
        draft = begin(monde)
        with pytest.raises(Refus) as caught:
            split(draft, monde.direction, "DA-01", *libelles)
        assert caught.value.field == "libelles"
        assert codes(draft, "DA") == ["DA-01", "DA-02", "DA-03"]
        assert Activite.objects.filter(epci=monde.epci).count() == 9

    def test_what_only_the_draft_knows_leaves_no_trace(self, monde: Monde):
        """Split, then merge a part with another: the successions lead from the old ones to what remains."""
        draft = begin(monde)
        chaussee, trottoirs = split(draft, monde.direction, "DA-01", "Chaussée", "Trottoirs")
        merged = merge(draft, monde.direction, "Sols", chaussee.code, "DA-02")
        assert not Activite.objects.filter(pk=chaussee.pk).exists()
        found = set(draft.successions.values_list("ancienne__code", "nouvelle__code"))
        assert found == {("DA-01", trottoirs.code), ("DA-01", merged.code), ("DA-02", merged.code)}
        assert phrases(draft) == [
            "« Voirie, activité 1 » et « Voirie, activité 2 » deviennent « Trottoirs » et « Sols »."
        ]

    def test_retiring_a_part_leaves_the_others(self, monde: Monde):
        draft = begin(monde)
        _, trottoirs = split(draft, monde.direction, "DA-01", "Chaussée", "Trottoirs")
        retire(draft, monde.direction, trottoirs.code)
        assert phrases(draft) == ["« Voirie, activité 1 » devient « Chaussée »."]
        assert not Activite.objects.filter(pk=trottoirs.pk).exists()

    def test_putting_back_undoes_all_that_a_merge_binds(self, monde: Monde):
        draft = begin(monde)
        chaussee, _ = split(draft, monde.direction, "DA-01", "Chaussée", "Trottoirs")
        merge(draft, monde.direction, "Sols", chaussee.code, "DA-02")
        edit(draft, "DB-01", monde.direction, libelle="Paie", exclusion="Centre de gestion.")
        retire(draft, monde.direction, "DC-03")
        for code in ("DA-02", "DB-01", "DC-03"):
            restore_activite(catalogue=draft, activite=activite(monde.epci, code), acteur=monde.direction)
        assert phrases(draft) == []
        assert codes(draft) == codes(Catalogue.objects.in_force(monde.epci, date(2027, 1, 1)))
        assert Activite.objects.filter(epci=monde.epci).count() == 9

    def test_putting_back_something_new_takes_it_out(self, monde: Monde):
        draft = begin(monde)
        voirie = domaine(monde.epci)
        add_activite(
            catalogue=draft, domaine=voirie, code="DA-04", libelle="Ponts", acteur=monde.direction, version=1
        )
        restore_activite(catalogue=draft, activite=activite(monde.epci, "DA-04"), acteur=monde.direction)
        assert phrases(draft) == []

    def test_what_left_the_edition_cannot_be_touched(self, monde: Monde):
        draft = begin(monde)
        retire(draft, monde.direction, "DA-01")
        with pytest.raises(Refus, match="n'est plus dans cette édition"):
            retire(draft, monde.direction, "DA-01")
