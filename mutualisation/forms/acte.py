"""Forms of an act: whose it is, what it says, why it is cancelled; and the filters of what is recorded."""

from datetime import date
from typing import Any

import django_filters
from django import forms

from mutualisation.forms.fichier import FichierField
from mutualisation.models import Acte, Cycle
from mutualisation.perimetre import communes_of, poles_of
from mutualisation.suivi import Avancement, milestones
from socle.saisie import JourInput
from territoire.models import Commune, Epci, Pole


class PartieForm(forms.Form):
    """Whose act it is: chosen first, because the lines depend on it."""

    type = forms.ChoiceField(label="Nature de l'acte", choices=Acte.Type.choices)
    commune = forms.ModelChoiceField(
        label="Commune, pour un conseil municipal",
        queryset=Commune.objects.none(),
        required=False,
        empty_label="choisir",
    )

    def __init__(self, *args: Any, epci: Epci, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["commune"]
        field.queryset = Commune.objects.members_of(epci, epci.today)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("type") != Acte.Type.CONSEIL_MUNICIPAL:
            cleaned["commune"] = None
        elif not cleaned.get("commune") and "commune" not in self.errors:
            self.add_error("commune", "Choisissez la commune dont le conseil municipal a délibéré.")
        return cleaned


class ActeForm(forms.Form):
    """What the act says, and the lines it covers."""

    numero = forms.CharField(label="Numéro", max_length=50, help_text="Tel qu'il figure sur l'acte.")
    adopte_on = forms.DateField(label="Adopté le", widget=JourInput)
    executoire_on = forms.DateField(
        label="Exécutoire le",
        widget=JourInput,
        help_text="Une fois transmis au préfet et publié (CGCT, art. L.2131-1).",
    )
    teletransmission = forms.CharField(
        label="Identifiant de télétransmission",
        max_length=60,
        required=False,
        help_text="Par exemple 033-213300635-20271126-112-DE. Il dit de quelle collectivité est l'acte.",
    )
    fichier = FichierField(label="Fichier de l'acte", required=False)
    lignes = forms.TypedMultipleChoiceField(
        label="Lignes que l'acte approuve",
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choisissez au moins une ligne acceptée que cet acte approuve."},
    )

    def __init__(self, *args: Any, lignes: list[int], aujourdhui: date, **kwargs: Any) -> None:
        """`lignes`: ids of the lines that may be covered; `aujourdhui`: an act is recorded once adopted."""
        super().__init__(*args, **kwargs)
        self._today = aujourdhui
        field: Any = self.fields["lignes"]
        field.choices = [(pk, str(pk)) for pk in lignes]

    def clean_adopte_on(self) -> date:
        day: date = self.cleaned_data["adopte_on"]
        if day > self._today:
            raise forms.ValidationError("Cette date est à venir : un acte s'enregistre une fois adopté.")
        return day


class CorrectionForm(ActeForm):
    """The same, on an act already recorded."""

    version = forms.IntegerField(widget=forms.HiddenInput)


class AnnulationForm(forms.Form):
    """Why what was recorded is cancelled."""

    motif = forms.CharField(
        label="Pourquoi",
        max_length=2000,
        help_text="Ce motif est gardé avec ce qui est annulé.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    version = forms.IntegerField(widget=forms.HiddenInput)


class DateTardiveForm(forms.Form):
    """One day for the lines of a commune whose acts are late."""

    effet_on = forms.DateField(label="Date d'effet", widget=JourInput)


class CompensationForm(forms.Form):
    """Which deliberations, when effects on the attribution de compensation are passed to the next state."""

    etat = forms.CharField(widget=forms.HiddenInput, max_length=12)
    reference = forms.CharField(
        label="Délibérations concordantes",
        max_length=300,
        required=False,
        help_text="Leurs numéros et leurs dates, pour l'historique.",
    )


class FiltreSuivi(forms.Form):
    """Pôle, what is missing, order of the board; anything unknown filters nothing."""

    TRIS = (("retard", "du plus en retard au moins"), ("commune", "par commune"))

    pole = forms.ModelChoiceField(
        label="Pôle", queryset=Pole.objects.none(), required=False, empty_label="tous"
    )
    manque = forms.ChoiceField(label="Ce qui manque", required=False)
    tri = forms.ChoiceField(label="Ordre", choices=TRIS, required=False)

    def __init__(self, *args: Any, cycle: Cycle, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        fields["pole"].queryset = poles_of(user, cycle.epci)
        fields["manque"].choices = [("", "tout"), *((j.code, j.libelle) for j in milestones(cycle))]

    def apply(self, rows: list[Avancement]) -> list[Avancement]:
        """The rows that answer the filters, in the order asked."""
        asked = self.cleaned_data if self.is_valid() else getattr(self, "cleaned_data", {})
        pole, manque = asked.get("pole"), asked.get("manque")
        kept = [row for row in rows if not pole or row.pole_id == pole.pk]
        kept = [row for row in kept if not manque or not row.passage(manque).fait]
        if asked.get("tri") == "commune":
            kept.sort(key=lambda row: (row.commune.tri, row.commune.pk))
        return kept


def members(request: Any) -> Any:
    """Communes of the EPCI of the hat that the reader follows."""
    return communes_of(request.user, request.epci)


class FiltreActes(django_filters.FilterSet):
    """Nature, commune, number or identifier of the acts of a cycle."""

    type = django_filters.ChoiceFilter(label="Nature", choices=Acte.Type.choices, empty_label="toutes")
    commune = django_filters.ModelChoiceFilter(label="Commune", queryset=members, empty_label="toutes")
    numero = django_filters.CharFilter(
        label="Numéro", lookup_expr="icontains", widget=forms.TextInput(attrs={"type": "search"})
    )

    class Meta:
        model = Acte
        fields: tuple[str, ...] = ()
