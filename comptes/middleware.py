"""What each request carries: the hat of the person, her time zone, what she typed when her session ended."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from comptes.contexte import current
from territoire.models import Epci

SUSPENDED_KEY = "envoi_suspendu"
MAX_KEPT = 300_000
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


class SuspendedPostMiddleware:
    """A form sent after the session ended is kept, and offered again after sign-in: nothing typed is lost."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.method == "POST" and request.user.is_authenticated and response.status_code < 400:
            _forget(request)
        return response

    def process_view(
        self, request: HttpRequest, view: Callable, args: tuple, kwargs: dict
    ) -> HttpResponse | None:
        needs_sign_in = getattr(view, "login_required", True)
        if request.method != "POST" or request.user.is_authenticated or not needs_sign_in:
            return None
        if request.path.startswith("/api/") or request.FILES or _length(request) > MAX_KEPT:
            return None
        fields = {name: values for name, values in request.POST.lists() if name != "csrfmiddlewaretoken"}
        request.session[SUSPENDED_KEY] = {"path": request.get_full_path(), "fields": fields}
        return redirect(f"{reverse('comptes:connexion')}?next={reverse('comptes:reprendre')}")


def _length(request: HttpRequest) -> int:
    """Bytes announced; the body itself cannot be read again once a multipart form has been parsed."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    return int(length) if length.isdecimal() else MAX_KEPT + 1


def _forget(request: HttpRequest) -> None:
    """What was kept has now been sent for good."""
    kept = request.session.get(SUSPENDED_KEY)
    if kept and kept["path"] == request.get_full_path():
        del request.session[SUSPENDED_KEY]
