"""« Qui partage quoi »: the matrix at any date, its list twin, its exports and the story of a cell."""

from collections.abc import Iterator, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from mutualisation.forms.matrice import Filtre, FiltreForm
from mutualisation.histoire import read_story
from mutualisation.matrice import ETATS, Case, Matrice, Rang, read_matrix, sentence
from mutualisation.models import Domaine
from mutualisation.models.catalogue import DomaineLu
from socle import horloge
from socle.dates import day_and_year
from socle.liste import asked_format
from socle.tableur import Tableau, Valeur, table_response
from territoire.models import Commune, Epci

COMMUNES_PAR_PAGE = 30
FONDS = {
    "domaine entier": "A8DDBF",
    "en partie": "DDF1E5",
    "arrive": "CFE1F8",
    "part": "F6D2CF",
}


def current_epci(request: HttpRequest) -> Epci:
    """The EPCI of the hat the person wears; 404 for someone who has no title today."""
    if request.epci is None:
        raise Http404
    return request.epci


def _read(request: HttpRequest) -> tuple[FiltreForm, Filtre, Matrice]:
    epci = current_epci(request)
    form = FiltreForm(request.GET, epci=epci)
    filtre = form.filtre
    matrice = read_matrix(epci, request.user, filtre.on)
    return form, filtre, matrice.narrowed(pole=filtre.pole, famille=filtre.famille, etat=filtre.etat)


def _common(form: FiltreForm, filtre: Filtre, matrice: Matrice) -> dict[str, Any]:
    return {
        "form": form,
        "fautes": form.fautes,
        "date_fausse": "le" in form.errors,
        "filtre": filtre,
        "matrice": matrice,
        "phrase": _chapeau(form, filtre, matrice),
    }


def _chapeau(form: FiltreForm, filtre: Filtre, matrice: Matrice) -> str:
    said = sentence(matrice, pole=form.pole_nom, famille=form.famille_nom, etat=ETATS.get(filtre.etat, ""))
    ahead = " D'après les actes enregistrés à ce jour." if filtre.on > matrice.epci.today else ""
    return said + ahead + invented()


def invented() -> str:
    """What a demonstration says of its choices; nothing elsewhere."""
    return " Choix inventés pour la démonstration." if horloge.is_demonstration() else ""


@require_safe
def matrice(request: HttpRequest) -> HttpResponse:
    """The matrix of the EPCI on `le`; `format=xlsx`, `ods` or `csv` gives it to a spreadsheet."""
    form, filtre, matrice = _read(request)
    if kind := asked_format(request):
        return table_response(_table(form, filtre, matrice), kind)
    groups = matrice.par_pole if filtre.par_pole else [("", list(matrice.rangs))]
    context = {
        **_common(form, filtre, matrice),
        "groupes": [(name, list(_rows(rows, matrice, filtre.etat))) for name, rows in groups],
        "legende": list(_legend(matrice)),
        "adresse_liste": reverse("mutualisation:matrice_liste"),
        # Beyond these columns the table scrolls in its own region instead of the page.
        "etroite": len(matrice.domaines) <= 18,
    }
    return render(request, "mutualisation/matrice/matrice.html", context)


def _rows(
    rangs: Sequence[Rang], matrice: Matrice, etat: str
) -> Iterator[tuple[Any, list[tuple[str, str, str]]]]:
    """(commune, [(classes, address or nothing, words)…]): plain values, a page holds up to 2,844 cells."""
    prefix, suffix = reverse("mutualisation:matrice"), f"?le={matrice.on.isoformat()}"
    for rang in rangs:
        start, name = f"{prefix}{rang.commune.id}/", rang.commune.nom
        yield (
            rang.commune,
            [
                _cell(case, domaine, f"{start}{domaine.id}/{suffix}", name, etat)
                for domaine, case in zip(matrice.domaines, rang.cases, strict=True)
            ],
        )


def _cell(case: Case, domaine: DomaineLu, url: str, commune: str, etat: str) -> tuple[str, str, str]:
    classes, words, has_story = _look(case)
    if etat and etat not in case.etats:
        classes += " hors"
    return (classes, url, f"{commune}, {domaine.libelle} : {words}") if has_story else (classes, "", words)


@lru_cache(maxsize=4096)
def _look(case: Case) -> tuple[str, str, bool]:
    return f"{case.genre} {case.marque}".strip(), case.mots, case.a_une_histoire


