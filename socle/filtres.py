"""Filters of the API: strict, typed, told in French.

Apart from socle.api because REST framework imports its filter backend before its viewsets exist.
"""

from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import extend_schema_field
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from socle.pagination import CURSOR, MAX_BIGINT, SIZE

PAGES = (CURSOR, SIZE)
UNKNOWN = "Ce paramètre n'existe pas ici."
TWICE = "Ce paramètre est donné plusieurs fois."
EMPTY = "Donnez une valeur, ou retirez ce paramètre."


class StrictFilterBackend(DjangoFilterBackend):
    """django-filter, where an unknown, repeated or empty parameter is an error that names it, never ignored."""

    def filter_queryset(self, request: Request, queryset: QuerySet, view: Any) -> QuerySet:
        is_list = view.action == "list"
        filterset = self.get_filterset(request, queryset, view) if is_list else None
        known = {*PAGES, *(filterset.get_filters() if filterset else ())} if is_list else set()
        given = sorted(request.query_params.lists())
        errors = {name: [fault] for name, values in given if (fault := _fault(name, values, known))}
        if errors:
            raise ValidationError(errors)
        return super().filter_queryset(request, queryset, view) if is_list else queryset


def _fault(name: str, values: list[str], known: set[str]) -> str:
    """What is wrong with a parameter whatever its type, "" when nothing is; the pages refuse their own empty values."""
    if name not in known:
        return UNKNOWN
    if len(values) > 1:
        return TWICE
    return "" if values[0].strip() or name in PAGES else EMPTY


class IdFilter(django_filters.Filter):
    """The identifier of another object; one the account does not see selects nothing, like a wrong one."""

    field_class = forms.IntegerField


def id_filter(field_name: str, text: str) -> IdFilter:
    """A filter on a foreign key, told as `text` in the schema."""
    schema = {"type": "integer", "format": "int64", "minimum": 1, "maximum": MAX_BIGINT, "description": text}
    made: IdFilter = extend_schema_field(schema)(
        IdFilter(field_name, label=text, min_value=1, max_value=MAX_BIGINT)
    )
    return made


def number_filter(
    field_name: str, text: str, *, lookup: str = "exact", maximum: int = MAX_BIGINT
) -> django_filters.Filter:
    """A filter on a whole number from 0."""
    schema = {"type": "integer", "format": "int64", "minimum": 0, "maximum": maximum, "description": text}
    made: django_filters.Filter = extend_schema_field(schema)(
        IdFilter(field_name, lookup, label=text, min_value=0, max_value=maximum)
    )
    return made


def day_filter(text: str, **kwargs: Any) -> django_filters.DateFilter:
    """A filter on a day, written as ISO 8601 only: « 2027-01-01 »."""
    return django_filters.DateFilter(label=text, input_formats=["%Y-%m-%d"], **kwargs)


class CodesFilterSet(django_filters.FilterSet):
    """Filters of what belongs to a commune of an EPCI, by identifiers or by INSEE code."""

    epci = id_filter("epci", "Identifiant de l'EPCI.")
    commune = id_filter("commune", "Identifiant de la commune.")
    code_insee = django_filters.CharFilter(
        "commune__code_insee", label="Code INSEE actuel de la commune, par exemple 33281."
    )
