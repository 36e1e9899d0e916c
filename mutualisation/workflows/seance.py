"""Saying when the councils sit, and taking back a sitting that will not be held."""

from collections.abc import Collection
from datetime import date

from comptes.models import Personne
from journal.workflows.unite import record, unite
from mutualisation.models import Seance
from mutualisation.seances import told
from socle.droits import require
from socle.erreurs import Refus
from territoire.models import Commune, Epci

DONE = {"ajoutee": "ajoutée", "precisee": "précisée", "retiree": "retirée"}


@unite
def enter_sittings(
    *, epci: Epci, commune: Commune | None, jours: Collection[date], note: str, acteur: Personne
) -> list[Seance]:
    """Add the days on which a council sits (`commune` None: the EPCI's); return those that were not known.

    `note` is the place or the subject of all of them; a day already known takes it when it is said, and changes no more.
    Raises ActionInterdite, Refus for a day that is past.
    """
    require(Seance(epci=epci, commune=commune), acteur, "tenir")
    if any(jour < epci.today for jour in jours):
        raise Refus("Une séance passée ne se saisit plus.", field="jours")
    found = [_enter(epci, commune, jour, note.strip()) for jour in sorted(jours)]
    added = [seance for seance, what in found if what == "ajoutee"]
    for what in ("ajoutee", "precisee"):
        days = [seance.jour for seance, done in found if done == what]
        if days:
            _record(epci, commune, acteur, what, days)
    return added


def _enter(epci: Epci, commune: Commune | None, jour: date, note: str) -> tuple[Seance, str]:
    """The sitting of a day, and what was done: « ajoutee », « precisee » or nothing."""
    row, created = Seance.objects.get_or_create(
        epci=epci, commune=commune, jour=jour, defaults={"note": note}
    )
    if created:
        return row, "ajoutee"
    if not note or row.note == note:
        return row, ""
    row.note = note
    row.save(update_fields=["note"])
    return row, "precisee"


@unite
def withdraw_sitting(*, epci: Epci, commune: Commune | None, jour: date, acteur: Personne) -> None:
    """Take back the sitting of a day to come; a day without sitting changes nothing.

    Raises ActionInterdite, Refus for a day that is past: it is history.
    """
    require(Seance(epci=epci, commune=commune), acteur, "tenir")
    if jour < epci.today:
        raise Refus("Une séance passée reste au calendrier.")
    deleted, _ = Seance.objects.filter(epci=epci, commune=commune, jour=jour).delete()
    if deleted:
        _record(epci, commune, acteur, "retiree", [jour])


def _record(epci: Epci, commune: Commune | None, acteur: Personne, what: str, days: list[date]) -> None:
    """One line for all the days of an act, about the commune or the EPCI: a sitting taken back leaves its trace."""
    record(
        type=f"seance.{what}",
        objet=commune or epci,
        epci=epci,
        commune=commune,
        acteur=acteur,
        libelle=told(days, DONE[what]),
        contenu={"jours": [day.isoformat() for day in days]},
    )
