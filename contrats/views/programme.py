"""The programme of a year: the list, the page of a domain in a commune, one line."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from comptes.contexte import hat, person
from contrats.forms.programme import FiltreProgramme, LigneForm, ReportForm
from contrats.models import Engagement, LigneProgramme
from contrats.models.programme import FIRST_YEAR, LAST_YEAR
from contrats.programme import LigneLue, Programme, address, read_year, usual_year
from contrats.workflows.programme import (
    change_line,
    copy_year,
    mark_done,
    plan_line,
    postpone,
    remove_line,
    restore,
)
from journal.models import Evenement
from mutualisation.views.acte import sheet
from mutualisation.views.refus import status_of, tell, with_version
from socle.droits import require
from socle.erreurs import Refus
from socle.liste import asked_format, listed
from socle.saisie import number
from socle.typographie import plural, typeset

ENTETE = (
    *("Commune", "Domaine", "Année", "Ce qui est prévu", "Quantité", "Prévu", "État", "Fait le"),
    *("Reporté à partir du", "Motif du report", "À faire au plus tard le"),
)
RELATED = ("epci", "commune", "domaine")
ACTS: dict[str, Callable[..., Any]] = {"faire": mark_done, "retablir": restore}
DONE = {"faire": "C'est noté : fait.", "retablir": "La ligne est remise au programme."}


@require_GET
def programmes(request: HttpRequest) -> HttpResponse:
    """Every line the reader sees, filtered; on a page or as a sheet."""
    contexte = hat(request)
    rows = LigneProgramme.objects.visible_to(request.user).filter(epci=contexte.epci_id)
    ordered = rows.select_related(*RELATED).order_by(
        "-annee", "commune__tri", "domaine__ordre", "echeance_on", "pk"
    )
    filtre = FiltreProgramme(request.GET, queryset=ordered, request=request)
    if kind := asked_format(request):
        title = f"Programmes, {request.epci}"
        return sheet(kind, "programmes", title, ENTETE, [_cells(row) for row in filtre.qs])
    context = listed(request, filtre)
    context["lues"] = [LigneLue(row, row.epci.today) for row in context["page"].object_list]
    return render(request, "contrats/programme/programmes.html", context)


def _cells(row: LigneProgramme) -> list[Any]:
    lue = LigneLue(row, row.epci.today)
    return [
        row.commune.nom,
        row.domaine.libelle,
        row.annee,
        row.libelle,
        row.quantite,
        lue.prevue,
        "en retard" if lue.en_retard else str(row.get_etat_display()),
        row.fait_on,
        row.report_on,
        row.motif,
        row.echeance_on,
    ]


def _fiche(request: HttpRequest, commune: int, domaine: int) -> Engagement:
    """The fiche of the domain in the commune that applies today; 404 for who does not see it, or without a contract."""
    rows: Any = Engagement.objects.visible_to(request.user).filter(commune=commune, domaine=domaine)
    one = rows.select_related("epci").order_by("pk").first()
    found: Engagement | None = (
        rows.select_related(*RELATED, "version_contrat").to_read(one.epci.today) if one else None
    )
    if found is None:
        raise Http404
    return found


def _year(asked: str | None, fiche: Engagement) -> int:
    year = number(asked)
    return year if year and FIRST_YEAR <= year <= LAST_YEAR else usual_year(fiche)


@require_http_methods(["GET", "HEAD", "POST"])
def programme(request: HttpRequest, commune: int, domaine: int) -> HttpResponse:
    """The lines of a year (`annee`) with where they stand; POST plans one more."""
    fiche = _fiche(request, commune, domaine)
    year = _year(request.POST.get("annee") or request.GET.get("annee"), fiche)
    blank = LigneProgramme(epci=fiche.epci, commune=fiche.commune, domaine=fiche.domaine, annee=year)
    if request.method != "POST":
        return _page(request, fiche, read_year(fiche, year), LigneForm(initial={"version": 1}))
    require(blank, request.user, "modifier")
    form = LigneForm(request.POST)
    status = 422
    if form.is_valid():
        try:
            plan_line(engagement=fiche, annee=year, acteur=person(request), valeurs=form.valeurs)
        except Refus as refus:
            tell(form, refus)
            status = status_of(refus)
        else:
            messages.success(request, f"Ajouté au programme {year}.")
            return redirect(address(commune, domaine, year))
    return _page(request, fiche, read_year(fiche, year), form, status)


def _page(
    request: HttpRequest, fiche: Engagement, programme: Programme, form: LigneForm, status: int = 200
) -> HttpResponse:
    year = programme.annee
    known = LigneProgramme.objects.filter(epci=fiche.epci, commune=fiche.commune, domaine=fiche.domaine)
    years = {
        *known.order_by().values_list("annee", flat=True),
        year,
        usual_year(fiche),
        usual_year(fiche) + 1,
    }
    one = LigneProgramme(epci=fiche.epci, commune=fiche.commune, domaine=fiche.domaine, annee=year)
    context = {
        "fiche": fiche,
        "programme": programme,
        "form": form,
        "annees": [(an, address(fiche.commune_id, fiche.domaine_id, an)) for an in sorted(years)],
        "copiable": known.filter(annee=year - 1).exists(),
        "avant": year - 1,
        "droits": one.abilities_for(request.user),
        "qui_peut": one.QUI_PEUT["modifier"],
    }
    return render(request, "contrats/programme/programme.html", context, status=status)


@require_POST
def copier(request: HttpRequest, commune: int, domaine: int) -> HttpResponse:
    """Plan what the year before planned."""
    fiche = _fiche(request, commune, domaine)
    year = _year(request.POST.get("annee"), fiche)
    try:
        count = copy_year(engagement=fiche, annee=year, acteur=person(request))
    except Refus as refus:
        messages.error(request, typeset(refus.message))
    else:
        said = (
            plural(count, "ligne copiée", "lignes copiées") if count else "Tout y était déjà : rien à copier"
        )
        messages.success(request, typeset(f"{said}."))
    return redirect(address(commune, domaine, year))


def _ligne(request: HttpRequest, pk: int) -> LigneProgramme:
    rows = LigneProgramme.objects.visible_to(request.user).select_related(*RELATED)
    found: LigneProgramme = get_object_or_404(rows, pk=pk)
    require(found, request.user, "modifier")
    return found


def _back(found: LigneProgramme) -> str:
    return address(found.commune_id, found.domaine_id, found.annee)


@require_http_methods(["GET", "HEAD", "POST"])
def ligne(request: HttpRequest, pk: int) -> HttpResponse:
    """One line: GET shows its forms, POST writes it again."""
    found = _ligne(request, pk)
    if request.method != "POST":
        return _line_page(request, found, LigneForm(initial=_present(found)), _report_form(found))
    form = LigneForm(request.POST)
    status = 422
    if form.is_valid():
        try:
            change_line(
                ligne=found,
                acteur=person(request),
                version=form.cleaned_data["version"],
                valeurs=form.valeurs,
            )
        except Refus as refus:
            found = _ligne(request, pk)
            tell(form, refus)
            with_version(form, found.version)
            status = status_of(refus)
        else:
            messages.success(request, "La ligne est enregistrée.")
            return redirect(_back(found))
    return _line_page(request, found, form, _report_form(found), status)


def _present(found: LigneProgramme) -> dict[str, Any]:
    return {name: getattr(found, name) for name in ("libelle", "mois", "precision", "quantite", "version")}


def _report_form(found: LigneProgramme, data: Any = None) -> ReportForm:
    return ReportForm(data, ligne=found, today=found.epci.today, auto_id="id_report_%s")


def _line_page(
    request: HttpRequest, found: LigneProgramme, form: LigneForm, report: ReportForm, status: int = 200
) -> HttpResponse:
    context = {
        "ligne": found,
        "lue": LigneLue(found, found.epci.today),
        "form": form,
        "report": report,
        "retour": _back(found),
        "conflit": status == 409,
        "historique": Evenement.objects.visible_to(request.user).about(found).exists(),
    }
    return render(request, "contrats/programme/ligne.html", context, status=status)


@require_POST
def suivre(request: HttpRequest, pk: int) -> HttpResponse:
    """Say it is done, or put it back (`acte`)."""
    found = _ligne(request, pk)
    acte = request.POST.get("acte", "")
    if acte not in ACTS:
        messages.error(request, "Dites ce qu'il en est : fait, ou remis au programme.")
    else:
        ACTS[acte](ligne=found, acteur=person(request))
        messages.success(request, typeset(DONE[acte]))
    return redirect(_back(found))


@require_POST
def reporter(request: HttpRequest, pk: int) -> HttpResponse:
    """Postpone a line, with the reason and the new month."""
    found = _ligne(request, pk)
    form = _report_form(found, request.POST)
    status = 422
    if form.is_valid():
        try:
            postpone(ligne=found, acteur=person(request), **form.cleaned_data)
        except Refus as refus:
            tell(form, refus)
            status = status_of(refus)
        else:
            messages.success(request, "Le report est enregistré : il sera lu à la prochaine revue.")
            return redirect(_back(found))
    return _line_page(request, found, LigneForm(initial=_present(found)), form, status)


@require_http_methods(["GET", "HEAD", "POST"])
def retirer(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, then take out a line written by mistake."""
    found = _ligne(request, pk)
    if request.method == "POST":
        try:
            remove_line(ligne=found, acteur=person(request))
        except Refus as refus:
            messages.error(request, typeset(refus.message))
        else:
            messages.success(request, "La ligne est retirée du programme.")
        return redirect(_back(found))
    context = {
        "titre": "Retirer cette ligne du programme ?",
        "phrase": f"{found.libelle}, {found.domaine}, {found.commune}, {found.annee}.",
        "consequences": ("Pour dire que c'est remis à plus tard, reportez-la plutôt : le motif reste.",),
        "verbe": "Retirer la ligne",
        "url_retour": _back(found),
    }
    return render(request, "composants/confirmation.html", context)
