"""The hat a person wears: one of her titles, kept in the session, changed without signing in again."""

from typing import cast

from django.http import HttpRequest

from comptes.acces import Acces, Titre
from comptes.models import Personne
from comptes.roles import Role
from socle.droits import ActionInterdite

SESSION_KEY = "contexte"
NO_HAT = "Aucun rôle ne vous est ouvert aujourd'hui : demandez-le à l'administrateur de votre EPCI."


def person(request: HttpRequest) -> Personne:
    """Who asks: the middleware lets nobody else reach a view."""
    return cast(Personne, request.user)


def choices(acces: Acces) -> list[Titre]:
    """One title per role and perimeter: several seats on the same perimeter make one hat.

    « Agent » opens nothing that another title of the same EPCI does not: it is then no hat of its own.
    """
    acting = {titre.epci_id for titre in acces.titres if titre.role != Role.AGENT}
    worn = [t for t in acces.titres if t.role != Role.AGENT or t.epci_id not in acting]
    return list({titre.cle: titre for titre in reversed(worn)}.values())[::-1]


def current(request: HttpRequest) -> Titre | None:
    """The chosen hat, or the first one; None for someone who has no title today."""
    hats = choices(person(request).acces)
    chosen = request.session.get(SESSION_KEY)
    return next((titre for titre in hats if titre.cle == chosen), hats[0] if hats else None)


def hat(request: HttpRequest) -> Titre:
    """The hat worn for this request. Raises ActionInterdite for someone who has none today."""
    contexte: Titre | None = getattr(request, "contexte", None)
    if contexte is None:
        raise ActionInterdite(NO_HAT)
    return contexte
