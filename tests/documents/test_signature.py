"""A signed PDF that comes back: our bytes and signatures, our text rewritten, a copy, or something else."""

import io
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.validation import DocumentSecurityStore

from documents import examen, signature
from documents.signature import Examen, Nature, check_authorities, roots
from socle.erreurs import Refus
from tests.documents.signatures import (
    autorite,
    issued,
    printed,
    racines,
    signataire,
    signed,
    stamped,
    with_evidence,
)

MAIRE, PRESIDENTE = signataire("Claire Vasseur", "Commune de Mérignac"), signataire("Ada Leroy", "Métropole")


def examine(issued: bytes, received: bytes) -> Examen:
    """In this process, where a failure shows where it is; test_isolement plays the process apart."""
    return examen.examine(issued, received, roots())


def rewritten(octets: bytes, *, stamp: str = "", page: bool = False) -> bytes:
    """What a parapheur makes that opens a file and saves it anew: a stamp on the first page, a page of its own."""
    with pikepdf.open(io.BytesIO(octets)) as pdf:
        if stamp:
            font = pikepdf.Dictionary(
                Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
            )
            first = pdf.pages[0]
            first.Resources.Font["/Stamp"] = pdf.make_indirect(font)
            first.contents_add(f"BT /Stamp 8 Tf 20 20 Td ({stamp}) Tj ET".encode("latin-1"), prepend=False)
        if page:
            pdf.add_blank_page()
        out = io.BytesIO()
        pdf.save(out)
    return out.getvalue()


class TestOurBytes:
    def test_both_signed_what_we_issued(self):
        found = examine(issued(), signed(issued(), MAIRE, PRESIDENTE))
        assert found.nature == Nature.OCTETS
        assert [(one.signataire, one.organisme) for one in found.signatures] == [
            ("Claire Vasseur", "Commune de Mérignac"),
            ("Ada Leroy", "Métropole"),
        ]
        assert all(one.signee_at and not one.horodatee for one in found.signatures)
        assert found.ajouts == ()

    def test_read_apart_it_is_the_same(self, settings: Any, tmp_path: Path):
        settings.SIGNATURE_RACINES = racines(tmp_path)
        octets = with_evidence(signed(issued(), MAIRE, PRESIDENTE), MAIRE)
        assert signature.examine(issued(), octets) == examine(issued(), octets)

    def test_an_authority_nobody_named_is_said_unknown(self):
        assert {one.certificat for one in examine(issued(), signed(issued(), MAIRE)).signatures} == {
            "inconnu"
        }

    def test_a_known_authority_without_evidence_is_not_verified(self, settings: Any, tmp_path: Path):
        settings.SIGNATURE_RACINES = racines(tmp_path)
        assert examine(issued(), signed(issued(), MAIRE)).signatures[0].certificat == "non_verifie"

    def test_evidence_that_says_nothing_of_revocation_is_no_proof(self, settings: Any, tmp_path: Path):
        settings.SIGNATURE_RACINES = racines(tmp_path)
        out = io.BytesIO(signed(issued(), MAIRE))
        DocumentSecurityStore.add_dss(out, sig_contents=None, certs=[autorite().asn1])
        assert examine(issued(), out.getvalue()).signatures[0].certificat == "non_verifie"

    def test_the_evidence_of_the_file_revokes_it(self, settings: Any, tmp_path: Path):
        settings.SIGNATURE_RACINES = racines(tmp_path)
        found = examine(issued(), with_evidence(signed(issued(), MAIRE, PRESIDENTE), MAIRE))
        assert [one.certificat for one in found.signatures] == ["revoque", "verifie"]

    def test_the_evidence_of_the_file_verifies_it(self, settings: Any, tmp_path: Path):
        settings.SIGNATURE_RACINES = racines(tmp_path)
        found = examine(issued(), with_evidence(signed(issued(), MAIRE)))
        assert (found.nature, found.signatures[0].certificat) == (Nature.OCTETS, "verifie")

    def test_a_self_made_certificate_is_unknown(self, settings: Any, tmp_path: Path):
        settings.SIGNATURE_RACINES = racines(tmp_path)
        self_made = autorite("Autorité que personne ne connaît")
        found = examine(issued(), signed(issued(), self_made))
        assert found.signatures[0].certificat == "inconnu"


class TestSameText:
    def test_rewritten_and_stamped(self):
        found = examine(issued(), rewritten(issued(), stamp="Document signe le 4 mars", page=True))
        assert (found.nature, found.ajouts) == (Nature.TEXTE, ("Document signe le 4 mars",))

    def test_rewritten_then_signed(self):
        found = examine(issued(), signed(rewritten(issued()), MAIRE))
        assert (found.nature, len(found.signatures)) == (Nature.TEXTE, 1)

    def test_more_than_our_bytes_without_a_signature_is_a_text(self):
        with pikepdf.open(io.BytesIO(issued())) as pdf:
            out = io.BytesIO()
            pdf.save(out)
        assert examine(issued(), issued() + b"\n% bavardage\n").nature == Nature.TEXTE
        assert examine(issued(), out.getvalue()).nature == Nature.TEXTE


