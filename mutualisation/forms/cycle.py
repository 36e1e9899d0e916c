"""Forms of a cycle: its year, its dates."""

from datetime import date
from typing import Any

from django import forms

from mutualisation.calendrier import not_worked, worked_dates
from mutualisation.models.cycle import DATES, label_of
from socle.dates import long_day
from socle.saisie import JourInput
from territoire.models import Epci

FIRST_YEAR, LAST_YEAR = 2010, 2100
LONGEST_SHIFT = 40  # weeks
AIDES = {
    "ouverture_on": "Les communes sont prévenues ce jour-là.",
    "declaration_debut_on": "Les DGS peuvent déposer à partir de ce jour.",
    "declaration_fin_on": "Inclus. Un rappel part une semaine avant.",
    "evaluation_debut_on": "Communes et services décrivent le service rendu aujourd'hui.",
    "evaluation_fin_on": "Inclus.",
    "point_arret_on": "La commune et l'EPCI confirment les choix.",
    "votes_debut_on": "Premières délibérations.",
    "votes_fin_on": "Dernières délibérations.",
    "effective_on": "Les choix votés prennent effet ce jour-là, à minuit.",
}


class AnneeForm(forms.Form):
    """The year whose dates are proposed."""

    annee = forms.IntegerField(label="Année d'effet", min_value=FIRST_YEAR, max_value=LAST_YEAR)


class DatesForm(forms.Form):
    """The dates of a cycle, each said by the day."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(
        self, *args: Any, jours: dict[str, date], proposees: dict[str, date] | None = None, **kwargs: Any
    ) -> None:
        """`jours`: the dates that help texts say in words; fields hold them, or those of `proposees`."""
        super().__init__(*args, **kwargs)
        held = proposees or jours
        for name in DATES:
            label = label_of(name).capitalize()
            help_text = f"{long_day(jours[name]).capitalize()}. {AIDES[name]}"
            self.fields[name] = forms.DateField(
                label=label, help_text=help_text, widget=JourInput, initial=held[name]
            )

    def tell_typed(self, epci: Epci) -> None:
        """Help texts speak of the days typed, and of those that give way to a working day; of none that is not a day."""
        typed = {name: self.cleaned_data[name] for name in DATES if self.cleaned_data.get(name)}
        kept = worked_dates(epci, typed, {})
        for name in DATES:
            said = _told(typed[name], kept[name]) if name in typed else ""
            self[name].help_text = f"{said} {AIDES[name]}".strip()

    @property
    def dates(self) -> dict[str, date]:
        return {name: self.cleaned_data[name] for name in DATES}


def _told(day: date, kept: date) -> str:
    return f"{long_day(day).capitalize()}." if day == kept else not_worked(day)


class SemainesForm(forms.Form):
    """How many weeks to move the dates to come, together."""

    semaines = forms.IntegerField(
        label="Décaler de … semaines",
        help_text="Toutes les dates à venir ensemble, sauf la date d'effet. Un nombre négatif avance.",
        min_value=-LONGEST_SHIFT,
        max_value=LONGEST_SHIFT,
    )
