"""Recording the acts of the two assemblies, and who still misses what."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from mutualisation.models import Acte, Adhesion, Ligne
from mutualisation.workflows.acte import record_act
from socle.droits import ActionInterdite
from socle.erreurs import Refus
from tests.factories import Monde
from tests.mutualisation.gestes import accept, changing, one_ready_line, prepare, submit, vote
from tests.mutualisation.test_declaration import text_of

VOTE = date(2027, 11, 26)
AtTime = Callable[[Any], datetime]


@pytest.fixture
def ligne(monde: Monde, at_time: AtTime) -> Ligne:
    """An accepted line of A, in December, when assemblies have voted."""
    found = accept(one_ready_line(monde.a.declaration, monde.a.dgs), monde.direction)
    at_time("2027-12-01")
    return found


def record(monde: Monde, **changes: Any) -> Acte:
    values: dict[str, Any] = {
        "cycle": monde.cycle,
        "acteur": monde.direction,
        "type": Acte.Type.CONSEIL_MUNICIPAL,
        "commune": monde.a.commune,
        "numero": "2027-112",
        "adopte_on": VOTE,
        "executoire_on": VOTE,
        "lignes": [],
    }
    return record_act(**values | changes)


class TestEnregistrer:
    def test_the_same_act_twice_is_a_sentence(self, monde: Monde, ligne: Ligne):
        record(monde, lignes=[ligne.pk])
        with pytest.raises(Refus, match="L'acte n° 2027-112 du 26/11/2027 est déjà enregistré") as caught:
            record(monde, lignes=[ligne.pk])
        assert caught.value.field == "numero"
        assert Acte.objects.filter(numero="2027-112").count() == 1

    def test_the_same_act_covers_a_line_accepted_since(self, monde: Monde, at_time: AtTime):
        prepare(monde.a.declaration, monde.a.dgs, plus=("DA-02", "DA-03"))
        submit(monde.a.declaration, monde.a.dgs)
        first, second = (accept(ligne, monde.direction) for ligne in changing(monde.a.declaration))
        at_time("2027-12-01")
        acte = record(monde, lignes=[first.pk])
        assert record(monde, lignes=[second.pk]) == acte
        assert set(acte.lignes.all()) == {first, second}

    def test_the_same_number_with_other_dates_is_another_act(self, monde: Monde, ligne: Ligne):
        record(monde, lignes=[ligne.pk])
        with pytest.raises(Refus, match="déjà enregistré"):
            record(monde, lignes=[ligne.pk], executoire_on=date(2027, 11, 30))

    def test_executoire_before_adopted(self, monde: Monde, ligne: Ligne):
        with pytest.raises(Refus, match="avant d'être adopté"):
            record(monde, lignes=[ligne.pk], executoire_on=date(2027, 11, 25))

    def test_the_line_of_another_commune(self, monde: Monde, ligne: Ligne):
        with pytest.raises(Refus, match="ligne"):
            record(monde, commune=monde.b.commune, lignes=[ligne.pk])

    def test_some_lines_of_another_commune(self, monde: Monde, ligne: Ligne, at_time: AtTime):
        at_time("2027-02-10")
        other = accept(one_ready_line(monde.b.declaration, monde.b.dgs), monde.direction)
        with pytest.raises(Refus, match="n'est pas de cette commune"):
            record(monde, lignes=[ligne.pk, other.pk])

    def test_no_line(self, monde: Monde, ligne: Ligne):
        with pytest.raises(Refus, match="au moins une ligne"):
            record(monde)

    def test_a_line_that_is_not_accepted(self, monde: Monde):
        undecided = one_ready_line(monde.a.declaration, monde.a.dgs)
        with pytest.raises(Refus):
            record(monde, lignes=[undecided.pk])

    @pytest.mark.parametrize("type_", [Acte.Type.CONSEIL_MUNICIPAL, Acte.Type.CONSEIL_EPCI])
    def test_whose_act_it_is_must_agree_with_its_kind(self, monde: Monde, ligne: Ligne, type_: str):
        commune = None if type_ == Acte.Type.CONSEIL_MUNICIPAL else monde.a.commune
        with pytest.raises(Refus, match="nomme") as caught:
            record(monde, type=type_, commune=commune, lignes=[ligne.pk])
        assert caught.value.field == "commune"

    @pytest.mark.parametrize("who", ["administrateur", "directeur", "responsable", "direction_voisine"])
    def test_only_the_direction(self, monde: Monde, ligne: Ligne, who: str):
        with pytest.raises(ActionInterdite, match="Seule la Direction"):
            record(monde, acteur=getattr(monde, who), lignes=[ligne.pk])

    @pytest.mark.parametrize("type_", Acte.EPCI_TYPES)
    def test_bureau_and_president_are_the_epci_s_side(self, monde: Monde, ligne: Ligne, type_: str):
        record(monde, lignes=[ligne.pk])
        record(monde, type=type_, commune=None, numero="E", lignes=[ligne.pk])
        ligne.refresh_from_db()
        assert ligne.effet_on == date(2028, 1, 1)


class TestPages:
    def _url(self, monde: Monde, **query: Any) -> str:
        return reverse("mutualisation:acte_nouveau", args=[monde.cycle.pk], query=query)

    def test_who_misses_what(self, monde: Monde, ligne: Ligne, client: Any):
        vote(monde.a.declaration, monde.direction, lignes=[ligne], epci=False, executoire_on=VOTE)
        client.force_login(monde.direction)
        response = client.get(reverse("mutualisation:actes", args=[monde.cycle.pk]))
        (avancement,) = response.context["avancements"]
        assert avancement.commune == monde.a.commune
        said = [avancement.passage(code).mot for code in ("municipal", "epci")]
        assert said == ["Enregistré", "Manque"]
        listed = client.get(reverse("mutualisation:actes_enregistres", args=[monde.cycle.pk]))
        assert "n° C-1" in text_of(listed)

    def test_after_the_day_it_is_missing_in_red(
        self, monde: Monde, ligne: Ligne, client: Any, at_time: AtTime
    ):
        at_time("2028-01-02")
        client.force_login(monde.direction)
        (avancement,) = client.get(reverse("mutualisation:actes", args=[monde.cycle.pk])).context[
            "avancements"
        ]
        municipal = avancement.passage("municipal")
        assert (municipal.ton, municipal.mot, municipal.tard) == ("r", "Manque", True)
        page = text_of(client.get(reverse("mutualisation:suivi", args=[ligne.declaration_id])))
        assert '<span class="ton-r">En attente d\'acte' in page
        assert "En attente d'acte" in page
        assert "délibération du conseil municipal de L'Haÿ-les-Roses" in page
        assert "délibération du conseil de la Métropole" in page

    def test_lines_without_that_act_are_ticked_beforehand(self, monde: Monde, ligne: Ligne, client: Any):
        client.force_login(monde.direction)
        url = self._url(monde, type="conseil_municipal", commune=monde.a.commune.pk)
        (groupe,) = client.get(url).context["groupes"]
        assert [case["cochee"] for case in groupe["cases"]] == [True]
        vote(monde.a.declaration, monde.direction, lignes=[ligne], epci=False, executoire_on=VOTE)
        (groupe,) = client.get(url).context["groupes"]
        assert [(case["cochee"], case["deja"]) for case in groupe["cases"]] == [(False, True)]

    def test_an_act_of_the_epci_shows_every_commune(
        self, monde: Monde, ligne: Ligne, client: Any, at_time: AtTime
    ):
        at_time("2027-02-10")
        accept(one_ready_line(monde.b.declaration, monde.b.dgs), monde.direction)
        client.force_login(monde.direction)
        groupes = client.get(self._url(monde, type="conseil_epci")).context["groupes"]
        assert [groupe["commune"].nom for groupe in groupes] == ["L'Haÿ-les-Roses", "Œuilly"]

    def test_recording_both_acts_late_puts_the_line_into_effect(
        self, monde: Monde, ligne: Ligne, client: Any, at_time: AtTime
    ):
        at_time("2028-02-01")
        client.force_login(monde.direction)
        data = {
            "numero": "12",
            "adopte_on": "2027-11-26",
            "executoire_on": "2027-11-30",
            "lignes": [ligne.pk],
        }
        client.post(self._url(monde, type="conseil_municipal", commune=monde.a.commune.pk), data)
        response = client.post(self._url(monde, type="bureau"), data, follow=True)
        assert "Acte n° 12 enregistré pour 1 ligne." in text_of(response)
        assert Adhesion.objects.get(ligne=ligne).debut == date(2028, 1, 1)

    def test_the_same_act_twice_keeps_what_was_typed(self, monde: Monde, ligne: Ligne, client: Any):
        client.force_login(monde.direction)
        url = self._url(monde, type="conseil_municipal", commune=monde.a.commune.pk)
        data = {
            "numero": "=2027",
            "adopte_on": "2027-11-26",
            "executoire_on": "2027-11-30",
            "lignes": [ligne.pk],
        }
        assert client.post(url, data).status_code == 302
        response = client.post(url, data | {"teletransmission": "gardé"})
        assert response.status_code == 422
        text = text_of(response)
        assert "est déjà enregistré" in text
        assert 'value="gardé"' in text
        assert 'value="=2027"' in text

    @pytest.mark.parametrize(
        ("field", "value", "sentence"),
        [
            ("adopte_on", "2027-12-24", "Cette date est à venir"),
            ("adopte_on", "hier", "date valide"),
            ("executoire_on", "2027-11-01", "avant d'être adopté"),
            ("lignes", [], "Choisissez au moins une ligne"),
            ("lignes", ["999999999"], "choix valide"),
            ("numero", "n" * 60, "au plus 50 caractères"),
        ],
    )
    def test_faults_are_said_and_the_rest_is_kept(
        self, monde: Monde, ligne: Ligne, client: Any, field: str, value: Any, sentence: str
    ):
        client.force_login(monde.direction)
        data = {
            "numero": "12",
            "adopte_on": "2027-11-26",
            "executoire_on": "2027-11-30",
            "lignes": [ligne.pk],
        }
        data |= {field: value, "teletransmission": "gardé"}
        response = client.post(self._url(monde, type="conseil_epci"), data)
        assert response.status_code == 422
        assert sentence in text_of(response)
        assert 'value="gardé"' in text_of(response)
        assert not Acte.objects.filter(cycle=monde.cycle).exists()

    def test_a_municipal_act_asks_for_its_commune(self, monde: Monde, client: Any):
        client.force_login(monde.direction)
        assert "Choisissez la commune" in text_of(client.get(self._url(monde, type="conseil_municipal")))

    def test_the_commune_of_another_epci_is_no_choice(self, monde: Monde, client: Any):
        client.force_login(monde.direction)
        response = client.get(self._url(monde, type="conseil_municipal", commune=monde.commune_voisine.pk))
        assert "choix valide" in text_of(response)
        assert response.context["form"] is None

    @pytest.mark.parametrize(
        ("who", "statut"),
        [
            ("direction", 200),
            ("administrateur", 200),
            ("directeur", 200),
            ("responsable", 403),
            ("direction_voisine", 404),
        ],
    )
    def test_who_sees_the_board(self, monde: Monde, client: Any, who: str, statut: int):
        client.force_login(getattr(monde, who))
        assert client.get(reverse("mutualisation:actes", args=[monde.cycle.pk])).status_code == statut

    @pytest.mark.parametrize(
        ("who", "statut"),
        [("direction", 200), ("administrateur", 403), ("directeur", 403), ("direction_voisine", 404)],
    )
    def test_who_records(self, monde: Monde, client: Any, who: str, statut: int):
        client.force_login(getattr(monde, who))
        assert client.get(self._url(monde)).status_code == statut

    def test_a_directeur_de_pole_sees_his_communes_only(
        self, monde: Monde, ligne: Ligne, client: Any, at_time: AtTime
    ):
        at_time("2027-02-10")
        accept(one_ready_line(monde.b.declaration, monde.b.dgs), monde.direction)
        client.force_login(monde.directeur)
        rows = client.get(reverse("mutualisation:actes", args=[monde.cycle.pk])).context["avancements"]
        assert [row.commune for row in rows] == [monde.a.commune]

    def test_the_number_of_queries_does_not_depend_on_the_data(self, monde: Monde, client: Any):
        client.force_login(monde.direction)
        prepare(monde.a.declaration, monde.a.dgs, plus=["DB-01", "DB-02"])
        submit(monde.a.declaration, monde.a.dgs)
        counts = []
        accept(changing(monde.a.declaration)[0], monde.direction)
        for declaration, dgs in ((None, None), (monde.b.declaration, monde.b.dgs)):
            if declaration:
                accept(one_ready_line(declaration, dgs), monde.direction)
                accept(changing(monde.a.declaration)[1], monde.direction)
            for name in ("actes", "acte_nouveau", "actes_enregistres", "avis_enregistres"):
                with CaptureQueriesContext(connection) as queries:
                    client.get(reverse(f"mutualisation:{name}", args=[monde.cycle.pk]) + "?type=conseil_epci")
                counts.append(len(queries))
        assert counts[:4] == counts[4:]
