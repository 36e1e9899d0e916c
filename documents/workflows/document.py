"""Issuing in two steps: reserve with frozen data; render outside any transaction; store bytes, digest and state."""

import hashlib
from typing import Any

from django.db import connection

from comptes.models import Personne
from documents.models import Document, DocumentContenu
from documents.models.document import ECHECS, TACHE_RENDRE
from documents.rendu import fingerprint
from journal.models import Tache
from journal.workflows.tache import explain, schedule, try_again_soon
from journal.workflows.unite import record, unite
from socle import horloge, registres
from socle.droits import require
from socle.erreurs import Refus
from territoire.models import Commune, Epci

NEXT_NUMBER = """
    INSERT INTO documents_compteurdocument (epci_id, type, annee, dernier) VALUES (%s, %s, %s, 1)
    ON CONFLICT (epci_id, type, annee) DO UPDATE SET dernier = documents_compteurdocument.dernier + 1
    RETURNING dernier
"""
PREFIXES = {
    "accuse": "AD",
    "compte_rendu": "CR",
    "contrat_arrete": "CA",
    "contrat": "CE",
    "contrat_consolide": "CC",
}


@unite
def reserve(
    *,
    epci: Epci,
    commune: Commune | None,
    type: str,
    annee: int,
    titre: str,
    source: dict[str, Any],
    remplace: Document | None = None,
) -> Document:
    """Take the next number and freeze the data; the rendering is scheduled and leaves on commit.

    `source` is JSON; `numero` is added to it, so that everything printed comes from it. `remplace`: the annulled document
    that this one stands in for.
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
        remplace=remplace,
    )
    schedule(
        epci=epci,
        type=TACHE_RENDRE,
        cle=document.cle_rendu,
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
    """Job: render a reserved document and complete it; a second run finds it issued, or annulled, and does nothing."""
    document = Document.objects.select_related("epci", "commune").get(pk=tache.parametres["document"])
    if document.etat != Document.Etat.RESERVE:
        return
    try:
        complete(document=document, octets=registres.rendus.get(document.type)(document))
    except Exception:
        if tache.essais + 1 >= ECHECS:
            explain(
                tache,
                f"{document.titre} : la mise en page de {document.reference} échoue. Tant qu'elle n'est pas réparée, ce numéro "
                "peut être annulé depuis la page du document.",
            )
        raise


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
    _record(document, None, "document.emis", "émis")


@unite
def annul(*, document: Document, acteur: Personne, motif: str) -> Document:
    """Annul the number of a document that cannot be rendered: it stays, with its motive, and nothing is issued under it.

    Twice changes nothing. Raises ActionInterdite before several tries have failed, or for anyone but the administrator and the
    Direction; Refus without a motive, or when it was issued meanwhile.
    """
    document = _locked(document)
    if document.run_by(acteur) and document.annule:
        return document
    if document.run_by(acteur) and document.emis:
        raise Refus("Ce document vient d'être émis : il ne s'annule plus.")
    require(document, acteur, "annuler")
    if not motif.strip():
        raise Refus("Dites pourquoi ce numéro est annulé.", field="motif")
    document.etat, document.annule_at = Document.Etat.ANNULE, horloge.now()
    document.annule_par, document.motif = acteur, motif.strip()
    document.save(update_fields=["etat", "annule_at", "annule_par", "motif"])
    try_again_soon(document.cle_rendu)
    _record(document, acteur, "document.annule", "annulé avant d'être émis", {"motif": document.motif})
    return document


@unite
def replace_annulled(*, document: Document, acteur: Personne) -> Document:
    """Reserve a new number for the very data of an annulled document; what it stood for points to the new one.

    Twice gives the same replacement. Raises ActionInterdite.
    """
    document = _locked(document)
    require(document, acteur, "remplacer")
    existing = Document.objects.filter(remplace=document).first()
    if existing:
        return existing
    new = reserve(
        epci=document.epci,
        commune=document.commune,
        type=document.type,
        annee=document.annee,
        titre=document.titre,
        source=document.source,
        remplace=document,
    )
    registres.remplacements.get(document.type)(document, new)
    _record(document, acteur, "document.remplace", f"remplacé par {new.reference}")
    return new


def _locked(document: Document) -> Document:
    rows = Document.objects.select_related("epci", "commune").select_for_update(of=("self",), no_key=True)
    return rows.get(pk=document.pk)


def _record(
    document: Document, acteur: Personne | None, type: str, words: str, detail: dict[str, str] | None = None
) -> None:
    record(
        type=type,
        objet=document,
        epci=document.epci,
        commune=document.commune,
        acteur=acteur,
        libelle=f"{document.titre} : document {document.reference} {words}",
        contenu={"reference": document.reference, "type": document.type},
        detail=detail,
    )
