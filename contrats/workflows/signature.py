"""The copy signed outside comes back: examined, confirmed; or a side refuses to sign."""

import hashlib
from datetime import date
from typing import Any

from django.core.files.uploadedfile import UploadedFile

from comptes.models import Personne
from contrats.etats import CIRCUIT
from contrats.exemplaires import doubts, revoked, signed_by, unfound
from contrats.models import Cote, ExemplaireSigne, VersionContrat
from contrats.signataires import signers
from contrats.workflows.circuit import BOTH_SIDES, RELATED, consolidate, save_version, tell_people
from documents.models import Document
from documents.signature import examine
from documents.workflows.piece import keep_pdf, read_pdf
from journal.workflows.unite import record, unite
from mutualisation.workflows.verrou import locked
from socle import horloge
from socle.droits import require
from socle.erreurs import Refus
from socle.typographie import enumerate_french

Etat = VersionContrat.Etat


@unite
def deposit_signed(*, version: VersionContrat, acteur: Personne, fichier: UploadedFile) -> ExemplaireSigne:
    """Keep a file as the signed copy to confirm, with what it is beside the one issued.

    Raises ActionInterdite, Refus at `fichier` for what is no PDF, not this contract, or bears a broken signature, and while
    the copy to sign is not issued.
    """
    require(version, acteur, "conduire")
    octets, document = read_pdf(fichier), _to_sign(version.pk)
    found = examine(bytes(document.contenu.octets), octets)  # long: the version is locked after it
    version = locked(VersionContrat, version.pk, select=RELATED)
    if version.a_signer_id != document.pk:
        raise Refus(
            "Cet exemplaire n'est plus à signer : déposer sa signature n'est plus possible.", field="fichier"
        )
    before = version.exemplaires.filter(document=document, piece__sha256=_sha256(octets)).first()
    if before:
        return before
    made = ExemplaireSigne.objects.create(
        version_contrat=version,
        document=document,
        piece=keep_pdf(epci=version.epci, acteur=acteur, octets=octets, nom=fichier.name or ""),
        nature=ExemplaireSigne.Nature(found.nature.value),
        constat=found.data,
    )
    record(
        type="contrat.exemplaire",
        objet=version,
        epci=version.epci,
        commune=version.commune,
        acteur=acteur,
        libelle=f"{version} : exemplaire signé déposé, {made.get_nature_display()}",
        contenu={"nature": made.nature, "signatures": len(found.signatures)},
        detail={"fichier": made.piece.nom},
    )
    return made


def _to_sign(pk: int) -> Document:
    """The copy to sign of a version, with its bytes; Refus when none is issued."""
    version = VersionContrat.objects.select_related("a_signer__contenu").get(pk=pk)
    if version.etat != Etat.A_SIGNER:
        CIRCUIT.move("confirmer l'exemplaire signé", version.etat)
    document = version.a_signer
    assert document  # a constraint of the table
    if not document.emis:
        raise Refus("L'exemplaire à signer se prépare encore : réessayez dans un instant.", field="fichier")
    return document


def _sha256(octets: bytes) -> str:
    return hashlib.sha256(octets).hexdigest()


@unite
def confirm_signed(
    *, exemplaire: ExemplaireSigne, acteur: Personne, signe_on: date, motif: str = ""
) -> ExemplaireSigne:
    """Take a deposited file for the signed copy: the contract is signed, both sides are told. Twice changes nothing.

    Raises ActionInterdite, Refus for a day to come, or before the copy was issued, or at `motif` when the file lacks the
    signature of somebody awaited, or bears one of a revoked certificate, and nothing says why.
    """
    version = locked(VersionContrat, exemplaire.version_contrat_id, select=RELATED)
    exemplaire = ExemplaireSigne.objects.select_related("piece", "document").get(pk=exemplaire.pk)
    exemplaire.version_contrat = version
    if exemplaire.confirme:
        return exemplaire
    require(exemplaire, acteur, "confirmer")
    _check_day(version, exemplaire.document, signe_on)
    exemplaire.motif = _check_signatures(exemplaire, motif.strip())
    exemplaire.signe_on, exemplaire.confirme_par, exemplaire.confirme_at = signe_on, acteur, horloge.now()
    exemplaire.save()
    version.etat = CIRCUIT.move("confirmer l'exemplaire signé", version.etat)
    if version.numero:
        consolidate(version)
    detail = {"motif": exemplaire.motif} if exemplaire.motif else None
    save_version(version, acteur, "signe", f"{version} signé", detail)
    told = {"lues": signed_by, "manquent": unfound, "revoques": revoked}
    names = {name: enumerate_french(read(exemplaire)) for name, read in told.items()}
    more: dict[str, Any] = {"exemplaire": exemplaire} | names
    tell_people(
        version, acteur, "contrat_signe", f"{version.mot} {version.reference} : signé", BOTH_SIDES, more
    )
    return exemplaire


def _check_signatures(exemplaire: ExemplaireSigne, motif: str) -> str:
    """Why it is confirmed in spite of a signature that lacks or is revoked, nothing when there is no doubt."""
    found = doubts(exemplaire)
    if not found:
        return ""
    if not motif:
        raise Refus(f"{' '.join(found)} Dites pourquoi il convient.", field="motif")
    return motif


def _check_day(version: VersionContrat, document: Document, signe_on: date) -> None:
    if signe_on > version.epci.today:
        raise Refus("Ce jour est à venir : le contrat se dit signé une fois signé.", field="signe_on")
    if signe_on < horloge.local(document.reserve_at, version.epci.fuseau).date():
        raise Refus("Le contrat n'a pas pu être signé avant que l'exemplaire soit émis.", field="signe_on")


@unite
def refuse_to_sign(
    *, version: VersionContrat, acteur: Personne, lue: int, cote: str, motif: str
) -> VersionContrat:
    """A side refuses to sign: the reason is told to all, and another copy may be issued once it is settled.

    The copy issued stays, and is worth nothing any more. Raises ActionInterdite, Conflit, Refus without a reason.
    """
    version = locked(VersionContrat, version.pk, lue, select=(*RELATED, "a_signer"))
    require(version, acteur, "refuser_signature")
    if not motif.strip():
        raise Refus("Dites pourquoi : le motif est transmis aux deux parties.", field="motif")
    refused = version.a_signer
    version.etat, version.a_signer = CIRCUIT.move("refuser de signer", version.etat), None
    side = Cote(cote)
    detail = {"motif": motif.strip(), "document": str(refused)}
    save_version(
        version, acteur, "refus", f"{version} : {side.label} refuse de signer ; {refused} conservé", detail
    )
    more: dict[str, Any] = {"motif": motif.strip(), "cote": side.label, "document": refused}
    tell_people(
        version,
        acteur,
        "contrat_refuse",
        f"{version.mot} {version.reference} : refus de signer",
        BOTH_SIDES,
        more,
        also=signers(version),
    )
    return version
