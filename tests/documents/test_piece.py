"""A deposited file: what is refused, what is kept, how it is served."""

import hashlib
import io

import pikepdf
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, transaction
from django.test import RequestFactory

from documents.models import Piece, PieceContenu
from documents.views.piece import serve_piece
from documents.workflows import piece as module
from documents.workflows.piece import keep_piece
from socle.erreurs import Refus
from tests.documents.fichiers import pdf_bytes
from tests.factories import EpciFactory, PersonneFactory

pytestmark = pytest.mark.django_db


def keep(octets: bytes, name: str = "lettre.pdf") -> Piece:
    fichier = SimpleUploadedFile(name, octets, content_type="application/octet-stream")
    return keep_piece(epci=EpciFactory(), acteur=PersonneFactory(), fichier=fichier, field="lettre")


class TestKeeping:
    def test_the_bytes_and_their_digest(self):
        octets = pdf_bytes()
        piece = keep(octets)
        assert bytes(PieceContenu.objects.get(piece=piece).octets) == octets
        assert (piece.sha256, piece.taille) == (hashlib.sha256(octets).hexdigest(), len(octets))
        assert piece.type_mime == "application/pdf"

    @pytest.mark.parametrize(
        ("given", "kept"),
        [
            ("C:\\Bureau\\Lettre du maire.PDF", "Lettre du maire.pdf"),
            ("../../etc/passwd", "passwd.pdf"),
            ("é" * 300 + ".pdf", "é" * 196 + ".pdf"),
            ('a"b\x00\n.pdf', "ab.pdf"),
            (".pdf", "document.pdf"),
        ],
    )
    def test_a_name_without_folder_nor_trap(self, given: str, kept: str):
        fichier = SimpleUploadedFile("x.pdf", pdf_bytes())
        fichier._name = given
        piece = keep_piece(epci=EpciFactory(), acteur=PersonneFactory(), fichier=fichier)
        assert piece.nom == kept

    @pytest.mark.parametrize("table", [Piece, PieceContenu])
    def test_it_never_changes(self, table: type):
        piece = keep(pdf_bytes())
        with pytest.raises(DatabaseError, match="ne change pas"), transaction.atomic():
            table.objects.filter(pk=piece.pk)._raw_delete("default")


class TestRefusing:
    @pytest.mark.parametrize(
        ("octets", "word"),
        [
            (b"", "vide"),
            (b"<html>bonjour</html>", "pas un PDF"),
            (b"PK\x03\x04" + b"0" * 2000, "pas un PDF"),
            (b"%PDF-1.7 et rien ensuite", "abîmé"),
        ],
    )
    def test_what_is_not_a_pdf(self, octets: bytes, word: str):
        with pytest.raises(Refus, match=word) as caught:
            keep(octets)
        assert caught.value.field == "lettre"
        assert not Piece.objects.exists()

    def test_half_a_pdf(self):
        with pytest.raises(Refus, match="abîmé"):
            keep(pdf_bytes()[:40])

    def test_a_password(self):
        target = io.BytesIO()
        with pikepdf.new() as pdf:
            pdf.add_blank_page()
            pdf.save(target, encryption=pikepdf.Encryption(owner="secret", user="secret"))
        with pytest.raises(Refus, match="mot de passe"):
            keep(target.getvalue())

    def test_too_heavy(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(module, "TAILLE_MAX", 10)
        with pytest.raises(Refus, match="la limite est de 20 Mo"):
            keep(pdf_bytes())


class TestServing:
    def test_as_it_came_and_to_be_saved(self):
        octets = pdf_bytes()
        response = serve_piece(RequestFactory().get("/"), keep(octets, "Lettre signée.pdf"))
        assert response.content == octets
        assert response["Content-Type"] == "application/pdf"
        assert response["Content-Disposition"].startswith("attachment")
        assert "Lettre%20sign%C3%A9e.pdf" in response["Content-Disposition"]
        assert response["X-Content-Type-Options"] == "nosniff"

    def test_once(self):
        piece = keep(pdf_bytes())
        request = RequestFactory().get("/", headers={"If-None-Match": f'"{piece.sha256}"'})
        assert serve_piece(request, piece).status_code == 304
