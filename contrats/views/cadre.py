"""What the pages of this floor and of those above ask of a request."""

from django.http import HttpRequest

from comptes.acces import Titre
from comptes.roles import Role
from socle.droits import ActionInterdite

NO_HAT = "Aucun rôle ne vous est ouvert aujourd'hui : demandez-le à l'administrateur de votre EPCI."
WHOLE = (Role.DIRECTION_TERRITOIRES, Role.ADMINISTRATEUR, Role.SERVICE)


def hat(request: HttpRequest) -> Titre:
    """The hat worn for this request. Raises ActionInterdite for someone who has none today."""
    contexte: Titre | None = getattr(request, "contexte", None)
    if contexte is None:
        raise ActionInterdite(NO_HAT)
    return contexte
