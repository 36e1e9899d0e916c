"""Following the conventions de services communs and their avenants: created, dated, filed; never drafted here."""

from datetime import date
from itertools import pairwise

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError
from django.db.models import Max

from comptes.models import Personne
from comptes.roles import Role
from documents.workflows.piece import keep_piece
from journal.workflows.unite import record, unit, unite
from mutualisation.etats import CONVENTION, steps_between
from mutualisation.models import Convention, ConventionPiece, Cycle, Ligne
from mutualisation.workflows.verrou import locked
from socle.dates import day_and_year
from socle.droits import ActionInterdite, require
from socle.erreurs import Refus
from territoire.models import Commune, Epci

RELATED = ("epci", "commune", "cycle__epci")
STEPS = ("approuvee_on", "signee_on", "transmise_on")
ORDER = "Une convention est approuvée, puis signée, puis transmise : vérifiez l'ordre des dates."


def prepare_conventions(*, cycle: Cycle, acteur: Personne) -> list[Convention]:
    """Create what is missing for the communes that have accepted lines in a cycle; one transaction per commune.

    Returns those created, in French order; twice creates nothing the second time. Raises ActionInterdite.
    """
    if not acteur.acces.acts_for_epci(cycle.epci_id, Role.DIRECTION_TERRITOIRES):
        raise ActionInterdite(Convention.QUI_PEUT["modifier"])
    lignes = Ligne.objects.filter(declaration__cycle=cycle, arbitrage=Ligne.Arbitrage.ACCEPTEE)
    communes = Commune.objects.filter(pk__in=lignes.values("commune")).exclude(
        pk__in=Convention.objects.filter(cycle=cycle).values("commune")
    )
    created = [
        _prepare(cycle=cycle, commune=commune, acteur=acteur) for commune in communes.order_by("tri", "pk")
    ]
    return [convention for convention in created if convention]


@unite
def _prepare(*, cycle: Cycle, commune: Commune, acteur: Personne) -> Convention | None:
    """The convention of a commune, its avenant when it already has one; None when somebody was faster."""
    rang = next_rank(cycle.epci, commune)
    try:
        with unit():
            convention = Convention.objects.create(epci=cycle.epci, commune=commune, cycle=cycle, rang=rang)
    except IntegrityError:
        return None
    _record(convention, acteur, "creee", f"{convention} : suivi ouvert pour {cycle.annee}")
    return convention


def next_rank(epci: Epci, commune: Commune) -> int:
    """0 for the convention, then 1, 2… for its avenants."""
    known = Convention.objects.filter(epci=epci, commune=commune).aggregate(last=Max("rang"))["last"]
    return 0 if known is None else known + 1


@unite
def follow_convention(
    *,
    convention: Convention,
    acteur: Personne,
    version: int,
    numero: str,
    approuvee_on: date | None,
    signee_on: date | None,
    transmise_on: date | None,
) -> Convention:
    """Say where a convention stands; a date taken back is a correction. The same again changes nothing.

    Raises ActionInterdite, Conflit, Refus for dates to come or out of order. A missing opinion or annex never blocks.
    """
    convention = locked(Convention, convention.pk, version, select=RELATED)
    require(convention, acteur, "modifier")
    before, stood = _facts(convention), convention.etat
    convention.numero = numero
    convention.approuvee_on, convention.signee_on, convention.transmise_on = (
        approuvee_on,
        signee_on,
        transmise_on,
    )
    if _facts(convention) == before:
        return convention
    _pass_steps(stood, convention.etat)
    _check_steps(convention)
    convention.version += 1
    convention.save()
    detail: dict[str, object] = {"avant": before, "apres": _facts(convention)}
    _record(convention, acteur, "suivie", f"{convention} : {convention.etat.label}", detail)
    return convention


def _pass_steps(before: Convention.Etat, after: Convention.Etat) -> None:
    """Each step from a state to another is one that the table of states declares."""
    acte = steps_between(before, after)
    while before != after:
        before = CONVENTION.move(acte, before)


def _check_steps(convention: Convention) -> None:
    given = [(name, getattr(convention, name)) for name in STEPS]
    for name, day in given:
        if day and day > convention.epci.today:
            raise Refus("Cette date est à venir : dites ce qui est fait.", field=name)
        if day and day < convention.cycle.ouverture_on:
            said = day_and_year(convention.cycle.ouverture_on)
            raise Refus(
                f"Le cycle s'est ouvert le {said} : cette date est plus ancienne. Vérifiez l'année.",
                field=name,
            )
    for (_, before), (name, day) in pairwise(given):
        if day and (before is None or day < before):
            raise Refus(ORDER, field=name)


def _facts(convention: Convention) -> dict[str, str]:
    return {name: str(getattr(convention, name) or "") for name in ("numero", *STEPS)}


@unite
def file_piece(
    *, convention: Convention, acteur: Personne, nature: str, fichier: UploadedFile
) -> ConventionPiece:
    """File a PDF with a convention, by nature. Raises ActionInterdite, Refus for a file that is not one we keep."""
    convention = locked(Convention, convention.pk, select=RELATED)
    require(convention, acteur, "modifier")
    piece = keep_piece(epci=convention.epci, acteur=acteur, fichier=fichier)
    filed = ConventionPiece.objects.create(convention=convention, piece=piece, nature=nature)
    _record(
        convention,
        acteur,
        "piece_versee",
        f"{convention} : fichier versé ({filed.get_nature_display()}), {piece.nom}",
        {"nature": nature, "fichier": piece.nom, "sha256": piece.sha256},
    )
    return filed


@unite
def withdraw_piece(*, piece: ConventionPiece, acteur: Personne) -> None:
    """Take out a file put there by error; the file itself is kept, the history says so. Raises ActionInterdite."""
    convention = locked(Convention, piece.convention_id, select=RELATED)
    require(convention, acteur, "modifier")
    kept = piece.piece
    deleted, _ = ConventionPiece.objects.filter(pk=piece.pk).delete()
    if deleted:
        _record(
            convention,
            acteur,
            "piece_retiree",
            f"{convention} : fichier retiré ({piece.get_nature_display()}), {kept.nom}",
            {"nature": piece.nature, "fichier": kept.nom, "sha256": kept.sha256},
        )


def _record(
    convention: Convention,
    acteur: Personne,
    what: str,
    libelle: str,
    detail: dict[str, object] | None = None,
) -> None:
    record(
        type=f"convention.{what}",
        objet=convention,
        epci=convention.epci,
        commune=convention.commune,
        acteur=acteur,
        libelle=libelle,
        contenu={"annee": convention.cycle.annee, "rang": convention.rang, "etat": str(convention.etat)},
        detail=detail,
    )
