"""The hat a person wears: one of her titles, kept in the session, changed without signing in again."""

from django.http import HttpRequest

from comptes.acces import Acces, Titre

SESSION_KEY = "contexte"


def choices(acces: Acces) -> list[Titre]:
    """One title per role and perimeter: several seats on the same perimeter make one hat."""
    return list({titre.cle: titre for titre in reversed(acces.titres)}.values())[::-1]


def current(request: HttpRequest) -> Titre | None:
    """The chosen hat, or the first one; None for someone who has no title today."""
    hats = choices(request.user.acces)
    chosen = request.session.get(SESSION_KEY)
    return next((titre for titre in hats if titre.cle == chosen), hats[0] if hats else None)
