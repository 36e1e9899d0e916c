"""Forms of the campaign: filters of its board, more days for a commune, reminders."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet

from mutualisation.campagne import ETATS, in_state
from mutualisation.models import Declaration
from mutualisation.perimetre import poles_of
from mutualisation.workflows.campagne import Attendue
from socle.dates import long_day
from socle.saisie import JourInput
from socle.typographie import sort_key
from territoire.models import Pole


def poles(request: Any) -> QuerySet[Pole]:
    """Pôles of the EPCI of the hat that the reader follows."""
    return poles_of(request.user, request.epci)


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
        return in_state(rows, value, self.request.epci.today)

    def by_pole(self, rows: Any, name: str, value: Pole) -> Any:
        return rows.filter(pole_id=value.pk)

    def by_name(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(commune__tri__contains=sort_key(value))


class DelaiForm(forms.Form):
    """More days for one commune, and why."""

    until = forms.DateField(label="Délai jusqu'au", widget=JourInput)
    motif = forms.CharField(
        label="Pourquoi",
        help_text="La commune le lit dans le courriel.",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, last: date, **kwargs: Any) -> None:
        """`last` is the last day that may be granted."""
        super().__init__(*args, **kwargs)
        self.fields["until"].help_text = (
            f"Inclus. Au plus tard le {long_day(last)}, avant le point d'arrêt ; un jour qui n'est pas travaillé "
            "recule au jour travaillé précédent."
        )


class RelanceForm(forms.Form):
    """The communes to remind, and a word of the Direction."""

    communes = forms.TypedMultipleChoiceField(
        label="Communes à relancer",
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "Choisissez au moins une commune.",
            "invalid_choice": "Cette commune ne peut plus être relancée aujourd'hui : relisez la liste.",
        },
    )
    mot = forms.CharField(
        label="Un mot de la Direction des territoires",
        help_text="Ajouté au courriel.",
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, awaited: Iterable[Attendue], **kwargs: Any) -> None:
        choices = [(one.commune.pk, one.libelle) for one in awaited if one.peut]
        kwargs["initial"] = {"communes": [pk for pk, _ in choices]}
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["communes"].choices = choices
