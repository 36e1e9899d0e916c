"""Communes that merge, split, arrive, leave or change name: a newer extract, compared, then applied."""

from collections.abc import Iterable
from datetime import date
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from comptes.contexte import person
from journal.models import Evenement
from mutualisation.forms.mouvement import ComparaisonForm, ExtraitForm, pack, unpack
from mutualisation.mouvements import populations, read_reach
from mutualisation.views.matrice import current_epci
from mutualisation.views.refus import status_of, tell
from mutualisation.workflows.mouvement import KINDS, MOVERS, WHO_MOVES, apply_release
from socle.dates import day_and_year
from socle.droits import ActionInterdite
from socle.erreurs import Refus
from territoire.comparaison import Comparaison, Releve, compare, plan, read_releve
from territoire.models import Epci
from territoire.reference import ExtraitInvalide, parse_extract, read_extract

SHOWN = 50
TAMPERED = "Cette page a expiré : choisissez de nouveau le fichier."


def _required_epci(request: HttpRequest) -> Epci:
    epci = current_epci(request)
    if not request.user.acces.acts_for_epci(epci.pk, *MOVERS):
        raise ActionInterdite(WHO_MOVES)
    return epci


@require_http_methods(["GET", "HEAD", "POST"])
def mouvements(request: HttpRequest) -> HttpResponse:
    """What moved so far, and the choice of an extract; once chosen, its comparison with the members on the day asked."""
    epci = _required_epci(request)
    posted = request.method == "POST"
    form = ExtraitForm(
        request.POST if posted else None,
        request.FILES if posted else None,
        initial={"le": date(epci.today.year + 1, 1, 1)},
    )
    if form.is_valid():
        try:
            releve = _read(form, epci)
        except Refus as refus:
            tell(form, refus)
        else:
            return _compare_page(request, epci, releve, form.cleaned_data["le"])
    return render(
        request,
        "mutualisation/mouvement/mouvements.html",
        _context(epci, form),
        status=422 if posted else 200,
    )


def _context(epci: Epci, form: ExtraitForm) -> dict[str, Any]:
    moved = Evenement.objects.filter(epci=epci, type__in=[*KINDS.values(), "epci.populations"])
    return {
        "epci": epci,
        "form": form,
        "livre": read_extract().meta,
        "evenements": _once(moved.select_related("acteur").order_by("-numero")[:SHOWN]),
    }


def _once(evenements: Iterable[Evenement]) -> list[Evenement]:
    """A move is told to each commune that it touches: one line of it here."""
    return [next(same) for _, same in groupby(evenements, key=attrgetter("libelle", "acteur_id"))]


def _read(form: ExtraitForm, epci: Epci) -> Releve:
    fichier = form.cleaned_data["fichier"]
    try:
        extrait = parse_extract(fichier.read()) if fichier else read_extract()
    except ExtraitInvalide as error:
        raise Refus(str(error), field="fichier") from error
    releve = read_releve(extrait, epci)
    if releve is None:
        raise Refus(f"Ce fichier ne connaît pas {epci} (SIREN {epci.siren}).", field="fichier")
    return releve


def _compare_page(request: HttpRequest, epci: Epci, releve: Releve, le: date) -> HttpResponse:
    comparaison = compare(epci, releve, le)
    carried = {"releve": pack(releve), "le": le, "empreinte": comparaison.empreinte}
    form = ComparaisonForm(comparaison=comparaison, initial=carried)
    return _show(request, epci, releve, le, comparaison, form, form.proposed())


def _show(
    request: HttpRequest,
    epci: Epci,
    releve: Releve,
    le: date,
    comparaison: Comparaison,
    form: ComparaisonForm,
    choices: Any,
    status: int = 200,
) -> HttpResponse:
    moves = plan(comparaison, *form.choices_of(choices))
    context = {
        "epci": epci,
        "releve": releve,
        "le": le,
        "comparaison": comparaison,
        "form": form,
        "portees": read_reach(epci, moves, le),
        "populations": populations(comparaison),
        "suites": [suite for suite in comparaison.suites if "population" in suite.changes],
        "ancien": releve.jour < date.fromisoformat(read_extract().meta["date"]),
    }
    return render(request, "mutualisation/mouvement/comparaison.html", context, status=status)


@require_POST
def mouvements_comparer(request: HttpRequest) -> HttpResponse:
    """With other choices, the comparison again; with `confirmer`, applied."""
    epci = _required_epci(request)
    releve, le = unpack(request.POST.get("releve", "")), _day(request.POST.get("le", ""))
    if releve is None or le is None:
        return _again(request, epci)
    comparaison = compare(epci, releve, le)
    form = ComparaisonForm(request.POST, comparaison=comparaison)
    status = 200 if form.is_valid() else 422
    if "confirmer" in request.POST and form.is_valid():
        devenirs, origines = form.choices_of(form.cleaned_data)
        try:
            apply_release(
                epci=epci,
                acteur=person(request),
                releve=releve,
                le=le,
                empreinte=form.cleaned_data["empreinte"],
                devenirs=devenirs,
                origines=origines,
            )
        except Refus as refus:
            tell(form, refus)
            status = status_of(refus)
            form.data = form.data.copy() | {"empreinte": comparaison.empreinte}
        else:
            messages.success(request, _done(epci, le))
            return redirect("mutualisation:mouvements")
    return _show(request, epci, releve, le, comparaison, form, request.POST, status)


def _again(request: HttpRequest, epci: Epci) -> HttpResponse:
    messages.error(request, TAMPERED)
    form = ExtraitForm(initial={"le": date(epci.today.year + 1, 1, 1)})
    return render(request, "mutualisation/mouvement/mouvements.html", _context(epci, form), status=422)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _done(epci: Epci, le: date) -> str:
    when = f"le {day_and_year(le)}, d'eux-mêmes" if le > epci.today else "dans la minute"
    return f"Évolution des communes enregistrée. Les partages suivent {when}."
