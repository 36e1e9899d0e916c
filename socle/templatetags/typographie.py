"""Template side of French typography: `fr_html` sets a whole page, the others write dates and numbers."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from socle import dates, typographie
from socle.nombres import grouped

register = template.Library()


@register.filter
def fr_html(html: SafeString) -> SafeString:
    """Typeset HTML that is already escaped (the output of a block)."""
    return mark_safe(typographie.typeset_html(str(html)))  # escaped by the templates that made it


@register.filter
def fr_texte(text: str) -> str:
    """Typeset plain text: the body of a mail, an attribute."""
    return typographie.typeset(str(text))


@register.filter
def jour(value: date | datetime | str | None) -> str:
    """« vendredi 26 février 2027 »."""
    return dates.long_day(_local(value)) if value else ""


@register.filter
def jour_annee(value: date | datetime | str | None) -> str:
    """« 26 février 2027 »."""
    return dates.day_and_year(_local(value)) if value else ""


@register.filter
def jour_court(value: date | datetime | str | None) -> str:
    """« 26 février »."""
    return dates.short_day(_local(value)) if value else ""


@register.filter
def mois(value: date | str | None) -> str:
    """« février 2027 »."""
    return dates.month_name(_local(value)) if value else ""


@register.filter
def veille(value: date) -> date:
    """The day before: period ends are exclusive in storage and inclusive on screen."""
    return date.fromordinal(value.toordinal() - 1)


@register.filter
def heure(value: datetime | str | None) -> str:
    """« 16 h 40 », in the zone active for the request."""
    return dates.hour(_local(value)) if value else ""


@register.filter
def instant(value: datetime | str | None) -> str:
    """« 10 février 2027 à 10 h 42 »."""
    return f"{jour_annee(value)} à {heure(value)}" if value else ""


@register.filter
def nombre(value: int | float | Decimal | str | None) -> str:
    """« 1 234,5 »: French separators, no useless zeros; empty for None."""
    return "" if value is None or value == "" else grouped(value)


@register.filter
def pluriel(count: int, forms: str) -> str:
    """« 2 domaines »: {{ n|pluriel:"domaine" }} or {{ n|pluriel:"travail,travaux" }}."""
    singular, _, plural_form = forms.partition(",")
    return typographie.plural(count, singular, plural_form or None)


@register.filter
def de(name: object) -> str:
    """« de Mérignac », « du Bouscat », « d'Olivier Nogaro »."""
    return typographie.of(str(name))


@register.filter
def a(name: str) -> str:
    """« à Mérignac », « au Bouscat »."""
    return typographie.to(name)


def _local(value: date | datetime | str) -> Any:
    if isinstance(value, datetime) and timezone.is_aware(value):
        return value.astimezone(timezone.get_current_timezone() or ZoneInfo("Europe/Paris"))
    return value
