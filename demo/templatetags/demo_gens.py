"""People one may enter as, for the sign-in page."""

from django import template

from demo.models import Visiteur

register = template.Library()


@register.simple_tag
def gens_de_demo() -> list[Visiteur]:
    """The visitors of the demonstration, in order."""
    return list(Visiteur.objects.select_related("personne").order_by("ordre"))
