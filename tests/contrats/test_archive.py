"""The archive of many contracts: names that sort and read, the same bytes twice, and what is missing said."""

import csv
import hashlib
import io
from datetime import date
from typing import Any
from zipfile import ZIP_STORED, ZipFile

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from contrats.archive import ENTETE, Entree, sortable, write_archive
from contrats.models import Contrat, ExemplaireSigne, LotContrats, VersionContrat
from contrats.workflows.avenant import abandon, open_amendment
from contrats.workflows.contrat import prepare_contract
from documents.models import Document, PieceContenu
from documents.workflows.document import complete
from socle import horloge
from tests.contrats.gestes import amended, consolidated_pk
from tests.contrats.lots import Acte, done, ended_pk, three, to_vote, versions, voted_all
from tests.factories import CommuneFactory, ExemplaireSigneFactory, Monde

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7 essai "


def issue(*documents: Document) -> None:
    """Complete documents, without the time that rendering takes."""
    for document in documents:
        complete(document=document, octets=PDF + document.reference.encode())


def bytes_of(response: Any) -> bytes:
    assert response.status_code == 200
    assert response["Content-Type"] == "application/zip"
    return b"".join(response.streaming_content)


def read(octets: bytes) -> tuple[ZipFile, list[dict[str, str]]]:
    """The archive, and the rows of its summary."""
    archive = ZipFile(io.BytesIO(octets))
    assert archive.testzip() is None
    text = archive.read("sommaire.csv").decode("utf-8-sig")
    return archive, list(csv.DictReader(io.StringIO(text), delimiter=";"))


def listed(client: Client, qui: Any, **query: str) -> tuple[ZipFile, list[dict[str, str]]]:
    client.force_login(qui)
    return read(bytes_of(client.get(reverse("contrats:archive"), query)))


@pytest.mark.parametrize(
    ("code", "wanted"),
    [("33063", "033-063"), ("2A004", "02A-004"), ("97411", "974-11"), ("01004", "001-004")],
)
def test_names_sort_by_department_then_commune(code: str, wanted: str):
    assert sortable(code) == wanted


class TestLot:
    def test_the_documents_of_a_lot(self, client: Client, monde: Monde):
        to_vote(monde)
        lot = _last_lot(monde)
        issue(*[one.arrete for one in versions(monde)])
        client.force_login(monde.direction)
        response = client.get(reverse("contrats:lot_archive", args=[lot]))
        assert f'filename="lot-{lot}-arreter.zip"' in response["Content-Disposition"]
        archive, rows = read(bytes_of(response))
        files = {one.filename: one for one in archive.infolist()}
        a = versions(monde)[0]
        name = f"{sortable(a.commune.code_insee)} L'Haÿ-les-Roses – {a.arrete.reference}.pdf"
        assert archive.read(name) == PDF + a.arrete.reference.encode()
        assert files[name].compress_type == ZIP_STORED
        assert files[name].flag_bits & 0x800, "the name says that it is in UTF-8"
        assert list(files)[1:] == sorted(list(files)[1:])
        by_name = {row["Commune"]: row for row in rows}
        assert len(rows) == 3 and list(rows[0]) == list(ENTETE)
        found = by_name["L'Haÿ-les-Roses"]
        assert (found["Fichier"], found["État du contrat"]) == (name, "arrêté pour vote")
        assert found["SHA-256"] == hashlib.sha256(archive.read(name)).hexdigest()

    def test_what_is_missing_is_said(self, client: Client, monde: Monde):
        three(monde)
        done(monde, Acte.RELECTURE)
        monde.b.version.engagements.update(niveau_attendu="")
        lot = done(monde, Acte.ARRETER, *(one.commune for one in versions(monde)))
        issue(versions(monde)[0].arrete)
        client.force_login(monde.direction)
        archive, rows = read(bytes_of(client.get(reverse("contrats:lot_archive", args=[lot.pk]))))
        assert len(archive.namelist()) == 2
        why = {row["Commune"]: row["Pourquoi il manque"] for row in rows}
        assert why["L'Haÿ-les-Roses"] == ""
        assert "Le niveau de service attendu" in why["Œuilly"]
        assert why[monde.c.nom].endswith("est en préparation.")

    def test_the_same_documents_give_the_same_bytes(self, client: Client, monde: Monde, at_time: Any):
        pk = ended_pk(monde)["pk"]
        issue(*Document.objects.filter(type="contrat_arrete").order_by("pk"))
        client.force_login(monde.direction)
        url = reverse("contrats:lot_archive", args=[pk])
        first = bytes_of(client.get(url))
        at_time("2027-02-11 15:00")
        assert bytes_of(client.get(url)) == first

    def test_a_lot_that_issues_nothing_has_none(self, client: Client, monde: Monde):
        three(monde)
        lot = done(monde, Acte.RELECTURE)
        client.force_login(monde.direction)
        assert client.get(reverse("contrats:lot_archive", args=[lot.pk])).status_code == 404
        assert (
            "Télécharger les documents"
            not in client.get(reverse("contrats:lot", args=[lot.pk])).content.decode()
        )

    def test_a_director_gets_those_of_his_pole(self, client: Client, monde: Monde):
        to_vote(monde)
        issue(*[one.arrete for one in versions(monde)])
        client.force_login(monde.directeur)
        _, rows = read(bytes_of(client.get(reverse("contrats:lot_archive", args=[_last_lot(monde)]))))
        assert [row["Commune"] for row in rows] == ["L'Haÿ-les-Roses"]


