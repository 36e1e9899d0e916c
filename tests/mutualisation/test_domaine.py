"""Domains of a draft of the catalogue, their prérequis and their blocs."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest

from mutualisation.models import Domaine, DomaineVersion
from mutualisation.workflows.activite import (
    UP,
)
from mutualisation.workflows.bloc import undo_bloc
from mutualisation.workflows.domaine import (
    CHOICES,
    add_domaine,
    restore_domaine,
    retire_domaine,
    shift_domaine,
)
from socle.erreurs import Refus
from tests.factories import (
    Monde,
    domaine,
)
from tests.mutualisation.atelier import (
    begin,
    bind,
    describe,
    edit,
    freeze,
    merge,
    phrases,
    retire,
    split,
)

AtTime = Callable[[Any], datetime]


class TestBlocs:
    def test_an_activity_leaves_its_bloc_before_anything_else(self, monde: Monde):
        draft = begin(monde)
        bloc = bind(draft, monde.direction, "Chaussée", "DA-01", "DA-02")
        assert phrases(draft) == [
            "« Voirie, activité 1 » et « Voirie, activité 2 » se prennent ensemble : Chaussée."
        ]
        for gesture in (
            lambda: retire(draft, monde.direction, "DA-01"),
            lambda: split(draft, monde.direction, "DA-01", "A", "B"),
            lambda: merge(draft, monde.direction, "M", "DA-01", "DC-01"),
            lambda: edit(draft, "DA-01", monde.direction, domaine=domaine(monde.epci, "DB")),
        ):
            with pytest.raises(Refus, match=r"fait partie du bloc « Chaussée » : défaites d'abord ce bloc"):
                gesture()
        undo_bloc(catalogue=draft, bloc=bloc, acteur=monde.direction)
        retire(draft, monde.direction, "DA-01")
        assert len(phrases(draft)) == 1

    @pytest.mark.parametrize(
        ("members", "phrase"),
        [
            (("DA-01",), "au moins deux"),
            (("DA-01", "DB-01"), "du même domaine"),
            (("DA-02", "DA-03"), "« Voirie, activité 3 » fait déjà partie du bloc « Chaussée »"),
        ],
    )
    def test_members_are_of_one_domain_and_of_one_bloc(
        self, monde: Monde, members: tuple[str, ...], phrase: str
    ):
        draft = begin(monde)
        bind(draft, monde.direction, "Chaussée", "DA-01", "DA-03") if len(
            members
        ) < 3 and "DA-03" in members else None
        with pytest.raises(Refus, match=phrase) as caught:
            bind(draft, monde.direction, "Autre", *members)
        assert caught.value.field == "activites"

    def test_a_name_taken(self, monde: Monde):
        draft = begin(monde)
        bind(draft, monde.direction, "Chaussée", "DA-01", "DA-02")
        parts = split(draft, monde.direction, "DA-03", "Ponts", "Murs")
        with pytest.raises(Refus, match="déjà un bloc de ce nom"):
            bind(draft, monde.direction, "Chaussée", *(part.code for part in parts))


class TestDomains:
    def test_adding_describing_ordering(self, monde: Monde):
        draft = begin(monde)
        valeurs = {
            "libelle": "Archives",
            "libelle_court": "Archives",
            "famille": "support",
            "service_commun": "",
            "rattachement": "central",
            "paiement": "habitant",
            "porteur": monde.b.commune,
        }
        added = add_domaine(catalogue=draft, code="arc", valeurs=valeurs, acteur=monde.direction, version=1)
        assert (added.code, added.ordre) == ("ARC", 4)
        shift_domaine(catalogue=draft, domaine=added, sens=UP, acteur=monde.direction)
        order = list(draft.domaines.order_by("ordre").values_list("domaine__code", flat=True))
        assert order == ["DA", "DB", "ARC", "DC"]
        with pytest.raises(Refus, match="n'a aucune activité"):
            freeze(draft, monde.direction)
        with pytest.raises(Refus, match="porte déjà ce nom"):
            describe(draft, "DA", monde.direction, libelle="ARCHIVES")
        assert phrases(draft) == ["Nouveau domaine : « Archives »."]

    def test_a_code_taken_is_told(self, monde: Monde):
        draft = begin(monde)
        held = draft.domaines.get(domaine__code="DA")
        valeurs = {name: getattr(held, name) for name in CHOICES} | {
            "libelle": "Autre",
            "libelle_court": "Autre",
        }
        with pytest.raises(Refus, match="Le code DA désigne déjà « Voirie »"):
            add_domaine(catalogue=draft, code="da", valeurs=valeurs, acteur=monde.direction, version=1)

    def test_each_rule_is_told_beside_what_it_was(self, monde: Monde):
        draft = begin(monde)
        describe(
            draft,
            "DA",
            monde.direction,
            libelle="Voies",
            paiement=DomaineVersion.Paiement.ACTE,
            porteur=monde.b.commune,
            service_commun="",
        )
        assert phrases(draft) == [
            "Le domaine « Voirie » s'appelle « Voies ».",
            "« Voies », service commun : à préciser, au lieu de : Service commun Voirie.",
            "« Voies », mode de paiement : refacturation à l'acte, "
            "au lieu de : imputation sur l'attribution de compensation.",
            "« Voies », commune porteuse : Œuilly, au lieu de : l'EPCI.",
        ]
        restore_domaine(catalogue=draft, domaine=domaine(monde.epci), acteur=monde.direction)
        assert phrases(draft) == []

    def test_the_commune_porteuse_is_a_member(self, monde: Monde):
        with pytest.raises(Refus, match="n'est pas membre") as caught:
            describe(begin(monde), "DA", monde.direction, porteur=monde.commune_voisine)
        assert caught.value.field == "porteur"

    def test_a_circle_of_prerequis_is_refused_in_words(self, monde: Monde):
        draft = begin(monde)
        describe(draft, "DB", monde.direction, requis=("DA",))
        describe(draft, "DC", monde.direction, requis=("DB",))
        with pytest.raises(Refus) as caught:
            describe(draft, "DA", monde.direction, requis=("DC",))
        assert caught.value.message == (
            "« Voirie » demande « Espaces verts », qui demande « Ressources humaines », qui demande « Voirie » : "
            "aucune commune ne pourrait commencer."
        )
        assert caught.value.field == "requis"
        assert draft.prerequis.count() == 2
        with pytest.raises(Refus, match="« Voirie » demande « Voirie »"):
            describe(draft, "DA", monde.direction, requis=("DA",))

    def test_a_domain_that_another_demands_stays(self, monde: Monde):
        draft = begin(monde)
        describe(draft, "DB", monde.direction, requis=("DA",))
        with pytest.raises(
            Refus, match=r"« Ressources humaines » demande « Voirie » : retirez d'abord ce prérequis\."
        ):
            retire_domaine(catalogue=draft, domaine=domaine(monde.epci), acteur=monde.direction)

    def test_retiring_and_putting_back_with_blocs_rules_and_activities(self, monde: Monde, at_time: AtTime):
        first = begin(monde, date(2028, 6, 1))
        bind(first, monde.direction, "Chaussée", "DA-01", "DA-02")
        describe(first, "DA", monde.direction, requis=("DB",))
        edit(first, "DA-03", monde.direction, exclusion="Centre de gestion.")
        freeze(first, monde.direction)
        draft = begin(monde)
        retire_domaine(catalogue=draft, domaine=domaine(monde.epci), acteur=monde.direction)
        assert phrases(draft)[0] == "Le domaine « Voirie » n'est plus offert."
        assert len(phrases(draft)) == 4
        restore_domaine(catalogue=draft, domaine=domaine(monde.epci), acteur=monde.direction)
        assert phrases(draft) == []
        assert draft.activites.filter(bloc__nom="Chaussée").count() == 2

    def test_a_new_domain_that_goes_leaves_no_trace(self, monde: Monde):
        draft = begin(monde)
        valeurs = {name: getattr(draft.domaines.get(domaine__code="DA"), name) for name in CHOICES}
        valeurs |= {"libelle": "Archives", "libelle_court": "Archives"}
        added = add_domaine(catalogue=draft, code="ARC", valeurs=valeurs, acteur=monde.direction, version=1)
        with pytest.raises(Refus, match="est nouveau"):
            restore_domaine(catalogue=draft, domaine=added, acteur=monde.direction)
        retire_domaine(catalogue=draft, domaine=added, acteur=monde.direction)
        assert not Domaine.objects.filter(epci=monde.epci, code="ARC").exists()
