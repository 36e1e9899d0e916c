"""Verifying a contract by its code: what it is worth, and nothing of the others."""

import hashlib
import subprocess
import sys
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from contrats.models import ExemplaireSigne, Verification, VersionContrat
from contrats.models.verification import SIGNES, new_code
from contrats.workflows import circuit
from contrats.workflows.signature import confirm_signed
from documents.controle import check_pdf
from documents.models import Document, Piece
from documents.workflows.document import complete
from documents.workflows.piece import TAILLE_MAX
from journal.models import Evenement
from socle import horloge, registres
from tests.contrats.gestes import move, present, settled, to_sign
from tests.documents.bombes import BOMBS
from tests.factories import DocumentFactory, ExemplaireSigneFactory, Monde
from tests.mutualisation.test_declaration import text_of

SIGNED = b"%PDF-1.7\nce que le parapheur a rendu\n"


def page(client: Any, document: Document) -> str:
    return text_of(client.get(address(document)))


def address(document: Document) -> str:
    return reverse("contrats:verifier", args=[Verification.objects.get(document=document).code])


def signed(monde: Monde, **more: Any) -> Document:
    version = to_sign(monde)
    VersionContrat.objects.filter(pk=version.pk).update(etat=VersionContrat.Etat.SIGNE, **more)
    assert version.a_signer
    return version.a_signer


def test_a_settled_text_is_told_for_what_it_is(monde: Monde, client: Any):
    document = settled(monde).arrete
    assert document
    assert "le texte soumis au vote des assemblées" in page(client, document)


def test_once_replaced_it_engages_nobody(monde: Monde, client: Any):
    document = settled(monde).arrete
    move(monde, circuit.reopen, motif="Une fiche oubliée.")
    assert document
    assert "abandonné ou remplacé par un autre" in page(client, document)


def test_a_copy_to_sign_waits(monde: Monde, client: Any):
    document = to_sign(monde).a_signer
    assert document
    assert "attend la signature des deux parties" in page(client, document)


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2027, 1, 1), "en vigueur depuis le"),
        (date(2028, 1, 1), "il entre en vigueur le"),
    ],
)
def test_signed_it_is_in_force_from_its_day(monde: Monde, client: Any, day: date, words: str):
    assert words in page(client, signed(monde, effective_on=day))


def test_an_amendment_is_named(monde: Monde, client: Any):
    document = signed(monde)
    first = present(monde.a.version)
    first.pk, first.numero, first.reference, first.effective_on = None, 2, "C-2028-A2", date(2029, 1, 1)
    first.arrete, first.a_signer = DocumentFactory(emis=True), DocumentFactory(emis=True)
    first.save()
    with horloge.at(datetime(2029, 2, 1, 12, tzinfo=UTC)):
        assert "modifié par l'avenant n° 2" in page(client, document)


def test_nothing_else_is_revealed(monde: Monde, client: Any):
    document = to_sign(monde).a_signer
    assert document
    html = page(client, document)
    for secret in (
        monde.a.commune.nom,
        "Roses",
        document.reference,
        monde.a.version.reference,
        "Leroy",
        monde.epci.nom,
    ):
        assert secret not in html


def test_an_unknown_code_tells_nothing(monde: Monde, client: Any):
    to_sign(monde)
    response = client.get(reverse("contrats:verifier", args=[new_code()]))
    assert response.status_code == 404
    assert "Aucun document n'a ce code" in text_of(response)


@pytest.mark.parametrize("typed", ["{0}", " {0} ", "{1}", "{2}"])
def test_a_code_is_read_as_people_type_it(monde: Monde, client: Any, typed: str):
    document = to_sign(monde).a_signer
    code = Verification.objects.get(document=document).code
    text = typed.format(code, code.replace("-", ""), code.lower().replace("-", " "))
    assert "attend la signature" in text_of(client.get(reverse("contrats:verifier_code"), {"code": text}))


@pytest.mark.parametrize("typed", ["", "ABCD", "é" * 40, "0" * 12])
def test_a_code_that_cannot_be_is_told(client: Any, db: None, typed: str):
    response = client.get(reverse("contrats:verifier_code"), {"code": typed})
    assert response.status_code == 422


