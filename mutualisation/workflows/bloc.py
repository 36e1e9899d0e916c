"""Blocs of a draft of the catalogue: activities of a domain that communes take together or not at all."""

from collections.abc import Collection

from django.db import IntegrityError

from comptes.models import Personne
from journal.workflows.unite import unit, unite
from mutualisation.models import Bloc, Catalogue, Domaine
from mutualisation.workflows.catalogue import clean, editing, note
from mutualisation.workflows.domaine import version_of
from socle.erreurs import Refus


@unite
def form_bloc(
    *,
    catalogue: Catalogue,
    domaine: Domaine,
    nom: str,
    activites: Collection[int],
    acteur: Personne,
    version: int,
) -> Bloc:
    """Bind activities (ids) of a domain in a bloc. Raises ActionInterdite, Conflit, Refus below two, for a name taken,
    for an activity of another domain or of another bloc."""
    edition = editing(catalogue, acteur, version)
    held = version_of(edition, domaine)
    bloc = Bloc(catalogue=edition, domaine=domaine, nom=nom.strip())
    clean(bloc)
    _check_members(bloc, activites)
    try:
        with unit():
            bloc.save()
    except IntegrityError as error:
        raise Refus("Ce domaine a déjà un bloc de ce nom.", field="nom") from error
    edition.activites.filter(activite__in=activites).update(bloc=bloc)
    note(edition, acteur, f"bloc « {bloc} » formé dans « {held} »")
    return bloc


def _check_members(bloc: Bloc, activites: Collection[int]) -> None:
    if len(set(activites)) < 2:
        raise Refus("Un bloc réunit au moins deux activités.", field="activites")
    rows = bloc.catalogue.activites.filter(domaine=bloc.domaine, activite__in=activites).select_related(
        "bloc"
    )
    found = list(rows.order_by("ordre", "pk"))
    if len(found) < len(set(activites)):
        raise Refus("Un bloc réunit des activités du même domaine.", field="activites")
    for row in found:
        if row.bloc:
            raise Refus(f"« {row} » fait déjà partie du bloc « {row.bloc} ».", field="activites")


@unite
def undo_bloc(*, catalogue: Catalogue, bloc: Bloc, acteur: Personne) -> None:
    """Let communes take the activities of a bloc one by one again. Raises ActionInterdite once frozen."""
    edition = editing(catalogue, acteur, None)
    nom = bloc.nom
    edition.blocs.filter(pk=bloc.pk).delete()
    note(edition, acteur, f"bloc « {nom} » défait")
