"""Forms of the absences."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.db.models import QuerySet

from comptes.models import Personne
from mutualisation.gens import as_choices, by_place
from mutualisation.models import Absence
from socle.saisie import DernierJourField, JourInput
from territoire.models import Epci

DATE = {"invalid": "Cette date n'existe pas.", "required": "Indiquez le jour."}
PERSON = {"required": "Choisissez une personne.", "invalid_choice": "Choisissez dans la liste."}
SEARCH = {"data-filtre": "Chercher une personne, une fonction, une commune"}


class AbsenceForm(forms.Form):
    """Days and whom to call meanwhile; never why. `suppleants` are those who may be called."""

    debut = forms.DateField(label="Premier jour", widget=JourInput, error_messages=DATE)
    fin = DernierJourField(
        label="Dernier jour",
        required=False,
        help_text="Laissez vide si le retour n'est pas connu.",
        error_messages=DATE,
    )
    suppleant = forms.ModelChoiceField(
        Personne.objects.none(),
        label="Qui appeler à la place",
        required=False,
        empty_label="Le suppléant du siège, s'il y en a un",
        help_text="Cette personne sera appelée ; elle n'a pas pour autant les droits du siège.",
        widget=forms.Select(attrs=SEARCH),
        error_messages=PERSON,
    )

    def __init__(self, *args: Any, epci: Epci, suppleants: QuerySet[Personne], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer(self.fields["suppleant"], epci, suppleants)


class AbsenceNouvelleForm(AbsenceForm):
    """A new absence: also whose, for who keeps those of others."""

    personne = forms.ModelChoiceField(
        Personne.objects.none(),
        label="Qui est absent",
        empty_label="Choisir…",
        widget=forms.Select(attrs=SEARCH),
        error_messages=PERSON,
    )
    field_order = ("personne", "debut", "fin", "suppleant")

    def __init__(self, *args: Any, epci: Epci, personnes: QuerySet[Personne], **kwargs: Any) -> None:
        super().__init__(*args, epci=epci, **kwargs)
        _offer(self.fields["personne"], epci, personnes)


class AbsenceChangeeForm(AbsenceForm):
    """An absence as it stands, to be changed."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, absence: Absence, suppleants: QuerySet[Personne]) -> None:
        names = ("debut", "suppleant", "version")
        given = {"fin": absence.dernier_jour, **{name: getattr(absence, name) for name in names}}
        super().__init__(data, epci=absence.epci, suppleants=suppleants, initial=given)


def _offer(field: Any, epci: Epci, people: Iterable[Personne]) -> None:
    """The people of a list, by place, told by name, function and commune."""
    field.queryset = people
    field.choices = [("", field.empty_label), *as_choices(by_place(epci, people))]
