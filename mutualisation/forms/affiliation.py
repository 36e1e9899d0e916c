"""Form of the communes affiliated to the centre de gestion."""

from typing import Any

from django import forms

from mutualisation.workflows.affiliation import affiliated
from territoire.models import Commune, Epci

STRANGE = {"invalid_choice": "Cette commune n'est pas membre de cet EPCI."}


class AffiliationForm(forms.Form):
    """The affiliated ones among the communes that the page shows."""

    communes = forms.TypedMultipleChoiceField(
        label="Communes affiliées au centre de gestion",
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages=STRANGE,
    )
    vues = forms.TypedMultipleChoiceField(
        coerce=int, required=False, widget=forms.MultipleHiddenInput, error_messages=STRANGE
    )

    def __init__(self, *args: Any, epci: Epci, **kwargs: Any) -> None:
        members = [(commune.pk, commune.nom) for commune in Commune.objects.members_of(epci, epci.today)]
        held = affiliated(epci, epci.today)
        kwargs["initial"] = {"communes": list(held), "vues": [pk for pk, _ in members]}
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["communes"].choices = fields["vues"].choices = members