class TestCopy:
    def test_a_scan_has_no_text_to_compare(self):
        blank = pikepdf.new()
        blank.add_blank_page()
        out = io.BytesIO()
        blank.save(out)
        found = examine(issued(), out.getvalue())
        assert (found.nature, found.signatures) == (Nature.COPIE, ())


class TestSomethingElse:
    def test_the_document_itself(self):
        with pytest.raises(Refus, match="sans aucune signature"):
            examine(issued(), issued())

    def test_one_byte_altered_after_signing(self):
        octets = bytearray(signed(issued(), MAIRE))
        at = octets.index(b"/Producer") + 12
        octets[at] ^= 1
        with pytest.raises(Refus, match="La signature de Claire Vasseur ne correspond plus au contenu"):
            examine(issued(), bytes(octets))

    def test_the_contract_of_another_commune(self):
        with pytest.raises(Refus, match=r"Ce n'est pas le même texte\. Page 1, attendu : « .*Mérignac"):
            examine(issued(), signed(printed("Bègles"), MAIRE))

    def test_a_deadline_changed(self):
        with pytest.raises(Refus, match="Ce n'est pas le même texte"):
            examine(issued(), signed(printed(niveau="Dix passages par an."), MAIRE))

    def test_many_more_pages(self):
        with pikepdf.open(io.BytesIO(issued())) as pdf:
            for _ in range(len(pdf.pages) + 51):
                pdf.add_blank_page()
            out = io.BytesIO()
            pdf.save(out)
        with pytest.raises(Refus, match="beaucoup plus de pages"):
            examine(issued(), out.getvalue())

    def test_a_text_that_grew(self):
        with pytest.raises(Refus, match="beaucoup plus de texte"):
            examine(issued(), rewritten(issued(), stamp="mot " * 600))

    @pytest.mark.parametrize("octets", [b"%PDF-1.7\nrien", b"pas un pdf"])
    def test_what_cannot_be_read(self, octets: bytes):
        with pytest.raises(Refus, match="abîmé"):
            examine(issued(), octets)

    def test_a_page_that_hides_ours_is_not_only_a_signature(self):
        """Rewritten, then signed: the text is there, our bytes are not."""
        with pikepdf.open(io.BytesIO(issued())) as pdf:
            pdf.pages[0].contents_add(b"1 g 0 0 600 850 re f", prepend=False)
            out = io.BytesIO()
            pdf.save(out)
        assert examine(issued(), signed(out.getvalue(), MAIRE)).nature == Nature.TEXTE


def revised(change: Callable[[IncrementalPdfFileWriter], None]) -> bytes:
    """Our bytes, then a revision that changes them, then a signature over it all."""
    writer = IncrementalPdfFileWriter(io.BytesIO(issued()), strict=False)
    change(writer)
    out = io.BytesIO()
    writer.write(out)
    return signed(out.getvalue(), MAIRE)


def picture(writer: IncrementalPdfFileWriter) -> generic.IndirectObject:
    """White over whatever it is laid on, and another text."""
    drawn = b"1 g 0 0 600 850 re f 0 g BT /F 12 Tf 50 700 Td (Tout autre texte) Tj ET"
    box = generic.ArrayObject(map(generic.NumberObject, (0, 0, 600, 850)))
    entries = {
        pdf_name("/Type"): pdf_name("/XObject"),
        pdf_name("/Subtype"): pdf_name("/Form"),
        pdf_name("/BBox"): box,
    }
    return writer.add_object(generic.StreamObject(entries, stream_data=drawn))


