"""Forms of a cycle: its year, its dates."""

from datetime import date
from typing import Any

from django import forms

from mutualisation.models import Cycle
from mutualisation.models.cycle import DATES, label_of
from socle.dates import long_day
from territoire.models import Epci

FIRST_YEAR, LAST_YEAR = 2010, 2100
AIDES = {
    "ouverture_on": "Les communes sont prévenues ce jour-là.",
    "declaration_debut_on": "Les DGS peuvent déposer à partir de ce jour.",
    "declaration_fin_on": "Inclus. Un rappel part une semaine avant.",
    "point_arret_on": "La commune et l'EPCI confirment les choix.",
    "votes_debut_on": "Premières délibérations.",
    "votes_fin_on": "Dernières délibérations.",
    "effective_on": "Les choix votés prennent effet ce jour-là, à minuit.",
}


class JourInput(forms.DateInput):
    """A day, as browsers ask for it."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class AnneeForm(forms.Form):
    """The year whose dates are proposed."""

    annee = forms.IntegerField(label="Année d'effet", min_value=FIRST_YEAR, max_value=LAST_YEAR)


class DatesForm(forms.Form):
    """The dates of a cycle, each said by the day."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, jours: dict[str, date], **kwargs: Any) -> None:
        """`jours`: the present or proposed dates, which help texts say in words."""
        super().__init__(*args, **kwargs)
        for name in DATES:
            label = label_of(name).capitalize()
            help_text = f"{long_day(jours[name]).capitalize()}. {AIDES[name]}"
            self.fields[name] = forms.DateField(
                label=label, help_text=help_text, widget=JourInput, initial=jours[name]
            )

    @property
    def dates(self) -> dict[str, date]:
        return {name: self.cleaned_data[name] for name in DATES}


def next_year(epci: Epci) -> int:
    """The first year of effect, from next year on, that has no cycle yet."""
    taken = set(Cycle.objects.filter(epci=epci).values_list("annee", flat=True))
    year = epci.today.year + 1
    while year in taken:
        year += 1
    return year
