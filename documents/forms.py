"""Forms of documents."""

from django import forms


class AnnulationForm(forms.Form):
    """Why the number of a document is annulled."""

    motif = forms.CharField(
        label="Motif",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Dites pourquoi ce numéro est annulé."},
    )
