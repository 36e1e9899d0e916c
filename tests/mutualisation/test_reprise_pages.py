"""The pages that take over what exists: what they show, what they keep, what they hand out."""

import io
from datetime import date
from typing import Any

import pytest
from django.test import Client
from openpyxl import load_workbook

from journal.workflows.tache import run_due
from mutualisation.models import Adhesion, Reprise
from mutualisation.workflows import reprise as module
from tests.factories import Monde
from tests.mutualisation.feuilles import Type, book, deposited, taken_over, upload

pytestmark = pytest.mark.django_db
HAY, DA2, D2016 = "L'Haÿ-les-Roses", "DA-02", date(2016, 1, 1)
LIST = "/reprise/"


def send(client: Client, octets: bytes, type: str = Type.ADHESIONS, nom: str = "feuille.xlsx") -> Any:
    return client.post(LIST, {"type": type, f"{type}-fichier": upload(octets, nom)}, follow=True)


def shown(response: Any) -> str:
    """What a page says, with plain spaces and apostrophes."""
    text: str = response.content.decode()
    for fancy, plain in (("\u00a0", " "), ("\u202f", " "), ("’", "'"), ("<sup>er</sup>", "er")):
        text = text.replace(fancy, plain)
    return text


@pytest.fixture
def direction(client: Client, monde: Monde) -> Client:
    client.force_login(monde.direction)
    return client


class TestDepositing:
    def test_a_right_sheet_says_what_would_be_written_then_writes_it(self, direction: Client, monde: Monde):
        page = send(direction, book(Type.ADHESIONS, [HAY, DA2, D2016], [HAY, "DA-01", "01/01/2020"]))
        text = shown(page)
        assert page.status_code == 200
        assert "ligne à écrire : 1 commune et 1 activité" in text
        assert "déjà enregistrée, laissée telle" in text
        assert "Reprendre cette ligne" in text
        reprise = Reprise.objects.get()
        done = direction.post(f"/reprise/{reprise.pk}/confirmer/", follow=True)
        assert "1 ligne est reprise." in shown(done)
        assert "Annuler cette reprise" in shown(done)
        assert monde.a.commune.adhesions.filter(activite__code="DA-02").exists()

    def test_a_wrong_sheet_shows_each_fault_and_no_button(self, direction: Client):
        text = shown(send(direction, book(Type.ADHESIONS, ["Nulle part", DA2, "1 234,5"])))
        assert "Rien n'est repris : la feuille est à corriger" in text
        assert "2 points à corriger" in text
        assert "Aucune commune de l'EPCI ne s'appelle « Nulle part »." in text
        assert "Reprendre" not in text.replace("Reprise", "")

    def test_the_faults_go_back_to_the_spreadsheet(self, direction: Client):
        send(direction, book(Type.ADHESIONS, ["=B2", DA2, D2016]))
        answer = direction.get(f"/reprise/{Reprise.objects.get().pk}/?format=csv")
        assert answer["Content-Type"].startswith("text/csv")
        assert "2;Commune;Cette formule n'a pas de valeur" in answer.content.decode("utf-8-sig")
        for extension in ("xlsx", "ods"):
            assert (
                direction.get(f"/reprise/{Reprise.objects.get().pk}/?format={extension}").content[:2] == b"PK"
            )

    @pytest.mark.parametrize(
        ("octets", "sentence"),
        [
            (b"", "vide"),
            (b"%PDF-1.7", "ni un XLSX ni un CSV"),
            (b"PK\x03\x04", "pas un XLSX"),
            (b"\xd0\xcf\x11\xe0", "au format XLS"),
            (b"a;b\n1;2", "titres des colonnes sont introuvables"),
        ],
    )
    def test_what_is_no_sheet_is_refused_at_the_field(self, direction: Client, octets: bytes, sentence: str):
        page = send(direction, octets)
        assert page.status_code == 422
        assert sentence in shown(page)
        assert 'id="id_adhesions-fichier_faute"' in shown(page)
        assert not Reprise.objects.exists()

    def test_without_a_file(self, direction: Client):
        page = direction.post(LIST, {"type": "adhesions"})
        assert (page.status_code, "Choisissez le fichier" in shown(page)) == (422, True)

    def test_a_kind_that_does_not_exist_or_is_not_hers(self, direction: Client):
        assert direction.post(LIST, {"type": "chats"}).status_code == 404
        page = direction.post(LIST, {"type": "personnes"})
        assert page.status_code == 403
        assert "L'administrateur reprend les personnes" in shown(page)

    def test_the_file_comes_back_as_it_was(self, direction: Client):
        octets = book(Type.ADHESIONS, [HAY, DA2, D2016])
        send(direction, octets, nom="Mes adhésions.xlsx")
        answer = direction.get(f"/reprise/{Reprise.objects.get().pk}/fichier/")
        assert answer.content == octets
        assert answer["Content-Disposition"].startswith("attachment")