def laid(rect: tuple[int, ...], *, subtype: str = "/Widget", field: bool = True) -> bytes:
    """An annotation that calls itself a signature, laid on the first page, a field of the form or not."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        annotation = generic.DictionaryObject(
            {
                pdf_name("/Type"): pdf_name("/Annot"),
                pdf_name("/Subtype"): pdf_name(subtype),
                pdf_name("/FT"): pdf_name("/Sig"),
                pdf_name("/T"): generic.pdf_string("Ailleurs"),
                pdf_name("/Rect"): generic.ArrayObject(map(generic.NumberObject, rect)),
                pdf_name("/AP"): generic.DictionaryObject({pdf_name("/N"): picture(writer)}),
            }
        )
        made = writer.add_object(annotation)
        writer.register_annotation(writer.find_page_for_modification(0)[0], made)
        if field:
            form = {
                pdf_name("/Fields"): generic.ArrayObject([made]),
                pdf_name("/SigFlags"): generic.NumberObject(3),
            }
            writer.root["/AcroForm"] = writer.add_object(generic.DictionaryObject(form))
            writer.update_root()

    return revised(change)


class TestOurBytesThenAnother:
    """Every one of these begins with our bytes and bears an intact signature: what follows our bytes is what tells."""

    @pytest.mark.parametrize(
        "octets",
        [
            pytest.param(lambda: laid((0, 0, 600, 850), subtype="/Stamp"), id="a stamp over the page"),
            pytest.param(lambda: laid((50, 50, 250, 120), subtype="/Stamp"), id="a small stamp"),
            pytest.param(lambda: laid((50, 50, 250, 120), field=False), id="a field that no form knows"),
            pytest.param(lambda: laid((0, 0, 600, 850)), id="a field as large as the page"),
        ],
    )
    def test_what_covers_our_text_is_said(self, octets: Callable[[], bytes]):
        received = octets()
        assert received.startswith(issued())
        found = examine(issued(), received)
        assert found.nature == Nature.TEXTE
        assert found.ajouts == ("Page 1 : une annotation posée sur notre texte, qui peut le cacher.",)

    def test_a_picture_of_a_signature_is_said_and_is_a_signature(self):
        found = examine(issued(), laid((50, 50, 250, 120)))
        assert (found.nature, found.ajouts) == (Nature.OCTETS, ("Page 1 : une signature visible.",))

    def test_a_page_drawn_again(self):
        def change(writer: IncrementalPdfFileWriter) -> None:
            page = writer.find_page_for_modification(0)[0].get_object()
            page[pdf_name("/Rotate")] = generic.NumberObject(180)
            writer.update_container(page)

        received = revised(change)
        assert received.startswith(issued())
        assert examine(issued(), received).nature == Nature.TEXTE

    def test_our_objects_kept_and_another_catalogue_shown(self):
        with pikepdf.open(io.BytesIO(issued())) as ours, pikepdf.open(io.BytesIO(another_root())) as theirs:
            assert ours.Root.objgen != theirs.Root.objgen
        assert another_root().startswith(issued())
        assert examine(issued(), signed(another_root(), MAIRE)).nature == Nature.TEXTE


def another_root() -> bytes:
    """Our bytes, every object of ours as it was, and a trailer that names another catalogue."""
    octets = issued()
    with pikepdf.open(io.BytesIO(octets)) as pdf:
        size, root = pdf.trailer.Size, pdf.Root.objgen[0]
        catalogue = b"<< /Type /Catalog /Pages %d 0 R >>" % pdf.Root.Pages.objgen[0]
    before = int(octets.rsplit(b"startxref", 1)[1].split()[0])
    body = octets + b"\n"
    offset = len(body)
    body += b"%d 0 obj\n%s\nendobj\n" % (size, catalogue)
    table = b"xref\n%d 1\n%010d 00000 n \n" % (size, offset)
    trailer = b"trailer << /Size %d /Root %d 0 R /Prev %d >>\n" % (size + 1, size, before)
    assert root != size
    return body + table + trailer + b"startxref\n%d\n%%%%EOF\n" % len(body)


class TestWhatNoTableKeeps:
    """NUL and half characters, which PostgreSQL refuses: neither what is kept nor what is said has them."""

    def test_in_the_text(self):
        assert examine(issued(), stamped(issued(), b"DADBDCE ABC E")).ajouts == ("ddde e",)

    def test_in_the_text_that_a_refusal_quotes(self):
        with pytest.raises(Refus, match="lu : « ddde »"):
            examine(issued(), stamped(issued(), b"DADBDCE", instead=True))

    def test_in_the_name_of_a_certificate(self):
        found = examine(issued(), signed(issued(), signataire("Ada\0\x1b  Leroy", "\0"))).signatures[0]
        assert (found.signataire, found.organisme) == ("Ada Leroy", "")

    def test_a_name_of_nothing_is_no_name(self):
        found = examine(issued(), signed(issued(), signataire("\0")))
        assert found.signatures[0].signataire == "un signataire sans nom"


@pytest.mark.parametrize(
    ("year", "said"), [(1999, False), (2000, True), (2100, True), (2101, False), (9999, False)]
)
def test_a_time_that_cannot_be_is_not_said(year: int, said: bool):
    moment = datetime(year, 12, 31, 23, 59, 59, tzinfo=UTC)
    found = examine(issued(), signed(issued(), MAIRE, at=moment)).signatures[0]
    assert found.signee_at == (moment.isoformat() if said else "")


class TestAuthorities:
    @pytest.mark.parametrize("content", [None, b"rien"])
    def test_a_file_of_authorities_that_cannot_be_read(
        self, settings: Any, tmp_path: Path, content: bytes | None
    ):
        path = tmp_path / "racines.pem"
        if content:
            path.write_bytes(content)
        settings.SIGNATURE_RACINES = str(path)
        with pytest.raises(Refus, match="autorités de signature"):
            examine(issued(), signed(issued(), MAIRE))
        assert [found.id for found in check_authorities()] == ["documents.E001"]

    def test_a_file_that_reads_is_fine(self, settings: Any, tmp_path: Path):
        settings.SIGNATURE_RACINES = racines(tmp_path)
        assert check_authorities() == []
