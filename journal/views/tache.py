"""The page of jobs, for the administrator."""

from django.core.paginator import Paginator
from django.db.models import F, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from journal.models import Tache
from journal.views.personne import annuaire_of
from journal.visibilite import jobs_for
from socle.liste import asked_format
from socle.registres import intitules
from socle.tableur import Tableau, Valeur, day_and_hour, table_response
from territoire.models import Epci

PER_PAGE = 25
ENTETE = (
    "Tâche",
    "Clé",
    "Due le",
    "À",
    "Faite le",
    "Fait à",
    "Fait",
    "Sur",
    "État",
    "Ce qui la retient",
    "Essais",
    "Dernière erreur",
)
TONES = {"faite": "v", "nouvel essai prévu": "r", "en attente": "o", "en cours": "a", "prévue": "n"}


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """What is to be done, what waits for another try first, in the order it falls due; then what was done, latest first.

    On a page, or both as one sheet (`format`).
    """
    epci = annuaire_of(request).epci
    jobs = jobs_for(request.user, epci.pk)
    done = jobs.filter(faite_at__isnull=False).order_by(F("faite_at").desc(), "-pk")
    held = jobs.filter(faite_at=None).annotate(retenue=Q(reessai_at__isnull=False))
    coming = held.order_by("-retenue", "due_at", "pk")
    if kind := asked_format(request):
        return table_response(_sheet(epci, [*coming, *done]), kind)
    page = Paginator(done, PER_PAGE).get_page(request.GET.get("page"))
    pages = Paginator(coming, PER_PAGE).get_page(request.GET.get("a-faire"))
    context = {
        "a_faire": [_row(tache) for tache in pages],
        "pages_a_faire": pages,
        "faites": [_row(tache) for tache in page],
        "page": page,
    }
    return render(request, "journal/tache/liste.html", context)


def _sheet(epci: Epci, taches: list[Tache]) -> Tableau:
    lines = [_cells(tache, epci.fuseau) for tache in taches]
    return Tableau("taches", f"Tâches, {epci}, le {epci.today:%d/%m/%Y}", ENTETE, lines, "Tâches", figees=2)


def _cells(tache: Tache, fuseau: str) -> tuple[Valeur, ...]:
    _, intitule, _ = _row(tache)
    return (
        *(intitule, tache.cle),
        *day_and_hour(tache.due_at, fuseau),
        *day_and_hour(tache.faite_at, fuseau),
        *(tache.fait, tache.total),
        *(tache.etat, tache.constat, tache.essais, tache.erreur),
    )


def _row(tache: Tache) -> tuple[Tache, str, str]:
    """A job, its name in French, the tone of its state."""
    return tache, intitules.get(tache.type, tache.type), TONES[tache.etat]
