"""The programme of a year: planned, done, postponed with its reason, copied from the year before."""

from calendar import monthrange
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db.models import Q

from comptes.models import Personne
from contrats.etats import PROGRAMME
from contrats.models import Engagement, LigneProgramme
from contrats.models.programme import FIRST_YEAR, LAST_YEAR
from contrats.programme import months
from journal.workflows.unite import record, unite
from mutualisation.workflows.verrou import locked
from socle.dates import month_name
from socle.droits import require
from socle.erreurs import Refus
from socle.typographie import plural

Etat = LigneProgramme.Etat
RELATED = ("epci", "commune", "domaine")
COPIED = ("libelle", "mois", "precision", "quantite")


@unite
def plan_line(
    *, engagement: Engagement, annee: int, acteur: Personne, valeurs: Mapping[str, Any]
) -> LigneProgramme:
    """Plan a line of the domain of a fiche for a year; the same twice is one line.

    `valeurs`: libelle, mois (1 to 12), precision, quantite. Raises ActionInterdite, Refus when nothing says what or when.
    """
    ligne = _blank(engagement, annee)
    require(ligne, acteur, "modifier")
    _fill(ligne, valeurs)
    # One at a time: the second of two identical lines must see the first.
    Engagement.objects.select_for_update(of=("self",), no_key=True).get(pk=engagement.pk)
    same = LigneProgramme.objects.filter(_place(ligne), **{name: getattr(ligne, name) for name in COPIED})
    if found := same.first():
        return found
    ligne.ordre = LigneProgramme.objects.filter(_place(ligne)).count() + 1
    ligne.save()
    _record(ligne, acteur, "prevue", f"Programme {annee} : « {ligne} » prévu")
    return ligne


def _blank(engagement: Engagement, annee: int) -> LigneProgramme:
    if not FIRST_YEAR <= annee <= LAST_YEAR:
        raise Refus("Cette année n'est pas valable.")
    return LigneProgramme(
        epci=engagement.epci, commune=engagement.commune, domaine=engagement.domaine, annee=annee
    )


def _place(ligne: LigneProgramme) -> Q:
    """Lines of the same domain, commune and year."""
    return Q(epci=ligne.epci_id, commune=ligne.commune_id, domaine=ligne.domaine_id, annee=ligne.annee)


def _fill(ligne: LigneProgramme, valeurs: Mapping[str, Any]) -> None:
    if not valeurs["libelle"].strip():
        raise Refus("Dites ce qui est prévu.", field="libelle")
    if not valeurs["mois"] and not valeurs["precision"].strip():
        raise Refus("Dites quand : cochez un mois au moins, ou écrivez-le dans la précision.", field="mois")
    for name in COPIED:
        setattr(ligne, name, valeurs[name])
    ligne.mois = sorted(set(ligne.mois))
    if ligne.etat == Etat.PREVU:
        ligne.echeance_on = last_day(ligne.annee, max(ligne.mois, default=12))
    ligne.clean_fields()


def last_day(annee: int, mois: int) -> date:
    """The last day of a month."""
    return date(annee, mois, monthrange(annee, mois)[1])


@unite
def change_line(
    *, ligne: LigneProgramme, acteur: Personne, version: int, valeurs: Mapping[str, Any]
) -> LigneProgramme:
    """Write a line again. Raises ActionInterdite, Refus, Conflit when somebody changed it since the page read `version`."""
    present = LigneProgramme.objects.get(pk=ligne.pk)
    require(present, acteur, "modifier")
    if all(getattr(present, name) == valeurs[name] for name in COPIED):
        return present
    row = locked(LigneProgramme, ligne.pk, version, select=RELATED)
    before = {name: str(getattr(row, name)) for name in COPIED}
    _fill(row, valeurs)
    _save(row)
    detail = {name: {"avant": before[name], "apres": str(getattr(row, name))} for name in COPIED}
    _record(row, acteur, "modifiee", f"Programme {row.annee} : « {row} » modifié", detail=detail)
    return row


@unite
def mark_done(*, ligne: LigneProgramme, acteur: Personne) -> LigneProgramme:
    """Say today that a line is done; twice changes nothing. Raises ActionInterdite."""
    row = _own(ligne, acteur)
    if row.etat == Etat.FAIT:
        return row
    row.etat, row.fait_on = PROGRAMME.move("faire", row.etat), row.epci.today
    _save(row)
    _record(row, acteur, "faite", f"Programme {row.annee} : « {row} » fait")
    return row