class TestList:
    def test_each_hat_has_its_sheets(self, client: Client, monde: Monde):
        for who, types in (
            (monde.direction, {"sieges", "adhesions"}),
            (monde.administrateur, {"personnes", "adhesions"}),
        ):
            client.force_login(who)
            text = shown(client.get(LIST))
            assert {t for t in Type.values if f'value="{t}"' in text} == types
            assert "Se reprend par" in text

    def test_its_states(self, direction: Client, monde: Monde):
        deposited(Type.ADHESIONS, monde.epci, monde.direction, ["Nulle part", DA2, D2016])
        taken_over(Type.ADHESIONS, monde.epci, monde.direction, [HAY, DA2, D2016])
        deposited(Type.ADHESIONS, monde.epci, monde.direction, [HAY, DA2, D2016])
        deposited(Type.ADHESIONS, monde.epci, monde.direction, [HAY, "DA-03", D2016])
        text = shown(direction.get(LIST))
        for word in ("à corriger", "écrite", "rien de nouveau", "à confirmer"):
            assert f">{word}<" in text

    def test_a_hundred_sheets_cost_the_queries_of_one(
        self, direction: Client, monde: Monde, django_assert_num_queries: Any
    ):
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        deposited(Type.ADHESIONS, monde.epci, monde.direction, [HAY, DA2, D2016])
        with CaptureQueriesContext(connection) as one:
            direction.get(LIST)
        for _ in range(4):
            deposited(Type.ADHESIONS, monde.epci, monde.direction, [HAY, DA2, D2016])
        with django_assert_num_queries(len(one)):
            direction.get(LIST)


class TestModels:
    @pytest.mark.parametrize("asked", ["", "?format=csv", "?existant=1", "?existant=1&format=csv"])
    def test_they_are_handed_out(self, direction: Client, asked: str):
        answer = direction.get(f"/reprise/modele/adhesions/{asked}")
        assert answer.status_code == 200
        assert answer["Content-Disposition"].startswith("attachment")
        body = answer.content
        if "csv" not in asked:
            sheet: Any = load_workbook(io.BytesIO(body))["À remplir"]
            body = "|".join(str(cell.value) for row in sheet.iter_rows() for cell in row).encode()
        assert ("EXEMPLE" in body.decode()) == ("existant" not in asked)

    def test_not_those_of_others(self, direction: Client):
        assert direction.get("/reprise/modele/personnes/?existant=1").status_code == 403
        assert direction.get("/reprise/modele/chats/").status_code == 404


class TestJob:
    def test_the_page_says_where_it_stands(
        self, direction: Client, monde: Monde, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr(module, "D_UN_COUP", 1)
        rows = [[name, DA2, D2016] for name in (HAY, "Œuilly")]
        reprise = deposited(Type.ADHESIONS, monde.epci, monde.direction, *rows)
        url = f"/reprise/{reprise.pk}/"
        assert "L'écriture va commencer." in shown(direction.post(f"{url}confirmer/", follow=True))
        with monkeypatch.context() as patch:
            patch.setattr(module, "finish", _die)
            run_due()
        assert "2 lignes écrites sur 2" in shown(direction.get(url))
        assert direction.get(f"{url}annuler/").status_code == 403

    def test_what_changed_since_is_told(self, direction: Client, monde: Monde):
        reprise = deposited(Type.ADHESIONS, monde.epci, monde.direction, [HAY, DA2, D2016])
        taken_over(Type.ADHESIONS, monde.epci, monde.direction, [HAY, DA2, "2015-01-01"])
        text = shown(direction.post(f"/reprise/{reprise.pk}/confirmer/", follow=True))
        assert "depuis la vérification, ce qui est enregistré a changé" in text
        assert "déjà enregistrée comme partagée à compter du 1er janvier 2015" in text


def _die(**kwargs: Any) -> None:
    raise RuntimeError


class TestInviting:
    def test_the_button_goes_once_pressed(self, client: Client, monde: Monde):
        client.force_login(monde.administrateur)
        row = ("Durand", "Zoé", "zoe@exemple.fr", "", "", "agent")
        reprise = taken_over(Type.PERSONNES, monde.epci, monde.administrateur, row)
        page = shown(client.get(f"/reprise/{reprise.pk}/"))
        assert "1 compte ouvert par cette feuille n'a pas encore été invité." in page
        page = shown(client.post(f"/reprise/{reprise.pk}/inviter/", follow=True))
        assert "1 invitation envoyée par courriel." in page
        assert "Envoyer les invitations" not in page


class TestUndoing:
    def test_it_says_what_goes_and_what_stays_before(self, direction: Client, monde: Monde):
        rows = [[name, DA2, D2016] for name in (HAY, "Œuilly")]
        reprise = taken_over(Type.ADHESIONS, monde.epci, monde.direction, *rows)
        Adhesion.objects.filter(reprise=reprise, commune=monde.a.commune).update(fin=date(2021, 1, 1))
        url = f"/reprise/{reprise.pk}/annuler/"
        text = shown(direction.get(url))
        assert "<b>1 adhésion</b>" in text
        assert f"{HAY} – Voirie, activité 2 : a changé depuis la reprise." in text
        text = shown(direction.post(url, follow=True))
        assert "1 ligne est retirée ; 1 ligne reste, avec la raison ci-dessous." in text
        assert "Ce qui reste, et pourquoi" in text

    def test_nothing_left_to_remove(self, direction: Client, monde: Monde):
        reprise = taken_over(Type.ADHESIONS, monde.epci, monde.direction, [HAY, DA2, D2016])
        Adhesion.objects.filter(reprise=reprise).delete()
        assert "Plus rien de ce que cette feuille a écrit" in shown(
            direction.get(f"/reprise/{reprise.pk}/annuler/")
        )
