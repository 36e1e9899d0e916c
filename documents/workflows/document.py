"""Issuing in two steps: reserve with frozen data; render outside any transaction; store bytes, digest and state."""

import hashlib
from typing import Any

from django.db import connection

from documents.models import Document, DocumentContenu
from documents.rendu import fingerprint
from journal.models import Tache
from journal.workflows.tache import schedule
from journal.workflows.unite import record, unite
from socle import horloge, registres
from territoire.models import Commune, Epci

TACHE_RENDRE = "documents.rendre"
NEXT_NUMBER = """
    INSERT INTO documents_compteurdocument (epci_id, type, annee, dernier) VALUES (%s, %s, %s, 1)
    ON CONFLICT (epci_id, type, annee) DO UPDATE SET dernier = documents_compteurdocument.dernier + 1
    RETURNING dernier
"""
PREFIXES = {"accuse": "AD", "compte_rendu": "CR"}


@unite
def reserve(
    *, epci: Epci, commune: Commune | None, type: str, annee: int, titre: str, source: dict[str, Any]
) -> Document:
    """Take the next number and freeze the data; the rendering is scheduled and leaves on commit.

    `source` is JSON; `numero` and `reference` are added to it, so that everything printed comes from it.
    """
    numero = _next_number(epci, type, annee)
    reference = f"{PREFIXES[type]}-{annee}-{numero:03d}"
    document = Document.objects.create(
        epci=epci,
        commune=commune,
        type=type,
        annee=annee,
        numero=numero,
        reference=reference,
        titre=titre,
        source={**source, "numero": reference},
        reserve_at=horloge.now(),
    )
    schedule(
        epci=epci,
        type=TACHE_RENDRE,
        cle=f"{TACHE_RENDRE}:{document.pk}",
        due_at=horloge.now(),
        parametres={"document": document.pk},
    )
    return document


def _next_number(epci: Epci, type: str, annee: int) -> int:
    """One statement creates or moves the counter and locks its row until commit."""
    with connection.cursor() as cursor:
        cursor.execute(NEXT_NUMBER, [epci.pk, type, annee])
        return int(cursor.fetchone()[0])


def run_render(tache: Tache) -> None:
    """Job: render a reserved document and complete it; a second run finds it issued and does nothing."""
    document = Document.objects.select_related("epci", "commune").get(pk=tache.parametres["document"])
    if document.etat == Document.Etat.RESERVE:
        octets = registres.rendus.get(document.type)(document)
        complete(document=document, octets=octets)


@unite
def complete(*, document: Document, octets: bytes) -> None:
    """Store the bytes, digest and state of a reserved document; does nothing if another worker was first."""
    claimed = Document.objects.filter(pk=document.pk, etat=Document.Etat.RESERVE).update(
        etat=Document.Etat.EMIS,
        emis_at=horloge.now(),
        sha256=hashlib.sha256(octets).hexdigest(),
        taille=len(octets),
        moteur=fingerprint(),
    )
    if not claimed:
        return
    DocumentContenu.objects.create(document=document, octets=octets)
    record(
        type="document.emis",
        objet=document,
        epci=document.epci,
        commune=document.commune,
        libelle=f"{document.titre} : document {document.reference} émis",
        acteur=None,
        contenu={"reference": document.reference, "type": document.type},
    )
