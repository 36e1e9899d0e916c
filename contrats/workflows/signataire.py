"""Naming who signs for a side: its executive, or somebody by délégation; and putting an end to it."""

from datetime import date

from django.db.models import Q

from comptes.models import Personne
from contrats.models import Signataire
from contrats.signataires import Signatures, candidates
from journal.workflows.unite import record, unite
from mutualisation.workflows.verrou import check_version, locked
from socle.dates import ONE_DAY, day_and_year
from socle.droits import require
from socle.erreurs import Refus
from territoire.models import Commune, Epci


@unite
def name_signatory(
    *,
    epci: Epci,
    commune: Commune | None,
    personne: Personne,
    qualite: str,
    debut: date,
    acteur: Personne,
    fin: date | None = None,
    arrete_numero: str = "",
    arrete_on: date | None = None,
    portee: str = Signataire.Portee.CONTRATS,
) -> Signataire:
    """Say that somebody signs for the EPCI (`commune` None) or for a commune, over `[debut, fin)`.

    With the number and the date of an arrêté it is a délégation of the executive of that day, and several may run together;
    without, it is the executive of the EPCI, and whoever was named so before is relieved on `debut`, unless it ends before:
    an interim. The same again changes nothing.

    Raises ActionInterdite, Refus for somebody who is not of that side, a délégation half said or without anybody to give it,
    dates out of order.
    """
    # Two people who name wait for each other: one executive at a time.
    epci = Epci.objects.select_for_update(no_key=True).get(pk=epci.pk)
    row = Signataire(
        epci=epci, commune=commune, personne=personne, qualite=qualite.strip(), debut=debut, fin=fin,
        arrete_numero=arrete_numero.strip(), arrete_on=arrete_on, portee=portee,
    )  # fmt: skip
    require(row, acteur, "modifier")
    _check(row)
    before = _already(row)
    if before:
        return before
    if row.delegue:
        row.delegant = _delegant(row)
    else:
        _relieve(row, acteur)
    row.save()
    _record(row, acteur, "nomme", f"{row} à compter du {day_and_year(debut)}")
    return row


@unite
def end_signature(*, signataire: Signataire, fin: date, lue: int, acteur: Personne) -> Signataire:
    """Put an end to what somebody may sign, on `fin` (excluded). The same end again changes nothing.

    Raises ActionInterdite, Conflit when it was changed since version `lue` was read, Refus at `fin` when the
    end is before the beginning or after the one already said.
    """
    row = locked(Signataire, signataire.pk, select=("epci", "commune", "personne"))
    require(row, acteur, "modifier")
    if row.fin == fin:
        return row
    check_version(row, lue)
    if fin <= row.debut:
        raise Refus(f"Le dernier jour ne peut pas précéder le {day_and_year(row.debut)}.", field="fin")
    if row.fin and fin > row.fin:
        raise Refus(f"Cette signature finit déjà le {_last(row.fin)}.", field="fin")
    _close(row, fin, acteur)
    return row


def _close(row: Signataire, fin: date, acteur: Personne) -> None:
    row.fin = fin
    row.version += 1
    row.save(update_fields=["fin", "version"])
    _record(row, acteur, "fin", f"{row} jusqu'au {_last(fin)}")


def _delegant(row: Signataire) -> Personne:
    """The executive who gives the délégation."""
    communes = [row.commune_id] if row.commune_id else []
    found = Signatures(row.epci, row.debut, communes=communes).executif(row.commune_id)
    if found is None:
        side = f"Le maire {row.commune.de}" if row.commune else f"L'exécutif de {row.epci.nom_commun}"
        raise Refus(f"{side} n'est pas connu au {day_and_year(row.debut)} : qui délègue ?", field="debut")
    if found == row.personne:
        raise Refus(f"{found} signe déjà de plein droit.", field="personne")
    return found


def _check(row: Signataire) -> None:
    if not candidates(row.epci, row.commune).filter(pk=row.personne_id).exists():
        raise Refus("Cette personne n'a pas de compte de ce côté.", field="personne")
    if not row.qualite:
        raise Refus("Dites en quelle qualité cette personne signe.", field="qualite")
    if bool(row.arrete_numero) != bool(row.arrete_on):
        raise Refus(
            "Une délégation se dit par le numéro et la date de son arrêté.",
            field="arrete_on" if row.arrete_numero else "arrete_numero",
        )
    if row.commune and not row.delegue:
        raise Refus(
            "Pour une commune, le maire signe ; pour un autre, donnez l'arrêté.", field="arrete_numero"
        )
    if row.portee == Signataire.Portee.AVENANTS and not row.delegue:
        raise Refus("Seule une délégation se limite aux avenants : donnez son arrêté.", field="portee")
    if row.arrete_on and row.debut < row.arrete_on:
        raise Refus("La délégation ne commence pas avant son arrêté.", field="debut")
    if row.fin and row.fin <= row.debut:
        raise Refus("Le dernier jour ne peut pas précéder le premier.", field="fin")


def _already(row: Signataire) -> Signataire | None:
    """The same row, already written (double click)."""
    facts = ("commune", "personne", "qualite", "debut", "fin", "arrete_numero", "arrete_on", "portee")
    return Signataire.objects.filter(epci=row.epci, **{name: getattr(row, name) for name in facts}).first()


def _relieve(row: Signataire, acteur: Personne) -> None:
    """End, on the day the new executive comes, the period of whoever held it; a later one stands in the way.

    Whoever holds it beyond the last day of the new one is not relieved: his mandate runs, an interim signs meanwhile.
    """
    held = Signataire.objects.filter(epci=row.epci, commune=row.commune, arrete_numero="")
    later = held.filter(debut__gte=row.debut).order_by("debut").first()
    if later and (row.fin is None or later.debut < row.fin):
        raise Refus(f"{later} est déjà nommé à compter du {day_and_year(later.debut)}.", field="debut")
    for one in held.filter(Q(fin=None) | Q(fin__gt=row.debut), debut__lt=row.debut).select_for_update(
        of=("self",), no_key=True
    ):
        if row.fin is None or (one.fin is not None and one.fin <= row.fin):
            _close(one, row.debut, acteur)


def _last(fin: date) -> str:
    return day_and_year(fin - ONE_DAY)


def _record(row: Signataire, acteur: Personne, what: str, said: str) -> None:
    record(
        type=f"signataire.{what}",
        objet=row,
        epci=row.epci,
        commune=row.commune,
        acteur=acteur,
        libelle=f"Signature pour {row.commune or row.epci.nom_commun} : {said}",
        contenu={
            "commune": row.commune.code_insee if row.commune else None,
            "debut": row.debut.isoformat(),
            "fin": row.fin.isoformat() if row.fin else None,
            "delegation": row.delegue,
        },
    )
