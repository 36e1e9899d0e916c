"""Forms of an edition of the catalogue; each carries the version its page was made from."""

from typing import Any

from django import forms

from mutualisation.models import Catalogue
from socle.saisie import JourInput

JOUR = {"required": "Indiquez le premier jour.", "invalid": "Cette date n'existe pas."}


class JourForm(forms.Form):
    """The first day of an edition."""

    effective_on = forms.DateField(
        label="En vigueur à compter du",
        widget=JourInput,
        help_text="Le plus souvent un 1er janvier, jour d'effet d'un cycle.",
        error_messages=JOUR,
    )


class EditionForm(forms.Form):
    """What every form about a draft carries."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, edition: Catalogue, **kwargs: Any) -> None:
        kwargs["initial"] = {"version": edition.version, **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)

    @property
    def valeurs(self) -> dict[str, Any]:
        """What was typed, as the workflows ask for it."""
        return dict(self.cleaned_data)


class JourEditionForm(JourForm, EditionForm):
    """Another first day for a draft."""
