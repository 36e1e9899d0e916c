"""Conventions de services communs and avenants: created, dated, filed; what is missing is said and never blocks."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from journal.models import Evenement
from mutualisation.models import Convention, ConventionPiece
from mutualisation.workflows.convention import (
    file_piece,
    follow_convention,
    next_rank,
    prepare_conventions,
    withdraw_piece,
)
from socle.droits import ActionInterdite
from socle.erreurs import Conflit, Refus
from tests.concurrence import failures, together
from tests.factories import ConventionFactory, Monde, build_world
from tests.mutualisation.dossier import pdf
from tests.mutualisation.gestes import accept, one_ready_line
from tests.mutualisation.test_declaration import text_of

AtTime = Callable[[Any], datetime]
APPROUVEE, SIGNEE, TRANSMISE = date(2027, 11, 26), date(2027, 12, 10), date(2027, 12, 14)


@pytest.fixture
def accepted(monde: Monde, at_time: AtTime) -> None:
    """A and B each have an accepted line; it is 15 December."""
    for cote in (monde.a, monde.b):
        accept(one_ready_line(cote.declaration, cote.dgs), monde.direction)
    at_time("2027-12-15")


@pytest.fixture
def convention(monde: Monde, at_time: AtTime) -> Convention:
    at_time("2027-12-15")
    return ConventionFactory(cycle=monde.cycle, commune=monde.a.commune)


def follow(monde: Monde, convention: Convention, **changes: Any) -> Convention:
    values: dict[str, Any] = {
        "acteur": monde.direction,
        "version": convention.version,
        "numero": "",
        "approuvee_on": None,
        "signee_on": None,
        "transmise_on": None,
    }
    return follow_convention(convention=convention, **values | changes)


class TestPreparer:
    def test_one_for_each_commune_with_an_accepted_line(self, monde: Monde, accepted: None):
        created = prepare_conventions(cycle=monde.cycle, acteur=monde.direction)
        assert [(one.commune, one.rang) for one in created] == [(monde.a.commune, 0), (monde.b.commune, 0)]
        assert prepare_conventions(cycle=monde.cycle, acteur=monde.direction) == []
        assert Evenement.objects.filter(type="convention.creee").count() == 2

    def test_then_an_avenant(self, monde: Monde, accepted: None):
        ConventionFactory(cycle=monde.cycle_passe, commune=monde.a.commune)
        first, second = prepare_conventions(cycle=monde.cycle, acteur=monde.direction)
        assert (first.rang, first.titre) == (1, "Avenant n° 1 à la convention de services communs")
        assert (second.rang, second.titre) == (0, "Convention de services communs")
        assert next_rank(monde.epci, monde.a.commune) == 2

    def test_nothing_accepted_nothing_created(self, monde: Monde):
        assert prepare_conventions(cycle=monde.cycle, acteur=monde.direction) == []

    def test_only_the_direction(self, monde: Monde, accepted: None):
        with pytest.raises(ActionInterdite, match="Seule la Direction"):
            prepare_conventions(cycle=monde.cycle, acteur=monde.a.dgs)


@pytest.mark.django_db(transaction=True)
def test_two_people_create_them_in_the_same_second(at_time: AtTime):
    """The constraint keeps one a commune; without its savepoint the second would fail aloud."""
    at_time("2027-02-10 10:00")
    monde = build_world()
    for cote in (monde.a, monde.b):
        accept(one_ready_line(cote.declaration, cote.dgs), monde.direction)

    def create() -> list[Convention]:
        return prepare_conventions(cycle=monde.cycle, acteur=monde.direction)

    results = together(create, create)
    assert failures(results) == []
    assert Convention.objects.filter(cycle=monde.cycle).count() == 2


class TestSuivre:
    def test_its_state_follows_its_dates(self, monde: Monde, convention: Convention):
        states = [convention.etat]
        dates: dict[str, date] = {}
        for name, day in (("approuvee_on", APPROUVEE), ("signee_on", SIGNEE), ("transmise_on", TRANSMISE)):
            dates[name] = day
            convention = follow(monde, convention, **dates)
            states.append(convention.etat)
        assert [str(etat) for etat in states] == ["projet", "approuvee", "signee", "transmise"]
        for etat in Convention.Etat:
            assert Convention.objects.in_state(etat).exists() == (etat == Convention.Etat.TRANSMISE)

    def test_a_date_taken_back_is_a_correction_that_stays_in_the_history(
        self, monde: Monde, convention: Convention
    ):
        convention = follow(monde, convention, approuvee_on=APPROUVEE)
        convention = follow(monde, convention)
        assert convention.etat == Convention.Etat.PROJET
        detail = Evenement.objects.filter(type="convention.suivie").order_by("pk").last().detail.contenu
        assert (detail["avant"]["approuvee_on"], detail["apres"]["approuvee_on"]) == ("2027-11-26", "")

    def test_the_same_again_changes_nothing(self, monde: Monde, convention: Convention):
        again = follow(monde, follow(monde, convention, numero="12"), numero="12")
        assert (again.version, Evenement.objects.filter(type="convention.suivie").count()) == (2, 1)

    @pytest.mark.parametrize(
        ("dates", "sentence", "field"),
        [
            ({"signee_on": SIGNEE}, "approuvée, puis signée", "signee_on"),
            ({"approuvee_on": SIGNEE, "signee_on": APPROUVEE}, "approuvée, puis signée", "signee_on"),
            (
                {"approuvee_on": APPROUVEE, "transmise_on": TRANSMISE},
                "approuvée, puis signée",
                "transmise_on",
            ),
            ({"approuvee_on": date(2027, 12, 16)}, "à venir", "approuvee_on"),
            ({"approuvee_on": date(2017, 11, 26)}, "Vérifiez l'année", "approuvee_on"),
        ],
    )
    def test_dates_that_cannot_be(
        self, monde: Monde, convention: Convention, dates: dict[str, date], sentence: str, field: str
    ):
        with pytest.raises(Refus, match=sentence) as caught:
            follow(monde, convention, **dates)
        assert caught.value.field == field
        assert Convention.objects.get(pk=convention.pk).version == 1

    def test_somebody_faster_and_somebody_else(self, monde: Monde, convention: Convention):
        follow(monde, convention, numero="1")
        with pytest.raises(Conflit, match="a modifié cette page"):
            follow(monde, convention, version=1, numero="2")
        with pytest.raises(ActionInterdite, match="Seule la Direction"):
            follow(monde, convention, acteur=monde.a.dgs, version=2)

    def test_without_the_opinions_it_is_approved_all_the_same(self, monde: Monde, convention: Convention):
        assert follow(monde, convention, approuvee_on=APPROUVEE).etat == Convention.Etat.APPROUVEE


class TestFichiers:
    def test_filed_then_withdrawn_with_its_trace(self, monde: Monde, convention: Convention):
        filed = file_piece(
            convention=convention,
            acteur=monde.direction,
            nature=ConventionPiece.Nature.FICHE_IMPACT,
            fichier=pdf("fiche.pdf"),
        )
        withdraw_piece(piece=filed, acteur=monde.direction)
        withdraw_piece(piece=filed, acteur=monde.direction)
        events = Evenement.objects.about(convention).order_by("pk").values_list("type", "libelle")
        assert [kind for kind, _ in events] == ["convention.piece_versee", "convention.piece_retiree"]
        assert "fichier versé (fiche d'impact), fiche.pdf" in events[0][1]

    def test_only_the_direction(self, monde: Monde, convention: Convention):
        with pytest.raises(ActionInterdite):
            file_piece(convention=convention, acteur=monde.a.dgs, nature="texte", fichier=pdf())
        filed = file_piece(convention=convention, acteur=monde.direction, nature="texte", fichier=pdf())
        with pytest.raises(ActionInterdite):
            withdraw_piece(piece=filed, acteur=monde.a.dgs)


class TestPages:
    def url(self, convention: Convention, name: str = "convention") -> str:
        return reverse(f"mutualisation:{name}", args=[convention.pk])

    def test_created_from_the_board(self, monde: Monde, accepted: None, client: Any):
        client.force_login(monde.direction)
        url = reverse("mutualisation:conventions_preparer", args=[monde.cycle.pk])
        assert "2 suivis de convention ouverts pour 2028." in text_of(client.post(url, follow=True))
        assert "a déjà son suivi" in text_of(client.post(url, follow=True))

    def test_what_is_missing_is_said_in_words(self, monde: Monde, accepted: None, client: Any):
        prepare_conventions(cycle=monde.cycle, acteur=monde.direction)
        convention = Convention.objects.get(cycle=monde.cycle, commune=monde.a.commune)
        client.force_login(monde.direction)
        follow(monde, convention, approuvee_on=APPROUVEE)
        assert client.get(self.url(convention)).context["alertes"] == [
            "Le texte signé n'est pas au dossier.",
            "La fiche d'impact n'est pas au dossier.",
            "L'accord avec le personnel n'est pas au dossier.",
            "L'avis du comité social territorial de la commune n'est pas enregistré : il est rendu avant les délibérations.",
            "L'avis du comité social territorial de l'EPCI n'est pas enregistré : il est rendu avant les délibérations.",
            "Les délibérations des deux assemblées ne sont pas toutes enregistrées.",
        ]

    def test_the_page_files_and_dates(self, monde: Monde, convention: Convention, client: Any):
        client.force_login(monde.direction)
        data = {"piece-nature": "texte", "piece-fichier": pdf("signé.pdf")}
        response = client.post(self.url(convention, "convention_piece_nouvelle"), data, follow=True)
        assert "signé.pdf" in text_of(response)
        assert "Le texte signé n'est pas au dossier." not in response.context["alertes"]
        form = {"version": 1, "numero": "2027-C", "approuvee_on": "2027-11-26"}
        response = client.post(self.url(convention), form, follow=True)
        assert "Approuvée, à signer" in text_of(response)

    def test_no_file_is_a_sentence(self, monde: Monde, convention: Convention, client: Any):
        client.force_login(monde.direction)
        url = self.url(convention, "convention_piece_nouvelle")
        response = client.post(url, {"piece-nature": "texte"})
        assert response.status_code == 422 and "Choisissez le fichier." in text_of(response)

    def test_dates_out_of_order_stay_on_the_page(self, monde: Monde, convention: Convention, client: Any):
        client.force_login(monde.direction)
        data = {"version": 1, "signee_on": "2027-12-10", "numero": "gardé"}
        response = client.post(self.url(convention), data)
        assert response.status_code == 422
        assert 'value="2027-12-10"' in text_of(response) and 'value="gardé"' in text_of(response)

    def test_withdrawn_after_a_question(self, monde: Monde, convention: Convention, client: Any):
        filed = file_piece(convention=convention, acteur=monde.direction, nature="texte", fichier=pdf())
        client.force_login(monde.direction)
        url = reverse("mutualisation:convention_piece_retirer", args=[filed.pk])
        assert "Retirer ce fichier" in text_of(client.get(url))
        client.post(url, {"confirmer": "oui"})
        assert not convention.pieces.exists()

    def test_a_commune_reads_its_own_only(self, monde: Monde, convention: Convention, client: Any):
        file_piece(convention=convention, acteur=monde.direction, nature="texte", fichier=pdf())
        client.force_login(monde.a.dgs)
        page = client.get(self.url(convention))
        assert "Seule la Direction" in text_of(page) and "Verser au dossier" not in text_of(page)
        (piece,) = convention.pieces.all()
        file_url = reverse("mutualisation:convention_piece", args=[piece.pk])
        assert client.get(file_url).content.startswith(b"%PDF-")
        client.force_login(monde.b.dgs)
        assert client.get(file_url).status_code == 404
        assert client.get(reverse("mutualisation:conventions")).context["page"].paginator.count == 0

    def test_filtered_and_exported(self, monde: Monde, convention: Convention, client: Any):
        ConventionFactory(cycle=monde.cycle, commune=monde.b.commune)
        follow(monde, convention, approuvee_on=APPROUVEE, numero="12")
        client.force_login(monde.direction)
        url = reverse("mutualisation:conventions")

        def found(**query: Any) -> list[str]:
            return [row.commune.nom for row in client.get(url, query).context["page"]]

        assert found() == ["L'Haÿ-les-Roses", "Œuilly"]
        assert found(etat="approuvee") == ["L'Haÿ-les-Roses"]
        assert found(etat="projet", cycle=monde.cycle.pk) == ["Œuilly"]
        assert found(q="oeui") == ["Œuilly"]
        assert found(pole=monde.epci.poles.get(nom="Pôle Nord").pk) == ["L'Haÿ-les-Roses"]
        rows = (
            client.get(url, {"etat": "approuvee", "format": "csv"}).content.decode("utf-8-sig").splitlines()
        )
        assert rows[1].endswith("Convention de services communs;2028;12;Approuvée, à signer;2027-11-26;;;0")
        assert client.get(url, {"format": "xlsx"}).content.startswith(b"PK")

    def test_the_number_of_queries_does_not_depend_on_the_data(
        self, monde: Monde, convention: Convention, client: Any
    ):
        client.force_login(monde.direction)
        counts = []
        for commune in (None, monde.b.commune):
            if commune:
                other = ConventionFactory(cycle=monde.cycle, commune=commune)
                file_piece(convention=other, acteur=monde.direction, nature="texte", fichier=pdf())
            with CaptureQueriesContext(connection) as queries:
                client.get(reverse("mutualisation:conventions"))
            counts.append(len(queries))
        assert counts[0] == counts[1]
