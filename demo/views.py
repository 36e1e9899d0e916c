"""Entering as somebody with one click, and moving the clock."""

from datetime import date, time

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from comptes.models import Personne
from comptes.reprise import kept
from demo.horloge import advance
from demo.models import Visiteur
from socle import horloge
from socle.dates import long_day
from socle.erreurs import Refus
from socle.saisie import number
from socle.typographie import plural, typeset

MORNING = time(9)


@login_not_required
@require_POST
def enter(request: HttpRequest) -> HttpResponse:
    """Sign in as one of the people of the demonstration; then as after any sign-in: what was typed, `next`, or home."""
    personne = get_object_or_404(
        Personne, pk__in=Visiteur.objects.values("personne"), pk=number(request.POST.get("personne")) or 0
    )
    login(request, personne, backend="django.contrib.auth.backends.ModelBackend")
    if kept(request):
        return redirect("comptes:reprendre")
    return redirect(_back(request, "next"))


@login_not_required
@require_POST
def advance_clock(request: HttpRequest) -> HttpResponse:
    """Move the clock to nine o'clock of a day, and come back to the same page."""
    try:
        day = date.fromisoformat(request.POST.get("valeur", ""))
        fuseau = request.epci.fuseau if request.epci else "Europe/Paris"
        done = advance(horloge.at_hour(day, MORNING, fuseau))
    except ValueError:
        messages.error(request, "Choisissez un jour.")
    except Refus as refus:
        messages.error(request, refus.message)
    else:
        messages.success(request, _sentence(day, done))
    return redirect(_back(request, "suite"))


def _sentence(day: date, done: int) -> str:
    work = (
        f" {plural(done, 'tâche due a été faite', 'tâches dues ont été faites')} en chemin." if done else ""
    )
    return typeset(f"Nous sommes maintenant le {long_day(day)}.{work}")


def _back(request: HttpRequest, name: str) -> str:
    back = request.POST.get(name, "/")
    return back if url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}) else "/"
