"""Contracts: the list, one contract, the printed draft."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.core.cache import cache
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.views.decorators.http import require_GET, require_POST

from comptes.acces import Titre
from comptes.contexte import hat, person
from comptes.roles import Role
from contrats.archive import NATURES
from contrats.avenant import template_of
from contrats.circuit import awaited
from contrats.donnees import contract_data, digest
from contrats.fiche import missing_texts, state_of
from contrats.forms.contrat import EffetForm, FiltreContrats, PreparerForm
from contrats.lecture import read_choice
from contrats.liste import ENTETE, communes_of, read_rows, search
from contrats.manques import gap
from contrats.models import Contrat, Engagement, VersionContrat
from contrats.workflows.contrat import prepare_contract
from documents.rendu import fingerprint, render_pdf
from journal.models import Evenement
from mutualisation.campagne import READERS
from mutualisation.referents import Referents, SiegeLu, serving
from mutualisation.views.acte import sheet
from socle import horloge
from socle.droits import ActionInterdite
from socle.erreurs import Refus
from socle.liste import asked_format, query_of
from socle.saisie import number
from territoire.devenir import read_devenir
from territoire.models import Commune, Epci, Pole

PER_PAGE = 50
KEPT_SECONDS = 24 * 3600


@require_GET
def contrats(request: HttpRequest) -> HttpResponse:
    """The contracts of the communes of the hat; a commune goes straight to its own."""
    contexte = hat(request)
    if contexte.commune_id:
        return _own(request, contexte)
    epci: Epci = request.epci
    today = epci.today
    poles = Pole.objects.filter(epci=epci) if not contexte.pole_id else Pole.objects.none()
    filtre = FiltreContrats(request.GET, poles=poles)
    effet = EffetForm(request.GET, today=today)
    communes = communes_of(person(request), contexte, epci, today)
    wanted = search(communes, epci, filtre.texte, filtre.pole_choisi, filtre.etat_choisi)
    if kind := asked_format(request):
        rows = read_rows(person(request), epci, list(wanted), effet.chosen)
        title = f"Contrats d'engagement, {epci}"
        return sheet(kind, "contrats", title, ENTETE, [row.cells for row in rows])
    page = Paginator(wanted, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "lignes": read_rows(person(request), epci, list(page.object_list), effet.chosen),
        "filtre": filtre,
        "effet": effet,
        "effective_on": effet.chosen,
        "prepare": request.user.acces.acts_for_epci(epci.pk, Role.DIRECTION_TERRITOIRES),
        "avec_contrat": Contrat.objects.filter(epci=epci, commune__in=communes.values("pk")).count(),
        "communes": communes.count(),
        "suit_lots": request.user.acces.acts_for_epci(epci.pk, *READERS),
        "archives": NATURES,
        "requete": query_of(request),
    }
    return render(request, "contrats/contrat/liste.html", context)


def _own(request: HttpRequest, contexte: Titre) -> HttpResponse:
    mine = Contrat.objects.visible_to(request.user).filter(epci=contexte.epci_id, commune=contexte.commune_id)
    found = mine.order_by("-pk").first()
    if found:
        return redirect("contrats:contrat", found.pk)
    return render(request, "contrats/contrat/aucun.html", {"nom": contexte.commune_nom})


@require_POST
def preparer(request: HttpRequest) -> HttpResponse:
    """Open or refresh the draft of a commune's contract, for a day of effect."""
    epci: Epci | None = request.epci
    if epci is None:
        hat(request)
    assert epci  # a hat has its EPCI
    commune = get_object_or_404(Commune.objects.visible_to(request.user), pk=_pk(request.POST.get("commune")))
    opened = VersionContrat.objects.filter(epci=epci, commune=commune).exclude(etat__in=VersionContrat.CLOSES)
    form = PreparerForm(request.POST, own=opened.values_list("effective_on", flat=True).first())
    if not form.is_valid():
        messages.error(request, "Choisissez une date d'effet : le 1er janvier d'une année.")
        return redirect("contrats:contrats")
    effective_on = form.cleaned_data["effet"]
    get_object_or_404(Commune.objects.members_of(epci, effective_on), pk=commune.pk)
    try:
        version = prepare_contract(
            epci=epci, commune=commune, effective_on=effective_on, acteur=person(request)
        )
    except Refus as refus:
        messages.error(request, refus.message)
        return redirect("contrats:contrats")
    messages.success(request, f"Le projet {version.reference} est à jour de ce que la commune partage.")
    return redirect("contrats:contrat", version.contrat_id)


