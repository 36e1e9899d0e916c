"""Signing in and out."""

import math
from typing import Any

from axes.helpers import get_cool_off
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST

from comptes.forms import ConnexionForm
from comptes.reprise import kept


@method_decorator(login_not_required, name="dispatch")
class SignIn(LoginView):
    """The sign-in page; then home, the page asked for, or what was being typed when the session ended."""

    authentication_form = ConnexionForm
    redirect_authenticated_user = True
    extra_context: dict[str, Any] = {"attente": None}

    def get_template_names(self) -> list[str]:
        return templates()

    def get_default_redirect_url(self) -> str:
        if kept(self.request):
            return resolve_url("comptes:reprendre")
        return super().get_default_redirect_url()


def templates() -> list[str]:
    """The demonstration offers its people on its own version of the page."""
    own = ["comptes/connexion.html"]
    return ["demo/connexion.html", *own] if settings.DEMO else own


def locked_out(
    request: HttpRequest, original_response: HttpResponse | None, credentials: dict[str, Any] | None
) -> HttpResponse:
    """429 after too many failures: how long to wait, the address still typed (AXES_LOCKOUT_CALLABLE)."""
    cool_off = get_cool_off(request)
    seconds = math.ceil(cool_off.total_seconds()) if cool_off else 0
    context = {
        "form": ConnexionForm(request, initial={"username": (credentials or {}).get("username", "")}),
        "attente": math.ceil(seconds / 60),
        "next": request.POST.get("next", ""),
    }
    response = render(request, templates(), context, status=429)
    response["Retry-After"] = str(seconds)
    return response


@login_not_required
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session and forget everything it held."""
    logout(request)
    return redirect(settings.LOGOUT_REDIRECT_URL)


def client_address(request: HttpRequest) -> str:
    """The visitor's address, for throttling: behind our nginx, the last one it added to X-Forwarded-For."""
    forwarded = request.headers.get("X-Forwarded-For", "") if settings.BEHIND_PROXY else ""
    return forwarded.rpartition(",")[2].strip() or request.META.get("REMOTE_ADDR", "")
