"""The pages of lots: choose, see what will happen, launch, follow, cancel, take up again."""

import re
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from contrats.models import LotContrats, VersionContrat
from contrats.workflows import circuit
from contrats.workflows.lot import run_lot
from journal.models import Evenement
from journal.workflows.tache import run_due
from tests.contrats.gestes import move
from tests.contrats.lots import Acte, again, done, job, launched, results, states, three, to_vote
from tests.contrats.test_archive import issue
from tests.factories import LigneLotFactory, LotContratsFactory, Monde, member_commune
from tests.mutualisation.test_declaration import text_of

pytestmark = pytest.mark.django_db
NEW = "/contrats/lots/nouveau/"


def boxes(html: str) -> dict[str, bool]:
    """The boxes of the page: what each sends, and whether it is ticked."""
    found = re.findall(r'name="contrats" value="(\d+:\d+)"[^>]*?( checked)?>', html)
    return {value: bool(ticked) for value, ticked in found}


def sent(monde: Monde, **more: Any) -> dict[str, Any]:
    return {"acte": "relecture", "effet": "2028-01-01", "cle": str(uuid4())} | more


class TestNew:
    def test_everything_that_can_be_done_is_ticked(self, client: Client, monde: Monde):
        three(monde)
        done(monde, Acte.RELECTURE, monde.b.commune)
        client.force_login(monde.direction)
        page = client.get(NEW, {"acte": "relecture", "effet": "2028-01-01"})
        assert list(boxes(page.content.decode()).values()) == [True, True]
        assert "Le contrat est « en relecture »." in text_of(page)
        assert "2 contrats peuvent l'être sur 3, 2 cochés" in text_of(page)
        page = client.get(NEW, {"acte": "relecture", "effet": "2028-01-01", "cocher": "rien"})
        assert list(boxes(page.content.decode()).values()) == [False, False]

    def test_the_drafts_of_next_year_at_first(self, client: Client, monde: Monde):
        client.force_login(monde.direction)
        text = text_of(client.get(NEW))
        assert "Préparer ou mettre à jour les projets : ce qui se passera" in text
        assert "Le projet est à jour" in text

    def test_launched_on_those_ticked_only(self, client: Client, monde: Monde):
        three(monde)
        client.force_login(monde.direction)
        html = client.get(NEW, {"acte": "relecture", "effet": "2028-01-01"}).content.decode()
        chosen = list(boxes(html))[:2]
        response = client.post(NEW, sent(monde, contrats=chosen), follow=True)
        lot = LotContrats.objects.get()
        assert response.redirect_chain == [(reverse("contrats:lot", args=[lot.pk]), 302)]
        assert "0 sur 2 contrats traités" in text_of(response)
        run_due()
        assert states(monde) == ["en_relecture", "en_relecture", "projet"]
        assert "2 faits." in text_of(client.get(reverse("contrats:lot", args=[lot.pk])))

    def test_two_presses_are_one_lot(self, client: Client, monde: Monde):
        three(monde)
        client.force_login(monde.direction)
        html = client.get(NEW, {"acte": "relecture", "effet": "2028-01-01"}).content.decode()
        data = sent(monde, contrats=list(boxes(html)), cle=re.findall(r'name="cle" value="([^"]+)"', html)[0])
        first, second = client.post(NEW, data), client.post(NEW, data)
        assert first.url == second.url
        assert LotContrats.objects.count() == 1

    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            ({}, "Cochez au moins un contrat."),
            ({"contrats": ["x", "9" * 40, ":", "²:1"]}, "Cochez au moins un contrat."),
            ({"acte": "signer"}, "Sélectionnez un choix valide"),
            ({"effet": "2028-02-30"}, "Sélectionnez un choix valide"),
        ],
    )
    def test_bad_input_is_told_and_nothing_is_launched(
        self, client: Client, monde: Monde, change: dict[str, Any], sentence: str
    ):
        three(monde)
        client.force_login(monde.direction)
        response = client.post(NEW, sent(monde) | change)
        assert response.status_code == 422
        assert sentence in text_of(response)
        assert not LotContrats.objects.exists()

    def test_what_was_ticked_stays_when_another_lot_runs(self, client: Client, monde: Monde):
        three(monde)
        launched(monde, Acte.PREPARER, monde.b.commune)
        client.force_login(monde.direction)
        chosen = [f"{monde.a.commune.pk}:1"]
        response = client.post(NEW, sent(monde, contrats=chosen))
        assert response.status_code == 422
        text = text_of(response)
        assert "Rien n'est lancé" in text and "Un lot lancé par Claude Direction est en cours" in text
        ticked = boxes(response.content.decode())
        assert [value for value, on in ticked.items() if on] == chosen

    def test_a_contract_of_another_epci_is_left_out(self, client: Client, monde: Monde):
        client.force_login(monde.direction_voisine)
        response = client.post(NEW, sent(monde, contrats=[f"{monde.a.commune.pk}:1"]))
        assert (response.status_code, LotContrats.objects.count()) == (422, 0)

    def test_what_was_read_is_what_is_acted_on(self, client: Client, monde: Monde):
        three(monde)
        client.force_login(monde.direction)
        chosen = [f"{monde.a.commune.pk}:1"]
        move(monde, circuit.send_for_review)
        move(monde, circuit.take_back)
        client.post(NEW, sent(monde, contrats=chosen))
        run_due()
        lot = LotContrats.objects.get()
        assert results(lot) == ["refuse"]
        assert "revenu à l'état de projet" in text_of(client.get(reverse("contrats:lot", args=[lot.pk])))


