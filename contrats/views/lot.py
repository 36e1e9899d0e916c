"""Many contracts at once: what would happen, the launch, what became of each, the archive."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from comptes.contexte import hat, person
from contrats.archive import NATURES, Entree, of_lines, of_versions, write_archive
from contrats.forms.contrat import FiltreContrats
from contrats.forms.lot import LotForm
from contrats.liste import communes_of, search
from contrats.lots import Prevu, days_of, foresee
from contrats.models import Contrat, LigneLot, LotContrats, VersionContrat
from contrats.workflows.lot import Choix, cancel, job_of, launch, resume
from journal.models import Tache
from mutualisation.campagne import READERS
from mutualisation.views.acte import sheet
from mutualisation.views.refus import status_of
from socle.droits import ActionInterdite, require
from socle.erreurs import Refus
from socle.liste import asked_format
from socle.saisie import number
from socle.tableur import day_and_hour
from socle.typographie import typeset
from territoire.models import Epci, Pole

PAR_PAGE = 25
QUI_LIT = (
    "Les lots de contrats sont suivis par la Direction des territoires, les administrateurs et les directeurs de pôle. "
    "Le contrat de votre commune se lit sur sa page."
)
TONES = {"en_cours": "a", "termine": "v", "annule": "n"}
LINE_TONES = {"a_faire": "a", "fait": "v", "refuse": "r", "laisse": "n"}
ENTETE_LOTS = (
    "Lot",
    "Contrats à effet du",
    "Lancé par",
    "Le",
    "À",
    "État",
    "Contrats",
    "Faits",
    "Refusés",
    "Laissés",
)
ENTETE = ("Commune", "Contrat", "Résultat", "Pourquoi", "Document", "Traité le", "À")


def _epci(request: HttpRequest) -> Epci:
    """The EPCI of the hat, for who follows lots there. Raises ActionInterdite."""
    epci: Epci | None = request.epci
    if epci is None or not request.user.acces.acts_for_epci(epci.pk, *READERS):
        raise ActionInterdite(QUI_LIT)
    return epci


@require_safe
def lots(request: HttpRequest) -> HttpResponse:
    """The lots of the EPCI, latest first, with what became of the contracts the reader sees; on a page or as a sheet."""
    epci = _epci(request)
    mine = LigneLot.objects.visible_to(request.user).order_by()
    counts = {
        f"n_{etat}": Count("lignes", filter=Q(lignes__in=mine, lignes__etat=etat)) for etat in LINE_TONES
    }
    rows = LotContrats.objects.visible_to(request.user).filter(epci=epci).annotate(**counts)
    ordered = rows.select_related("lance_par", "epci").order_by("-lance_at", "-pk")
    if kind := asked_format(request):
        return sheet(
            kind, "lots-de-contrats", f"Lots de contrats, {epci}", ENTETE_LOTS, list(map(_cells, ordered))
        )
    page = Paginator(ordered, PAR_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "lignes": [(lot, TONES[lot.etat]) for lot in page],
        "lance": LotContrats(epci=epci).abilities_for(request.user)["lancer"],
    }
    return render(request, "contrats/lot/lots.html", context)


def _cells(lot: Any) -> list[Any]:
    counts = [lot.n_fait, lot.n_refuse, lot.n_laisse]
    return [
        *(lot.get_acte_display(), lot.effective_on, str(lot.lance_par)),
        *day_and_hour(lot.lance_at, lot.epci.fuseau),
        *(lot.etat.label, sum(counts) + lot.n_a_faire, *counts),
    ]


@require_http_methods(["GET", "HEAD", "POST"])
def nouveau(request: HttpRequest) -> HttpResponse:
    """What an act would do to each contract of a day of effect, to be ticked; POST launches it on those ticked."""
    hat(request)
    epci: Epci = request.epci
    require(LotContrats(epci=epci), request.user, "lancer")
    proposed = date(epci.today.year + 1, 1, 1)
    sent = request.method == "POST"
    defaults = {"acte": LotContrats.Acte.PREPARER, "effet": proposed.isoformat()}
    data = request.POST if sent else {**defaults, **request.GET.dict()}
    form = LotForm(data, days=days_of(epci), proposed=proposed)
    prevus = foresee(epci, form.acte_choisi, form.jour)
    if not sent:
        return _foreseen(request, form, prevus, _all(request, prevus), uuid4())
    return _launch(request, epci, form, prevus)


def _all(request: HttpRequest, prevus: list[Prevu]) -> set[int]:
    """The communes ticked at first: all that can be done, none when the address says so."""
    if request.GET.get("cocher") == "rien":
        return set()
    return {one.commune.pk for one in prevus if one.possible}


def _launch(request: HttpRequest, epci: Epci, form: LotForm, prevus: list[Prevu]) -> HttpResponse:
    sent = {
        number(pk): number(lue)
        for pk, _, lue in (one.partition(":") for one in request.POST.getlist("contrats"))
    }
    ticked = {one.commune.pk for one in prevus if one.commune.pk in sent}
    cle = _key(request.POST.get("cle"))
    if not form.is_valid():
        return _foreseen(request, form, prevus, ticked, cle, status=422)
    choix = [
        Choix(one.commune, one.version, sent[one.commune.pk] if one.version else None)
        for one in prevus
        if one.commune.pk in ticked
    ]
    try:
        lot = launch(
            epci=epci,
            acteur=person(request),
            acte=form.acte_choisi,
            effective_on=form.jour,
            cle=cle,
            choix=choix,
        )
    except Refus as refus:
        return _foreseen(request, form, prevus, ticked, cle, refus=refus, status=status_of(refus))
    messages.success(request, typeset("C'est lancé. Cette page dit où cela en est ; vous pouvez la quitter."))
    return redirect("contrats:lot", lot.pk)


def _key(text: str | None) -> UUID:
    """The key of the page sent; a new one for what is not a key."""
    try:
        return UUID(text or "")
    except ValueError:
        return uuid4()


def _foreseen(
    request: HttpRequest,
    form: LotForm,
    prevus: list[Prevu],
    ticked: set[int],
    cle: UUID,
    *,
    refus: Refus | None = None,
    status: int = 200,
) -> HttpResponse:
    running: Any = LotContrats.objects.running().filter(epci=request.epci)
    context = {
        "form": form,
        "acte": form.acte_choisi,
        "acte_libelle": LotContrats.Acte(form.acte_choisi).label,
        "jour": form.jour,
        "prevus": [(one, one.commune.pk in ticked) for one in prevus],
        "possibles": sum(one.possible for one in prevus),
        "cochees": len(ticked),
        "cle": cle,
        "refus": refus,
        "en_cours": running.select_related("lance_par", "repris_par").first(),
    }
    return render(request, "contrats/lot/nouveau.html", context, status=status)


def _visible(request: HttpRequest, pk: int) -> LotContrats:
    rows: Any = LotContrats.objects.visible_to(request.user)
    related = ("epci", "lance_par", "repris_par", "annule_par")
    found: LotContrats = get_object_or_404(rows.select_related(*related), pk=pk)
    return found


def _lines(request: HttpRequest, lot: LotContrats) -> Any:
    rows = LigneLot.objects.visible_to(request.user).filter(lot=lot)
    related = ("commune", "version_contrat", "document")
    return rows.select_related(*related).order_by("commune__tri", "pk")


@dataclass(frozen=True)
class Avancement:
    """How far a lot is: lines treated, over all, and documents issued, over those reserved."""

    counts: dict[str, int]
    documents: int
    emis: int

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def traites(self) -> int:
        return self.total - self.counts["a_faire"]

    @property
    def reste(self) -> int:
        """What may be taken up again."""
        return sum(self.counts[etat] for etat in LigneLot.RESTE)

    @property
    def bouge(self) -> bool:
        """Whether something is still to come by itself."""
        return bool(self.counts["a_faire"]) or self.emis < self.documents


@require_safe
def lot(request: HttpRequest, pk: int) -> HttpResponse:
    """How far a lot is and what became of each contract; its results as a sheet (`format`), its progress alone (`HX-Request`).

    When nothing moves any more, the page that asks for the progress is told to show itself again.
    """
    found = _visible(request, pk)
    lines = list(_lines(request, found))
    if kind := asked_format(request):
        title = f"{found}, {found.epci}"
        return sheet(kind, f"lot-{found.pk}", title, ENTETE, [_line_cells(found, one) for one in lines])
    context = _progress(found, lines) | {
        "lot": found,
        "ton": TONES[found.etat],
        "lignes": [(one, LINE_TONES[one.etat]) for one in lines],
        "peut": found.abilities_for(request.user),
    }
    if request.headers.get("HX-Request"):
        return _polled(request, context)
    return render(request, "contrats/lot/lot.html", context)


def _progress(found: LotContrats, lines: list[LigneLot]) -> dict[str, Any]:
    counts = {etat: sum(one.etat == etat for one in lines) for etat in LINE_TONES}
    reserved = [one.document for one in lines if one.document and not one.document.annule]
    avancement = Avancement(counts, len(reserved), sum(one.emis for one in reserved))
    tache = Tache.objects.filter(cle=job_of(found), faite_at=None).first()
    return {"avancement": avancement, "retenue": tache.constat if tache else ""}


def _polled(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    response = render(request, "contrats/lot/_avancement.html", context)
    if not context["avancement"].bouge:
        response["HX-Refresh"] = "true"
    return response


def _line_cells(found: LotContrats, ligne: LigneLot) -> list[Any]:
    version, document = ligne.version_contrat, ligne.document
    return [
        *(ligne.commune.nom, version.reference if version else ""),
        *(ligne.get_etat_display(), ligne.motif, document.mention if document else ""),
        *day_and_hour(ligne.traite_at, found.epci.fuseau),
    ]


@require_POST
def annuler(request: HttpRequest, pk: int) -> HttpResponse:
    """Leave what remains of a lot."""
    done = cancel(lot=_visible(request, pk), acteur=person(request))
    if done.annule_at:
        messages.success(request, typeset("Ce qui restait est annulé. Ce qui est fait reste fait."))
    else:
        messages.info(request, typeset("Ce lot était déjà terminé : rien n'a été annulé."))
    return redirect("contrats:lot", pk)


@require_POST
def reprendre(request: HttpRequest, pk: int) -> HttpResponse:
    """Take up again what was refused or left."""
    found = _visible(request, pk)
    try:
        resume(lot=found, acteur=person(request))
    except Refus as refus:
        messages.error(request, typeset(refus.message))
    else:
        messages.success(
            request, typeset("C'est repris. Chaque contrat est traité tel qu'il est maintenant.")
        )
    return redirect("contrats:lot", pk)


@require_GET
def archive_lot(request: HttpRequest, pk: int) -> HttpResponse:
    """The documents of a lot in one ZIP."""
    found = _visible(request, pk)
    if found.acte not in LotContrats.EMETTENT:
        raise Http404
    return _zip(of_lines(_lines(request, found)), f"lot-{found.pk}-{found.acte}", found.epci)


@require_GET
def archive(request: HttpRequest) -> HttpResponse:
    """The documents of one of NATURES (`nature`) of the contracts of the list, under its filters, in one ZIP."""
    epci = _epci(request)
    nature = request.GET.get("nature", "")
    if nature not in NATURES:
        raise Http404
    filtre = FiltreContrats(request.GET, poles=Pole.objects.filter(epci=epci))
    communes = communes_of(person(request), hat(request), epci, epci.today)
    wanted = list(search(communes, epci, filtre.texte, filtre.pole_choisi, filtre.etat_choisi))
    whole = Contrat.objects.whole_for(request.user).filter(epci=epci, commune__in=[one.pk for one in wanted])
    rows = VersionContrat.objects.filter(contrat__in=whole).exclude(etat=VersionContrat.Etat.ABANDONNE)
    versions = rows.select_related("arrete", "a_signer", "consolide").order_by("contrat", "numero")
    entrees = of_versions(wanted, list(versions), nature)
    return _zip(entrees, f"contrats-{nature.replace('_', '-')}", epci)


def _zip(entrees: list[Entree], name: str, epci: Epci) -> HttpResponse:
    response: Any = FileResponse(
        write_archive(entrees, epci.fuseau),
        as_attachment=True,
        filename=f"{name}.zip",
        content_type="application/zip",
    )
    response["X-Content-Type-Options"] = "nosniff"
    return response
