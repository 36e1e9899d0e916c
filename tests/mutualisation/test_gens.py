"""People offered in a list, by place, and the forms that offer them."""

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from comptes.models import Equipe, Personne, Role
from mutualisation.forms.equipe import EquipeForm
from mutualisation.forms.siege import NominationForm
from mutualisation.gens import by_place
from mutualisation.models import Siege
from mutualisation.referents import people_of
from tests.factories import EquipeFactory, HabilitationFactory, Monde, SiegeFactory, domaine, holder
from tests.mutualisation.test_declaration import text_of

pytestmark = pytest.mark.django_db


def placed(monde: Monde) -> dict[str, list[Personne]]:
    return {
        group.titre: [one for one, _ in group.gens] for group in by_place(monde.epci, people_of(monde.epci))
    }


def called(monde: Monde, personne: Personne) -> str:
    groups = by_place(monde.epci, people_of(monde.epci))
    return next(label for group in groups for one, label in group.gens if one == personne)


class TestPlaces:
    def test_agents_first_then_communes_in_french_order(self, monde: Monde):
        found = placed(monde)
        assert list(found) == ["Agents de la Métropole", "L'Haÿ-les-Roses", "Œuilly"]
        assert monde.direction in found["Agents de la Métropole"]
        assert monde.responsable in found["Agents de la Métropole"]
        assert monde.a.dgs in found["L'Haÿ-les-Roses"]
        assert sorted(one.pk for people in found.values() for one in people) == sorted(
            one.pk for one in people_of(monde.epci)
        ), "each one once"

    def test_an_agent_who_sits_for_a_commune_stands_there(self, monde: Monde):
        agent = holder(Role.AGENT, monde.epci)
        assert agent in placed(monde)["Agents de la Métropole"]
        SiegeFactory(
            epci=monde.epci,
            cote=Siege.Cote.COMMUNE,
            commune=monde.b.commune,
            domaine=domaine(monde.epci, "DC"),
            titulaire=agent,
        )
        assert agent in placed(monde)["Œuilly"]

    def test_the_present_role_says_where(self, monde: Monde):
        past = {"debut": date(2020, 1, 1), "fin": date(2022, 1, 1)}
        moved = HabilitationFactory(epci=monde.epci, direction=True).personne
        HabilitationFactory(epci=monde.epci, commune=monde.b.commune, lecteur=True, personne=moved, **past)
        gone = HabilitationFactory(epci=monde.epci, commune=monde.b.commune, lecteur=True, **past).personne
        found = placed(monde)
        assert moved in found["Agents de la Métropole"]
        assert gone in found["Œuilly"]


class TestLabels:
    def test_name_function_and_commune(self, monde: Monde):
        row = HabilitationFactory(
            epci=monde.epci,
            commune=monde.b.commune,
            lecteur=True,
            personne__prenom="Ève",
            personne__nom="Relève",
            personne__fonction="directrice",
        )
        assert called(monde, row.personne) == "Ève Relève, directrice (Œuilly)"
        Personne.objects.filter(pk=row.personne_id).update(fonction="")
        assert called(monde, row.personne) == "Ève Relève (Œuilly)"

    def test_an_address_tells_apart_who_is_called_the_same(self, monde: Monde):
        twins = [
            HabilitationFactory(
                epci=monde.epci, commune=monde.b.commune, lecteur=True, personne__nom="Double"
            ).personne
            for _ in range(2)
        ]
        said = {called(monde, one) for one in twins}
        assert said == {f"Claude Double, agent (Œuilly) – {one.email}" for one in twins}


class TestForms:
    def test_a_seat_offers_agents_teams_then_communes(self, monde: Monde):
        EquipeFactory(epci=monde.epci, nom="Astreinte")
        fields: dict[str, Any] = NominationForm(epci=monde.epci, commune=None).fields
        titles = [title for title, _ in fields["qui"].choices]
        assert titles == ["", "Agents de la Métropole", "Équipes", "L'Haÿ-les-Roses", "Œuilly"]

    def test_a_group_without_anybody_is_left_out(self, monde: Monde):
        form = NominationForm(epci=monde.epci, commune=monde.a.commune)
        fields: dict[str, Any] = form.fields
        assert [title for title, _ in fields["qui"].choices] == ["", "L'Haÿ-les-Roses"]

    def test_a_constant_number_of_queries(self, monde: Monde):
        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                str(EquipeForm(equipe=Equipe(epci=monde.epci))["membres"])
            return len(captured)

        few = queries()
        HabilitationFactory.create_batch(12, epci=monde.epci, commune=monde.b.commune, lecteur=True)
        assert queries() == few

    def test_the_boxes_are_folded_and_open_where_one_is_ticked(self, client: Client, monde: Monde):
        client.force_login(monde.direction)
        page = text_of(client.get("/equipes/"))
        assert page.count('<details class="groupe-choix">') == 3 and "js/filtre.js" in page
        sent = {"nom": "", "membres": [monde.b.dgs.pk]}
        page = text_of(client.post("/equipes/", sent))
        opened = page.index('<details class="groupe-choix" open>')
        assert page.count('<details class="groupe-choix" open>') == 1
        assert page.index("<summary>Œuilly") - opened < 80
        assert 'class="actions a-portee"' in page

    def test_wherever_one_person_is_chosen_among_all_the_list_is_grouped(self, client: Client, monde: Monde):
        client.force_login(monde.direction)
        for path in ("/referents/nouveau/", f"/referents/{monde.siege.pk}/", "/contrats/signataires/epci/"):
            page = text_of(client.get(path))
            assert '<optgroup label="Agents de la Métropole">' in page
            assert 'data-filtre="Chercher une personne' in page and "js/filtre.js" in page
