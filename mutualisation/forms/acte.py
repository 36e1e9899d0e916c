"""Forms of an act: whose it is, then what it says."""

from datetime import date
from typing import Any

from django import forms

from mutualisation.forms.cycle import JourInput
from mutualisation.models import Acte
from territoire.models import Commune, Epci


class PartieForm(forms.Form):
    """Whose act it is: chosen first, because the lines depend on it."""

    type = forms.ChoiceField(label="Nature de l'acte", choices=Acte.Type.choices)
    commune = forms.ModelChoiceField(
        label="Commune, pour un conseil municipal",
        queryset=Commune.objects.none(),
        required=False,
        empty_label="choisir",
    )

    def __init__(self, *args: Any, epci: Epci, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["commune"]
        field.queryset = Commune.objects.members_of(epci, epci.today)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("type") != Acte.Type.CONSEIL_MUNICIPAL:
            cleaned["commune"] = None
        elif not cleaned.get("commune") and "commune" not in self.errors:
            self.add_error("commune", "Choisissez la commune dont le conseil municipal a délibéré.")
        return cleaned


class ActeForm(forms.Form):
    """What the act says, and the lines it covers."""

    numero = forms.CharField(label="Numéro", max_length=50, help_text="Tel qu'il figure sur l'acte.")
    adopte_on = forms.DateField(label="Adopté le", widget=JourInput)
    executoire_on = forms.DateField(
        label="Exécutoire le",
        widget=JourInput,
        help_text="Une fois transmis au préfet et publié (CGCT, art. L.2131-1).",
    )
    teletransmission = forms.CharField(label="Identifiant de télétransmission", max_length=60, required=False)
    lignes = forms.TypedMultipleChoiceField(
        label="Lignes que l'acte approuve",
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choisissez au moins une ligne acceptée que cet acte approuve."},
    )

    def __init__(self, *args: Any, lignes: list[int], aujourdhui: date, **kwargs: Any) -> None:
        """`lignes`: ids of the lines that may be covered; `aujourdhui`: an act is recorded once adopted."""
        super().__init__(*args, **kwargs)
        self._today = aujourdhui
        field: Any = self.fields["lignes"]
        field.choices = [(pk, str(pk)) for pk in lignes]

    def clean_adopte_on(self) -> date:
        day: date = self.cleaned_data["adopte_on"]
        if day > self._today:
            raise forms.ValidationError("Cette date est à venir : un acte s'enregistre une fois adopté.")
        return day
