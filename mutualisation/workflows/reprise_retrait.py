"""Undoing a sheet: what it wrote and nobody touched since is removed; the rest stays, and is told."""

from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.db.models import Model

from journal.workflows.unite import record
from mutualisation.models import Adhesion, Ligne, Reprise
from mutualisation.reprise.etats import state_of
from socle.typographie import plural
from territoire.models import Commune

# What depends on another comes before it; with the sentence for a row that stays.
ORDRE = (
    "mutualisation.adhesion",
    "mutualisation.titulaire",
    "mutualisation.siege",
    "comptes.habilitation",
    "comptes.personne",
)
CHANGEE = "a changé depuis la reprise"
SERT = "sert déjà dans l'outil, ou a reçu un courriel"
DECLAREE = "une déclaration déposée depuis s'appuie dessus"


def preview(reprise: Reprise) -> tuple[dict[str, list[Any]], list[str]]:
    """The rows that undoing would remove, by model, and a sentence for each of those it would keep; writes nothing."""
    removable: dict[str, list[Any]] = {}
    kept: list[str] = []
    for label in ORDRE:
        states = reprise.creations.get(label, {})
        if states:
            removable[label] = list(_split(reprise, label, states, removable, kept))
    return removable, kept


def _split(
    reprise: Reprise, label: str, states: dict[str, str], removed: dict[str, list[Any]], kept: list[str]
) -> Iterable[Model]:
    rows = _rows(label, states)
    busy = _busy(apps.get_model(label), [row.pk for row in rows], removed)
    declared = _declared(reprise) if label == "mutualisation.adhesion" else set()
    for row in rows:
        why = ""
        if state_of(row) != states[str(row.pk)]:
            why = CHANGEE
        elif row.pk in busy:
            why = SERT
        elif declared and (row.commune_id, row.activite_id) in declared:
            why = DECLAREE
        if not why:
            yield row
        elif label != "mutualisation.siege":
            kept.append(f"{row} : {why}.")


def _rows(label: str, states: dict[str, str]) -> list[Any]:
    """The rows still there, in order; those removed by hand since are simply not there."""
    rows: Any = apps.get_model(label)._default_manager.filter(pk__in=list(states)).order_by("pk")
    related = {
        "mutualisation.adhesion": ("commune", "activite"),
        "mutualisation.titulaire": ("personne", "equipe"),
        "mutualisation.siege": ("domaine", "commune", "pole", "epci"),
        "comptes.habilitation": ("personne",),
    }.get(label, ())
    return list(rows.select_related(*related) if related else rows)


def _busy(model: type[Model], pks: list[int], removed: dict[str, list[Any]]) -> set[int]:
    """Ids of the rows that something else points to, what is about to be removed left aside."""
    busy: set[int] = set()
    for relation in model._meta.related_objects:
        owner: Any = relation.related_model
        name = relation.field.name
        rows = owner._base_manager.filter(**{f"{name}__in": pks})
        gone = [row.pk for row in removed.get(owner._meta.label_lower, ())]
        busy.update(rows.exclude(pk__in=gone).order_by().values_list(name, flat=True).distinct())
    return busy


def _declared(reprise: Reprise) -> set[tuple[int, int]]:
    """(commune, activity) pairs of the lines submitted since the sheet was written."""
    lines = Ligne.objects.filter(epci=reprise.epci, declaration__deposee_at__gte=reprise.ecrite_at)
    return set(lines.order_by("pk").values_list("commune_id", "activite_id"))


def undo(reprise: Reprise) -> tuple[int, list[str]]:
    """Remove what may be; returns how many rows of the sheet that is, and a sentence for each row that stays."""
    removable, kept = preview(reprise)
    for label in ORDRE:
        rows = removable.get(label, [])
        apps.get_model(label)._default_manager.filter(pk__in=[row.pk for row in rows]).delete()
    _record_communes(reprise, removable.get("mutualisation.adhesion", []))
    counted = next(label for label in ORDRE if label in reprise.creations)
    return len(removable.get(counted, [])), kept


def _record_communes(reprise: Reprise, removed: list[Adhesion]) -> None:
    counts: dict[Commune, int] = {}
    for row in removed:
        counts[row.commune] = counts.get(row.commune, 0) + 1
    for commune, count in counts.items():
        record(
            type="adhesion.reprise_annulee",
            objet=commune,
            epci=reprise.epci,
            commune=commune,
            acteur=reprise.annulee_par,
            libelle=f"{commune} : {plural(count, 'adhésion reprise retirée', 'adhésions reprises retirées')}",
            contenu={"reprise": reprise.pk, "adhesions": count},
        )
