"""Editions of the catalogue."""

from datetime import date
from typing import Any

from journal.workflows.unite import record, unite
from mutualisation.models import Activite, ActiviteVersion, Catalogue, Domaine, DomaineVersion
from mutualisation.reference import read_reference
from socle import horloge
from territoire.models import Epci


@unite
def load_reference_catalogue(*, epci: Epci, effective_on: date) -> Catalogue:
    """Give an EPCI its first edition, frozen, from the reference catalogue."""
    reference = read_reference()
    catalogue = Catalogue.objects.create(
        epci=epci, effective_on=effective_on, gele_at=horloge.now(), origine=reference["origine"]
    )
    for ordre, item in enumerate(reference["domaines"], start=1):
        _add_domaine(catalogue, item, ordre)
    record(
        type="catalogue.gele",
        objet=catalogue,
        epci=epci,
        acteur=None,
        libelle=f"Catalogue {effective_on.year} gelé",
    )
    return catalogue


def _add_domaine(catalogue: Catalogue, item: dict[str, Any], ordre: int) -> None:
    labels = {"libelle": item["libelle"], "libelle_court": item["libelle_court"], "ordre": ordre}
    domaine = Domaine.objects.create(epci=catalogue.epci, code=item["code"], **labels)
    DomaineVersion.objects.create(
        catalogue=catalogue,
        domaine=domaine,
        famille=item["famille"],
        rattachement=item["rattachement"],
        paiement=item["mode_paiement"],
        service_commun=f"Service commun {item['libelle']}",
        **labels,
    )
    _add_activites(catalogue, domaine, item["activites"])


def _add_activites(catalogue: Catalogue, domaine: Domaine, items: list[dict[str, str]]) -> None:
    activites = Activite.objects.bulk_create(
        Activite(epci=catalogue.epci, code=item["code"], libelle=item["libelle"]) for item in items
    )
    ActiviteVersion.objects.bulk_create(
        ActiviteVersion(
            catalogue=catalogue, activite=activite, domaine=domaine, libelle=activite.libelle, ordre=ordre
        )
        for ordre, activite in enumerate(activites, start=1)
    )
