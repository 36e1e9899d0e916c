"""A day not worked."""

from datetime import date

from django import forms

from mutualisation.reprise.valeurs import DERNIERE_ANNEE, PREMIERE_ANNEE
from socle.saisie import JourInput


class JourFerieForm(forms.Form):
    """A day to add to the calendar, under a name."""

    jour = forms.DateField(
        label="Jour",
        widget=JourInput,
        error_messages={"required": "Indiquez le jour.", "invalid": "Cette date n'existe pas."},
    )
    nom = forms.CharField(
        label="Nom", max_length=100, error_messages={"required": "Donnez un nom à ce jour."}
    )

    def clean_jour(self) -> date:
        day: date = self.cleaned_data["jour"]
        if not PREMIERE_ANNEE <= day.year <= DERNIERE_ANNEE:
            raise forms.ValidationError("Cette année n'est pas vraisemblable.")
        return day
