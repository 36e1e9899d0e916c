"""How the EPCI runs its cycles."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from comptes.contexte import person
from mutualisation.forms.reglage import ReglageForm
from mutualisation.models import Reglage
from mutualisation.views.matrice import current_epci
from mutualisation.views.refus import status_of, tell, with_version
from mutualisation.workflows.reglage import change_settings
from socle.droits import require
from socle.erreurs import Refus


@require_http_methods(["GET", "HEAD", "POST"])
def reglages(request: HttpRequest) -> HttpResponse:
    """The settings, changed by the Direction; somebody faster is told (409)."""
    epci = current_epci(request)
    reglage = Reglage.objects.of(epci)
    require(reglage, request.user, "modifier")
    form = ReglageForm(
        request.POST if request.method == "POST" else None, initial=ReglageForm.initial_of(reglage)
    )
    status = 200
    if form.is_bound:
        status = 422
        if form.is_valid():
            values = form.cleaned_data
            try:
                change_settings(
                    epci=epci, acteur=person(request), **{**values, "version": values["version"] or 0}
                )
            except Refus as refus:
                tell(form, refus)
                with_version(form, Reglage.objects.of(epci).version)
                status = status_of(refus)
            else:
                messages.success(request, "Réglages enregistrés.")
                return redirect("mutualisation:reglages")
    return render(request, "mutualisation/reglage/reglages.html", {"form": form, "epci": epci}, status=status)
