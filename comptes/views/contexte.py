"""Changing hat without signing in again."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from comptes.contexte import SESSION_KEY, choices


@require_POST
def change(request: HttpRequest) -> HttpResponse:
    """Wear the title of key `cle`, then go to `next` or home; a title the person does not hold is a 404."""
    cle = request.POST.get("cle", "")
    if cle not in {titre.cle for titre in choices(request.user.acces)}:
        raise Http404
    request.session[SESSION_KEY] = cle
    back = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(
        back, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return redirect(back if safe else "accueil")