class TestFollow:
    def test_the_progress_is_asked_for_until_nothing_moves(self, client: Client, monde: Monde):
        to_vote(monde)
        lot = LotContrats.objects.order_by("-pk")[0]
        client.force_login(monde.direction)
        url = reverse("contrats:lot", args=[lot.pk])
        assert "every 3s" in client.get(url).content.decode()
        part = client.get(url, headers={"HX-Request": "true"})
        assert "<h1" not in part.content.decode()
        assert "0\u00a0sur 3\u00a0documents prêts" in part.content.decode().replace("0 sur", "0\u00a0sur")
        assert "HX-Refresh" not in part
        issue(*[one.document for one in lot.lignes.order_by("pk").select_related("document")])
        part = client.get(url, headers={"HX-Request": "true"})
        assert part["HX-Refresh"] == "true"
        assert "every 3s" not in client.get(url).content.decode()

    def test_cancel_then_take_up_again(self, client: Client, monde: Monde):
        three(monde)
        lot = launched(monde, Acte.RELECTURE)
        client.force_login(monde.direction)
        for _ in range(2):
            text = text_of(client.post(reverse("contrats:lot_annuler", args=[lot.pk]), follow=True))
            assert "Ce qui est fait reste fait" in text
        assert "Reprendre les 3 contrats qui ne sont pas faits" in text
        for _ in range(2):
            text = text_of(client.post(reverse("contrats:lot_reprendre", args=[lot.pk]), follow=True))
        assert again(lot).passage == 2
        run_lot(job(again(lot)))
        text = text_of(client.post(reverse("contrats:lot_reprendre", args=[lot.pk]), follow=True))
        assert "il n'y a rien à reprendre" in text
        text = text_of(client.post(reverse("contrats:lot_annuler", args=[lot.pk]), follow=True))
        assert "était déjà terminé" in text
        assert Evenement.objects.filter(type="lot_contrats.repris").count() == 1

    def test_what_holds_it_back_is_said(self, client: Client, monde: Monde, monkeypatch: pytest.MonkeyPatch):
        three(monde)
        lot = launched(monde, Acte.RELECTURE)
        monkeypatch.setattr(circuit, "tell_people", lambda *args, **kwargs: 1 / 0)
        run_due()
        client.force_login(monde.direction)
        text = text_of(client.get(reverse("contrats:lot", args=[lot.pk])))
        assert "Échec pour L'Haÿ-les-Roses" in text and "L'outil réessaie de lui-même" in text

    def test_a_director_reads_the_lines_of_his_pole(self, client: Client, monde: Monde):
        three(monde)
        lot = done(monde, Acte.RELECTURE)
        client.force_login(monde.directeur)
        text = text_of(client.get(reverse("contrats:lot", args=[lot.pk])))
        assert "L'Haÿ-les-Roses" in text and "Œuilly" not in text and "1 sur 1 contrat traité" in text
        assert "Annuler ce qui reste" not in text
        row = client.get("/contrats/lots/", {"format": "csv"}).content.decode("utf-8-sig").splitlines()[1]
        assert row.endswith(";terminé;1;1;0;0")

    def test_the_list_leads_to_them(self, client: Client, monde: Monde):
        client.force_login(monde.direction)
        text = text_of(client.get("/contrats/"))
        assert "Agir sur plusieurs contrats à la fois" in text and "Lots déjà lancés" in text
        client.force_login(monde.responsable)
        assert "Lots déjà lancés" not in text_of(client.get("/contrats/"))


@pytest.mark.parametrize("where", ["nouveau", "lot", "lots"])
def test_many_contracts_ask_no_more_queries(client: Client, monde: Monde, where: str):
    three(monde)
    lot = LotContratsFactory(epci=monde.epci, lance_par=monde.direction)
    LigneLotFactory(lot=lot, version_contrat=monde.a.version)
    urls = {
        "nouveau": f"{NEW}?acte=relecture&effet=2028-01-01",
        "lot": reverse("contrats:lot", args=[lot.pk]),
        "lots": "/contrats/lots/",
    }
    client.force_login(monde.direction)
    with CaptureQueriesContext(connection) as few:
        client.get(urls[where])
    LotContrats.objects.update(termine_at=lot.lance_at)
    for number in range(8):
        commune = member_commune(monde.epci, nom=f"Commune {number}")
        other = LotContratsFactory(epci=monde.epci, termine_at=lot.lance_at)
        for one in (lot, other):
            version = VersionContrat.objects.filter(commune=commune).first()
            LigneLotFactory(
                lot=one,
                **(
                    {"version_contrat": version}
                    if version
                    else {"version_contrat__contrat__commune": commune}
                ),
            )
    LotContrats.objects.filter(pk=lot.pk).update(termine_at=None)
    with CaptureQueriesContext(connection) as many:
        client.get(urls[where])
    assert len(many) == len(few)
