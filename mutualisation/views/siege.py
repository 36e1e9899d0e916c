"""Seats: who answers for a domain on each side, and naming them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_safe

from comptes.acces import Titre
from comptes.contexte import person
from comptes.roles import ROLES_COMMUNE, Role
from journal.models import Evenement
from mutualisation.forms.appel import JourForm
from mutualisation.forms.siege import FinForm, NominationForm, SiegeForm
from mutualisation.matrice import Case, edition_on, members, read_cells
from mutualisation.models import Absence, Siege, Titulaire
from mutualisation.models.catalogue import CatalogueLu, DomaineLu
from mutualisation.referents import Referents, SiegeLu
from mutualisation.vacances import days_without_holder
from mutualisation.views.matrice import current_epci
from mutualisation.workflows.siege import appoint, end_appointment
from socle.dates import ONE_DAY
from socle.droits import require
from socle.erreurs import Refus
from socle.liste import asked_format
from socle.saisie import number
from socle.tableur import Tableau, Valeur, table_response
from socle.typographie import of
from territoire.models import Commune, Epci

EVENTS_SHOWN = 30
VACANT = "Siège vacant"
ENTETE_COMMUNE = (
    "Domaine",
    "Partage",
    "Référent de la commune",
    "Suppléance, commune",
    "Depuis, commune",
    "Responsable de service commun",
    "Suppléance, service commun",
    "Depuis, service commun",
    "Périmètre du responsable",
    "Sans titulaire à partir du, commune",
    "Sans titulaire à partir du, service commun",
)
ENTETE_EPCI = ("Domaine", "Périmètre", "Titulaire", "Suppléance", "Depuis", "Sans titulaire à partir du")


@dataclass(frozen=True)
class Rangee:
    """A domain of the table: its seats on both sides, and where to name when a seat does not exist yet."""

    domaine: DomaineLu
    case: Case
    commune: SiegeLu | None
    epci: SiegeLu | None
    nommer_commune: str = ""
    nommer_epci: str = ""

    @property
    def suivie(self) -> bool:
        """Whether somebody must answer on each side: the domain is shared, or about to be."""
        return bool(self.case.partagees or self.case.arrivent)

    @property
    def vacants(self) -> int:
        return sum(1 for seat in (self.commune, self.epci) if seat is None or seat.vacant)


@require_safe
def sieges(request: HttpRequest) -> HttpResponse:
    """Domain × side for a commune (her own, or one that a wider hat chooses), or the seats of the EPCI, on `le`; also a sheet."""
    epci = current_epci(request)
    form = JourForm(request.GET, epci=epci)
    choices = _choices(request.contexte, epci, epci.today if request.contexte.commune_id else form.jour)
    commune = _chosen(request, choices)
    context: dict[str, Any] = {
        "epci": epci,
        "jour_form": form,
        "jour": form.jour,
        "a_pourvoir": request.contexte.role in (Role.DIRECTION_TERRITOIRES, Role.DGS),
        "communes": choices if request.contexte.commune_id is None else {},
        "commune": commune,
        "peut_creer": _new_seat_scope(request.user, request.contexte, epci) is not NOBODY,
    }
    return _commune_page(request, epci, commune, context) if commune else _epci_page(request, epci, context)


def _commune_page(
    request: HttpRequest, epci: Epci, commune: Commune, context: dict[str, Any]
) -> HttpResponse:
    on: date = context["jour"]
    rows = _rows(request, epci, commune, on)
    if kind := asked_format(request):
        return table_response(_commune_sheet(epci, commune, rows, on), kind)
    followed = [row for row in rows if row.suivie]
    context |= {
        "rangees": followed,
        "autres": [row for row in rows if not row.suivie],
        "vacants": sum(row.vacants for row in followed),
    }
    return render(request, "mutualisation/siege/commune.html", context)


def _commune_sheet(epci: Epci, commune: Commune, rows: list[Rangee], on: date) -> Tableau:
    lines = [
        (
            *(row.domaine.libelle, row.case.mots, *_held(row.commune), *_held(row.epci)),
            *(_perimeter(row.epci), _vacant_on(row.commune), _vacant_on(row.epci)),
        )
        for row in rows
    ]
    title = f"Référents {commune.de}, {epci}, le {on:%d/%m/%Y}"
    return Tableau(f"referents-{commune.code_insee}", title, ENTETE_COMMUNE, lines, "Référents")


def _held(seat: SiegeLu | None) -> tuple[Valeur, ...]:
    """Who holds a seat in title, who replaces her, since when."""
    if seat is None:
        return (VACANT, "", None)
    return (str(seat.titulaire or VACANT), seat.suppleance, seat.depuis_on)


def _vacant_on(seat: SiegeLu | None) -> date | None:
    return seat.vacant_on if seat else None


def _perimeter(seat: SiegeLu | None) -> str:
    return seat.perimetre if seat else ""


def _epci_page(request: HttpRequest, epci: Epci, context: dict[str, Any]) -> HttpResponse:
    on: date = context["jour"]
    referents = _referents(epci, on, cote=Siege.Cote.EPCI)
    rows = [(domaine, referents.of_epci(domaine.id)) for domaine in _catalogue(epci, on).domaines]
    if kind := asked_format(request):
        return table_response(_epci_sheet(epci, rows, on), kind)
    return render(request, "mutualisation/siege/epci.html", context | {"rangees": rows})


def _referents(epci: Epci, on: date, **narrowed: Any) -> Referents:
    """The seats on a day; those of today say when they will be without holder."""
    referents = Referents(epci, on, **narrowed)
    if on == epci.today:
        referents.announce(days_without_holder(epci))
    return referents


def _epci_sheet(epci: Epci, rows: list[tuple[DomaineLu, list[SiegeLu]]], on: date) -> Tableau:
    lines = [
        (domaine.libelle, _perimeter(seat), *_held(seat), _vacant_on(seat)) for domaine, seat in _seats(rows)
    ]
    title = f"Responsables de service commun, {epci}, le {on:%d/%m/%Y}"
    return Tableau("responsables", title, ENTETE_EPCI, lines, "Responsables")


def _seats(rows: list[tuple[DomaineLu, list[SiegeLu]]]) -> Iterator[tuple[DomaineLu, SiegeLu | None]]:
    """Each seat with its domain; a domain without any is a vacancy."""
    for domaine, found in rows:
        yield from ((domaine, seat) for seat in found)
        if not found:
            yield domaine, None


def _catalogue(epci: Epci, on: date) -> CatalogueLu:
    edition = edition_on(epci, on)
    return edition.read() if edition else CatalogueLu(())


def _choices(contexte: Titre, epci: Epci, on: date) -> dict[int, str]:
    """Communes of which the hat may open the table of a day, by id, in French order."""
    found = members(epci, on)
    if contexte.commune_id:
        return {m.id: m.nom for m in found if m.id == contexte.commune_id}
    if contexte.role == Role.DIRECTEUR_POLE:
        return {m.id: m.nom for m in found if m.pole_id == contexte.pole_id}
    return {m.id: m.nom for m in found}


def _chosen(request: HttpRequest, choices: dict[int, str]) -> Commune | None:
    """The commune of the hat, else the one of the address; 404 for a commune the hat does not cover."""
    asked = request.GET.get("commune", "")
    own = request.contexte.commune_id
    pk = number(asked) if asked else own
    if pk is None and not asked:
        return None
    if pk not in choices:
        raise Http404
    return Commune.objects.get(pk=pk)


def _rows(request: HttpRequest, epci: Epci, commune: Commune, on: date) -> list[Rangee]:
    catalogue = _catalogue(epci, on)
    cells = read_cells(epci, request.user, on, catalogue, communes=[commune.pk])
    referents = _referents(epci, on)
    commune_side = Siege(epci=epci, cote=Siege.Cote.COMMUNE, commune=commune).abilities_for(request.user)[
        "nommer"
    ]
    epci_side = _names_anywhere(request.user, epci)
    return [
        Rangee(
            domaine=domaine,
            case=cells.get((commune.pk, domaine.id)) or Case(len(domaine.activites)),
            commune=referents.commune_side(commune.pk, domaine.id),
            epci=referents.epci_side(commune.pk, domaine.id),
            nommer_commune=_new_url(domaine, Siege.Cote.COMMUNE, commune) if commune_side else "",
            nommer_epci=_new_url(domaine, Siege.Cote.EPCI) if epci_side else "",
        )
        for domaine in catalogue.domaines
    ]


def _new_url(domaine: DomaineLu, cote: str, commune: Commune | None = None) -> str:
    given: dict[str, str | int] = {"domaine": domaine.id, "cote": cote}
    if commune:
        given["commune"] = commune.pk
    return f"{reverse('mutualisation:siege_nouveau')}?{urlencode(given)}"


@require_http_methods(["GET", "HEAD", "POST"])
def siege(request: HttpRequest, pk: int) -> HttpResponse:
    """The holders of a seat over time; whoever may name does it here, or ends an appointment."""
    epci = current_epci(request)
    rows = Siege.objects.visible_to(request.user).filter(epci=epci)
    siege = get_object_or_404(rows.select_related("epci", "domaine", "commune", "pole"), pk=pk)
    if request.method == "POST":
        require(siege, request.user, "nommer")
    ending = "fin-titulaire" in request.POST
    naming = request.method == "POST" and not ending
    form = NominationForm(request.POST if naming else None, epci=epci, commune=_limit(request.user, siege))
    fin = FinForm(request.POST if ending else None, siege=siege)
    done = _end(request, fin) if ending else _appoint_to(request, siege, form)
    return done or _show(request, siege, form, fin)


def _limit(user: Any, siege: Siege) -> Commune | None:
    """The commune whose people may be chosen; None for the Direction, which chooses among all."""
    return None if _names_anywhere(user, siege.epci) else siege.commune


def _names_anywhere(user: Any, epci: Epci) -> bool:
    return Siege(epci=epci, cote=Siege.Cote.EPCI).abilities_for(user)["nommer"]


def _appoint_to(request: HttpRequest, siege: Siege, form: NominationForm) -> HttpResponse | None:
    seat = {"domaine": siege.domaine, "cote": siege.cote, "commune": siege.commune, "pole": siege.pole}
    return _appoint(request, siege.epci, form, **seat) if form.is_bound else None


def _appoint(request: HttpRequest, epci: Epci, form: NominationForm, **seat: Any) -> HttpResponse | None:
    """Appoint, then show the seat; None when the form has something to correct."""
    if not form.is_valid():
        return None
    try:
        titulaire = appoint(epci=epci, acteur=person(request), **{**form.nomination, **seat})
    except Refus as refus:
        form.refuse(refus)
        return None
    messages.success(request, f"{titulaire} est {titulaire.get_rang_display()} de ce siège.")
    return redirect("mutualisation:siege", pk=titulaire.siege_id)


def _end(request: HttpRequest, form: FinForm) -> HttpResponse | None:
    if not form.is_valid():
        return None
    titulaire = form.cleaned_data["titulaire"]
    try:
        end_appointment(
            titulaire=titulaire,
            acteur=person(request),
            fin=form.cleaned_data["dernier_jour"] + ONE_DAY,
        )
    except Refus as refus:
        form.add_error("dernier_jour", refus.message)
        return None
    messages.success(request, f"La nomination {of(str(titulaire))} a une fin.")
    return redirect("mutualisation:siege", pk=titulaire.siege_id)


def _show(request: HttpRequest, siege: Siege, form: NominationForm, fin: FinForm) -> HttpResponse:
    today = siege.epci.today
    holders = siege.titulaires.select_related("personne", "equipe").prefetch_related("equipe__membres")
    found = list(holders.order_by("-debut", "rang", "pk"))
    context = {
        "siege": siege,
        "periodes": found,
        "presents": [h for h in reversed(found) if h.debut <= today and (h.fin is None or h.fin > today)],
        "aujourdhui": today,
        "absences": list(_away(siege, today)),
        "peut_nommer": siege.abilities_for(request.user)["nommer"],
        "qui_peut": Siege.QUI_PEUT["nommer"],
        "form": form,
        "fin": fin,
        "evenements": list(
            Evenement.objects.visible_to(request.user).about(siege).select_related("acteur")[:EVENTS_SHOWN]
        ),
        "retour": _table_url(request, siege),
    }
    return render(request, "mutualisation/siege/siege.html", context, status=_status(form, fin))


def _away(siege: Siege, on: date) -> QuerySet[Absence]:
    """The absences, on a day, of those who hold a seat or replace its holder."""
    held = Titulaire.objects.on(on).filter(siege=siege, personne__isnull=False).values("personne")
    rows = Absence.objects.on(on).filter(epci=siege.epci, personne__in=held)
    return rows.select_related("personne", "suppleant").order_by("personne__tri", "pk")


def _table_url(request: HttpRequest, siege: Siege) -> str:
    """The table the reader comes from: of the commune of the seat when her hat covers it."""
    url = reverse("mutualisation:sieges")
    covered = siege.commune_id and siege.commune_id in _choices(
        request.contexte, siege.epci, siege.epci.today
    )
    return f"{url}?commune={siege.commune_id}" if covered else url


NOBODY = object()


def _new_seat_scope(user: Any, contexte: Titre, epci: Epci) -> Any:
    """The commune a new seat is limited to, None for any perimeter, NOBODY for who may not name."""
    if _names_anywhere(user, epci):
        return None
    own = contexte.commune_id if contexte.role in ROLES_COMMUNE else None
    commune = Commune.objects.get(pk=own) if own else None
    seat = Siege(epci=epci, cote=Siege.Cote.COMMUNE, commune=commune)
    return commune if commune and seat.abilities_for(user)["nommer"] else NOBODY


@require_http_methods(["GET", "HEAD", "POST"])
def nouveau(request: HttpRequest) -> HttpResponse:
    """Create a seat with its first holder; `domaine`, `cote` and `commune` of the address fill the form."""
    epci = current_epci(request)
    scope = _new_seat_scope(request.user, request.contexte, epci)
    if scope is NOBODY:
        require(Siege(epci=epci, cote=Siege.Cote.COMMUNE, commune=None), request.user, "nommer")
    given = {
        name: request.GET[name] for name in ("domaine", "cote", "commune", "pole") if name in request.GET
    }
    form = SiegeForm(
        request.POST if request.method == "POST" else None, epci=epci, commune=scope, initial=given
    )
    if form.is_bound:
        done = _appoint(request, epci, form)
        if done:
            return done
    context = {"form": form, "retour": reverse("mutualisation:sieges")}
    return render(request, "mutualisation/siege/nouveau.html", context, status=_status(form))


def _status(*forms: BaseForm) -> int:
    """422 when a form was sent, and comes back with what is to be corrected."""
    return 422 if any(form.is_bound for form in forms) else 200
