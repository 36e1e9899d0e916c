"""Taking over what exists: a sheet is deposited, verified, confirmed once, written in units, undone if need be."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet

from comptes.models import Personne
from documents.workflows.piece import keep_sheet
from journal.models import Courriel, Tache
from journal.workflows.invitation import INVITATION, invite
from journal.workflows.tache import progress, schedule
from journal.workflows.unite import record, unite
from mutualisation.models import Reprise
from mutualisation.reprise.colonnes import Type
from mutualisation.reprise.recueil import Recueil
from mutualisation.reprise.verification import Verification, verify, verify_again
from mutualisation.workflows.reprise_ecriture import ECRITURES, adhesions_written
from mutualisation.workflows.reprise_retrait import undo
from mutualisation.workflows.verrou import locked
from socle import horloge
from socle.droits import require
from socle.typographie import plural
from territoire.models import Epci

TACHE_REPRISE = "mutualisation.reprise"
D_UN_COUP = 2_000  # adhesions written at once, while the person waits; more are a job
UN_A_UN = 200  # the same for people and seats, which are written row by row


@unite
def deposit(*, epci: Epci, type: str, acteur: Personne, fichier: UploadedFile) -> Reprise:
    """Keep a sheet and verify it; nothing of what it says is written.

    Raises ActionInterdite, Refus at `fichier` for what is no sheet of this kind or is too long.
    """
    reprise = Reprise(epci=epci, type=type, deposee_par=acteur, deposee_at=horloge.now())
    require(reprise, acteur, "deposer")
    reprise.piece = keep_sheet(epci=epci, acteur=acteur, fichier=fichier)
    verification = verify(epci, type, bytes(reprise.piece.contenu.octets))
    reprise.lignes = verification.lues
    reprise.plan = [row.dump() for row in verification.rows] if not verification.recueil.erreurs else []
    _note(reprise, verification)
    reprise.save()
    _record("reprise.deposee", reprise, acteur, f"{plural(reprise.lignes, 'ligne')} à reprendre")
    return reprise


def _note(reprise: Reprise, verification: Verification) -> None:
    reprise.bilan = verification.bilan
    reprise.erreurs = verification.recueil.erreurs
    reprise.avertissements = verification.recueil.avertissements or reprise.avertissements


@unite
def confirm(*, reprise: Reprise, acteur: Personne) -> Reprise:
    """Write what was verified: at once, or by a job for a large sheet; confirming again changes nothing.

    What exists may have changed since: the rows that it now contradicts are then told on the reprise, which is
    not confirmed. Raises ActionInterdite, also for a sheet with errors or nothing to write.
    """
    reprise = locked(Reprise, reprise.pk, select=("epci", "piece"))
    if reprise.confirmee_at:
        return reprise
    require(reprise, acteur, "confirmer")
    verification = verify_again(reprise)
    if verification.recueil.erreurs or not verification.nouvelles:
        _note(reprise, verification)
        reprise.save()
        return reprise
    reprise.confirmee_par, reprise.confirmee_at = acteur, horloge.now()
    reprise.version += 1
    reprise.save(update_fields=["confirmee_par", "confirmee_at", "version"])
    _record("reprise.confirmee", reprise, acteur, f"{plural(len(verification.nouvelles), 'ligne')} à écrire")
    if len(verification.nouvelles) > _at_once(reprise):
        _schedule(reprise)
    else:
        _write(reprise, verification.nouvelles)
        _finish(reprise, verification.recueil)
    return reprise


def _at_once(reprise: Reprise) -> int:
    """How many rows are written in one unit."""
    return D_UN_COUP if reprise.type == Type.ADHESIONS else UN_A_UN


def _schedule(reprise: Reprise) -> None:
    schedule(
        epci=reprise.epci,
        type=TACHE_REPRISE,
        cle=f"{TACHE_REPRISE}:{reprise.pk}",
        due_at=horloge.now(),
        parametres={"reprise": reprise.pk},
    )


def run_reprise(tache: Tache) -> None:
    """Job: write what remains of a confirmed sheet, some communes at a time; resumed, it writes the rest only."""
    reprise = Reprise.objects.select_related("epci", "confirmee_par").get(pk=tache.parametres["reprise"])
    if reprise.ecrite_at:
        return
    verification = verify_again(reprise)
    rows, done = verification.nouvelles, 0
    before = len(verification.rows) - len(rows)
    for part in _parts(rows, _at_once(reprise)):
        write_part(reprise=reprise, rows=part)
        done += len(part)
        progress(tache, fait=before + done, total=before + len(rows))
    finish(reprise=reprise, recueil=verification.recueil)


def _parts(rows: Sequence[Any], longueur: int) -> Iterator[list[Any]]:
    """The rows in parts of about `longueur`, those of a commune together so that each is told once."""
    part: list[Any] = []
    for _, group in groupby(sorted(rows, key=lambda row: row.commune or 0), key=lambda row: row.commune):
        part += group
        if len(part) >= longueur:
            yield part
            part = []
    if part:
        yield part


@unite
def write_part(*, reprise: Reprise, rows: Sequence[Any]) -> None:
    """Write some rows of a confirmed sheet, under a lock that keeps two workers apart."""
    _write(_relocked(reprise), rows)


@unite
def finish(*, reprise: Reprise, recueil: Recueil) -> None:
    """Say that everything is written, and what could not be since the verification."""
    fresh = _relocked(reprise)
    if not fresh.ecrite_at:
        _finish(fresh, recueil)


def _relocked(reprise: Reprise) -> Reprise:
    """The row, locked, without what is heavy until it is asked for."""
    rows = Reprise.objects.select_for_update(of=("self",), no_key=True).defer("plan", "creations")
    return rows.select_related("epci", "piece", "confirmee_par").get(pk=reprise.pk)


def _write(reprise: Reprise, rows: Sequence[Any]) -> None:
    """Write rows and keep what was created, under the model of each."""
    recueil = Recueil()
    created = ECRITURES[reprise.type](reprise, rows, recueil)
    for label, states in created.items():
        reprise.creations.setdefault(label, {}).update(states)
    reprise.avertissements = [*reprise.avertissements, *recueil.erreurs]
    reprise.save(update_fields=["avertissements", *(["creations"] if created else [])])


def _finish(reprise: Reprise, recueil: Recueil) -> None:
    """`recueil`: rows that something recorded since the confirmation contradicts; they were left out."""
    reprise.ecrite_at = horloge.now()
    reprise.avertissements = [*reprise.avertissements, *recueil.erreurs]
    if reprise.type == Type.ADHESIONS:
        reprise.creations = adhesions_written(reprise)
    reprise.bilan |= {"ecrites": len(reprise.creations[COMPTEES[reprise.type]])}
    reprise.version += 1
    reprise.save(update_fields=["ecrite_at", "avertissements", "creations", "bilan", "version"])
    text = plural(reprise.bilan["ecrites"], "ligne écrite", "lignes écrites")
    _record("reprise.ecrite", reprise, reprise.confirmee_par, text)


# What stands for a row of the sheet.
COMPTEES: dict[str, str] = {
    Type.PERSONNES: "comptes.habilitation",
    Type.SIEGES: "mutualisation.titulaire",
    Type.ADHESIONS: "mutualisation.adhesion",
}


@unite
def cancel(*, reprise: Reprise, acteur: Personne) -> Reprise:
    """Remove what a sheet wrote and nobody touched since; what remains is said in `bilan`. Twice changes nothing.

    Raises ActionInterdite, also for a sheet not written yet.
    """
    reprise = locked(Reprise, reprise.pk, select=("epci", "piece"))
    if reprise.annulee_at:
        return reprise
    require(reprise, acteur, "annuler")
    reprise.annulee_par, reprise.annulee_at = acteur, horloge.now()
    removed, kept = undo(reprise)
    reprise.bilan |= {"retirees": removed, "gardees": len(kept)}
    reprise.avertissements = [{"ligne": 0, "colonne": "", "message": text} for text in kept]
    reprise.version += 1
    reprise.save()
    _record("reprise.annulee", reprise, acteur, plural(removed, "ligne retirée", "lignes retirées"))
    return reprise


def to_invite(reprise: Reprise) -> QuerySet[Personne]:
    """The accounts a sheet opened that can sign in, have no password yet, and were not invited."""
    opened = Personne.objects.filter(pk__in=list(reprise.creations.get("comptes.personne", {})))
    invited = Courriel.objects.filter(type=INVITATION).values("destinataire")
    waiting = opened.filter(is_active=True, password__startswith=UNUSABLE_PASSWORD_PREFIX)
    return waiting.exclude(pk__in=invited).order_by("tri", "pk")


@unite
def invite_people(*, reprise: Reprise, acteur: Personne) -> int:
    """Mail an invitation to each account the sheet opened, once; returns how many. Raises ActionInterdite."""
    reprise = locked(Reprise, reprise.pk, select=("epci",))
    require(reprise, acteur, "inviter")
    people = list(to_invite(reprise))
    for personne in people:
        invite(personne=personne, epci=reprise.epci, acteur=acteur)
    return len(people)


def _record(type: str, reprise: Reprise, acteur: Personne | None, text: str) -> None:
    record(
        type=type,
        objet=reprise,
        epci=reprise.epci,
        acteur=acteur,
        libelle=f"Reprise des {reprise.get_type_display()} : {text}",
        contenu={"type": reprise.type, "lignes": reprise.lignes},
        detail={"fichier": reprise.piece.nom},
    )
