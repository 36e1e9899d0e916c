"""Deciding on what communes ask, line by line or commune by commune."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from comptes.contexte import signed_in
from comptes.roles import Role
from mutualisation.campagne import require_reader
from mutualisation.forms.instruction import QUALITE, DateEffetForm, DecisionForm, FiltreInstruction
from mutualisation.lignes import RELATED, LigneLue, read_lines
from mutualisation.models import Cycle, Declaration, Ligne
from mutualisation.views.cycle import visible_cycle
from mutualisation.views.refus import status_of, tell, with_version
from mutualisation.workflows.effet import set_effect_date
from mutualisation.workflows.instruction import arbitrate
from socle.droits import ActionInterdite
from socle.erreurs import Refus
from socle.saisie import number
from socle.typographie import typeset

PAR_PAGE = 50


@dataclass(frozen=True)
class Resultat:
    """What came of one line of a bulk decision."""

    ligne: Ligne
    faute: str = ""


@require_GET
def instructions(request: HttpRequest) -> HttpResponse:
    """To the work list of the cycle that is being instructed: the earliest that has something to decide, else the latest."""
    require_reader(request.user, request.epci)
    opened = Cycle.objects.filter(epci=request.epci, ouvert_at__isnull=False)
    waiting = opened.filter(clos_at=None, declarations__lignes__arbitrage=Ligne.Arbitrage.A_INSTRUIRE)
    deposited = waiting.filter(declarations__etat=Declaration.Etat.DEPOSEE)
    cycle = deposited.order_by("annee").first() or opened.order_by("-annee").first()
    if cycle is None:
        return render(request, "mutualisation/campagne/aucune.html")
    return redirect("mutualisation:instruction", pk=cycle.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def instruction(request: HttpRequest, pk: int) -> HttpResponse:
    """The work list of a cycle; POST `commune` accepts what is still to decide in that commune, with a result per line."""
    found = visible_cycle(request, pk)
    require_reader(request.user, found.epci)
    peut = request.user.acces.acts_for_epci(found.epci_id, Role.DIRECTION_TERRITOIRES)
    if request.method == "POST" and not peut:
        raise ActionInterdite(Ligne.QUI_PEUT["arbitrer"])
    rows = _lines(request, found)
    resultats = _accept_all(request, rows) if request.method == "POST" else []
    filtre = FiltreInstruction(request.GET, queryset=rows, request=request)
    page = Paginator(filtre.qs, PAR_PAGE).get_page(request.GET.get("page"))
    pending = list(rows.filter(arbitrage=Ligne.Arbitrage.A_INSTRUIRE).values_list("commune_id", flat=True))
    pks = [ligne.pk for ligne in page.object_list]
    context = {
        "cycle": found,
        "filtre": filtre,
        "page": page,
        "lues": read_lines(rows.filter(pk__in=pks), found.epci.today),
        "a_instruire": len(pending),
        "communes_a_instruire": set(pending),
        "peut": peut,
        "resultats": resultats,
        "ici": request.get_full_path(),
    }
    return render(request, "mutualisation/instruction/instruction.html", context)


def _lines(request: HttpRequest, cycle: Cycle) -> Any:
    """Changing lines of the submitted declarations of a cycle that the user sees."""
    rows = Ligne.objects.visible_to(request.user).changing()
    submitted = rows.filter(declaration__cycle=cycle, declaration__etat=Declaration.Etat.DEPOSEE)
    return submitted.order_by("commune__tri", "commune_id", "domaine__ordre", "activite__code", "pk")


def _accept_all(request: HttpRequest, rows: Any) -> list[Resultat]:
    """Accept the undecided lines of one commune, each on its own; those already decided are left alone."""
    commune = request.POST.get("commune", "")
    known = number(commune) or 0
    waiting = rows.filter(commune=known, arbitrage=Ligne.Arbitrage.A_INSTRUIRE)
    return [_accept(request, ligne) for ligne in waiting.select_related("activite", "commune", "domaine")]


def _accept(request: HttpRequest, ligne: Ligne) -> Resultat:
    try:
        arbitrate(
            ligne=ligne,
            acteur=signed_in(request),
            decision=Ligne.Arbitrage.ACCEPTEE,
            motif="",
            qualite=QUALITE,
            version=ligne.version,
        )
    except Refus as refus:
        return Resultat(ligne, refus.message)
    return Resultat(ligne)


@require_http_methods(["GET", "HEAD", "POST"])
def ligne(request: HttpRequest, pk: int) -> HttpResponse:
    """One line: GET shows it, POST decides (and goes back to `suite`)."""
    lue = _read(request, pk)
    if request.method != "POST":
        return _page(request, lue, DecisionForm(initial=_present(lue.ligne)))
    if not lue.ligne.abilities_for(request.user)["arbitrer"]:
        raise ActionInterdite(Ligne.QUI_PEUT["arbitrer"])
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return _page(request, lue, form, status=422)
    try:
        decided = arbitrate(ligne=lue.ligne, acteur=signed_in(request), **form.cleaned_data)
    except Refus as refus:
        tell(form, refus)
        with_version(form, lue.ligne.version)
        return _page(request, lue, form, status=status_of(refus))
    messages.success(
        request,
        typeset(f"{lue.ligne.commune}, {lue.ligne.activite} : demande {decided.get_arbitrage_display()}."),
    )
    return redirect(_back(request, lue.ligne))


def _read(request: HttpRequest, pk: int) -> LigneLue:
    """The line as read; 404 when it is not visible or still in a draft."""
    rows = Ligne.objects.visible_to(request.user).filter(declaration__etat=Declaration.Etat.DEPOSEE)
    found = get_object_or_404(rows.with_acts().select_related(*RELATED), pk=pk)
    return LigneLue(found, found.acte_commune_on, found.acte_epci_on, found.epci.today)


def _present(found: Ligne) -> dict[str, Any]:
    """The form as the line stands."""
    if found.arbitrage == Ligne.Arbitrage.A_INSTRUIRE:
        return {"version": found.version}
    return {
        "decision": found.arbitrage,
        "motif": found.arbitrage_motif,
        "qualite": found.arbitree_qualite or QUALITE,
        "version": found.version,
    }


def _page(
    request: HttpRequest,
    lue: LigneLue,
    form: DecisionForm,
    date_form: DateEffetForm | None = None,
    status: int = 200,
) -> HttpResponse:
    found = lue.ligne
    droits = found.abilities_for(request.user)
    motif = found.declaration.motifs.filter(domaine=found.domaine_id).first()
    context = {
        "lue": lue,
        "ligne": found,
        "cycle": found.declaration.cycle,
        "droits": droits,
        "form": form,
        "date_form": date_form or DateEffetForm(initial={"effet_on": found.effet_on or lue.executoire_on}),
        "a_dater": droits["dater"] and lue.tardive,
        "motif": motif.texte if motif else "",
        "actes": found.actes.order_by("adopte_on", "pk"),
        "qui_peut": Ligne.QUI_PEUT["arbitrer"],
        "suite": request.GET.get("suite", ""),
        "pilote": request.user.acces.acts_for_epci(found.epci_id, Role.DIRECTION_TERRITOIRES),
    }
    return render(request, "mutualisation/instruction/ligne.html", context, status=status)


def _back(request: HttpRequest, found: Ligne) -> str:
    """Where the person came from, when it is one of our pages; else the line."""
    suite = request.POST.get("suite", "")
    if suite and url_has_allowed_host_and_scheme(suite, allowed_hosts={request.get_host()}):
        return suite
    return reverse("mutualisation:ligne", args=[found.pk])


@require_POST
def ligne_dater(request: HttpRequest, pk: int) -> HttpResponse:
    """Set the day of effect of a line whose acts are late."""
    lue = _read(request, pk)
    if not lue.ligne.abilities_for(request.user)["dater"]:
        raise ActionInterdite(Ligne.QUI_PEUT["dater"])
    form = DateEffetForm(request.POST)
    if form.is_valid():
        try:
            set_effect_date(
                ligne=lue.ligne, acteur=signed_in(request), effet_on=form.cleaned_data["effet_on"]
            )
        except Refus as refus:
            tell(form, refus)
        else:
            messages.success(request, typeset("Date d'effet enregistrée."))
            return redirect("mutualisation:ligne", pk=pk)
    return _page(request, lue, DecisionForm(initial=_present(lue.ligne)), form, status=422)
