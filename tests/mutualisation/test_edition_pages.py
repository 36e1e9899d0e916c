"""The Direction's pages of the catalogue: prepare, change, compare, freeze; bad input and bad luck told in French."""

from collections.abc import Callable
from datetime import date, datetime
from io import BytesIO
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from mutualisation.models import Catalogue
from mutualisation.workflows.activite import change_activite
from tests.factories import CatalogueFactory, Monde, activite, domaine
from tests.mutualisation.atelier import begin, codes, describe, freeze, merge, now, retire, split

AtTime = Callable[[Any], datetime]


def url(name: str, edition: Catalogue, *args: int) -> str:
    return reverse(f"mutualisation:{name}", args=[edition.pk, *args])


def html_of(response: Any, status: int = 200) -> str:
    """The source of a page, typography undone."""
    assert response.status_code == status, response.content.decode()[:2000]
    text = response.content.decode()
    for fancy, simple in (("\u00a0", " "), ("\u202f", " "), ("’", "'"), ("<sup>er</sup>", "er")):
        text = text.replace(fancy, simple)
    return text


@pytest.fixture
def direction(client: Client, monde: Monde) -> Client:
    client.force_login(monde.direction)
    return client


class TestEditions:
    def test_preparing_the_next_one(self, direction: Client, monde: Monde):
        html = html_of(direction.get("/catalogue/editions/"))
        assert 'value="2029-01-01"' in html
        response = direction.post("/catalogue/editions/", {"effective_on": "2029-01-01"})
        draft = Catalogue.objects.get(epci=monde.epci, gele_at=None)
        assert response.url == url("edition", draft)
        assert "Rien encore depuis le catalogue 2020." in html_of(direction.get(response.url))
        assert "Préparer une édition" not in html_of(direction.get("/catalogue/editions/"))

    def test_each_says_where_it_stands_for_the_same_queries(self, direction: Client, monde: Monde):
        def count() -> int:
            with CaptureQueriesContext(connection) as queries:
                direction.get("/catalogue/editions/")
            return len(queries)

        count()
        few = count()
        for year in (2021, 2022, 2029):
            CatalogueFactory(epci=monde.epci, effective_on=date(year, 1, 1))
        begin(monde, date(2030, 1, 1))
        states = [etat[1] for _, etat in direction.get("/catalogue/editions/").context["editions"]]
        assert states == ["en préparation", "gelée, à venir", "en vigueur", "passée", "passée"]
        assert count() == few

    @pytest.mark.parametrize(
        ("typed", "phrase"),
        [
            ("", "Indiquez le premier jour."),
            ("2028-02-31", "Cette date n'existe pas."),
            ("2027-01-01", "Le 1er janvier 2027 est passé"),
            ("2019-01-01", "la suivante vient après"),
        ],
    )
    def test_a_wrong_day_is_told_at_the_field_and_stays(
        self, direction: Client, monde: Monde, typed: str, phrase: str
    ):
        html = html_of(direction.post("/catalogue/editions/", {"effective_on": typed, "x": ""}), 422)
        assert phrase in html
        assert 'id="id_effective_on_faute"' in html
        assert f'value="{typed}"' in html or not typed
        assert Catalogue.objects.filter(epci=monde.epci).count() == 1

    def test_a_second_draft_is_refused(self, direction: Client, monde: Monde):
        begin(monde)
        html = html_of(direction.post("/catalogue/editions/", {"effective_on": "2030-01-01"}), 422)
        assert "Une édition est déjà en préparation" in html

    def test_others_read_and_are_told_who_may(self, client: Client, monde: Monde):
        begin(monde)
        client.force_login(monde.a.dgs)
        html = html_of(client.get("/catalogue/editions/"))
        assert "en préparation" not in html
        assert "Seule la Direction des territoires prépare une édition du catalogue." in html
        assert "prépare une édition" in html_of(
            client.post("/catalogue/editions/", {"effective_on": "2029-01-01"}), 403
        )

    def test_an_administrateur_reads_the_draft_without_a_way_to_change_it(self, client: Client, monde: Monde):
        draft = begin(monde)
        client.force_login(monde.administrateur)
        html = html_of(client.get(url("edition", draft)))
        assert "Voirie" in html
        assert "Ajouter un domaine" not in html
        assert "Geler" not in html_of(client.get(url("edition_ecarts", draft)))

    def test_another_day_then_giving_up(self, direction: Client, monde: Monde):
        draft = begin(monde)
        sent = {"effective_on": "2030-01-01", "version": 1}
        assert direction.post(url("edition_jour", draft), sent).url == url("edition", draft)
        assert "mardi 1er janvier 2030" in html_of(direction.get(url("edition", draft)))
        assert "Ce qui a été préparé est perdu." in html_of(direction.get(url("edition_abandonner", draft)))
        assert direction.post(url("edition_abandonner", draft)).url == "/catalogue/editions/"
        assert not Catalogue.objects.filter(pk=draft.pk).exists()


