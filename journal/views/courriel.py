"""The page of mails: what was written to whom, and whether it left."""

from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from comptes.roles import Role
from journal.models import Courriel
from journal.visibilite import mails_for, readable_body

PER_PAGE = 50
TONES = {"envoyé": "v", "en attente": "a", "nouvel essai prévu": "o", "périmé": "n"}


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Mails of the EPCI for its administrator, one's own for anyone else, latest first."""
    rows = (
        mails_for(request.user, _epci_id(request))
        .select_related("destinataire")
        .defer("corps")
        .order_by("-ecrit_at", "-pk")
    )
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "lignes": [(courriel, TONES[courriel.etat]) for courriel in page],
        "tous": _epci_id(request) in request.user.acces.epcis_with(Role.ADMINISTRATEUR),
        "demo": settings.DEMO,
    }
    return render(request, "journal/courriel/liste.html", context)


@require_safe
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """One mail as its recipient reads it."""
    rows = mails_for(request.user, _epci_id(request)).select_related("destinataire")
    courriel: Courriel = get_object_or_404(rows, pk=pk)
    context = {
        "courriel": courriel,
        "ton": TONES[courriel.etat],
        "corps": readable_body(
            courriel, secrets=settings.DEMO or courriel.destinataire_id == request.user.pk
        ),
        "pieces": courriel.pieces.defer("octets").order_by("pk"),
        "demo": settings.DEMO,
    }
    return render(request, "journal/courriel/detail.html", context)


def _epci_id(request: HttpRequest) -> int | None:
    return request.epci.pk if request.epci else None
