"""What an issued contract is worth today, for whoever holds it: one sentence, and nothing about anybody."""

import hashlib
from dataclasses import dataclass
from enum import Enum

from django.conf import settings
from django.urls import reverse

from contrats.models import ExemplaireSigne, VersionContrat
from documents.models import Document
from socle.dates import day_and_year

Etat = VersionContrat.Etat


@dataclass(frozen=True)
class Constat:
    """Tone and words of what a document is worth."""

    ton: str
    mot: str
    phrase: str


class Fichier(Enum):
    """A file to the byte: the document issued, the copy confirmed as signed, which people hold, or another."""

    EMIS = "emis"
    SIGNE = "signe"
    AUTRE = "autre"


def public_address(code: str) -> str:
    """The address printed beside the QR code, without its protocol: « mutualisation.exemple.fr/v/7QK4-… »."""
    return short(settings.SITE_URL + reverse("contrats:verifier", args=[code]))


def short(url: str) -> str:
    return url.partition("://")[2].rstrip("/")


def worth(document: Document) -> Constat:
    """What a settled text, or a copy to sign, is worth today."""
    version = VersionContrat.objects.filter(consolide=document).select_related("epci", "contrat").first()
    if version:
        return _ended(version) or _consolidated(version)
    version = VersionContrat.objects.filter(arrete=document).first()
    if version and version.etat == Etat.ABANDONNE:
        return Constat("r", "Abandonné", "Ce texte a été abandonné : il n'engage personne.")
    if version:
        return Constat(
            "a",
            "Texte arrêté pour vote",
            "Ce document est le texte soumis au vote des assemblées. Il ne se signe pas.",
        )
    version = VersionContrat.objects.filter(a_signer=document).select_related("epci", "contrat").first()
    if version is None:
        return Constat(
            "r",
            "Remplacé",
            "Ce document a été abandonné ou remplacé par un autre : il n'engage personne.",
        )
    return _signed(version)


def _signed(version: VersionContrat) -> Constat:
    if version.etat != Etat.SIGNE:
        return Constat("o", "À signer", "Ce document attend la signature des deux parties.")
    if ended := _ended(version):
        return ended
    if later := _later(version):
        return Constat("o", "Modifié", f"Ce document est signé, et modifié par l'avenant n° {later.numero}.")
    today = version.epci.today
    day = day_and_year(version.effective_on)
    if today < version.effective_on:
        return Constat("a", "Signé", f"Ce document est signé ; il entre en vigueur le {day}.")
    return Constat("v", "En vigueur", f"Ce document est signé, et en vigueur depuis le {day}.")


def _ended(version: VersionContrat) -> Constat | None:
    """What is said of the texts of a contract that no longer binds."""
    contrat = version.contrat
    if contrat.fin_on is None or contrat.bound_on(version.epci.today):
        return None
    words = "Résilié" if contrat.fin_nature == contrat.Fin.RESILIATION else "Fini par retrait"
    return Constat(
        "r", words, f"Ce contrat a pris fin : il n'engage plus depuis le {day_and_year(contrat.fin_on)}."
    )


def _later(version: VersionContrat) -> VersionContrat | None:
    """The last avenant signed after a text, and in effect."""
    signed = version.contrat.versions.filter(
        numero__gt=version.numero, etat=Etat.SIGNE, effective_on__lte=version.epci.today
    )
    return signed.order_by("-numero").first()


def _consolidated(version: VersionContrat) -> Constat:
    later = _later(version)
    if later:
        words = f"Ce document s'arrête à l'avenant n° {version.numero} ; l'avenant n° {later.numero} l'a modifié depuis."
        return Constat("o", "Modifié", words)
    return Constat(
        "a",
        "Version consolidée",
        "Ce document rassemble, pour la lecture, le contrat et ses avenants ; seuls ceux-ci, signés, engagent.",
    )


def compare(document: Document, octets: bytes) -> Fichier:
    """What a file is beside a document, by its digest alone: whoever asks has no account, it is never opened."""
    if is_the_document(document, octets):
        return Fichier.EMIS
    confirmed = ExemplaireSigne.objects.filter(document=document, confirme_at__isnull=False)
    signed = confirmed.filter(piece__sha256=_digest(octets)).exists()
    return Fichier.SIGNE if signed else Fichier.AUTRE


def is_the_document(document: Document, octets: bytes) -> bool:
    """Whether a file is, to the byte, the one that was issued."""
    return bool(document.sha256) and _digest(octets) == document.sha256


def _digest(octets: bytes) -> str:
    return hashlib.sha256(octets).hexdigest()
