"""The page of mails: what was written to whom, and whether it left."""

from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from comptes.contexte import person
from comptes.roles import Role
from journal.forms import FiltreCourriels
from journal.models import Courriel
from journal.views.personne import annuaire_of
from journal.visibilite import mails_for, readable_body
from journal.workflows.renvoi import send_again, why_not_again
from socle.erreurs import Refus
from socle.liste import asked_format, listed
from socle.tableur import Tableau, day_and_hour, table_response

ENTETE = ("Objet", "Destinataire", "Adresse", "Écrit le", "À", "État")
TONES = {
    "envoyé": "v",
    "en attente": "a",
    "nouvel essai prévu": "o",
    "périmé": "n",
    "refusé par le serveur du destinataire": "r",
}


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Mails of the EPCI for its administrator, one's own for anyone else, latest first, filtered; on a page or as a sheet."""
    rows = (
        mails_for(request.user, _epci_id(request))
        .select_related("destinataire")
        .defer("corps")
        .order_by("-ecrit_at", "-pk")
    )
    filtre = FiltreCourriels(request.GET, rows)
    if kind := asked_format(request):
        return table_response(_sheet(filtre.qs.select_related("destinataire", "epci")), kind)
    context = listed(request, filtre)
    context |= {
        "lignes": [(courriel, TONES[courriel.etat]) for courriel in context["page"]],
        "tous": _epci_id(request) in request.user.acces.epcis_with(Role.ADMINISTRATEUR),
        "demo": settings.DEMO,
    }
    return render(request, "journal/courriel/liste.html", context)


def _sheet(rows: QuerySet[Courriel]) -> Tableau:
    lines = [
        (
            one.sujet,
            str(one.destinataire),
            one.adresse,
            *day_and_hour(one.ecrit_at, one.epci.fuseau),
            one.etat,
        )
        for one in rows
    ]
    return Tableau("courriels", "Courriels", ENTETE, lines, "Courriels")


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
        "administre": courriel.epci_id in request.user.acces.epcis_with(Role.ADMINISTRATEUR),
        "empechement": why_not_again(courriel) if courriel.refuse_at else "",
    }
    return render(request, "journal/courriel/detail.html", context)


@require_POST
def resend(request: HttpRequest, pk: int) -> HttpResponse:
    """Send again a mail that the server of its recipient refused."""
    annuaire = annuaire_of(request)
    rows = Courriel.objects.filter(epci=annuaire.epci).select_related("destinataire", "epci")
    courriel = get_object_or_404(rows, pk=pk)
    try:
        send_again(courriel=courriel, acteur=person(request))
    except Refus as refus:
        messages.error(request, refus.message)
    else:
        messages.success(request, f"Le courriel part à l'adresse {courriel.destinataire.email}.")
    return redirect("journal:courriel", pk)


def _epci_id(request: HttpRequest) -> int | None:
    return request.epci.pk if request.epci else None