def _legend(matrice: Matrice) -> Iterator[tuple[str, str]]:
    """(class, words) of each sign; those of what only some may see stand there when they are on the page."""
    shown = {_look(case)[0] for rang in matrice.rangs for case in rang.cases}
    yield "v", "domaine entier"
    yield "p", "en partie"
    yield "a", "arrive" + _when(matrice.days_of("arrivent_on"))
    yield "x", "part" + _when(matrice.days_of("partent_on"))
    if any(look.endswith(" plus") for look in shown):
        yield "p plus", "s'étend" + _when(matrice.days_of("arrivent_on"))
    if any(look.endswith(" moins") for look in shown):
        yield "p moins", "se réduit" + _when(matrice.days_of("partent_on"))
    if any(look == "d" or look.endswith(" demande") for look in shown):
        yield "d", "demandé, pas encore voté"
    if any(look == "o" or look.endswith(" report") for look in shown):
        yield "o", "reporté"
    if any(look == "f" or look.endswith(" refus") for look in shown):
        yield "f", "refusé"
    if any(look.startswith("r") for look in shown):
        yield "r", "en attente d'acte"
    yield "n", "non partagé"


def _when(days: set[date]) -> str:
    return f" au {day_and_year(next(iter(days)))}" if len(days) == 1 else " dans l'année" if days else ""


@require_safe
def liste(request: HttpRequest) -> HttpResponse:
    """The same in words, commune by commune, for a telephone or a large zoom; `commune` shows one."""
    form, filtre, matrice = _read(request)
    rangs = list(matrice.rangs)
    seule = request.GET.get("commune", "")
    if seule:
        rangs = [rang for rang in rangs if str(rang.commune.id) == seule]
        if not rangs:
            raise Http404
    page = Paginator(rangs, COMMUNES_PAR_PAGE).get_page(request.GET.get("page"))
    context = {
        **_common(form, filtre, matrice),
        "page": page,
        "fiches": [_sheet(rang, matrice, filtre, whole=bool(seule)) for rang in page],
        "seule": rangs[0].commune if seule else None,
    }
    return render(request, "mutualisation/matrice/liste.html", context)


def _sheet(rang: Rang, matrice: Matrice, filtre: Filtre, *, whole: bool) -> dict[str, Any]:
    """A commune in words: what it shares or is about to, in the state asked; the rest too when it is read alone."""
    base, suffix = f"{reverse('mutualisation:matrice')}{rang.commune.id}/", f"?le={matrice.on.isoformat()}"
    pairs = list(zip(matrice.domaines, rang.cases, strict=True))
    told = [
        (d, case, f"{base}{d.id}/{suffix}")
        for d, case in pairs
        if (whole or case.a_une_histoire) and (not filtre.etat or filtre.etat in case.etats)
    ]
    return {"commune": rang.commune, "partages": rang.domaines_partages, "domaines": told}


@require_safe
def case(request: HttpRequest, commune: int, domaine: int) -> HttpResponse:
    """The story of a domain in a commune; only its card when the matrix asks for it beside itself."""
    epci = current_epci(request)
    members = Commune.objects.visible_to(request.user).filter(appartenances__epci=epci)
    of_epci = Domaine.objects.visible_to(request.user).filter(epci=epci)
    found = get_object_or_404(members.distinct(), pk=commune)
    form = FiltreForm(request.GET, epci=epci)
    filtre = form.filtre
    histoire = read_story(epci, request.user, found, get_object_or_404(of_epci, pk=domaine), filtre.on)
    if histoire is None:
        raise Http404
    context = {
        "histoire": histoire,
        "form": form,
        "fautes": form.errors.get("le", []),
        "date_fausse": "le" in form.errors,
        "filtre": filtre,
    }
    template = "_fiche" if request.headers.get("HX-Request") else "case"
    return render(request, f"mutualisation/matrice/{template}.html", context)


def _table(form: FiltreForm, filtre: Filtre, matrice: Matrice) -> Tableau:
    header = ["Commune", "Code INSEE", "Pôle", "Date", *(domaine.libelle for domaine in matrice.domaines)]
    rows: list[list[Valeur]] = [
        [
            rang.commune.nom,
            rang.commune.code_insee,
            rang.commune.pole,
            matrice.on,
            *(c.mots for c in rang.cases),
        ]
        for rang in matrice.rangs
    ]
    return Tableau(
        nom=file_name("qui-partage-quoi", matrice.on),
        titre=f"{matrice.epci.nom}, qui partage quoi. {_chapeau(form, filtre, matrice)}",
        entete=header,
        lignes=rows,
        feuille="Qui partage quoi",
        fonds=FONDS,
    )


def file_name(name: str, *days: date) -> str:
    """« qui-partage-quoi-2027-02-10 », and that it is a demonstration."""
    end = ["demonstration"] if horloge.is_demonstration() else []
    return "-".join([name, *(day.isoformat() for day in days), *end])
