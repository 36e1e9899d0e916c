"""The days not worked in an EPCI: seeded at the installation, then the Direction's."""

from datetime import date

from comptes.models import Personne
from comptes.roles import Role
from journal.workflows.unite import record, unite
from socle.dates import long_day
from socle.droits import ActionInterdite
from socle.erreurs import Refus
from territoire.models import Epci, JourFerie

WHO_KEEPS = "Seule la Direction des territoires tient le calendrier des jours fériés."


@unite
def add_holiday(*, epci: Epci, jour: date, nom: str, acteur: Personne) -> JourFerie:
    """Add a day not worked; the same day again changes nothing. Dates already set do not move.

    Raises ActionInterdite, Refus for a day that has another name, or for no name.
    """
    _check_right(epci, acteur)
    nom = nom.strip()
    if not nom:
        raise Refus("Donnez un nom à ce jour.", field="nom")
    row, created = JourFerie.objects.get_or_create(epci=epci, jour=jour, defaults={"nom": nom})
    if not created and row.nom != nom:
        raise Refus(f"Ce jour est déjà férié : {row.nom}.", field="jour")
    if created:
        _record("jour_ferie.ajoute", epci, row, acteur, "jour férié ajouté")
    return row


@unite
def remove_holiday(*, epci: Epci, jour: date, acteur: Personne) -> None:
    """Make a day worked again; a day already worked changes nothing. Raises ActionInterdite."""
    _check_right(epci, acteur)
    row = JourFerie.objects.select_for_update(of=("self",), no_key=True).filter(epci=epci, jour=jour).first()
    if row:
        _record("jour_ferie.retire", epci, row, acteur, "jour férié retiré")
        row.delete()


def _check_right(epci: Epci, acteur: Personne) -> None:
    if not acteur.acces.acts_for_epci(epci.pk, Role.DIRECTION_TERRITOIRES):
        raise ActionInterdite(WHO_KEEPS)


def _record(type: str, epci: Epci, row: JourFerie, acteur: Personne, text: str) -> None:
    record(
        type=type,
        objet=epci,
        epci=epci,
        acteur=acteur,
        libelle=f"{row.nom}, {long_day(row.jour)} : {text}",
        contenu={"jour": row.jour.isoformat(), "nom": row.nom},
    )
