"""Naming who answers for a domain on a side."""

from datetime import date, timedelta

from django.db.models import Q

from comptes.models import Equipe, Personne
from journal.workflows.unite import record, unite
from mutualisation.models import Domaine, Siege, Titulaire
from socle.dates import day_and_year
from socle.droits import require
from socle.erreurs import Refus
from socle.typographie import of
from territoire.models import Appartenance, Commune, Epci, Pole


@unite
def appoint(
    *,
    epci: Epci,
    cote: str,
    domaine: Domaine,
    debut: date,
    acteur: Personne | None,
    personne: Personne | None = None,
    equipe: Equipe | None = None,
    commune: Commune | None = None,
    pole: Pole | None = None,
    rang: str = Titulaire.Rang.TITULAIRE,
    fin: date | None = None,
) -> Titulaire:
    """Put a person or a team in a seat (created when needed) over `[debut, fin)`.

    In title, whoever sits there is relieved on `debut`. The same appointment twice changes nothing. `acteur`
    is None only when a command appoints. Raises ActionInterdite, Refus for a perimeter or holder
    that does not fit, dates out of order, or when someone was already named for a later day.
    """
    _check_perimeter(epci, cote, domaine, commune, pole)
    _check_holder(epci, personne, equipe)
    siege = _seat(epci, cote, domaine, commune, pole)
    if acteur:
        require(siege, acteur, "nommer")
    if fin and fin <= debut:
        raise Refus("Le dernier jour ne peut pas précéder le premier.", field="fin")
    titulaire = Titulaire(siege=siege, personne=personne, equipe=equipe, rang=rang, debut=debut, fin=fin)
    already = _already_there(titulaire)
    if already:
        return already
    if rang == Titulaire.Rang.TITULAIRE:
        _relieve(titulaire)
    titulaire.save()
    _record(
        "siege.nomme", titulaire, acteur, f"{titulaire.get_rang_display()} à compter du {day_and_year(debut)}"
    )
    return titulaire


@unite
def end_appointment(*, titulaire: Titulaire, acteur: Personne, fin: date) -> Titulaire:
    """End the period of a holder on `fin` (excluded); the rights of the seat end with it.

    Raises ActionInterdite, Refus when the end is not after the beginning or someone else follows.
    """
    siege = (
        Siege.objects.select_for_update(of=("self",), no_key=True)
        .select_related("epci", "commune")
        .get(pk=titulaire.siege_id)
    )
    require(siege, acteur, "nommer")
    titulaire = siege.titulaires.select_related("siege__epci", "siege__commune", "siege__domaine").get(
        pk=titulaire.pk
    )
    if fin <= titulaire.debut:
        raise Refus(f"Cette nomination commence le {day_and_year(titulaire.debut)}.", field="fin")
    if titulaire.fin and fin > titulaire.fin:
        last = day_and_year(titulaire.fin - timedelta(days=1))
        raise Refus(f"Cette nomination finit déjà le {last}.", field="fin")
    if titulaire.fin != fin:
        titulaire.fin = fin
        titulaire.save(update_fields=["fin"])
        last = day_and_year(fin - timedelta(days=1))
        _record("siege.fin", titulaire, acteur, f"{titulaire.get_rang_display()} jusqu'au {last}")
    return titulaire


def _check_perimeter(
    epci: Epci, cote: str, domaine: Domaine, commune: Commune | None, pole: Pole | None
) -> None:
    if domaine.epci_id != epci.pk:
        raise Refus("Ce domaine n'est pas au catalogue de cet EPCI.", field="domaine")
    if cote == Siege.Cote.COMMUNE and (commune is None or pole):
        raise Refus("Le siège d'un référent communal porte sur une commune : choisissez-la.", field="commune")
    if commune and pole:
        raise Refus("Un siège porte sur une commune ou sur un pôle, pas sur les deux.", field="pole")
    if pole and pole.epci_id != epci.pk:
        raise Refus("Ce pôle n'est pas de cet EPCI.", field="pole")
    if commune and not Appartenance.objects.filter(epci=epci, commune=commune).exists():
        raise Refus("Cette commune n'est pas membre de cet EPCI.", field="commune")


def _check_holder(epci: Epci, personne: Personne | None, equipe: Equipe | None) -> None:
    if bool(personne) == bool(equipe):
        raise Refus(
            "Un siège est tenu par une personne ou par une équipe : choisissez l'une ou l'autre.", field="qui"
        )
    if equipe and equipe.epci_id != epci.pk:
        raise Refus("Cette équipe n'est pas de cet EPCI.", field="qui")
    # Locked: whoever dissolves it at this moment waits, then finds the seat.
    if equipe and Equipe.objects.select_for_update(of=("self",), no_key=True).get(pk=equipe.pk).dissoute_at:
        raise Refus(f"L'équipe {equipe} est dissoute.", field="qui")
    if personne and not personne.is_active:
        raise Refus(f"Le compte {of(str(personne))} est fermé.", field="qui")


def _seat(epci: Epci, cote: str, domaine: Domaine, commune: Commune | None, pole: Pole | None) -> Siege:
    """The seat, created when needed and locked until the unit ends: two appointments wait for each other."""
    siege, _ = Siege.objects.get_or_create(epci=epci, cote=cote, domaine=domaine, commune=commune, pole=pole)
    related = ("epci", "domaine", "commune", "pole")
    return (
        Siege.objects.select_for_update(of=("self",), no_key=True).select_related(*related).get(pk=siege.pk)
    )


def _already_there(new: Titulaire) -> Titulaire | None:
    """The same appointment, already made (double click); Refus when the holder has this rank otherwise."""
    same = new.siege.titulaires.filter(personne=new.personne, equipe=new.equipe, rang=new.rang)
    overlapping = same.filter(Q(fin=None) | Q(fin__gt=new.debut))
    if new.fin:
        overlapping = overlapping.filter(debut__lt=new.fin)
    found = overlapping.order_by("debut").first()
    if found and (found.debut, found.fin) != (new.debut, new.fin):
        since = day_and_year(found.debut)
        raise Refus(
            f"{found} est déjà {found.get_rang_display()} de ce siège, à compter du {since}.", field="qui"
        )
    return found


def _relieve(new: Titulaire) -> None:
    """End the period of whoever holds the seat when the new one arrives."""
    holders = new.siege.titulaires.filter(rang=Titulaire.Rang.TITULAIRE)
    later = holders.filter(debut__gte=new.debut).order_by("debut").first()
    if later and (new.fin is None or later.debut < new.fin):
        raise Refus(f"{later} est déjà nommé à compter du {day_and_year(later.debut)}.", field="debut")
    holders.on(new.debut).update(fin=new.debut)


def _record(type: str, titulaire: Titulaire, acteur: Personne | None, text: str) -> None:
    siege = titulaire.siege
    record(
        type=type,
        objet=siege,
        epci=siege.epci,
        commune=siege.commune,
        acteur=acteur,
        libelle=f"{siege} : {text}",
        contenu={
            "domaine": siege.domaine.code,
            "cote": str(siege.cote),
            "debut": titulaire.debut.isoformat(),
            "fin": titulaire.fin.isoformat() if titulaire.fin else None,
        },
        detail={"titulaire": str(titulaire)},
    )
