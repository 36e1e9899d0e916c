"""Template side of clauses: their HTML, sanitised again wherever it comes from."""

from django import template
from django.utils.safestring import SafeString, mark_safe

from contrats.clauses import sanitise

register = template.Library()


@register.filter
def clause(code: str) -> SafeString:
    """The HTML of a clause, as the data of a contract hold it."""
    return mark_safe(sanitise(code))  # the tags of clauses only