def _last_lot(monde: Monde) -> int:
    return LotContrats.objects.filter(epci=monde.epci).order_by("-pk")[0].pk


class TestList:
    def test_by_kind_and_under_the_filters_of_the_list(self, client: Client, monde: Monde):
        to_vote(monde)
        voted_all(monde)
        done(monde, Acte.A_SIGNER, monde.a.commune)
        issue(*Document.objects.order_by("pk").filter(type__in=("contrat", "contrat_arrete")))
        archive, rows = listed(client, monde.direction, nature="arretes")
        assert (len(archive.namelist()), len(rows)) == (4, 3)
        archive, rows = listed(client, monde.direction, nature="a_signer")
        assert len(archive.namelist()) == 2
        assert {row["Pourquoi il manque"] for row in rows} == {
            "",
            "Le contrat est « approuvé » : il n'a pas d'exemplaire à signer.",
        }
        _, rows = listed(client, monde.direction, nature="a_signer", etat="a_signer")
        assert [row["Commune"] for row in rows] == ["L'Haÿ-les-Roses"]

    def test_signed_copies(self, client: Client, monde: Monde):
        to_vote(monde)
        voted_all(monde)
        done(monde, Acte.A_SIGNER)
        version = versions(monde)[0]
        made = ExemplaireSigneFactory(version_contrat=version, piece__deposee_par=monde.direction)
        PieceContenu.objects.create(piece=made.piece, octets=b"%PDF- signe")
        ExemplaireSigne.objects.filter(pk=made.pk).update(
            confirme_at=horloge.now(), confirme_par=monde.direction, signe_on=monde.epci.today
        )
        archive, rows = listed(client, monde.direction, nature="signes")
        (name,) = [one for one in archive.namelist() if one.endswith(".pdf")]
        assert name.endswith(f"L'Haÿ-les-Roses – {version.a_signer.reference} signé.pdf")
        assert archive.read(name) == b"%PDF- signe"
        assert sum("n'est pas signé" in row["Pourquoi il manque"] for row in rows) == 2

    def test_the_signed_copy_stays_while_an_avenant_is_open_and_once_it_is_given_up(
        self, client: Client, monde: Monde
    ):
        avenant = amended(monde)
        first = VersionContrat.objects.get(contrat=avenant.contrat, numero=0)
        issue(first.a_signer)
        made = ExemplaireSigne.objects.get(version_contrat=first)
        PieceContenu.objects.get_or_create(piece=made.piece, defaults={"octets": b"%PDF- signe"})
        archive, _ = listed(client, monde.direction, nature="signes")
        assert len(archive.namelist()) == 2
        _, rows = listed(client, monde.direction, nature="a_signer", q="hay")
        assert "Le contrat est « projet »" in rows[0]["Pourquoi il manque"]
        read_now = VersionContrat.objects.get(pk=avenant.pk)
        abandon(version=read_now, acteur=monde.direction, lue=read_now.version, motif="Plus besoin.")
        archive, _ = listed(client, monde.direction, nature="a_signer", q="hay")
        assert archive.namelist()[1].endswith(f"{first.a_signer.reference}.pdf")

    def test_the_contract_and_its_avenant_are_both_there(self, client: Client, monde: Monde):
        consolidated_pk(monde)
        for made in ExemplaireSigne.objects.select_related("piece"):
            PieceContenu.objects.get_or_create(piece=made.piece, defaults={"octets": b"%PDF- signe"})
        archive, _ = listed(client, monde.direction, nature="signes", q="hay")
        assert [one.split(" – ")[1] for one in sorted(archive.namelist())[:-1]] == [
            "CE-2028-001 signé.pdf",
            "CE-2029-001 signé.pdf",
        ]

    def test_not_those_of_a_contract_that_ended_before_another(self, client: Client, monde: Monde):
        consolidated_pk(monde)
        first = Contrat.objects.get(pk=monde.a.version.contrat_id)
        Contrat.objects.filter(pk=first.pk).update(
            fin_on=date(2029, 6, 1), fin_nature="resiliation", fin_motif="D'un commun accord."
        )
        following = prepare_contract(
            epci=monde.epci, commune=monde.a.commune, effective_on=date(2030, 1, 1), acteur=monde.direction
        )
        assert following.contrat_id != first.pk
        for nature in ("signes", "consolides"):
            _, rows = listed(client, monde.direction, nature=nature, q="hay")
            assert "Le contrat est « projet »" in rows[0]["Pourquoi il manque"]

    def test_consolidated_texts_while_another_avenant_is_open(self, client: Client, monde: Monde):
        pk = consolidated_pk(monde)["pk"]
        document = VersionContrat.objects.get(pk=pk).consolide
        assert document
        issue(document)
        contrat = Contrat.objects.get(versions=pk)
        facts = {"acteur": monde.direction, "effective_on": date(2030, 1, 1), "objet": "Autre chose"}
        open_amendment(contrat=contrat, **facts)
        archive, rows = listed(client, monde.direction, nature="consolides")
        (name,) = [one for one in archive.namelist() if one.endswith(".pdf")]
        assert name.endswith(f"L'Haÿ-les-Roses – {document.reference}.pdf")
        assert archive.read(name) == PDF + document.reference.encode()
        found = {row["Commune"]: row["Pourquoi il manque"] for row in rows}
        assert found["L'Haÿ-les-Roses"] == ""
        assert found["Œuilly"] == "Le contrat est « projet » : il n'a pas d'avenant signé."

    def test_a_commune_without_contract_is_there(self, client: Client, monde: Monde):
        _, rows = listed(client, monde.administrateur, nature="arretes")
        found = {row["Commune"]: row for row in rows}
        assert found[monde.c.nom]["Pourquoi il manque"] == "Cette commune n'a pas de contrat."
        assert "n'est pas arrêté" in found["Œuilly"]["Pourquoi il manque"]

    def test_the_list_offers_them_with_its_filters(self, client: Client, monde: Monde):
        client.force_login(monde.direction)
        html = client.get("/contrats/?q=hay").content.decode()
        assert "/contrats/archive.zip?q=hay&amp;nature=a_signer" in html
        assert "/contrats/archive.zip?q=hay&amp;nature=consolides" in html
        client.force_login(monde.responsable)
        assert "archive.zip" not in client.get("/contrats/").content.decode()


def test_names_no_system_refuses(db: None):
    """A colon, a slash, an asterisk: none of them may stand in the name of a file."""
    commune = CommuneFactory(nom="Trou/du:Diable*", code_insee="33001")
    entree = Entree(commune, "CE-2028-001", "signé", octets=lambda: b"x")
    with write_archive([entree], "Europe/Paris") as file:
        names = ZipFile(file).namelist()
    assert names[1] == "033-001 Trou-du-Diable- – CE-2028-001.pdf"


def test_one_document_at_a_time(client: Client, monde: Monde):
    """The bytes are read one document after the other: the queries grow by one for each, and nothing else."""
    to_vote(monde)
    issue(*[one.arrete for one in versions(monde)])
    client.force_login(monde.direction)
    url = reverse("contrats:archive")
    counts = []
    for query in ({"q": "hay"}, {}):
        with CaptureQueriesContext(connection) as asked:
            bytes_of(client.get(url, {"nature": "arretes", **query}))
        counts.append(len(asked))
    assert counts[1] == counts[0] + 2
    assert VersionContrat.objects.count() == 3
