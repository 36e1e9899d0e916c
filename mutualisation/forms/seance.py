"""The days on which a council sits, typed or pasted."""

from datetime import date
from typing import Any

from django import forms

from mutualisation.seances import read_days
from socle.typographie import plural

TOLD = 10


class SeancesForm(forms.Form):
    """Several days at once, one by line; those that are past are left out and told in `passees`."""

    jours = forms.CharField(
        label="Jours des séances",
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="Une date par ligne : 12/10/2027, « mardi 12 octobre 2027 »… L'heure n'est pas gardée.",
        error_messages={"required": "Donnez au moins une date."},
    )
    note = forms.CharField(
        label="Lieu ou objet",
        max_length=200,
        required=False,
        help_text="Le même pour toutes les dates ci-dessus.",
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.passees: list[date] = []

    def clean_jours(self) -> list[date]:
        days, faults = read_days(self.cleaned_data["jours"], self.today)
        if faults:
            raise forms.ValidationError(_few(faults))
        self.passees = [day for day in days if day < self.today]
        if len(self.passees) == len(days):
            raise forms.ValidationError("Aucune de ces dates n'est à venir.")
        return [day for day in days if day >= self.today]


def _few(faults: list[str]) -> list[str]:
    """The first faults, and how many more there are."""
    more = len(faults) - TOLD
    return faults[:TOLD] + (
        [f"Et {plural(more, 'autre date', 'autres dates')} à relire."] if more > 0 else []
    )
