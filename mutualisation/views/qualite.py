"""As what a person acts for a commune."""

from django.http import HttpRequest

from comptes.roles import Role
from mutualisation.models import Declaration

QUALITES = {Role.DGS: "directeur général des services, au nom du maire", Role.MAIRE: "maire"}


def qualite_of(request: HttpRequest, found: Declaration) -> str:
    """The hat when it is of this commune, else the title held there; empty for who has none."""
    held = [t for t in request.user.acces.with_role(*QUALITES) if t.commune_id == found.commune_id]
    worn = [titre for titre in held if titre == request.contexte]
    titre = (worn or held or [None])[0]
    return QUALITES[titre.role] if titre else ""
