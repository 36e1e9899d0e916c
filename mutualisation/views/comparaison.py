"""« Qui partage quoi » between two days: what arrived, left, widened, narrowed; the matrix of it, its list twin, exports."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from mutualisation.comparaison import CHANGEMENTS, GENRES, Comparaison, Ecart, RangCompare, compare, sentence
from mutualisation.forms.matrice import ComparaisonForm
from mutualisation.views.matrice import current_epci, file_name, invented
from socle.liste import asked_format
from socle.saisie import number
from socle.tableur import Tableau, Valeur, table_response

COMMUNES_PAR_PAGE = 30
# The class of a cell, by kind: colours and signs of the matrix.
CLASSES = {"a": "a", "x": "x", "plus": "p plus", "moins": "p moins", "m": "p change", "s": "s", "n": "n"}
FONDS = {"arrivé": "CFE1F8", "parti": "F6D2CF", "élargi": "A8DDBF", "rétréci": "DDF1E5", "modifié": "DDF1E5"}
# Tones of the pills of the list.
TONS = {"a": "a", "x": "r", "plus": "v", "moins": "o", "m": "o"}


def _read(request: HttpRequest) -> tuple[ComparaisonForm, Comparaison]:
    epci = current_epci(request)
    form = ComparaisonForm(request.GET, epci=epci)
    du, au = form.jours
    famille = form.cleaned_data.get("famille", "")
    found = compare(epci, du, au).narrowed(
        pole=number(form.cleaned_data.get("pole", "")), famille=famille if form.famille_nom else ""
    )
    return form, found


def _common(form: ComparaisonForm, comparaison: Comparaison) -> dict[str, Any]:
    return {
        "form": form,
        "fautes": form.fautes,
        "jours_faux": bool({"du", "au"} & form.errors.keys()),
        "comparaison": comparaison,
        "requete": form.requete,
        "phrase": _chapeau(comparaison),
    }


def _chapeau(comparaison: Comparaison) -> str:
    ahead = " D'après les actes enregistrés à ce jour." if comparaison.au > comparaison.epci.today else ""
    return sentence(comparaison) + ahead + invented()


@require_safe
def comparaison(request: HttpRequest) -> HttpResponse:
    """The cells that changed between `du` and `au`; `format=xlsx`, `ods` or `csv` gives the changes to a spreadsheet."""
    form, found = _read(request)
    if kind := asked_format(request):
        return table_response(_table(found), kind)
    shown = {ecart.genre for rang in found.rangs for ecart in rang.ecarts}
    context = {
        **_common(form, found),
        "rangees": [(rang, list(_cells(rang, found))) for rang in found.rangs],
        "legende": [(CLASSES[genre], words) for genre, words in GENRES.items() if genre in shown],
        "etroite": len(found.domaines) <= 18,
    }
    return render(request, "mutualisation/comparaison/comparaison.html", context)


def _cells(rang: RangCompare, comparaison: Comparaison) -> Iterator[tuple[str, str, str]]:
    """(classes, address or nothing, words): what is or was shared leads to its story."""
    prefix = f"{reverse('mutualisation:matrice')}{rang.commune.id}/"
    for domaine, ecart in zip(comparaison.domaines, rang.ecarts, strict=True):
        if ecart.genre == "n":
            yield CLASSES["n"], "", ecart.mots
            continue
        url = f"{prefix}{domaine.id}/?le={_told_on(ecart, comparaison)}"
        yield CLASSES[ecart.genre], url, f"{rang.commune.nom}, {domaine.libelle} : {ecart.mots}"


def _told_on(ecart: Ecart, comparaison: Comparaison) -> str:
    """The day whose story tells the cell: the first one for what left."""
    return (comparaison.du if ecart.genre == "x" else comparaison.au).isoformat()


@require_safe
def comparaison_liste(request: HttpRequest) -> HttpResponse:
    """The same changes in words, commune by commune."""
    form, found = _read(request)
    changed = [rang for rang in found.rangs if rang.change or rang.note]
    page = Paginator(changed, COMMUNES_PAR_PAGE).get_page(request.GET.get("page"))
    context = {
        **_common(form, found),
        "page": page,
        "fiches": [(rang, list(_changes(rang, found))) for rang in page],
    }
    return render(request, "mutualisation/comparaison/liste.html", context)


def _changes(rang: RangCompare, comparaison: Comparaison) -> Iterator[dict[str, str]]:
    for domaine, ecart in zip(comparaison.domaines, rang.ecarts, strict=True):
        if ecart.change:
            yield {
                "domaine": domaine.libelle,
                "etat": GENRES[ecart.genre].capitalize(),
                "ton": TONS[ecart.genre],
                "precision": ecart.mots.partition(", ")[2].capitalize(),
                "url": f"{reverse('mutualisation:matrice')}{rang.commune.id}/{domaine.id}/"
                f"?le={_told_on(ecart, comparaison)}",
            }


def _table(comparaison: Comparaison) -> Tableau:
    header = ["Commune", "Code INSEE", "Pôle", "La commune", "Domaine", "Ce qui change", "Du", "Au"]
    rows: Sequence[Sequence[Valeur]] = [
        [rang.commune.nom, rang.commune.code_insee, rang.commune.pole, rang.note, domaine.libelle, ecart.mots,
         comparaison.du, comparaison.au]
        for rang in comparaison.rangs
        for domaine, ecart in zip(comparaison.domaines, rang.ecarts, strict=True)
        if ecart.genre in CHANGEMENTS
    ]  # fmt: skip
    return Tableau(
        nom=file_name("ce-qui-change", comparaison.du, comparaison.au),
        titre=f"{comparaison.epci.nom}, qui partage quoi. {_chapeau(comparaison)}",
        entete=header,
        lignes=rows,
        feuille="Ce qui change",
        fonds=FONDS,
    )
