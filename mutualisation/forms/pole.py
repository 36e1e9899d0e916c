"""Forms of the pôles territoriaux."""

from typing import Any

from django import forms

from mutualisation.matrice import members
from territoire.models import Epci, Pole

PREFIX = "commune-"
NOT_A_MEMBER = "Cette commune n'est pas membre de cet EPCI."


class PoleForm(forms.Form):
    """A new pôle."""

    nom = forms.CharField(
        label="Nom du pôle", max_length=100, error_messages={"required": "Donnez un nom au pôle."}
    )


class ChoixForm(forms.Form):
    """One of the pôles."""

    pole = forms.ModelChoiceField(
        Pole.objects.none(),
        label="Pôle",
        empty_label="Choisir…",
        error_messages={
            "required": "Choisissez un pôle.",
            "invalid_choice": "Choisissez un pôle de la liste.",
        },
    )

    def __init__(self, *args: Any, epci: Epci, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["pole"].queryset = epci.poles.order_by("tri", "pk")


class SupprimerForm(ChoixForm):
    """A pôle to erase."""

    prefix = "supprimer"


class RenommerForm(ChoixForm, PoleForm):
    """Another name for a pôle."""

    prefix = "renommer"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["nom"].label = "Nouveau nom"
        self.order_fields(["pole", "nom"])


class AffectationForm(forms.Form):
    """The pôle of each commune of an EPCI, one field each, named after its id."""

    def __init__(self, *args: Any, epci: Epci, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = list(epci.poles.order_by("tri", "pk").values_list("pk", "nom"))
        for membre in members(epci, epci.today):
            self.fields[f"{PREFIX}{membre.id}"] = forms.TypedChoiceField(
                label=membre.nom,
                required=False,
                coerce=int,
                empty_value=None,
                choices=[("", "Sans pôle"), *names],
                initial=membre.pole_id or "",
                error_messages={"invalid_choice": "Choisissez un pôle de la liste."},
            )

    def clean(self) -> dict[str, Any]:
        """Refuse a commune that is not one of the fields."""
        if any(name.startswith(PREFIX) and name not in self.fields for name in self.data):
            raise forms.ValidationError(NOT_A_MEMBER)
        return self.cleaned_data

    @property
    def poles(self) -> dict[int, int | None]:
        """The pôle of each commune sent, by id: one that joined since the page was loaded is left alone."""
        return {
            int(name.removeprefix(PREFIX)): pole
            for name, pole in self.cleaned_data.items()
            if name in self.data
        }
