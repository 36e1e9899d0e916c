"""The catalogue in force: what the EPCI offers, for every commune, those not yet in included."""

from typing import Any

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from mutualisation.matrice import edition_on
from mutualisation.models import Adhesion, Catalogue, DomaineVersion
from mutualisation.views.matrice import current_epci
from territoire.models import Commune, Epci


@require_safe
def catalogue(request: HttpRequest) -> HttpResponse:
    """Families, domains and activities of the edition in force, and how many communes share each domain."""
    epci = current_epci(request)
    edition = edition_on(epci, epci.today)
    context = {
        "edition": edition,
        "familles": _families(epci, edition) if edition else [],
        "total": Commune.objects.members_of(epci, epci.today).count(),
        "epci": epci,
    }
    return render(request, "mutualisation/catalogue/catalogue.html", context)


def _families(epci: Epci, edition: Catalogue) -> list[dict[str, Any]]:
    """[{libelle, domaines, activites}…], each domain with the number of communes that share it."""
    lu = edition.read()
    paiements = dict(edition.domaines.order_by("ordre").values_list("domaine_id", "paiement"))
    shared = _sharing(epci, edition)
    families: dict[str, list[dict[str, Any]]] = {}
    for domaine in lu.domaines:
        told = {
            "domaine": domaine,
            "paiement": DomaineVersion.Paiement(paiements[domaine.id]).label,
            "communes": shared.get(domaine.id, 0),
        }
        families.setdefault(domaine.famille_libelle, []).append(told)
    return [
        {
            "libelle": label,
            "domaines": found,
            "activites": sum(len(item["domaine"].activites) for item in found),
        }
        for label, found in families.items()
    ]


def _sharing(epci: Epci, edition: Catalogue) -> dict[int, int]:
    """How many communes share something of each domain today."""
    rows = Adhesion.objects.on(epci.today).filter(epci=epci, activite__versions__catalogue=edition)
    counted = rows.values("activite__versions__domaine").annotate(communes=Count("commune", distinct=True))
    return {row["activite__versions__domaine"]: row["communes"] for row in counted.order_by()}
