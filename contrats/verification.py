"""What an issued contract is worth today, for whoever holds it: one sentence, and nothing about anybody."""

import hashlib
from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse

from contrats.models import VersionContrat
from documents.models import Document
from socle.dates import day_and_year

Etat = VersionContrat.Etat


@dataclass(frozen=True)
class Constat:
    """Tone and words of what a document is worth."""

    ton: str
    mot: str
    phrase: str


def public_address(code: str) -> str:
    """The address printed beside the QR code, without its protocol: « mutualisation.exemple.fr/v/7QK4-… »."""
    return short(settings.SITE_URL + reverse("contrats:verifier", args=[code]))


def short(url: str) -> str:
    return url.partition("://")[2].rstrip("/")


def worth(document: Document) -> Constat:
    """What a settled text, or a copy to sign, is worth today."""
    version = VersionContrat.objects.filter(arrete=document).first()
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
            "Ce document a été remplacé par un autre avant d'être voté : il n'engage personne.",
        )
    return _signed(version)


def _signed(version: VersionContrat) -> Constat:
    if version.etat != Etat.SIGNE:
        return Constat("o", "À signer", "Ce document attend la signature des deux parties.")
    later = (
        version.contrat.versions.filter(numero__gt=version.numero, etat=Etat.SIGNE)
        .order_by("-numero")
        .first()
    )
    if later:
        return Constat("o", "Modifié", f"Ce document est signé, et modifié par l'avenant n° {later.numero}.")
    day = day_and_year(version.effective_on)
    if version.epci.today < version.effective_on:
        return Constat("a", "Signé", f"Ce document est signé ; il entre en vigueur le {day}.")
    return Constat("v", "En vigueur", f"Ce document est signé, et en vigueur depuis le {day}.")


def is_the_document(document: Document, octets: bytes) -> bool:
    """Whether a file is, to the byte, the one that was issued."""
    return bool(document.sha256) and hashlib.sha256(octets).hexdigest() == document.sha256
