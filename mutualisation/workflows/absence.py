"""Noting, changing and withdrawing the absences of people; those who may name somebody are told when nobody replaces them."""

from datetime import date
from typing import NoReturn

from comptes.models import Personne
from journal.models import Evenement
from journal.workflows.unite import record, unite
from mutualisation.models import Absence
from mutualisation.referents import deputies_for
from mutualisation.workflows.vacance import tell_absence
from mutualisation.workflows.verrou import locked
from socle.dates import day_and_year
from socle.droits import require
from socle.erreurs import Conflit, Refus
from territoire.models import Epci


@unite
def note_absence(
    *,
    epci: Epci,
    personne: Personne,
    debut: date,
    acteur: Personne,
    fin: date | None = None,
    suppleant: Personne | None = None,
) -> Absence:
    """Note that a person does not answer over `[debut, fin)`, and who is called meanwhile; the very same again changes nothing.

    Raises ActionInterdite, Refus for days over, out of order or already noted, and for somebody who may not replace her.
    """
    absence = Absence(epci=epci, personne=personne, debut=debut, fin=fin, suppleant=suppleant)
    require(absence, acteur, "saisir")
    _lock(personne)
    same = Absence.objects.filter(epci=epci, personne=personne, debut=debut, fin=fin, suppleant=suppleant)
    if existing := same.select_related("epci", "personne", "suppleant").first():
        return existing
    _check(absence)
    absence.save()
    _record(absence, acteur, "notee", "Absence notée")
    tell_absence(absence)
    return absence


@unite
def change_absence(
    *,
    absence: Absence,
    debut: date,
    fin: date | None,
    suppleant: Personne | None,
    version: int,
    acteur: Personne,
) -> Absence:
    """Give an absence other days or somebody else to call; the same again changes nothing.

    Raises ActionInterdite, Conflit when somebody saved since `version`, Refus as `note_absence`.
    """
    require(absence, acteur, "saisir")
    _lock(absence.personne)
    absence = locked(Absence, absence.pk, select=("epci", "personne", "suppleant"))
    if (absence.debut, absence.fin, absence.suppleant) == (debut, fin, suppleant):
        return absence
    if absence.version != version:
        _refuse_late(absence)
    absence.debut, absence.fin, absence.suppleant = debut, fin, suppleant
    _check(absence)
    absence.version += 1
    absence.save()
    _record(absence, acteur, "changee", "Absence changée")
    tell_absence(absence)
    return absence


@unite
def withdraw_absence(*, absence: Absence, acteur: Personne) -> None:
    """Take back an absence: the person answers again; nothing of it is kept but a line of the journal. Twice is harmless."""
    require(absence, acteur, "saisir")
    _lock(absence.personne)
    found = Absence.objects.filter(pk=absence.pk)
    if not found.exists():
        return
    found.delete()
    _record(absence, acteur, "retiree", "Absence retirée")


def _lock(personne: Personne) -> None:
    """One absence at a time for one person: who comes second finds the first, and is told of it in words."""
    Personne.objects.select_for_update(of=("self",), no_key=True).get(pk=personne.pk)


def _check(absence: Absence) -> None:
    if absence.fin and absence.fin <= absence.debut:
        raise Refus("Le dernier jour ne peut pas précéder le premier.", field="fin")
    if absence.fin and absence.fin <= absence.epci.today:
        raise Refus("Cette absence est déjà finie : il n'y a rien à noter.", field="fin")
    _check_free(absence)
    if absence.suppleant:
        _check_deputy(absence, absence.suppleant)


def _check_free(absence: Absence) -> None:
    """No other absence of the person on these days."""
    found = _overlapping(absence, absence.personne)
    if found:
        raise Refus(f"Une absence est déjà notée {_days(found)} : changez-la plutôt.", field="debut")


def _check_deputy(absence: Absence, suppleant: Personne) -> None:
    if not deputies_for(absence.epci, absence.personne).filter(pk=suppleant.pk).exists():
        raise Refus("Choisissez quelqu'un qui peut tenir ce siège.", field="suppleant")
    found = _overlapping(absence, suppleant)
    if found:
        raise Refus(
            f"{suppleant} : absence notée {_days(found)}. Choisissez quelqu'un d'autre.", field="suppleant"
        )


def _overlapping(absence: Absence, personne: Personne) -> Absence | None:
    """An absence of a person that shares a day with this one, itself left out."""
    rows = Absence.objects.filter(epci=absence.epci, personne=personne).exclude(pk=absence.pk)
    lasting = [row for row in rows.order_by("debut") if row.fin is None or row.fin > absence.debut]
    return next((row for row in lasting if absence.fin is None or row.debut < absence.fin), None)


def _days(absence: Absence) -> str:
    """« du 2 mars 2027 au 12 mars 2027 », « à compter du 2 mars 2027 »."""
    first, last = day_and_year(absence.debut), absence.dernier_jour
    return f"du {first} au {day_and_year(last)}" if last else f"à compter du {first}"


def _refuse_late(absence: Absence) -> NoReturn:
    """Raises Conflit with who changed it and when it now is."""
    rows = Evenement.objects.about(absence.personne).filter(type__startswith="absence.", epci=absence.epci)
    last = rows.select_related("acteur").first()
    who = last.acteur if last and last.acteur else "Quelqu'un"
    raise Conflit(
        f"{who} a changé cette absence entre-temps : elle va {_days(absence)}. Rien de ce que vous avez saisi n'est perdu."
    )


def _record(absence: Absence, acteur: Personne, what: str, libelle: str) -> None:
    """A line about the person, as those of her account: nobody else's business (see EvenementQuerySet.visible_to)."""
    record(
        type=f"absence.{what}",
        objet=absence.personne,
        epci=absence.epci,
        acteur=acteur,
        libelle=libelle,
        detail={
            "debut": absence.debut.isoformat(),
            "fin": absence.fin.isoformat() if absence.fin else None,
            "a_appeler": str(absence.suppleant or ""),
        },
    )
