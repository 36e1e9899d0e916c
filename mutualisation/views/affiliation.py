"""Which communes are affiliated to the centre de gestion."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from comptes.contexte import person
from comptes.roles import Role
from mutualisation.forms.affiliation import AffiliationForm
from mutualisation.matrice import edition_on
from mutualisation.views.matrice import current_epci
from mutualisation.views.refus import tell
from mutualisation.workflows.affiliation import WHO_AFFILIATES, affiliate, affiliated
from socle.droits import ActionInterdite
from socle.erreurs import Refus
from socle.liste import asked_format
from socle.tableur import Tableau, table_response
from territoire.models import Commune, Epci


@require_http_methods(["GET", "HEAD", "POST"])
def affiliations(request: HttpRequest) -> HttpResponse:
    """The affiliated communes and what the catalogue closes to them; the Direction ticks them."""
    epci = current_epci(request)
    ticks = request.user.acces.acts_for_epci(epci.pk, Role.DIRECTION_TERRITOIRES)
    form = AffiliationForm(request.POST or None, epci=epci)
    if not form.is_bound:
        if kind := asked_format(request):
            return table_response(_sheet(epci), kind)
        return _show(request, epci, form, ticks)
    if not ticks:
        raise ActionInterdite(WHO_AFFILIATES)
    if form.is_valid():
        try:
            changed = affiliate(epci=epci, acteur=person(request), **form.cleaned_data)
        except Refus as refus:
            tell(form, refus)
        else:
            messages.success(request, _changed(changed))
            return redirect("mutualisation:affiliations")
    return _show(request, epci, form, ticks, 422)


def _sheet(epci: Epci) -> Tableau:
    held = affiliated(epci, epci.today)
    communes = Commune.objects.members_of(epci, epci.today)
    lines = [(one.nom, "oui" if one.pk in held else "non") for one in communes]
    title = f"Affiliations au centre de gestion, {epci}, le {epci.today:%d/%m/%Y}"
    return Tableau("affiliations", title, ("Commune", "Affiliée"), lines, "Affiliations")


def _changed(count: int) -> str:
    if not count:
        return "Rien n'a changé."
    return f"{count} commune{'s ont' if count > 1 else ' a'} changé, à compter d'aujourd'hui."


def _show(
    request: HttpRequest, epci: Epci, form: AffiliationForm, ticks: bool, status: int = 200
) -> HttpResponse:
    held = affiliated(epci, epci.today)
    edition = edition_on(epci, epci.today)
    closed = edition.exclusions.select_related("activite").order_by("activite__code") if edition else []
    context = {
        "affiliees": [c.nom for c in Commune.objects.members_of(epci, epci.today) if c.pk in held],
        "fermees": [(row.activite, row.motif) for row in closed],
        "form": form,
        "peut_cocher": ticks,
        "qui_peut": WHO_AFFILIATES,
    }
    return render(request, "mutualisation/affiliation/affiliations.html", context, status=status)