def _pk(value: str | None) -> int:
    return number(value) or 0


@dataclass(frozen=True)
class LigneFiche:
    """A domain of a contract: its fiche, its state, what it lacks, who answers."""

    engagement: Engagement
    ton: str
    mot: str
    manques: list[str]
    commune: SiegeLu | None
    epci: SiegeLu | None


@require_GET
def contrat(request: HttpRequest, pk: int) -> HttpResponse:
    """A contract: a version (`version`, a number; or `le`, a day), and one line per domain the user may see."""
    found = get_object_or_404(
        Contrat.objects.visible_to(request.user).select_related("epci", "commune"), pk=pk
    )
    lecture = read_choice(found, request.GET)
    version = lecture.version
    devenir = read_devenir(found.epci, found.commune)
    context: dict[str, Any] = {
        "contrat": found,
        "version": version,
        "lecture": lecture,
        "droits": found.abilities_for(request.user),
        "fiches": _fiches(request, version, lecture.on or max(found.epci.today, version.effective_on)),
        "lit_tout": Contrat.objects.whole_for(request.user).filter(pk=found.pk).exists(),
        "prepare": request.user.acces.acts_for_epci(found.epci_id, Role.DIRECTION_TERRITOIRES),
        "aujourdhui": found.epci.today,
        "en_vigueur": version.effective_on <= found.epci.today,
        "ecart": [],
        "effet": None,
        "devenir": devenir,
        "suites": _contracts_of(request, found.epci, devenir.heritieres if devenir else []),
        "attendu": awaited(version, request.user),
        "historique": Evenement.objects.visible_to(request.user).about(version).exists(),
    }
    if version.en_preparation and context["lit_tout"] and not devenir:
        context["ecart"] = gap(version)
        context["effet"] = EffetForm(
            {"effet": _proposed(version)}, today=found.epci.today, own=version.effective_on
        )
    return render(request, "contrats/contrat/detail.html", context)


def _contracts_of(request: HttpRequest, epci: Epci, communes: list[Commune]) -> list[Contrat]:
    """The contracts of some communes that the user sees."""
    rows: Any = Contrat.objects.visible_to(request.user).filter(epci=epci, commune__in=communes)
    return list(rows.select_related("commune"))


def _proposed(version: VersionContrat) -> str:
    """The day a draft should be prepared for: its own, or 1 January of this year once that is past."""
    return max(version.effective_on, date(version.epci.today.year, 1, 1)).isoformat()


def _fiches(request: HttpRequest, version: VersionContrat, day: date) -> list[LigneFiche]:
    mine = version.engagements.filter(pk__in=Engagement.objects.visible_to(request.user).values("pk"))
    rows = list(
        mine.select_related("domaine").prefetch_related("indicateurs").order_by("domaine__ordre", "pk")
    )
    referents = Referents(
        version.epci, day, serving(version.commune), domaine__in=[row.domaine_id for row in rows]
    )
    return [
        LigneFiche(
            row,
            *state_of(row),
            missing_texts(row),
            referents.commune_side(row.commune_id, row.domaine_id),
            referents.epci_side(row.commune_id, row.domaine_id),
        )
        for row in rows
    ]


WHOLE = (
    "Le contrat entier se lit par la commune, son pôle et la Direction des territoires ; "
    "votre domaine se lit sur sa page."
)


@require_GET
def projet_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """The draft as it stands today; not an issued document. Same data, same bytes, rendered once."""
    rows = VersionContrat.objects.visible_to(request.user).select_related("epci", "commune", "contrat")
    version = get_object_or_404(rows, pk=pk)
    if not Contrat.objects.whole_for(request.user).filter(pk=version.contrat_id).exists():
        raise ActionInterdite(WHOLE)
    if not version.en_preparation:
        raise ActionInterdite("Ce contrat n'est plus un projet : lisez le texte arrêté.")
    data = contract_data(version)
    key = f"contrat.projet:{digest({'donnees': data, 'moteur': fingerprint()})}"
    octets = cache.get(key)
    if octets is None:
        octets = _render(version, data)
        cache.set(key, octets, KEPT_SECONDS)
    response = HttpResponse(octets, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{version.reference}-projet.pdf"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-cache"
    return response


def _render(version: VersionContrat, data: dict[str, Any]) -> bytes:
    return render_pdf(
        render_to_string(template_of(data), {"contrat": data, "document": ""}),
        title=f"Projet, {version.titre} {version.reference}",
        created_at=horloge.midnight(date.fromisoformat(data["edite_on"]), version.epci.fuseau),
    )
