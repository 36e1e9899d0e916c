"""Form of the settings of the cycles."""

from typing import Any

from django import forms

from mutualisation.models import Reglage
from mutualisation.models.reglage import AGREGAT_MINIMUM

LONGEST = 6
RYTHMES = [(1, "tous les ans"), *((years, f"tous les {years} ans") for years in range(2, LONGEST + 1))]


class ReglageForm(forms.Form):
    """Rhythm, visa, smallest group."""

    rythme = forms.TypedChoiceField(
        label="Les cycles se suivent",
        help_text="Change l'année et les dates proposées pour le prochain cycle ; ceux qui existent ne bougent pas.",
        choices=RYTHMES,
        coerce=int,
    )
    visa = forms.ChoiceField(
        label="Visa du maire avant le dépôt",
        help_text="S'applique aussitôt aux déclarations qui ne sont pas déposées.",
        choices=Reglage.Visa,
        widget=forms.RadioSelect,
    )
    agregat_minimum = forms.IntegerField(
        label="Plus petit groupe de communes décrit par un chiffre",
        help_text=f"En dessous, le chiffre n'est pas montré aux autres communes. {AGREGAT_MINIMUM} au moins.",
        min_value=AGREGAT_MINIMUM,
        max_value=1000,
        error_messages={"min_value": "Un chiffre décrit au moins cinq communes."},
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    @staticmethod
    def initial_of(reglage: Reglage) -> dict[str, Any]:
        names = ("rythme", "visa", "agregat_minimum", "version")
        return {name: getattr(reglage, name) for name in names}
