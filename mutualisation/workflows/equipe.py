"""Composing the teams that may hold a seat."""

from collections.abc import Sequence

from django.db import IntegrityError, transaction

from comptes.models import Equipe, Personne
from comptes.roles import Role
from journal.workflows.unite import record, unite
from mutualisation.referents import people_of
from socle.droits import ActionInterdite
from socle.erreurs import Refus
from territoire.models import Epci

WHO_COMPOSES = "Seule la Direction des territoires compose les équipes."


@unite
def compose_equipe(
    *, epci: Epci, nom: str, membres: Sequence[Personne], acteur: Personne, telephone: str = ""
) -> Equipe:
    """Create a team with its members, people known to the EPCI.

    Raises ActionInterdite, Refus for no name or one already taken, no member, or a member unknown to the EPCI.
    """
    if not acteur.acces.acts_for_epci(epci.pk, Role.DIRECTION_TERRITOIRES):
        raise ActionInterdite(WHO_COMPOSES)
    nom = nom.strip()
    if not nom:
        raise Refus("Donnez un nom à l'équipe.", field="nom")
    _check_members(epci, membres)
    try:
        with transaction.atomic():
            equipe = Equipe.objects.create(epci=epci, nom=nom, telephone=telephone.strip())
    except IntegrityError as error:
        raise Refus("Cette équipe existe déjà.", field="nom") from error
    equipe.membres.set(membres)
    record(
        type="equipe.composee",
        objet=equipe,
        epci=epci,
        acteur=acteur,
        libelle=f"{nom} : équipe créée",
        contenu={"equipe": equipe.pk, "nom": nom},
        detail={"membres": [str(membre) for membre in membres]},
    )
    return equipe


def _check_members(epci: Epci, membres: Sequence[Personne]) -> None:
    if not membres:
        raise Refus("Choisissez au moins une personne.", field="membres")
    asked = {membre.pk for membre in membres}
    if people_of(epci).filter(pk__in=asked).count() != len(asked):
        raise Refus("Choisissez des personnes de l'EPCI ou de ses communes.", field="membres")