class TestFile:
    @pytest.fixture
    def document(self, monde: Monde) -> Document:
        document = to_sign(monde).a_signer
        assert document
        complete(document=document, octets=registres.rendus.get(document.type)(document))
        document.refresh_from_db()
        return document

    def post(self, client: Any, document: Document, octets: bytes) -> str:
        return text_of(client.post(address(document), {"fichier": SimpleUploadedFile("contrat.pdf", octets)}))

    def test_the_document_itself_is_recognised(self, client: Any, document: Document):
        octets = bytes(document.contenu.octets)
        assert "octet pour octet" in self.post(client, document, octets)

    def test_one_bit_flipped_is_not(self, client: Any, document: Document):
        octets = bytearray(document.contenu.octets)
        octets[len(octets) // 2] ^= 1
        assert "n'est pas le document émis" in self.post(client, document, bytes(octets))

    @pytest.mark.parametrize("name", ["content_bomb", "deep_pages", "xref_loop", "truncated"])
    def test_a_file_made_to_harm_is_only_another_file(
        self, client: Any, document: Document, name: str, monkeypatch: pytest.MonkeyPatch
    ):
        """Whoever asks has no account: the file is weighed and hashed, and never opened."""
        monkeypatch.delattr("documents.isolement.subprocess")
        monkeypatch.setitem(sys.modules, "pikepdf", None)
        monkeypatch.setitem(sys.modules, "pypdf", None)
        before = Piece.objects.count(), Evenement.objects.count()
        assert "n'est pas le document émis" in self.post(client, document, BOMBS[name]())
        assert (Piece.objects.count(), Evenement.objects.count()) == before

    def test_the_signed_copy_that_was_confirmed_is_recognised(
        self, client: Client, monde: Monde, document: Document, monkeypatch: pytest.MonkeyPatch
    ):
        """It is what people hold; and it is told by its digest alone."""
        row = self.deposited(document)
        assert "n'est pas le document émis" in self.post(client, document, SIGNED)
        motif = "Signé sur papier."
        confirm_signed(exemplaire=row, acteur=monde.direction, signe_on=monde.epci.today, motif=motif)
        before = Piece.objects.count(), Evenement.objects.count()
        monkeypatch.delattr("documents.isolement.subprocess")
        html = self.post(client, document, SIGNED)
        assert "Ce fichier est l'exemplaire signé, tel qu'il a été confirmé" in html
        assert "n'est pas le document" not in html and "octet pour octet" not in html
        for secret in (monde.a.commune.nom, monde.direction.nom, row.piece.nom, motif, document.reference):
            assert secret not in html
        assert "octet pour octet" in self.post(client, document, bytes(document.contenu.octets))
        assert "n'est pas le document émis" in self.post(client, document, SIGNED + b"\n")
        assert (Piece.objects.count(), Evenement.objects.count()) == before

    def test_the_signed_copy_of_another_document_is_not(
        self, client: Client, monde: Monde, document: Document
    ):
        other = self.deposited(DocumentFactory(emis=True))
        facts = {"confirme_par": monde.direction, "confirme_at": horloge.now(), "signe_on": date(2027, 2, 10)}
        ExemplaireSigne.objects.filter(pk=other.pk).update(**facts)
        assert "n'est pas le document émis" in self.post(client, document, SIGNED)

    def deposited(self, document: Document) -> ExemplaireSigne:
        """A file deposited as the signed copy of a document, of which the code is the one asked."""
        version = VersionContrat.objects.get(a_signer__isnull=False)
        made: ExemplaireSigne = ExemplaireSigneFactory(
            version_contrat=version, document=document, piece__sha256=hashlib.sha256(SIGNED).hexdigest()
        )
        return made

    def test_a_file_too_heavy_is_not_read(self, client: Any, document: Document):
        heavy = SimpleUploadedFile("contrat.pdf", b"%PDF-" + b"0" * TAILLE_MAX)
        answer = client.post(address(document), {"fichier": heavy})
        assert (answer.status_code, "dépasse 20 Mo" in text_of(answer)) == (422, True)

    def test_it_prints_its_code_and_a_qr_on_the_cover(self, document: Document):
        octets = bytes(document.contenu.octets)
        code = Verification.objects.get(document=document).code
        assert code in document.source["contrat"]["verification"]["adresse"]
        assert code in _words(octets)
        assert check_pdf(octets) == []


def _words(octets: bytes) -> str:
    """The text of the first page."""
    command = ["pdftotext", "-l", "1", "-", "-"]
    done = subprocess.run(command, input=octets, capture_output=True, check=True, timeout=30)
    return done.stdout.decode()


def test_codes_are_long_and_of_plain_signs():
    codes = {new_code() for _ in range(200)}
    assert len(codes) == 200
    assert all(len(code.replace("-", "")) == 12 and set(code) <= set(SIGNES) | {"-"} for code in codes)