class TestWorkshop:
    def test_adding_a_domain_and_an_activity(self, direction: Client, monde: Monde):
        draft = begin(monde)
        sent = {
            "version": 1,
            "code": "arc",
            "libelle": "Archives",
            "libelle_court": "Archives",
            "famille": "support",
            "rattachement": "central",
            "service_commun": "",
            "paiement": "habitant",
            "porteur": monde.a.commune.pk,
        }
        assert direction.post(url("domaine_nouveau", draft), sent).url == url("edition", draft)
        html = html_of(direction.get(url("edition", draft)))
        assert "« Archives » n'a aucune activité" in html
        assert "Porté par L'Haÿ-les-Roses." in html
        archives = domaine(monde.epci, "ARC")
        page = url("activite_nouvelle", draft, archives.pk)
        assert 'value="ARC-01"' in html_of(direction.get(page))
        direction.post(page, {"version": 2, "libelle": "Classement", "code": "ARC-01"})
        assert codes(draft, "ARC") == ["ARC-01"]
        assert "n'a aucune activité" not in html_of(direction.get(url("edition", draft)))

    @pytest.mark.parametrize(
        ("changes", "phrase"),
        [
            ({"libelle": "x" * 10_000}, "150 caractères"),
            ({"libelle": ""}, "Donnez un nom au domaine."),
            ({"libelle_court": "y" * 31}, "30 caractères"),
            ({"code": "DA"}, "Le code DA désigne déjà « Voirie »."),
            ({"libelle": "voirie"}, "Un autre domaine porte déjà ce nom."),
            ({"famille": "autre"}, "Choisissez dans la liste."),
            ({"porteur": "999999"}, "Choisissez dans la liste."),
        ],
    )
    def test_a_domain_refused_keeps_what_was_typed(
        self, direction: Client, monde: Monde, changes: dict[str, str], phrase: str
    ):
        draft = begin(monde)
        sent = {
            "version": 1,
            "code": "ARC",
            "libelle": "Archives",
            "libelle_court": "Archives",
            "famille": "support",
            "rattachement": "central",
            "service_commun": "Service des archives",
            "paiement": "ac",
        }
        html = html_of(direction.post(url("domaine_nouveau", draft), sent | changes), 422)
        assert phrase in html
        assert 'value="Service des archives"' in html
        assert draft.domaines.count() == 3

    def test_describing_and_a_circle_in_words(self, direction: Client, monde: Monde):
        draft = begin(monde)
        voirie, rh = domaine(monde.epci), domaine(monde.epci, "DB")
        sent = {
            "libelle": "Ressources humaines",
            "libelle_court": "RH",
            "famille": "support",
            "rattachement": "central",
            "service_commun": "",
            "paiement": "ac",
            "requis": [voirie.pk],
        }
        page = url("domaine", draft, rh.pk)
        assert direction.post(page, sent | {"version": 1}).url == page
        assert "Après : Voirie." in html_of(direction.get(url("edition", draft)))
        circle = sent | {"version": 2, "libelle": "Voies", "libelle_court": "Voies", "requis": [rh.pk]}
        html = html_of(direction.post(url("domaine", draft, voirie.pk), circle), 422)
        assert "« Voirie » demande « Ressources humaines », qui demande « Voirie »" in html.replace(
            "Voies", "Voirie"
        )
        assert 'value="Voies"' in html

    def test_renaming_moving_closing(self, direction: Client, monde: Monde):
        draft, first = begin(monde), activite(monde.epci)
        page = url("activite", draft, first.pk)
        moved = domaine(monde.epci, "DB")
        sent = {"version": 1, "libelle": "Chaussée", "domaine": moved.pk, "exclusion": "Centre de gestion."}
        assert direction.post(page, sent).url == url("domaine", draft, domaine(monde.epci).pk)
        assert "Chaussée" in html_of(direction.get(url("domaine", draft, moved.pk)))
        html = html_of(direction.get(url("edition_ecarts", draft)))
        assert "passe de « Voirie » à « Ressources humaines »" in html
        assert "n'est plus ouverte aux communes affiliées" in html
        assert "2 communes, 2 partages" in html

    def test_splitting_merging_retiring_and_putting_back(self, direction: Client, monde: Monde):
        draft = begin(monde)
        first, second = activite(monde.epci), activite(monde.epci, "DA-02")
        sent = {"version": 1, "libelles": "Chaussée\r\n\r\n Trottoirs \r\n"}
        direction.post(url("activite_scinder", draft, first.pk), sent)
        merged = {"version": 2, "libelle": "Murs et haies", "domaine": domaine(monde.epci).pk}
        chosen = {"activites": [], "ailleurs": [activite(monde.epci, "DC-01").pk]}
        direction.post(url("activite_fusionner", draft, second.pk), merged | chosen)
        third = activite(monde.epci, "DA-03")
        assert "Aucun partage n'est en cours ce jour-là." in html_of(
            direction.get(url("activite_retirer", draft, third.pk))
        )
        direction.post(url("activite_retirer", draft, third.pk))
        html = html_of(direction.get(url("edition_ecarts", draft)))
        assert "3 changements" in html
        assert "se scinde en « Chaussée » et « Trottoirs »" in html
        assert "fusionnent en « Murs et haies »" in html
        assert "(Voirie) n'est plus offerte." in html
        for known in (first, second, third):
            direction.post(url("activite_retablir", draft, known.pk))
        assert "Rien ne change" in html_of(direction.get(url("edition_ecarts", draft)))

    @pytest.mark.parametrize(
        ("name", "sent", "phrase", "kept"),
        [
            ("activite_scinder", {"libelles": "Seule"}, "au moins deux activités", "Seule"),
            ("activite_scinder", {"libelles": "A\n" + "b" * 10_000}, "200 caractères", "bbb"),
            ("activite_scinder", {"libelles": "\n".join(map(str, range(30)))}, "20 au plus", "29"),
            ("activite_fusionner", {"libelle": "Tout"}, "au moins une autre activité", 'value="Tout"'),
            ("activite", {"libelle": "Voirie, activité 2"}, "déjà une activité de ce nom", "activité 2"),
            ("activite", {"libelle": ""}, "Donnez un nom à l'activité.", ""),
        ],
    )
    def test_a_gesture_refused_keeps_what_was_typed(
        self, direction: Client, monde: Monde, name: str, sent: dict[str, str], phrase: str, kept: str
    ):
        draft, voirie = begin(monde), domaine(monde.epci)
        typed = {"version": 1, "domaine": voirie.pk, **sent}
        html = html_of(direction.post(url(name, draft, activite(monde.epci).pk), typed), 422)
        assert phrase in html
        assert kept in html
        assert codes(draft, "DA") == ["DA-01", "DA-02", "DA-03"]

    def test_a_code_taken_is_told_at_the_field(self, direction: Client, monde: Monde):
        draft = begin(monde)
        page = url("activite_nouvelle", draft, domaine(monde.epci).pk)
        html = html_of(direction.post(page, {"version": 1, "libelle": "Ponts", "code": "DB-01"}), 422)
        assert "Le code DB-01 désigne déjà « Ressources humaines, activité 1 »." in html
        assert 'id="id_code_faute"' in html

    def test_blocs(self, direction: Client, monde: Monde):
        draft, voirie = begin(monde), domaine(monde.epci)
        page, one, two = (
            url("bloc_nouveau", draft, voirie.pk),
            activite(monde.epci),
            activite(monde.epci, "DA-02"),
        )
        html = html_of(direction.post(page, {"version": 1, "nom": "Chaussée", "activites": [one.pk]}), 422)
        assert "Un bloc réunit au moins deux activités." in html
        direction.post(page, {"version": 1, "nom": "Chaussée", "activites": [one.pk, two.pk]})
        html = html_of(direction.get(url("domaine", draft, voirie.pk)))
        assert "Voirie, activité 1, Voirie, activité 2" in html
        assert "Elle fait partie d'un bloc" in html_of(direction.get(url("activite", draft, one.pk)))
        html = html_of(direction.get(url("activite_retirer", draft, one.pk)))
        assert "défaites d'abord ce bloc" in html and "Retirer l'activité" not in html
        response = direction.post(url("activite_retirer", draft, one.pk))
        assert "défaites d'abord ce bloc" in html_of(direction.get(response.url))
        direction.post(url("bloc_defaire", draft, draft.blocs.get().pk))
        assert not draft.blocs.exists()

    def test_places(self, direction: Client, monde: Monde):
        draft = begin(monde)
        direction.post(url("activite_place", draft, activite(monde.epci, "DA-03").pk), {"sens": "haut"})
        direction.post(url("domaine_place", draft, domaine(monde.epci, "DC").pk), {"sens": "haut"})
        assert codes(draft, "DA") == ["DA-01", "DA-03", "DA-02"]
        assert list(draft.domaines.order_by("ordre").values_list("domaine__code", flat=True)) == [
            "DA",
            "DC",
            "DB",
        ]

    def test_a_domain_retired_then_put_back(self, direction: Client, monde: Monde):
        draft, voirie = begin(monde), domaine(monde.epci)
        html = html_of(direction.get(url("domaine_retirer", draft, voirie.pk)))
        assert "Retirer le domaine « Voirie »" in html
        assert "2 partages finissent ce jour-là, dans 2 communes : L'Haÿ-les-Roses, Œuilly." in html
        assert "3 référents ou responsables n'ont plus rien à suivre dans ce domaine." in html
        direction.post(url("domaine_retirer", draft, voirie.pk))
        assert direction.get(url("domaine", draft, voirie.pk)).status_code == 404
        direction.post(url("domaine_retablir", draft, voirie.pk))
        assert direction.get(url("domaine", draft, voirie.pk)).status_code == 200

    def test_a_domain_that_others_demand_says_it_before(self, direction: Client, monde: Monde):
        draft = begin(monde)
        describe(draft, "DB", monde.direction, requis=("DA",))
        html = html_of(direction.get(url("domaine_retirer", draft, domaine(monde.epci).pk)))
        assert "« Ressources humaines » demande « Voirie » : retirez d'abord ce prérequis." in html
        assert "confirmer" not in html

    def test_what_retiring_an_activity_ends_is_said_before(self, direction: Client, monde: Monde):
        draft = begin(monde)
        html = html_of(direction.get(url("activite_retirer", draft, activite(monde.epci).pk)))
        assert "2 partages finissent ce jour-là, dans 2 communes : L'Haÿ-les-Roses, Œuilly." in html

    def test_two_people_on_the_same_activity(self, direction: Client, monde: Monde):
        draft, first = begin(monde), activite(monde.epci)
        change_activite(
            catalogue=draft,
            activite=first,
            libelle="Chaussée",
            domaine=domaine(monde.epci),
            exclusion="",
            acteur=monde.direction,
            version=1,
        )
        sent = {"version": 1, "libelle": "Routes", "domaine": domaine(monde.epci).pk, "exclusion": ""}
        html = html_of(direction.post(url("activite", draft, first.pk), sent), 409)
        assert "« Voirie, activité 1 » renommée « Chaussée »" in html
        assert 'value="Routes"' in html
        assert 'name="version" value="2"' in html
        assert direction.post(url("activite", draft, first.pk), sent | {"version": 2}).status_code == 302

    def test_what_is_elsewhere_does_not_exist(self, direction: Client, monde: Monde):
        draft = begin(monde)
        foreign, frozen = activite(monde.epci_voisin), Catalogue.objects.frozen(monde.epci).get()
        for path in (
            url("activite", draft, foreign.pk),
            url("domaine", draft, domaine(monde.epci_voisin).pk),
            url("edition", Catalogue.objects.frozen(monde.epci_voisin).get()),
        ):
            assert direction.get(path).status_code == 404
        assert direction.post(url("activite_retablir", draft, foreign.pk)).status_code == 404
        assert "Une édition gelée ne change plus" in html_of(
            direction.get(url("activite", frozen, activite(monde.epci).pk)), 403
        )


