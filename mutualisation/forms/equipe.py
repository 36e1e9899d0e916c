"""Form of a team."""

from typing import Any

from django import forms
from django.http import QueryDict

from comptes.models import Equipe, Personne
from mutualisation.gens import as_choices, by_place
from mutualisation.referents import candidates
from socle.saisie import phone_number


class EquipeForm(forms.Form):
    """A team: its name, the number to call, its members."""

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
    membres = forms.ModelMultipleChoiceField(
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

    def __init__(self, *args: Any, equipe: Equipe, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        self.gens = by_place(equipe.epci, candidates(equipe))
        fields["membres"].queryset = candidates(equipe)
        fields["membres"].choices = as_choices(self.gens)


class EquipeChangeeForm(EquipeForm):
    """A team as it stands, to be changed: `membres` shows who is in, `ajouts` who might be, for one answer."""

    ajouts = forms.ModelMultipleChoiceField(
        Personne.objects.none(),
        label="Personnes à ajouter",
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None = None, *, equipe: Equipe) -> None:
        present = list(equipe.membres.order_by("tri", "pk"))
        texts = {name: getattr(equipe, name) for name in ("nom", "telephone", "version")}
        super().__init__(_united(data), equipe=equipe, initial={**texts, "membres": present})
        fields: dict[str, Any] = self.fields
        fields["membres"].help_text = "Décochez qui sort de l'équipe."
        fields["ajouts"].queryset = fields["membres"].queryset
        labels = {one: label for group in self.gens for one, label in group.gens}
        fields["membres"].choices = [(one.pk, labels[one]) for one in present]
        fields["ajouts"].choices = as_choices(self.gens, without=present)

    @property
    def adds_somebody(self) -> bool:
        """Whether somebody who is not in was ticked: a form that comes back shows it."""
        ticked = self["ajouts"].value() or ()
        field: Any = self.fields["ajouts"]
        return any(str(pk) in ticked for _, people in field.choices for pk, _ in people)

    def clean(self) -> dict[str, Any]:
        """Both lists hold the same people: one is enough."""
        self.cleaned_data.pop("ajouts", None)
        return self.cleaned_data


def _united(data: QueryDict | None) -> QueryDict | None:
    """The boxes ticked, in both lists: while the form was typed, somebody may have come in or gone out."""
    if data is None:
        return None
    data, ticked = data.copy(), [*data.getlist("membres"), *data.getlist("ajouts")]
    for name in ("membres", "ajouts"):
        data.setlist(name, ticked)
    return data
