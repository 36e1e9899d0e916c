"""Forms of a convention: where it stands, its files; and the filters of the list."""

from typing import Any

import django_filters
from django import forms

from mutualisation.forms.campagne import poles
from mutualisation.forms.fichier import FichierField
from mutualisation.models import Convention, ConventionPiece, Cycle
from socle.saisie import JourInput
from socle.typographie import sort_key
from territoire.models import Appartenance, Pole


class ConventionForm(forms.Form):
    """Where it stands: what is done has a date."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    numero = forms.CharField(label="Numéro", max_length=50, required=False)
    approuvee_on = forms.DateField(
        label="Approuvée par les deux assemblées le", widget=JourInput, required=False
    )
    signee_on = forms.DateField(label="Signée le", widget=JourInput, required=False)
    transmise_on = forms.DateField(label="Transmise à la préfecture le", widget=JourInput, required=False)


class PieceForm(forms.Form):
    """A file to put with the convention."""

    nature = forms.ChoiceField(label="Nature du fichier", choices=ConventionPiece.Nature.choices)
    fichier = FichierField(label="Fichier")


def cycles(request: Any) -> Any:
    """Opened cycles of the EPCI of the hat."""
    return Cycle.objects.filter(epci=request.epci, ouvert_at__isnull=False).order_by("-annee")


class FiltreConventions(django_filters.FilterSet):
    """Cycle, state, pôle and a piece of the name of the commune."""

    cycle = django_filters.ModelChoiceFilter(label="Cycle", queryset=cycles, empty_label="tous")
    etat = django_filters.ChoiceFilter(
        label="État", choices=Convention.Etat.choices, empty_label="tous", method="by_state"
    )
    pole = django_filters.ModelChoiceFilter(
        label="Pôle", queryset=poles, empty_label="tous", method="by_pole"
    )
    q = django_filters.CharFilter(
        label="Commune", method="by_name", widget=forms.TextInput(attrs={"type": "search"})
    )

    class Meta:
        model = Convention
        fields: tuple[str, ...] = ()

    def by_state(self, rows: Any, name: str, value: str) -> Any:
        return rows.in_state(value)

    def by_pole(self, rows: Any, name: str, value: Pole) -> Any:
        present = Appartenance.objects.on(value.epci.today).filter(pole=value)
        return rows.filter(commune__in=present.values("commune"))

    def by_name(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(commune__tri__contains=sort_key(value))
