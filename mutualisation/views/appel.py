"""« Qui appeler »: a commune, a domain, a day; whom to call on both sides, why, and their contact cards."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from mutualisation.appels import Appels, Reponse
from mutualisation.contacts import cards_of_commune, cards_of_seat
from mutualisation.forms.appel import JourForm
from mutualisation.matrice import edition_on, members
from mutualisation.models import Siege
from mutualisation.models.catalogue import CatalogueLu, DomaineLu
from mutualisation.views.matrice import current_epci
from socle import horloge
from socle.liste import asked_format
from socle.registres import Astreinte
from socle.saisie import number
from socle.tableur import Tableau, Valeur, table_response
from socle.typographie import enumerate_french
from socle.vcard import CONTENT_TYPE, Fiche, write_cards
from territoire.models import Commune, Epci

NOBODY = "Personne à appeler"
ENTETE = (
    "Domaine",
    "Partagé",
    "Commune : qui appeler",
    "Commune : fonction",
    "Commune : téléphone",
    "Commune : pourquoi",
    "EPCI : qui appeler",
    "EPCI : fonction",
    "EPCI : téléphone",
    "EPCI : pourquoi",
    "Horaires",
    "Astreinte",
)


@dataclass(frozen=True)
class Rangee:
    """A domain, whom to call on each side, and its hours."""

    domaine: DomaineLu
    partage: bool
    commune: Reponse
    epci: Reponse
    service: Astreinte | None


@require_safe
def appels(request: HttpRequest) -> HttpResponse:
    """Whom to call for a commune on `le`: in all domains, or in one; the list also as a sheet."""
    epci = current_epci(request)
    form = JourForm(request.GET, epci=epci)
    on = form.jour
    choices = {one.id: one.nom for one in members(epci, on)}
    commune = _commune(request, choices)
    rows = _rows(epci, commune, on, _catalogue(epci, on)) if commune else []
    one = _chosen(request, rows)
    if commune and (kind := asked_format(request)):
        return table_response(_sheet(epci, commune, on, [one] if one else rows), kind)
    context = {
        "epci": epci,
        "form": form,
        "jour": on,
        "aujourdhui": epci.today,
        "communes": choices,
        "commune": commune,
        "rangees": rows,
        "rangee": one,
        "adresse_liste": _url("appels", commune, on),
        "adresse_contacts": _url("appels_contacts", commune, on),
    }
    return render(request, "mutualisation/appel/appels.html", context)


def _catalogue(epci: Epci, on: date) -> CatalogueLu:
    edition = edition_on(epci, on)
    return edition.read() if edition else CatalogueLu(())


def _commune(request: HttpRequest, choices: dict[int, str]) -> Commune | None:
    """The commune of the address, else that of the hat; 404 for one that is not of the EPCI on the day."""
    asked = request.GET.get("commune", "")
    pk = number(asked) if asked else request.contexte.commune_id
    if pk in choices:
        return Commune.objects.get(pk=pk)
    if asked:
        raise Http404
    return None


def _chosen(request: HttpRequest, rows: Sequence[Rangee]) -> Rangee | None:
    """The domain of the address; 404 for one that is not in the catalogue of the day."""
    asked = request.GET.get("domaine", "")
    found = next((row for row in rows if row.domaine.id == number(asked)), None)
    if asked and rows and not found:
        raise Http404
    return found


def _rows(epci: Epci, commune: Commune, on: date, catalogue: CatalogueLu) -> list[Rangee]:
    appels = Appels(epci, commune, on)
    return [
        Rangee(
            domaine=domaine,
            partage=bool(domaine.activite_ids & appels.partages),
            commune=appels.commune_side(domaine.id),
            epci=appels.epci_side(domaine.id),
            service=appels.service(domaine.id),
        )
        for domaine in catalogue.domaines
    ]


def _sheet(epci: Epci, commune: Commune, on: date, rows: Sequence[Rangee]) -> Tableau:
    title = f"Qui appeler pour {commune.nom}, {epci}, le {on:%d/%m/%Y}"
    lines = [
        (
            row.domaine.libelle,
            "oui" if row.partage else "non",
            *_told(row.commune),
            *_told(row.epci),
            row.service.horaires if row.service else "",
            _on_call(row.service),
        )
        for row in rows
    ]
    return Tableau(f"qui-appeler-{commune.code_insee}", title, ENTETE, lines, "Qui appeler")


def _told(answer: Reponse) -> tuple[Valeur, ...]:
    """Name, function, number, and why it is not somebody else."""
    one = answer.appeler
    why = enumerate_french(answer.raisons)
    return (one.nom, one.fonction, one.telephone, why) if one else (NOBODY, "", "", why)


def _on_call(service: Astreinte | None) -> str:
    return ", ".join(filter(None, (service.texte, service.telephone))) if service else ""


def _url(route: str, commune: Commune | None, on: date) -> str:
    """An address about the same commune on the same day."""
    query: dict[str, str] = {"commune": str(commune.pk)} if commune else {}
    return f"{reverse(f'mutualisation:{route}')}?{urlencode({**query, 'le': on.isoformat()})}"


@require_safe
def contacts(request: HttpRequest) -> HttpResponse:
    """The contact cards of all who answer for a commune on `le`; 404 when nobody does."""
    epci = current_epci(request)
    on = JourForm(request.GET, epci=epci).jour
    commune = _commune(request, {one.id: one.nom for one in members(epci, on)})
    if commune is None:
        raise Http404
    cards = cards_of_commune(epci, commune, on, _catalogue(epci, on).domaines)
    return _vcf(f"referents-{commune.code_insee}", cards)


@require_safe
def siege_contact(request: HttpRequest, pk: int) -> HttpResponse:
    """The contact cards of a seat: who holds it today, then the deputies; 404 when nobody does."""
    rows = Siege.objects.visible_to(request.user).filter(epci=current_epci(request))
    siege = get_object_or_404(rows.select_related("epci", "domaine", "commune", "pole"), pk=pk)
    cards = cards_of_seat(siege, siege.epci.today)
    return _vcf(slugify(f"referents-{siege.domaine}-{siege.perimetre}"), cards)


def _vcf(name: str, cards: list[Fiche]) -> HttpResponse:
    """A file of cards, under a name in ASCII that no header can be broken with."""
    if not cards:
        raise Http404
    response = HttpResponse(write_cards(cards, horloge.now()), content_type=CONTENT_TYPE)
    response["Content-Disposition"] = f'attachment; filename="{name}.vcf"'
    response["X-Content-Type-Options"] = "nosniff"
    return response