class TestFreezing:
    def test_who_is_touched_then_freezing(self, direction: Client, monde: Monde):
        draft = begin(monde)
        split(draft, monde.direction, "DA-01", "Chaussée", "Trottoirs")
        html = html_of(direction.get(url("edition_ecarts", draft)))
        assert "Ce qui change depuis le catalogue 2020" in html
        assert "L'Haÿ-les-Roses, Œuilly" in html
        direction.post(url("edition_geler", draft), {"version": now(draft)})
        html = html_of(direction.get(url("edition_ecarts", draft)))
        assert "Il s'appliquera de lui-même le 1er janvier 2029." in html
        assert "Geler l'édition" not in html
        assert "Rétablir" not in html

    def test_frozen_as_it_was_read(self, direction: Client, monde: Monde):
        draft = begin(monde)
        retire(draft, monde.direction, "DA-03")
        response = direction.post(url("edition_geler", draft), {"version": 1})
        assert "a modifié cette page entre-temps" in html_of(direction.get(response.url))
        draft.refresh_from_db()
        assert not draft.gele

    def test_what_is_missing_stands_instead_of_the_button(self, direction: Client, monde: Monde):
        draft = begin(monde)
        for code in ("DC-01", "DC-02", "DC-03"):
            retire(draft, monde.direction, code)
        html = html_of(direction.get(url("edition_ecarts", draft)))
        assert "« Espaces verts » n'a aucune activité" in html
        assert "Geler l'édition" not in html
        direction.post(url("edition_geler", draft), {"version": now(draft)})
        draft.refresh_from_db()
        assert not draft.gele

    def test_a_draft_not_ready_is_told_when_its_cycle_opens(self, direction: Client, monde: Monde):
        draft = begin(monde)
        for code in ("DC-01", "DC-02", "DC-03"):
            retire(draft, monde.direction, code)
        response = direction.post(reverse("mutualisation:cycle_ouvrir", args=[monde.cycle_futur.pk]))
        assert "Le cycle n'est pas ouvert." in html_of(direction.get(response.url))

    def test_everyone_reads_what_will_change_but_not_whom_it_touches(self, client: Client, monde: Monde):
        draft = begin(monde)
        split(draft, monde.direction, "DA-01", "Chaussée", "Trottoirs")
        client.force_login(monde.a.dgs)
        assert client.get(url("edition_ecarts", draft)).status_code == 404
        freeze(draft, monde.direction)
        html = html_of(client.get(url("edition_ecarts", draft)))
        assert "se scinde en « Chaussée » et « Trottoirs »" in html
        assert "Œuilly" not in html
        assert "Le catalogue change le 1er janvier 2029" in html_of(client.get("/catalogue/"))
        assert "Trottoirs" in html_of(client.get(url("edition", draft)))

    def test_queries_do_not_grow_with_the_changes(self, direction: Client, monde: Monde):
        draft = begin(monde)
        retire(draft, monde.direction, "DA-01")
        merge(draft, monde.direction, "Tout", "DB-01", "DB-02")
        counts = []
        for _ in range(2):
            with CaptureQueriesContext(connection) as seen:
                direction.get(url("edition_ecarts", draft))
            counts.append(len(seen))
            if len(counts) < 2:
                retire(draft, monde.direction, "DA-02")
        assert counts[1] <= counts[0]


