"""How an EPCI sets its cycles."""

from typing import Any

import pytest
from django.urls import reverse

from journal.models import Evenement
from mutualisation.models import Reglage
from mutualisation.workflows.reglage import change_settings
from socle.droits import ActionInterdite
from socle.erreurs import Conflit
from tests.factories import Monde
from tests.mutualisation.test_declaration import text_of

VALUES: dict[str, Any] = {"rythme": 2, "visa": "lien", "agregat_minimum": 6}


def change(monde: Monde, version: int = 1, **values: Any) -> Reglage:
    return change_settings(epci=monde.epci, acteur=monde.direction, version=version, **{**VALUES, **values})


class TestReglage:
    def test_first_saved_then_changed_with_its_trace(self, monde: Monde):
        change(monde)
        change(monde, version=2, rythme=3)
        assert Reglage.objects.of(monde.epci).rythme == 3
        last = Evenement.objects.filter(type="reglage.modifie").order_by("-numero")[0]
        assert last.detail.contenu["avant"]["rythme"] == 2

    def test_the_same_values_change_nothing(self, monde: Monde):
        change(monde)
        change(monde, version=2)
        assert Evenement.objects.filter(type="reglage.modifie").count() == 1

    def test_two_people_at_once(self, monde: Monde):
        change(monde)
        with pytest.raises(Conflit, match="Direction a modifié"):
            change(monde, version=1, rythme=4)

    @pytest.mark.parametrize("who", ["administrateur", "directeur", "direction_voisine"])
    def test_only_the_direction(self, monde: Monde, who: str):
        with pytest.raises(ActionInterdite, match="règle les cycles"):
            change_settings(epci=monde.epci, acteur=getattr(monde, who), version=1, **VALUES)
        assert not Reglage.objects.filter(epci=monde.epci).exists()


class TestPage:
    def test_saved_and_shown(self, monde: Monde, client: Any):
        client.force_login(monde.direction)
        url = reverse("mutualisation:reglages")
        page = client.get(url)
        assert page.context["form"]["version"].value() == 1
        assert "Réglages enregistrés" in text_of(client.post(url, VALUES | {"version": "1"}, follow=True))
        assert client.get(url).context["form"]["rythme"].value() == 2

    @pytest.mark.parametrize(
        ("name", "value", "said"),
        [
            ("agregat_minimum", "4", "au moins cinq communes"),
            ("rythme", "7", "choix valide"),
            ("visa", "x", "choix valide"),
        ],
    )
    def test_bad_values_are_a_sentence_at_their_field(
        self, monde: Monde, client: Any, name: str, value: str, said: str
    ):
        client.force_login(monde.direction)
        response = client.post(reverse("mutualisation:reglages"), {**VALUES, "version": "1", name: value})
        assert response.status_code == 422
        assert said in text_of(response).lower() or said in text_of(response)
        assert response.context["form"].errors.keys() == {name}

    def test_the_conflict_is_told_and_sending_again_decides(self, monde: Monde, client: Any):
        client.force_login(monde.direction)
        change(monde)
        url = reverse("mutualisation:reglages")
        response = client.post(url, {**VALUES, "rythme": 5, "version": "1"})
        assert response.status_code == 409
        again = {**VALUES, "rythme": 5, "version": response.context["form"]["version"].value()}
        assert client.post(url, again).status_code == 302
        assert Reglage.objects.of(monde.epci).rythme == 5
