"""Choosing a password: from an invitation, or after having forgotten it."""

from typing import Any

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import INTERNAL_RESET_SESSION_TOKEN, PasswordResetConfirmView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_http_methods

from comptes.forms import ChoixMotDePasseForm, OubliForm
from comptes.models import Personne
from journal.workflows.invitation import choose_password, help_forgetful

BACKEND = "django.contrib.auth.backends.ModelBackend"
SENT = (
    "Si cette adresse a un compte, un courriel part à l'instant avec un lien valable sept jours. "
    "Rien au bout de quelques minutes ? Regardez dans les indésirables, "
    "ou demandez à l'administrateur de votre EPCI."
)


@method_decorator(login_not_required, name="dispatch")
class Accept(PasswordResetConfirmView):
    """A personal link: choose a password, then be signed in; the token leaves the address at once."""

    form_class = ChoixMotDePasseForm
    template_name = "comptes/invitation.html"
    reset_url_token = "choisir"  # noqa: S105 (the word that replaces the token in the address)

    user: Personne

    def get_user(self, uidb64: str) -> Personne | None:
        personne = super().get_user(uidb64)
        return personne if personne and personne.is_active else None

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "personne": self.user if self.validlink else None}

    def form_valid(self, form: Any) -> HttpResponse:
        choose_password(personne=self.user, mot_de_passe=form.cleaned_data["new_password1"])
        del self.request.session[INTERNAL_RESET_SESSION_TOKEN]
        login(self.request, self.user, BACKEND)
        messages.success(self.request, "Votre mot de passe est enregistré. Bienvenue.")
        return redirect("accueil")


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def forgotten(request: HttpRequest) -> HttpResponse:
    """Ask for a link; the answer never tells whether the address has an account."""
    form = OubliForm(request.POST or None)
    if not form.is_valid():
        return render(
            request, "comptes/mot_de_passe_oublie.html", {"form": form}, status=422 if form.is_bound else 200
        )
    help_forgetful(email=form.cleaned_data["email"])
    messages.info(request, SENT)
    return redirect("comptes:connexion")
