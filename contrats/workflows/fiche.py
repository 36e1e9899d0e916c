"""The library of reference fiches."""

from typing import Any

from contrats.models import Fiche
from journal.workflows.unite import unite
from mutualisation.models import Domaine
from mutualisation.reference import read_reference
from territoire.models import Epci


@unite
def load_reference_fiches(*, epci: Epci) -> None:
    """Give an EPCI the reference fiches of the domains it kept from the reference catalogue; those present stay."""
    by_code = {item["code"]: item for item in read_reference()["domaines"]}
    missing = Domaine.objects.filter(epci=epci, code__in=by_code, fiche=None).order_by("ordre")
    Fiche.objects.bulk_create(_fiche(domaine, by_code[domaine.code]) for domaine in missing)


def _fiche(domaine: Domaine, item: dict[str, Any]) -> Fiche:
    return Fiche(
        epci_id=domaine.epci_id,
        domaine=domaine,
        missions=item["mission"],
        limites=item["limites"],
        niveau_attendu=item["niveau_reference"],
        evaluation_exemple=item["evaluation_exemple"],
        indicateurs=item["indicateurs"],
    )
