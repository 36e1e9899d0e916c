"""Forms of an opinion, and the filters of those recorded."""

from typing import Any

import django_filters
from django import forms

from mutualisation.forms.acte import members
from mutualisation.forms.fichier import FichierField
from mutualisation.models import Avis
from mutualisation.workflows.avis import SaisieAvis
from socle.saisie import JourInput
from territoire.models import Commune, Epci


class AvisForm(forms.Form):
    """Which body, for whom, when, and what each college said."""

    type = forms.ChoiceField(label="Instance", choices=Avis.Type.choices)
    commune = forms.ModelChoiceField(
        label="Commune",
        queryset=Commune.objects.none(),
        required=False,
        empty_label="toutes les communes",
        help_text="À choisir pour le comité d'une commune ou du centre de gestion.",
    )
    rendu_on = forms.DateField(label="Rendu le", widget=JourInput, required=False)
    sans_objet = forms.BooleanField(label="Sans objet : il n'y a pas d'avis à rendre", required=False)
    sens_personnel = forms.ChoiceField(
        label="Collège du personnel",
        choices=[("", "ne s'est pas prononcé"), *Avis.Sens.choices],
        required=False,
    )
    sens_employeur = forms.ChoiceField(
        label="Collège de l'employeur",
        choices=[("", "ne s'est pas prononcé"), *Avis.Sens.choices],
        required=False,
        help_text="Lorsque son avis est recueilli.",
    )
    observations = forms.CharField(
        label="Observations", max_length=4000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    fichier = FichierField(label="Fichier de l'avis ou du rapport", required=False)

    def __init__(self, *args: Any, epci: Epci, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["commune"]
        field.queryset = Commune.objects.members_of(epci, epci.today)

    @property
    def saisie(self) -> SaisieAvis:
        """What the workflows take."""
        return SaisieAvis(**{name: value for name, value in self.cleaned_data.items() if name != "version"})


class CorrectionAvisForm(AvisForm):
    """The same, on an opinion already recorded."""

    version = forms.IntegerField(widget=forms.HiddenInput)


class FiltreAvis(django_filters.FilterSet):
    """Body and commune of the opinions of a cycle."""

    type = django_filters.ChoiceFilter(label="Instance", choices=Avis.Type.choices, empty_label="toutes")
    commune = django_filters.ModelChoiceFilter(label="Commune", queryset=members, empty_label="toutes")

    class Meta:
        model = Avis
        fields: tuple[str, ...] = ()
