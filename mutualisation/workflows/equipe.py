"""Composing the teams that may hold a seat, changing them, dissolving them."""

from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from comptes.models import Equipe, Personne
from comptes.roles import Role
from journal.workflows.unite import record, unite
from mutualisation.models import Titulaire
from mutualisation.referents import candidates
from mutualisation.workflows.verrou import locked
from socle import horloge
from socle.droits import ActionInterdite
from socle.erreurs import Refus
from socle.typographie import enumerate_french, plural
from territoire.models import Epci

WHO_COMPOSES = "Seule la Direction des territoires compose les équipes."
SAID = 5  # seats named in a refusal; the page of the team lists them all


@unite
def compose_equipe(
    *, epci: Epci, nom: str, membres: Sequence[Personne], acteur: Personne, telephone: str = ""
) -> Equipe:
    """Create a team with its members, people known to the EPCI.

    Raises ActionInterdite, Refus for no name or one already taken, no member, or a member unknown to the EPCI.
    """
    _check_right(epci, acteur)
    equipe = Equipe(epci=epci)
    _write(equipe, nom, telephone, membres)
    names = [str(membre) for membre in membres]
    _record(equipe, acteur, "composee", f"{equipe} : équipe créée", {"membres": names})
    return equipe


@unite
def change_equipe(
    *,
    equipe: Equipe,
    nom: str,
    telephone: str,
    membres: Sequence[Personne],
    version: int,
    acteur: Personne,
) -> Equipe:
    """Give a team another name, number or members; the rights of its seats follow at once. The same again changes nothing.

    Raises ActionInterdite, Conflit when somebody saved since `version`, Refus as `compose_equipe`, or once dissolved.
    """
    _check_right(equipe.epci, acteur)
    equipe = locked(Equipe, equipe.pk, version, select=("epci",))
    if equipe.dissoute_at:
        raise Refus("Cette équipe est dissoute : elle ne change plus.")
    former = equipe.nom
    detail = _changes(equipe, nom.strip(), telephone.strip(), membres)
    if detail:
        equipe.version += 1
        _write(equipe, nom, telephone, membres)
        libelle = f"{equipe} : équipe modifiée" if former == equipe.nom else f"{former} : devient {equipe}"
        _record(equipe, acteur, "modifiee", libelle, detail)
    return equipe


def _changes(equipe: Equipe, nom: str, telephone: str, membres: Sequence[Personne]) -> dict[str, Any]:
    """What would change, for the detail of the event."""
    present = list(equipe.membres.order_by("tri", "pk"))
    texts = {"nom": (equipe.nom, nom), "telephone": (equipe.telephone, telephone)}
    people = {
        "ajoutes": [str(membre) for membre in membres if membre not in present],
        "retires": [str(membre) for membre in present if membre not in membres],
    }
    changed = {name: {"avant": old, "apres": new} for name, (old, new) in texts.items() if old != new}
    return {**changed, **{name: names for name, names in people.items() if names}}


@unite
def dissolve_equipe(*, equipe: Equipe, acteur: Personne) -> Equipe:
    """End a team that holds no seat, today or later; twice changes nothing. Raises ActionInterdite, Refus with the seat."""
    _check_right(equipe.epci, acteur)
    equipe = locked(Equipe, equipe.pk, select=("epci",))
    if equipe.dissoute_at:
        return equipe
    _check_free(equipe)
    equipe.dissoute_at = horloge.now()
    equipe.version += 1
    equipe.save()
    _record(equipe, acteur, "dissoute", f"{equipe} : équipe dissoute")
    return equipe


def _check_free(equipe: Equipe) -> None:
    held = [str(titulaire.siege) for titulaire in seats_held(equipe)]
    if held:
        more = plural(len(held) - SAID, "autre siège", "autres sièges")
        said = enumerate_french([*held[:SAID], *([more] if len(held) > SAID else [])])
        raise Refus(
            f"Cette équipe tient encore : {said}. Nommez d'abord quelqu'un d'autre, ou mettez fin à sa nomination."
        )


def seats_held(equipe: Equipe) -> QuerySet[Titulaire]:
    """The appointments of a team that run or are to come, the earliest first."""
    today = equipe.epci.today
    rows = Titulaire.objects.filter(Q(fin=None) | Q(fin__gt=today), equipe=equipe)
    places = ("siege__epci", "siege__domaine", "siege__commune", "siege__pole")
    return rows.select_related(*places).order_by("debut", "siege__domaine__ordre", "pk")


def _check_right(epci: Epci, acteur: Personne) -> None:
    if not acteur.acces.acts_for_epci(epci.pk, Role.DIRECTION_TERRITOIRES):
        raise ActionInterdite(WHO_COMPOSES)


def _write(equipe: Equipe, nom: str, telephone: str, membres: Sequence[Personne]) -> None:
    equipe.nom, equipe.telephone = nom.strip(), telephone.strip()
    if not equipe.nom:
        raise Refus("Donnez un nom à l'équipe.", field="nom")
    _check_members(equipe, membres)
    try:
        with transaction.atomic():
            equipe.save()
    except IntegrityError as error:
        raise Refus("Cette équipe existe déjà.", field="nom") from error
    equipe.membres.set(membres)


def _check_members(equipe: Equipe, membres: Sequence[Personne]) -> None:
    """People of the EPCI; one who is already in may stay, whatever became of her account."""
    if not membres:
        raise Refus("Choisissez au moins une personne.", field="membres")
    asked = {membre.pk for membre in membres}
    if candidates(equipe).filter(pk__in=asked).count() != len(asked):
        raise Refus("Choisissez des personnes de l'EPCI ou de ses communes.", field="membres")


def _record(
    equipe: Equipe, acteur: Personne, what: str, libelle: str, detail: dict[str, Any] | None = None
) -> None:
    record(
        type=f"equipe.{what}",
        objet=equipe,
        epci=equipe.epci,
        acteur=acteur,
        libelle=libelle,
        contenu={"equipe": equipe.pk, "nom": equipe.nom},
        detail=detail,
    )
