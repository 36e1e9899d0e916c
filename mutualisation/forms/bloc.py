"""Form of a bloc in a draft of the catalogue."""

from typing import Any

from django import forms

from mutualisation.editions import EditionLue
from mutualisation.forms.edition import EditionForm


class BlocForm(EditionForm):
    """The name of a bloc and the activities it binds, among those of the domain that no bloc holds."""

    nom = forms.CharField(
        label="Nom du bloc", max_length=100, error_messages={"required": "Donnez un nom au bloc."}
    )
    activites = forms.TypedMultipleChoiceField(
        label="Activités qui se prennent ensemble",
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "Un bloc réunit au moins deux activités.",
            "invalid_choice": "Choisissez parmi les activités libres du domaine.",
        },
    )

    def __init__(self, *args: Any, lue: EditionLue, domaine: int, **kwargs: Any) -> None:
        super().__init__(*args, edition=lue.edition, **kwargs)
        fields: dict[str, Any] = self.fields
        free = [row for row in lue.by_domaine[domaine] if row.bloc_id is None]
        fields["activites"].choices = [(row.activite_id, str(row)) for row in free]
