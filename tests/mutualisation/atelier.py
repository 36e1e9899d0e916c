"""What the Direction does in a draft of the catalogue, in one line each."""

from datetime import date
from typing import Any

from comptes.models import Personne
from mutualisation.ecarts import read_changes
from mutualisation.models import Activite, Bloc, Catalogue
from mutualisation.workflows.activite import change_activite, merge_activites, retire_activite, split_activite
from mutualisation.workflows.bloc import form_bloc
from mutualisation.workflows.catalogue import begin_edition, freeze_edition
from mutualisation.workflows.domaine import CHOICES, change_domaine
from tests.factories import Monde, activite, domaine

FIRST_DAY = date(2029, 1, 1)


def begin(monde: Monde, effective_on: date = FIRST_DAY) -> Catalogue:
    """A draft of the world's first EPCI, by its Direction."""
    return begin_edition(epci=monde.epci, effective_on=effective_on, acteur=monde.direction)


def freeze(edition: Catalogue, acteur: Personne) -> Catalogue:
    return freeze_edition(catalogue=edition, acteur=acteur, version=now(edition))


def now(edition: Catalogue) -> int:
    """The present version of a draft."""
    return Catalogue.objects.get(pk=edition.pk).version


def codes(edition: Catalogue, domaine: str = "") -> list[str]:
    """Codes of the activities of an edition, in its order; of one domain by its code."""
    rows = edition.activites.order_by("domaine__code", "ordre", "activite__code")
    if domaine:
        rows = rows.filter(domaine__code=domaine)
    return list(rows.values_list("activite__code", flat=True))


def split(edition: Catalogue, acteur: Personne, code: str, *libelles: str) -> list[Activite]:
    found = split_activite(
        catalogue=edition,
        activite=activite(edition.epci, code),
        libelles=libelles,
        acteur=acteur,
        version=now(edition),
    )
    return [version.activite for version in found]


def merge(edition: Catalogue, acteur: Personne, libelle: str, *sources: str) -> Activite:
    """Merge activities, in the domain of the first."""
    held = [activite(edition.epci, code) for code in sources]
    merged = merge_activites(
        catalogue=edition,
        activites=held,
        libelle=libelle,
        domaine=edition.activites.get(activite=held[0]).domaine,
        acteur=acteur,
        version=now(edition),
    )
    return merged.activite


def retire(edition: Catalogue, acteur: Personne, code: str) -> None:
    retire_activite(catalogue=edition, activite=activite(edition.epci, code), acteur=acteur)


def describe(
    edition: Catalogue, code: str, acteur: Any, requis: tuple[str, ...] = (), **changes: Any
) -> None:
    """Change what an edition says of a domain."""
    target = domaine(edition.epci, code)
    held = edition.domaines.get(domaine=target)
    valeurs = {name: getattr(held, name) for name in CHOICES} | changes
    change_domaine(
        catalogue=edition,
        domaine=target,
        valeurs=valeurs,
        requis=[domaine(edition.epci, other).pk for other in requis],
        acteur=acteur,
        version=now(edition),
    )


def edit(edition: Catalogue, code: str, acteur: Any, **changes: Any) -> None:
    """Change what an edition says of an activity."""
    held = edition.activites.get(activite__code=code)
    change_activite(
        catalogue=edition,
        activite=held.activite,
        acteur=acteur,
        version=now(edition),
        **{"libelle": held.libelle, "domaine": held.domaine, "exclusion": "", **changes},
    )


def bind(edition: Catalogue, acteur: Any, nom: str, *members: str, domaine_code: str = "DA") -> Bloc:
    return form_bloc(
        catalogue=edition,
        domaine=domaine(edition.epci, domaine_code),
        nom=nom,
        activites=[activite(edition.epci, code).pk for code in members],
        acteur=acteur,
        version=now(edition),
    )


def phrases(edition: Catalogue) -> list[str]:
    return [ecart.phrase for ecart in read_changes(edition)]


def draft_pk(monde: Monde) -> dict[str, Any]:
    """Arguments of the address of a draft just begun."""
    return {"pk": begin(monde).pk}


def draft_domaine(monde: Monde) -> dict[str, Any]:
    return {**draft_pk(monde), "domaine": monde.domaine.pk}


def draft_activite(monde: Monde) -> dict[str, Any]:
    return {**draft_pk(monde), "activite": activite(monde.epci).pk}


def draft_bloc(monde: Monde) -> dict[str, Any]:
    draft = begin(monde)
    bloc = form_bloc(
        catalogue=draft,
        domaine=monde.domaine,
        nom="Chaussée",
        activites=[activite(monde.epci, code).pk for code in ("DA-01", "DA-02")],
        acteur=monde.direction,
        version=now(draft),
    )
    return {"pk": draft.pk, "bloc": bloc.pk}
