"""Form of a team."""

from typing import Any

from django import forms

from comptes.models import Personne
from mutualisation.referents import people_of
from socle.saisie import phone_number
from territoire.models import Epci


class PersonnesField(forms.ModelMultipleChoiceField):
    """People, told apart by their address."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj} – {obj.email}"


class EquipeForm(forms.Form):
    """A new team: its name, the number to call, its members."""

    nom = forms.CharField(
        label="Nom de l'équipe", max_length=200, error_messages={"required": "Donnez un nom à l'équipe."}
    )
    telephone = forms.CharField(
        label="Téléphone de service",
        max_length=30,
        required=False,
        widget=forms.TextInput(attrs={"type": "tel"}),
        validators=[phone_number],
    )
    membres = PersonnesField(
        Personne.objects.none(),
        label="Membres",
        help_text="Des personnes de l'EPCI ou de ses communes.",
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "Choisissez au moins une personne.",
            "invalid_choice": "Choisissez dans la liste.",
            "invalid_pk_value": "Choisissez dans la liste.",
            "invalid_list": "Choisissez dans la liste.",
        },
    )

    def __init__(self, *args: Any, epci: Epci, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["membres"].queryset = people_of(epci)