class TestPublicCatalogue:
    def test_rules_are_read_by_everyone(
        self, direction: Client, client: Client, monde: Monde, at_time: AtTime
    ):
        draft, voirie, rh = begin(monde), domaine(monde.epci), domaine(monde.epci, "DB")
        one, two = activite(monde.epci), activite(monde.epci, "DA-02")
        sent = {"version": 1, "nom": "Chaussée", "activites": [one.pk, two.pk]}
        direction.post(url("bloc_nouveau", draft, voirie.pk), sent)
        described = {
            "version": 2,
            "libelle": "Ressources humaines",
            "libelle_court": "RH",
            "famille": "support",
            "rattachement": "central",
            "service_commun": "",
            "paiement": "acte",
            "porteur": monde.b.commune.pk,
            "requis": [voirie.pk],
        }
        direction.post(url("domaine", draft, rh.pk), described)
        closed = {"version": 3, "libelle": "Paie", "domaine": rh.pk, "exclusion": "Assurée par le centre."}
        direction.post(url("activite", draft, activite(monde.epci, "DB-01").pk), closed)
        freeze(draft, monde.direction)
        at_time("2029-01-02")
        client.force_login(monde.a.dgs)
        html = html_of(client.get("/catalogue/"))
        assert "Bloc : Chaussée" in html
        assert "se prennent ensemble : Voirie, activité 1, Voirie, activité 2." in html
        assert "À partager d'abord</dt><dd>Voirie" in html
        assert "Fermée aux communes affiliées au centre de gestion : Assurée par le centre." in html
        assert "<dt>Porté par</dt><dd>Œuilly" in html
        assert "Refacturation à l'acte" in html
        assert "Ce qui a changé depuis le catalogue 2020" in html

    def test_exports(self, direction: Client, monde: Monde):
        monde.domaine.versions.update(service_commun="=1+1")
        sheet = load_workbook(BytesIO(direction.get("/catalogue/?format=xlsx").content)).active
        rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
        assert len(rows) == 10
        assert rows[0][8:10] == ["Code", "Activité"]
        assert rows[1][1:4] == ["DA", "Voirie", "'=1+1"]
        assert direction.get("/catalogue/?format=ods").content[:2] == b"PK"
        text = direction.get("/catalogue/?format=csv").content.decode("utf-8-sig")
        assert len(text.strip().splitlines()) == 10
        assert "catalogue-2020-01-01.csv" in direction.get("/catalogue/?format=csv")["Content-Disposition"]

    def test_a_past_edition_says_so(self, direction: Client, monde: Monde, at_time: AtTime):
        first = Catalogue.objects.frozen(monde.epci).get()
        freeze(begin(monde, date(2028, 1, 1)), monde.direction)
        at_time("2028-02-01")
        assert "Édition passée" in html_of(direction.get(url("edition", first)))
