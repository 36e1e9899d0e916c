"""What each request carries: the hat of the person, her time zone, what she typed when her session ended."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control

from comptes.contexte import current
from comptes.reprise import COOKIE, forget, keep, kept, sign
from territoire.models import Epci

LOST = (
    "Votre session avait pris fin, et ce formulaire est trop long pour être gardé : il n'a pas été envoyé. Revenez en arrière "
    "dans le navigateur pour retrouver votre saisie."
)
GetResponse = Callable[[HttpRequest], HttpResponse]


class ContexteMiddleware:
    """Put `contexte` (Titre or None) and `epci` (Epci or None) on the request; activate its time zone."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.contexte = current(request) if request.user.is_authenticated else None
        request.epci = Epci.objects.get(pk=request.contexte.epci_id) if request.contexte else None
        with timezone.override(ZoneInfo(request.epci.fuseau if request.epci else "Europe/Paris")):
            return self.get_response(request)


class PrivateMiddleware:
    """What somebody signed in is shown stays in her browser, which asks again before it shows it.

    Not « no-store »: Firefox would lose what is being typed as soon as one goes back (docs/menaces.md).
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not response.has_header("Cache-Control") and request.user.is_authenticated:
            patch_cache_control(response, private=True, no_cache=True)
        return response


class SuspendedPostMiddleware:
    """A form sent after the session ended is kept, and offered again to who typed it: nothing is lost (comptes.reprise)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not response.get("Content-Type", "").startswith("text/html") or not request.user.is_authenticated:
            return response
        sign(request, response)
        form = kept(request) if request.method == "POST" and response.status_code < 400 else None
        if form and form["path"] == request.get_full_path():
            forget(request)  # sent for good
        return response

    def process_view(
        self, request: HttpRequest, view: Callable, args: tuple, kwargs: dict
    ) -> HttpResponse | None:
        needs_sign_in = getattr(view, "login_required", True) and not request.path.startswith("/api/")
        if request.method != "POST" or request.user.is_authenticated or not needs_sign_in:
            return None
        if not keep(request):
            if COOKIE in request.COOKIES:
                messages.error(request, LOST)
            return None
        return redirect(f"{reverse('comptes:connexion')}?next={reverse('comptes:reprendre')}")
