"""The fiche d'engagement of a domain: reading, writing, changing its duty number once it is in use."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from comptes.contexte import person
from contrats.fiche import exceptional, lost_signs, missing_texts, rhythm, state_of, urgent
from contrats.forms.astreinte import AstreinteForm
from contrats.forms.contrat import EngagementForm, IndicateurFormSet, initial_row
from contrats.forms.fusion import SEEN, fingerprints, refreshed, seen_by, typed_of
from contrats.fusion import FicheChangee, row_fingerprint, values_of
from contrats.models import Contrat, Engagement
from contrats.programme import read_year
from contrats.reference import summary
from contrats.workflows.astreinte import change_duty_number
from contrats.workflows.contrat import save_engagement
from journal.models import Evenement
from mutualisation.referents import Referents, SiegeLu, fonction
from mutualisation.views.refus import status_of, tell
from socle import registres
from socle.droits import require
from socle.erreurs import Refus
from socle.saisie import number
from socle.typographie import typeset

CONTEXT = ("epci", "commune", "domaine", "contrat", "version_contrat")
ROWS = "indicateurs"


def visible_engagement(request: HttpRequest, pk: int) -> Engagement:
    """The fiche with its indicators; 404 for who does not see the domain of the commune."""
    rows = (
        Engagement.objects.visible_to(request.user).select_related(*CONTEXT).prefetch_related("indicateurs")
    )
    return get_object_or_404(rows, pk=pk)


@require_GET
def engagement(request: HttpRequest, pk: int) -> HttpResponse:
    """What is promised beside what there was; how to ask outside the plan; who to call; what comes next."""
    return _detail(request, visible_engagement(request, pk))


def _detail(
    request: HttpRequest, found: Engagement, form: AstreinteForm | None = None, status: int = 200
) -> HttpResponse:
    """The page of the fiche; `form` is the duty number sent, with what is to be corrected."""
    epci = found.epci
    day = max(epci.today, found.version_contrat.effective_on)
    referents = Referents(epci, day, domaine=found.domaine_id)
    own = reverse("contrats:engagement", args=[found.pk])
    liens = registres.liens.gather(request.user, found.commune, found.domaine, epci.today)
    context = {
        "engagement": found,
        "version": found.version_contrat,
        "menu": _menu(request, found),
        "manques": missing_texts(found),
        "perdus": lost_signs(found),
        "urgence": urgent(found),
        "exceptionnel": exceptional(found),
        "rythme": rhythm(found),
        "cote_commune": _with_function(referents.commune_side(found.commune_id, found.domaine_id)),
        "cote_epci": _with_function(referents.epci_side(found.commune_id, found.domaine_id)),
        "en_vigueur": found.version_contrat.effective_on <= epci.today,
        "liens": [lien for lien in liens if lien.url != own],
        "droits": (droits := found.abilities_for(request.user)),
        "reference": summary(found) if droits["modifier"] else "",
        "programme": read_year(found),
        "lit_tout": Contrat.objects.whole_for(request.user).filter(pk=found.contrat_id).exists(),
        "historique": Evenement.objects.visible_to(request.user).about(found).exists(),
        "form_astreinte": form or AstreinteForm(initial={"telephone_astreinte": found.telephone_astreinte}),
    }
    return render(request, "contrats/engagement/detail.html", context, status=status)


def _with_function(siege: SiegeLu | None) -> tuple[SiegeLu | None, str]:
    return siege, fonction(siege) if siege else ""


def _menu(request: HttpRequest, found: Engagement) -> list[dict[str, Any]]:
    """Every domain of the version the user may see, with the state of its fiche."""
    rows = Engagement.objects.visible_to(request.user).filter(version_contrat=found.version_contrat_id)
    ordered = rows.select_related("domaine").prefetch_related("indicateurs").order_by("domaine__ordre", "pk")
    return [{"engagement": row, "etat": state_of(row)} for row in ordered]


@require_POST
def changer_astreinte(request: HttpRequest, pk: int) -> HttpResponse:
    """Change the duty number of a fiche in use; refused or overtaken, the page comes back with what was typed."""
    found = visible_engagement(request, pk)
    require(found, request.user, "changer_astreinte")
    form = AstreinteForm(request.POST)
    if not form.is_valid():
        return _detail(request, found, form, 422)
    typed = form.cleaned_data["telephone_astreinte"]
    try:
        change_duty_number(engagement=found, acteur=person(request), lue=_version(request), telephone=typed)
    except Refus as refus:
        tell(form, refus)
        return _detail(request, visible_engagement(request, pk), form, status_of(refus))
    messages.success(request, typeset("Le numéro d'astreinte est changé : la commune est prévenue."))
    return redirect("contrats:engagement", pk)


@require_http_methods(["GET", "HEAD", "POST"])
def modifier(request: HttpRequest, pk: int) -> HttpResponse:
    """The whole fiche on one page. Only what the page changed is written; what both changed is shown (409)."""
    found = visible_engagement(request, pk)
    require(found, request.user, "modifier")
    if request.method == "POST":
        return _save(request, found)
    form = EngagementForm(instance=found, groupement=found.epci.nom_commun)
    return _page(request, found, form, _formset(found), fingerprints(found))


def _formset(found: Engagement) -> Any:
    rows = [values_of(row) | {"pk": row.pk} for row in found.indicateurs.all()]
    initial = [
        initial_row(values) | {"ligne": values["pk"], "vue": row_fingerprint(values)} for values in rows
    ]
    return IndicateurFormSet(initial=initial, prefix=ROWS)


def _save(request: HttpRequest, found: Engagement) -> HttpResponse:
    form = EngagementForm(request.POST, instance=found, groupement=found.epci.nom_commun)
    formset = IndicateurFormSet(request.POST, prefix=ROWS)
    vues = seen_by(request.POST)
    if not (form.is_valid() & formset.is_valid()):
        return _page(request, found, form, formset, vues, version=_version(request), status=422)
    try:
        save_engagement(
            engagement=found,
            acteur=person(request),
            version=_version(request),
            valeurs=form.cleaned_data,
            vues=vues,
            indicateurs=formset.sent(),
        )
    except FicheChangee as conflit:
        return _clash(request, found.pk, form, formset, conflit)
    except (Refus, ValidationError) as refus:
        form.add_error(None, refus.message if isinstance(refus, Refus) else refus.messages)
        return _page(request, found, form, formset, vues, version=_version(request), status=422)
    messages.success(request, "La fiche est enregistrée.")
    return redirect("contrats:engagement", found.pk)


def _clash(
    request: HttpRequest, pk: int, form: EngagementForm, formset: Any, conflit: FicheChangee
) -> HttpResponse:
    """The page again: both texts side by side where they clash, the rest as it stands now; sending again is a decision."""
    current = visible_engagement(request, pk)
    both = [(one, typed_of(one, form, formset)) for one in conflit.divergences]
    data = refreshed(request.POST, form, formset, current)
    again = EngagementForm(data, instance=current, groupement=current.epci.nom_commun)
    rows = IndicateurFormSet(data, prefix=ROWS)
    context = {"conflit": conflit.message, "divergences": both, "version": current.version}
    return _page(request, current, again, rows, fingerprints(current), status=409, **context)


def _version(request: HttpRequest) -> int:
    value = request.POST.get("version", "")
    return number(value) or 0


def _page(
    request: HttpRequest,
    found: Engagement,
    form: EngagementForm,
    formset: Any,
    vues: Mapping[str, str],
    *,
    status: int = 200,
    **context: Any,
) -> HttpResponse:
    values = {
        "engagement": found,
        "form": form,
        "formset": formset,
        "vues": [(f"{SEEN}{name}", vue) for name, vue in vues.items()],
        "version": found.version,
        "conflit": "",
        "divergences": [],
    }
    return render(request, "contrats/engagement/modifier.html", {**values, **context}, status=status)
