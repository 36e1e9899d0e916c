"""The hat a person wears: one of her titles, kept in the session, changed without signing in again."""

from typing import TYPE_CHECKING, cast

from django.http import HttpRequest

from comptes.acces import Acces, Titre
from comptes.models import Personne
from socle.droits import ActionInterdite

if TYPE_CHECKING:
    from comptes.models import Personne

SESSION_KEY = "contexte"
NO_HAT = "Aucun rôle ne vous est ouvert aujourd'hui : demandez-le à l'administrateur de votre EPCI."


def signed_in(request: HttpRequest) -> "Personne":
    """The person of a request: the middleware lets nobody else reach a view."""
    return cast("Personne", request.user)


def choices(acces: Acces) -> list[Titre]:
    """One title per role and perimeter: several seats on the same perimeter make one hat."""
    return list({titre.cle: titre for titre in reversed(acces.titres)}.values())[::-1]


def current(request: HttpRequest) -> Titre | None:
    """The chosen hat, or the first one; None for someone who has no title today."""
    hats = choices(signed_in(request).acces)
    chosen = request.session.get(SESSION_KEY)
    return next((titre for titre in hats if titre.cle == chosen), hats[0] if hats else None)


def hat(request: HttpRequest) -> Titre:
    """The hat worn for this request. Raises ActionInterdite for someone who has none today."""
    contexte: Titre | None = getattr(request, "contexte", None)
    if contexte is None:
        raise ActionInterdite(NO_HAT)
    return contexte


def person(request: HttpRequest) -> Personne:
    """Who asks: pages are closed to anonymous visitors."""
    return cast(Personne, request.user)
