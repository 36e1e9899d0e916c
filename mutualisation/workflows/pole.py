"""Drawing the pôles territoriaux, erasing those never used, and saying which communes each one gathers."""

from collections.abc import Mapping
from datetime import date

from django.db import IntegrityError, transaction

from comptes.models import Habilitation, Personne
from comptes.roles import Role
from journal.workflows.unite import record, unite
from mutualisation.models import Siege
from socle.dates import day_and_year
from socle.droits import ActionInterdite
from socle.erreurs import Refus
from socle.typographie import enumerate_french, plural
from territoire.models import Appartenance, Epci, Pole

WHO_DRAWS = "Seule la Direction des territoires dessine les pôles."


@unite
def draw_pole(*, epci: Epci, nom: str, acteur: Personne) -> Pole:
    """Create a pôle, still without communes. Raises ActionInterdite, Refus for no name or one already taken."""
    _check_right(epci, acteur)
    pole = Pole(epci=epci)
    _name(pole, nom)
    record(
        type="pole.dessine",
        objet=pole,
        epci=epci,
        acteur=acteur,
        libelle=f"{pole} : pôle créé",
        contenu={"pole": pole.pk, "nom": pole.nom},
    )
    return pole


@unite
def rename_pole(*, pole: Pole, nom: str, acteur: Personne) -> Pole:
    """Give another name to a pôle, past days included. Raises ActionInterdite, Refus for no name or one already taken."""
    _check_right(pole.epci, acteur)
    pole = Pole.objects.select_for_update(of=("self",), no_key=True).select_related("epci").get(pk=pole.pk)
    before = pole.nom
    _name(pole, nom)
    if pole.nom != before:
        record(
            type="pole.renomme",
            objet=pole,
            epci=pole.epci,
            acteur=acteur,
            libelle=f"{before} : devient {pole}",
            contenu={"pole": pole.pk, "nom": pole.nom},
        )
    return pole


@unite
def delete_pole(*, pole: Pole, acteur: Personne) -> None:
    """Erase a pôle drawn by mistake: one that nothing ever used. Twice changes nothing.

    Raises ActionInterdite, Refus with what uses it, or did.
    """
    _check_right(pole.epci, acteur)
    # Whoever puts communes in pôles waits, then no longer finds this one.
    Epci.objects.select_for_update(no_key=True).get(pk=pole.epci_id)
    if not Pole.objects.filter(pk=pole.pk).exists():
        return
    uses = _uses(pole)
    if uses:
        raise Refus(
            f"{pole} ne s'efface pas, pour que l'historique reste lisible : il a {enumerate_french(uses)}, "
            "aujourd'hui, autrefois ou plus tard. Vous pouvez le renommer.",
            field="pole",
        )
    record(
        type="pole.supprime",
        objet=pole,
        epci=pole.epci,
        acteur=acteur,
        libelle=f"{pole} : pôle supprimé",
        contenu={"pole": pole.pk, "nom": pole.nom},
    )
    pole.delete()


def _uses(pole: Pole) -> list[str]:
    """What ever pointed to a pôle, in words."""
    communes = Appartenance.objects.filter(pole=pole).values("commune").distinct().count()
    sieges = Siege.objects.filter(pole=pole).count()
    roles = Habilitation.objects.filter(pole=pole).count()
    told = (
        (communes, "commune", "communes"),
        (sieges, "siège", "sièges"),
        (roles, "rôle de directeur", "rôles de directeur"),
    )
    return [plural(count, *words) for count, *words in told if count]


def _name(pole: Pole, nom: str) -> None:
    pole.nom = nom.strip()
    if not pole.nom:
        raise Refus("Donnez un nom au pôle.", field="nom")
    try:
        with transaction.atomic():
            pole.save()
    except IntegrityError as error:
        raise Refus("Ce pôle existe déjà.", field="nom") from error


@unite
def assign_poles(*, epci: Epci, poles: Mapping[int, int | None], acteur: Personne) -> int:
    """Put communes in pôles from today (`poles`: commune id to pôle id, None for no pôle); return how many moved.

    Communes left out, or already there, do not change. Raises ActionInterdite, Refus when a pôle or a commune
    is not of this EPCI: then nothing moves.
    """
    _check_right(epci, acteur)
    # Two people who draw at once wait for each other: the second reads the periods the first has opened.
    epci = Epci.objects.select_for_update(no_key=True).get(pk=epci.pk)
    drawn = {pole.pk: pole for pole in Pole.objects.filter(epci=epci)}
    today = epci.today
    rows = Appartenance.objects.on(today).filter(epci=epci).select_related("commune", "pole")
    held = {row.commune_id: row for row in rows.order_by("commune__tri", "commune_id")}
    _check_assignment(poles, held, drawn)
    moved = [row for pk, row in held.items() if pk in poles and row.pole_id != poles[pk]]
    for row in moved:
        _move(row, drawn.get(poles[row.commune_id] or 0), today, acteur)
    return len(moved)


def _check_right(epci: Epci, acteur: Personne) -> None:
    if not acteur.acces.acts_for_epci(epci.pk, Role.DIRECTION_TERRITOIRES):
        raise ActionInterdite(WHO_DRAWS)


def _check_assignment(
    poles: Mapping[int, int | None], held: Mapping[int, Appartenance], drawn: Mapping[int, Pole]
) -> None:
    for commune, pole in poles.items():
        if commune not in held:
            raise Refus("Cette commune n'est pas membre de cet EPCI.", field=f"commune-{commune}")
        if pole is not None and pole not in drawn:
            raise Refus("Ce pôle n'est pas de cet EPCI.", field=f"commune-{commune}")


def _move(row: Appartenance, pole: Pole | None, today: date, acteur: Personne) -> None:
    """Open a period from today in the new pôle; a period that began today has no day to keep."""
    former = row.pole
    if row.debut == today:
        row.pole = pole
        row.save(update_fields=["pole"])
    else:
        end, row.fin = row.fin, today
        row.save(update_fields=["fin"])
        Appartenance.objects.create(epci=row.epci, commune=row.commune, pole=pole, debut=today, fin=end)
    record(
        type="commune.pole",
        objet=row.commune,
        epci=row.epci,
        commune=row.commune,
        acteur=acteur,
        libelle=f"{row.commune} : {pole or 'sans pôle'} à compter du {day_and_year(today)}",
        contenu={"pole": pole.pk if pole else None, "debut": today.isoformat()},
        detail={"avant": str(former or ""), "apres": str(pole or "")},
    )
