"""The catalogue in force: what the EPCI offers, for every commune, those not yet in included."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from comptes.roles import Role
from mutualisation.editions import EditionLue, edition_before, read_edition
from mutualisation.matrice import edition_on
from mutualisation.models import Adhesion, Catalogue
from mutualisation.views.matrice import current_epci
from socle.liste import asked_format
from socle.saisie import number
from socle.tableur import Tableau, Valeur, table_response
from territoire.models import Commune

ENTETE = (
    *(
        "Famille",
        "Code du domaine",
        "Domaine",
        "Service commun",
        "Rattachement par défaut",
        "Mode de paiement",
    ),
    *("Commune porteuse", "À partager d'abord", "Code", "Activité", "Bloc"),
    "Fermée aux communes affiliées au centre de gestion",
)


@require_safe
def catalogue(request: HttpRequest) -> HttpResponse:
    """The edition in force; `format=xlsx`, `ods` or `csv` gives it to a spreadsheet."""
    epci = current_epci(request)
    edition = edition_on(epci, epci.today)
    if edition is None:
        return render(request, "mutualisation/catalogue/aucun.html", {"epci": epci, **_ways(request, None)})
    return show_edition(request, edition)


def show_edition(request: HttpRequest, edition: Catalogue) -> HttpResponse:
    """Families, domains, activities and rules of a frozen edition, and how many communes share each domain."""
    lue = read_edition(edition)
    if kind := asked_format(request):
        return table_response(_table(lue), kind)
    epci = edition.epci
    context = {
        "edition": edition,
        "epci": epci,
        "familles": _families(lue, number(request.GET.get("domaine"))),
        "total": Commune.objects.members_of(epci, epci.today).count(),
        "en_vigueur": edition == edition_on(epci, epci.today),
        "avant": edition_before(edition),
        **_ways(request, edition),
    }
    return render(request, "mutualisation/catalogue/catalogue.html", context)


def _ways(request: HttpRequest, edition: Catalogue | None) -> dict[str, Any]:
    """The editions one may go to: the next one already frozen, the draft, or the page that begins it."""
    epci = current_epci(request)
    seen = Catalogue.objects.visible_to(request.user).filter(epci=epci).order_by("effective_on")
    later = [
        row for row in seen.select_related("epci") if not edition or row.effective_on > edition.effective_on
    ]
    return {
        "suivante": next((row for row in later if row.gele), None),
        "brouillon": next((row for row in seen if not row.gele), None),
        "direction": request.user.acces.acts_for_epci(epci.pk, Role.DIRECTION_TERRITOIRES),
    }


def _families(lue: EditionLue, asked: int | None) -> list[dict[str, Any]]:
    """[{libelle, domaines, activites}…], each domain with its rules and the number of communes that share it.

    `asked` is the id of the domain to show open.
    """
    shared = _sharing(lue.edition)
    families: dict[str, list[dict[str, Any]]] = {}
    for pk, version in lue.domaines.items():
        told = {
            "version": version,
            "activites": [(row, lue.exclusions.get(row.activite_id, "")) for row in lue.by_domaine[pk]],
            "blocs": [(bloc, lue.by_bloc[bloc.pk]) for bloc in lue.blocs.values() if bloc.domaine_id == pk],
            "requis": [lue.domaines[requis] for requis in lue.prerequis.get(pk, ())],
            "communes": shared.get(pk, 0),
            "ouvert": pk == asked,
        }
        families.setdefault(version.get_famille_display(), []).append(told)
    return [
        {"libelle": label, "domaines": found, "activites": sum(len(item["activites"]) for item in found)}
        for label, found in families.items()
    ]


def _sharing(edition: Catalogue) -> dict[int, int]:
    """How many communes share something of each domain today."""
    epci = edition.epci
    rows = Adhesion.objects.on(epci.today).filter(epci=epci, activite__versions__catalogue=edition)
    counted = rows.values("activite__versions__domaine").annotate(communes=Count("commune", distinct=True))
    return {row["activite__versions__domaine"]: row["communes"] for row in counted.order_by()}


def _table(lue: EditionLue) -> Tableau:
    """One row per activity, with all that its domain says."""
    rows = [_row(lue, row.activite_id) for activites in lue.by_domaine.values() for row in activites]
    name = f"catalogue-{lue.edition.effective_on.isoformat()}"
    return Tableau(name, f"{lue.edition}, {lue.edition.epci}", ENTETE, rows, "Catalogue")


def _row(lue: EditionLue, activite: int) -> Sequence[Valeur]:
    row = lue.activites[activite]
    domaine = lue.domaines[row.domaine_id]
    return [
        domaine.get_famille_display(),
        domaine.domaine.code,
        domaine.libelle,
        domaine.service_commun,
        domaine.get_rattachement_display(),
        domaine.get_paiement_display(),
        str(domaine.porteur or ""),
        ", ".join(str(lue.domaines[pk]) for pk in lue.prerequis.get(row.domaine_id, ())),
        row.activite.code,
        row.libelle,
        str(row.bloc or ""),
        lue.exclusions.get(activite, ""),
    ]
