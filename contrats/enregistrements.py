"""What this floor tells the floors below."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.urls import reverse

from comptes.models import Personne
from contrats.models import Engagement
from mutualisation.models import Domaine
from socle import registres
from socle.registres import Lien
from territoire.models import Commune


def register() -> None:
    """Fill the registries of the ground floor."""
    registres.liens.register("contrats", links)


def links(user: Personne, commune: Commune, domaine: Domaine, on: date) -> Iterable[Lien]:
    """From a domain of a commune to its fiche d'engagement, for who may see it."""
    rows: Any = Engagement.objects.visible_to(user).filter(commune=commune, domaine=domaine)
    engagement = rows.order_by("-version_contrat__numero").first()
    if engagement:
        yield Lien("Ouvrir le contrat", reverse("contrats:engagement", args=[engagement.pk]))
