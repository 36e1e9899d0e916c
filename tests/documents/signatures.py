"""A contract to sign, certificates made for the tests, and PDF signed with them."""

import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pikepdf
from asn1crypto import crl, keys, x509
from cryptography import x509 as builder
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from django.template.loader import render_to_string
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko.sign.validation import DocumentSecurityStore
from pyhanko_certvalidator.registry import SimpleCertificateStore

from documents.rendu import render_pdf
from tests.documents.exemples import CREATED_AT, contrat

SINCE, UNTIL = datetime(2020, 1, 1, tzinfo=UTC), datetime(2090, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Cle:
    """A certificate and its key."""

    certificat: builder.Certificate
    prive: ec.EllipticCurvePrivateKey

    @property
    def asn1(self) -> x509.Certificate:
        return x509.Certificate.load(self.certificat.public_bytes(Encoding.DER))


@cache
def autorite(nom: str = "Autorité d'essai") -> Cle:
    """An authority, its own issuer."""
    return _certificate(nom, "Essais", None)


@cache
def signataire(nom: str, organisme: str = "Commune d'essai") -> Cle:
    """Somebody whose certificate the authority of the tests issued."""
    return _certificate(nom, organisme, autorite())


def _certificate(nom: str, organisme: str, issuer: Cle | None) -> Cle:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = builder.Name(
        [
            builder.NameAttribute(NameOID.COMMON_NAME, nom),
            builder.NameAttribute(NameOID.ORGANIZATION_NAME, organisme),
        ]
    )
    made = (
        builder.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificat.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(builder.random_serial_number())
        .not_valid_before(SINCE)
        .not_valid_after(UNTIL)
        .add_extension(builder.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(_usage(ca=issuer is None), critical=True)
    )
    return Cle(made.sign(issuer.prive if issuer else key, hashes.SHA256()), key)


def _usage(*, ca: bool) -> builder.KeyUsage:
    return builder.KeyUsage(
        digital_signature=not ca, content_commitment=not ca, key_cert_sign=ca, crl_sign=ca,
        key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def signed(octets: bytes, *cles: Cle, at: datetime | None = None) -> bytes:
    """The PDF signed by each in turn, at the time they say (now unless told).

    In a thread apart: signing runs a loop of its own, a browser may have ours.
    """
    with ThreadPoolExecutor(1) as parapheur:
        for rank, cle in enumerate(cles):
            octets = parapheur.submit(_sign, octets, cle, f"Signature{rank + 1}", at).result()
    return octets


class _Dated(signers.PdfSigner):
    """Signs at the time it is told, as anybody may whose clock is wrong or who lies."""

    at: datetime | None = None

    def init_signing_session(self, *args: Any, **kwargs: Any) -> Any:
        session = super().init_signing_session(*args, **kwargs)
        session.system_time = self.at or session.system_time
        return session


def _sign(octets: bytes, cle: Cle, field: str, at: datetime | None) -> bytes:
    store = SimpleCertificateStore()
    store.register(autorite().asn1)
    der = cle.prive.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    signer = signers.SimpleSigner(
        signing_cert=cle.asn1, signing_key=keys.PrivateKeyInfo.load(der), cert_registry=store
    )
    meta = signers.PdfSignatureMetadata(field_name=field, subfilter=fields.SigSeedSubFilter.PADES)
    dated = _Dated(meta, signer)
    dated.at = at
    out = dated.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(octets), strict=False))
    return bytes(out.getvalue())


def with_evidence(octets: bytes, *revoques: Cle) -> bytes:
    """The PDF with the list of revoked certificates of the authority (none unless told) in its security store."""
    today = datetime.now(
        UTC
    )  # evidence is judged at the true time, whatever the clock of the application says
    listing = (
        builder.CertificateRevocationListBuilder()
        .issuer_name(autorite().certificat.subject)
        .last_update(today - timedelta(days=1))
        .next_update(today + timedelta(days=30))
    )
    for cle in revoques:
        listing = listing.add_revoked_certificate(_revoked(cle, today - timedelta(days=30)))
    listed = listing.sign(autorite().prive, hashes.SHA256())
    out = io.BytesIO(octets)
    DocumentSecurityStore.add_dss(
        out,
        sig_contents=None,
        certs=[autorite().asn1],
        crls=[crl.CertificateList.load(listed.public_bytes(Encoding.DER))],
    )
    return out.getvalue()


def _revoked(cle: Cle, day: datetime) -> builder.RevokedCertificate:
    one = builder.RevokedCertificateBuilder().serial_number(cle.certificat.serial_number)
    return one.revocation_date(day).build()


def printed(commune: str = "Mérignac", niveau: str = "Deux passages par semaine.") -> bytes:
    """A contract of one domain, to sign."""
    data = contrat(domaines=1, projet=False, commune={"nom": commune, "code_insee": "33281"})
    data["fiches"][0]["niveau_attendu"] = niveau
    html = render_to_string("pdf/contrat.html", {"contrat": data, "document": "CE-2028-001"})
    return render_pdf(html, title="Contrat", created_at=CREATED_AT)


@cache
def issued() -> bytes:
    return printed()


# What letters of a font may be said to mean: no character at all, half of one, a control, and two plain ones.
UNSPOKEN = b"""begincmap 1 begincodespacerange <00> <ff> endcodespacerange
5 beginbfchar <41> <0000> <42> <D800> <43> <001B> <44> <0064> <45> <0065> endbfchar endcmap"""


def stamped(octets: bytes, words: bytes, *, instead: bool = False) -> bytes:
    """The PDF saved anew with words on its first page (instead of what is there) in a font that lies: see UNSPOKEN."""
    with pikepdf.open(io.BytesIO(octets)) as pdf:
        names = {"Type": pikepdf.Name.Font, "Subtype": pikepdf.Name.Type1, "BaseFont": pikepdf.Name.Helvetica}
        font = pikepdf.Dictionary(**names, ToUnicode=pdf.make_stream(UNSPOKEN))
        first, drawn = pdf.pages[0], b"BT /Lie 8 Tf 20 20 Td (%s) Tj ET" % words
        first.Resources.Font["/Lie"] = pdf.make_indirect(font)
        if instead:
            first.Contents = pdf.make_stream(drawn)
        else:
            first.contents_add(drawn, prepend=False)
        out = io.BytesIO()
        pdf.save(out)
    return out.getvalue()


def racines(folder: Path) -> str:
    """A PEM file of the authority of the tests."""
    path = folder / "racines.pem"
    path.write_bytes(autorite().certificat.public_bytes(Encoding.PEM))
    return str(path)
