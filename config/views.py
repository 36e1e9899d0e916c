"""Home, « Mes échéances », and the health of the house."""

from datetime import date
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from comptes.annuaire import administrators
from config.echeances import greeting, rows, summary
from journal.sante import examine
from socle import horloge, registres


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What is expected of the person under her hat; for someone without any title today, who to ask."""
    if request.contexte is None:
        return render(request, "sans_titre.html", _without_title(request.user, horloge.today("Europe/Paris")))
    today = request.epci.today
    asked = (request.user, request.contexte, today)
    echeances = registres.echeances.gather(*asked)
    context = {
        "salut": greeting(echeances),
        "resume": summary(echeances, today),
        "rangees": rows(echeances, today),
        "cartes": registres.cartes.gather(*asked),
    }
    return render(request, "accueil.html", context)


def _without_title(user: Any, today: date) -> dict[str, Any]:
    """The administrators of the EPCI where the person had, or will have, a role; and that next role."""
    own = user.habilitations.order_by("debut", "pk")
    epcis = set(own.values_list("epci_id", flat=True))
    return {
        "administrateurs": administrators(epcis, today),
        "prochain": own.filter(debut__gt=today).first(),
    }


@login_not_required
@never_cache
@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """For monitoring: 200, or 503 when the database fails or when nobody does the work that is due."""
    sante = examine()
    body = {
        "statut": sante.statut,
        "base": "ok" if sante.base else "injoignable",
        "courtier": "ok" if sante.courtier else "injoignable",
        "tache_due_depuis_secondes": sante.tache_due_depuis,
        "courriel_en_attente_depuis_secondes": sante.courriel_en_attente_depuis,
        "taches_en_echec": sante.taches_en_echec,
    }
    return JsonResponse(body, status=503 if sante.panne else 200)
