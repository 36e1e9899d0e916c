"""What was being sent when a session ended: kept in the session of the browser for whoever typed it, and nobody else."""

from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare, salted_hmac

from comptes.contexte import person
from comptes.models import Personne

KEY = "envoi_suspendu"
# Says who last signed in with this browser. A form of anyone before her is refused by its CSRF token, renewed at each
# sign-in: so it says who typed the form that comes once the session is over.
COOKIE = "auteur"
MAX_KEPT = 1_000_000  # characters: more than the longest form of the site


def author_of(personne: Personne) -> str:
    """What stands for a person in the cookie: it tells nothing to who reads it, and cannot be made up."""
    return salted_hmac(KEY, str(personne.pk), algorithm="sha256").hexdigest()


def sign(request: HttpRequest, response: HttpResponse) -> None:
    """Let the browser remember who is shown a page that may hold a form."""
    author = author_of(person(request))
    if request.COOKIES.get(COOKIE) != author:
        response.set_cookie(
            COOKIE,
            author,
            max_age=settings.CSRF_COOKIE_AGE,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )


def keep(request: HttpRequest) -> bool:
    """Keep the form just sent, files aside: only their names; False when it is too long, or from nobody known."""
    author = request.COOKIES.get(COOKIE)
    fields = {name: values for name, values in request.POST.lists() if name != "csrfmiddlewaretoken"}
    if not author or _length(fields) > MAX_KEPT:
        return False
    files = {name: [one.name for one in found] for name, found in request.FILES.lists()}
    request.session[KEY] = {
        "auteur": author,
        "path": request.get_full_path(),
        "page": _page(request),
        "fields": fields,
        "files": files,
    }
    return True


def kept(request: HttpRequest) -> dict[str, Any] | None:
    """The form kept for who is signed in: « path », the « page » it was on, « fields », and « files » (names by field).

    Somebody else's is erased and never shown.
    """
    form: dict[str, Any] | None = request.session.get(KEY)
    if form and not constant_time_compare(form.get("auteur", ""), author_of(person(request))):
        forget(request)
        return None
    return form


def forget(request: HttpRequest) -> None:
    """Erase what was kept, if anything."""
    request.session.pop(KEY, None)


def _page(request: HttpRequest) -> str:
    """The page of ours where the form was typed, which may be sent elsewhere."""
    typed_on = urlsplit(request.headers.get("Referer", ""))
    if typed_on.netloc != request.get_host():
        return request.get_full_path()
    return urlunsplit(("", "", f"/{typed_on.path.lstrip('/')}", typed_on.query, ""))


def _length(fields: dict[str, list[str]]) -> int:
    """Characters typed."""
    return sum(len(value) for values in fields.values() for value in values)
