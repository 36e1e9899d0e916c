"""Form of the duty number of a fiche in use."""

from django import forms

from contrats.models import Engagement
from contrats.workflows.astreinte import NOTHING_TO_CALL
from socle.saisie import phone_number

LONGEST = Engagement._meta.get_field("telephone_astreinte").max_length


class AstreinteForm(forms.Form):
    """The number to call from now on; what is no number is refused as the workflow would."""

    telephone_astreinte = forms.CharField(
        label="Numéro d'astreinte",
        max_length=LONGEST,
        widget=forms.TextInput(attrs={"type": "tel"}),
        validators=[phone_number],
        help_text="Un numéro de service, jamais un numéro personnel.",
        error_messages={"required": NOTHING_TO_CALL},
    )
