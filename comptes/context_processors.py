"""What every page shows: who is there, under which hat, and the menu."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from comptes.contexte import choices
from comptes.navigation import aside, menu


def page(request: HttpRequest) -> dict[str, Any]:
    """`navigation`, `annexes`, `contexte`, `contextes`, `theme_epci`, `demonstration` (None here) for templates/base.html."""
    contexte = getattr(request, "contexte", None)
    epci = getattr(request, "epci", None)
    user = getattr(request, "user", None)
    return {
        "navigation": menu(request, contexte) if contexte else [],
        "annexes": aside(request, contexte) if contexte else [],
        "contexte": contexte,
        "contextes": [t for t in choices(user.acces) if t != contexte] if contexte and user else [],
        "theme_epci": {"nom": epci.nom, "css_url": reverse("comptes:theme", args=[epci.pk])}
        if epci
        else None,
        "demonstration": None,
    }
