"""The page of jobs, for the administrator."""

from django.core.paginator import Paginator
from django.db.models import F, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from journal.models import Tache
from journal.views.personne import annuaire_of
from journal.visibilite import jobs_for
from socle.registres import intitules

PER_PAGE = 25
TONES = {"faite": "v", "nouvel essai prévu": "r", "en attente": "o", "en cours": "a", "prévue": "n"}


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """What is to be done, what waits for another try first, in the order it falls due; then what was done, latest first."""
    annuaire = annuaire_of(request)
    jobs = jobs_for(request.user, annuaire.epci.pk)
    done = jobs.filter(faite_at__isnull=False).order_by(F("faite_at").desc(), "-pk")
    page = Paginator(done, PER_PAGE).get_page(request.GET.get("page"))
    held = jobs.filter(faite_at=None).annotate(retenue=Q(reessai_at__isnull=False))
    coming = Paginator(held.order_by("-retenue", "due_at", "pk"), PER_PAGE).get_page(
        request.GET.get("a-faire")
    )
    context = {
        "a_faire": [_row(tache) for tache in coming],
        "pages_a_faire": coming,
        "faites": [_row(tache) for tache in page],
        "page": page,
    }
    return render(request, "journal/tache/liste.html", context)


def _row(tache: Tache) -> tuple[Tache, str, str]:
    """A job, its name in French, the tone of its state."""
    return tache, intitules.get(tache.type, tache.type), TONES[tache.etat]