@unite
def postpone(*, ligne: LigneProgramme, acteur: Personne, motif: str, report_on: date) -> LigneProgramme:
    """Postpone a line to a month (its first day), with the reason; the same again changes nothing.

    Raises ActionInterdite, Refus without reason, for a month that is not later, and once it is done.
    """
    row = _own(ligne, acteur)
    if (row.etat, row.motif, row.report_on) == (Etat.REPORTE, motif, report_on):
        return row
    etat = PROGRAMME.move("reporter", row.etat)
    if not motif.strip():
        raise Refus("Dites pourquoi : c'est lu à la revue.", field="motif")
    if report_on != row.report_on and report_on <= row.echeance_on:
        raise Refus("Choisissez un mois après celui qui était prévu.", field="report_on")
    row.etat, row.motif, row.report_on = etat, motif, report_on.replace(day=1)
    row.echeance_on = last_day(report_on.year, report_on.month)
    _save(row)
    said = f"Programme {row.annee} : « {row} » reporté à {month_name(report_on)}"
    _record(row, acteur, "reportee", said, detail={"motif": motif})
    return row


@unite
def restore(*, ligne: LigneProgramme, acteur: Personne) -> LigneProgramme:
    """Put a line back as it was planned; twice changes nothing. Raises ActionInterdite."""
    row = _own(ligne, acteur)
    if row.etat == Etat.PREVU:
        return row
    row.etat = PROGRAMME.move("remettre au programme", row.etat)
    row.fait_on, row.motif, row.report_on = None, "", None
    row.echeance_on = last_day(row.annee, max(row.mois, default=12))
    _save(row)
    _record(row, acteur, "retablie", f"Programme {row.annee} : « {row} » remis au programme")
    return row


@unite
def remove_line(*, ligne: LigneProgramme, acteur: Personne) -> None:
    """Take out a line written by mistake. Raises ActionInterdite, Refus once it was done or postponed."""
    row = _own(ligne, acteur)
    if row.etat != Etat.PREVU:
        raise Refus(f"« {row} » est {row.get_etat_display()} : remettez-le au programme avant de le retirer.")
    said = f"Programme {row.annee} : « {row} » ({months(row.mois) or row.precision}) retiré"
    _record(row, acteur, "retiree", said)
    row.delete()


@unite
def copy_year(*, engagement: Engagement, annee: int, acteur: Personne) -> int:
    """Plan for a year what was planned the year before and is not there yet; gives how many lines were added.

    Raises ActionInterdite, Refus when the year before planned nothing.
    """
    blank = _blank(engagement, annee)
    require(blank, acteur, "modifier")
    Engagement.objects.select_for_update(of=("self",), no_key=True).get(pk=engagement.pk)
    before = LigneProgramme.objects.filter(_place(_blank(engagement, annee - 1))).order_by("ordre", "pk")
    if not before:
        raise Refus(f"Rien n'était prévu en {annee - 1} : il n'y a rien à copier.")
    there = set(LigneProgramme.objects.filter(_place(blank)).values_list("libelle", flat=True))
    added = [_copied(row, annee, rank) for rank, row in enumerate(before, start=len(there) + 1)]
    added = [row for row in added if row.libelle not in there]
    LigneProgramme.objects.bulk_create(added)
    if added:
        said = f"Programme {annee} : {plural(len(added), 'ligne copiée', 'lignes copiées')} de {annee - 1}"
        _record(added[0], acteur, "copiee", said)
    return len(added)


def _copied(row: LigneProgramme, annee: int, ordre: int) -> LigneProgramme:
    return LigneProgramme(
        epci_id=row.epci_id,
        commune=row.commune,
        domaine=row.domaine,
        annee=annee,
        ordre=ordre,
        echeance_on=last_day(annee, max(row.mois, default=12)),
        **{name: getattr(row, name) for name in COPIED},
    )


def _own(ligne: LigneProgramme, acteur: Personne) -> LigneProgramme:
    row = locked(LigneProgramme, ligne.pk, select=RELATED)
    require(row, acteur, "modifier")
    return row


def _save(row: LigneProgramme) -> None:
    row.version += 1
    row.save()


def _record(
    row: LigneProgramme, acteur: Personne, what: str, libelle: str, detail: dict[str, Any] | None = None
) -> None:
    record(
        type=f"programme.{what}",
        objet=row,
        epci=row.epci,
        commune=row.commune,
        acteur=acteur,
        libelle=libelle,
        contenu={"domaine": row.domaine.code, "annee": row.annee},
        detail=detail,
    )
