"""Filters of the board of a campaign."""

from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet

from mutualisation.campagne import ETATS, in_state
from mutualisation.models import Declaration
from socle.typographie import sort_key
from territoire.models import Pole


def poles(request: Any) -> QuerySet[Pole]:
    """Pôles of the EPCI of the hat."""
    return Pole.objects.filter(epci=request.epci).order_by("tri")


class FiltreCampagne(django_filters.FilterSet):
    """State, pôle and a piece of the name of the commune."""

    etat = django_filters.ChoiceFilter(label="État", choices=ETATS, empty_label="tous", method="by_state")
    pole = django_filters.ModelChoiceFilter(
        label="Pôle", queryset=poles, empty_label="tous", method="by_pole"
    )
    q = django_filters.CharFilter(
        label="Commune", method="by_name", widget=forms.TextInput(attrs={"type": "search"})
    )

    class Meta:
        model = Declaration
        fields: tuple[str, ...] = ()

    def by_state(self, rows: Any, name: str, value: str) -> Any:
        return in_state(rows, value)

    def by_pole(self, rows: Any, name: str, value: Pole) -> Any:
        return rows.filter(pole_id=value.pk)

    def by_name(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(commune__tri__contains=sort_key(value))
