"""Forms of contracts."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.db import models
from django.utils.functional import cached_property

from contrats.fiche import LIBELLES
from contrats.fusion import INDICATOR_FIELDS, MAX_INDICATORS, LigneIndicateur
from contrats.liste import FINI, SANS
from contrats.models import Engagement, Indicateur, VersionContrat
from contrats.models.engagement import TEXT_MAX
from socle.dates import day_and_year
from socle.saisie import number
from socle.typographie import spaced
from territoire.models import Pole

TEXT_LIMIT = f"{spaced(TEXT_MAX)} caractères au plus."
BLANK_ROWS = 3


class FiltreContrats(forms.Form):
    """Filters of the list of contracts."""

    q = forms.CharField(label="Commune", required=False, max_length=100)
    pole = forms.ModelChoiceField(
        Pole.objects.none(), label="Pôle", required=False, empty_label="Tous les pôles"
    )
    etat = forms.ChoiceField(
        label="État",
        required=False,
        choices=[("", "Tous"), (SANS, "sans contrat"), *VersionContrat.Etat.choices, (FINI, "fini")],
    )

    def __init__(self, data: Mapping[str, Any], *, poles: models.QuerySet[Pole]) -> None:
        super().__init__(data)
        fields: dict[str, Any] = self.fields
        fields["pole"].queryset = poles
        if not poles:
            del fields["pole"]

    @property
    def texte(self) -> str:
        """The text searched, empty when it is absent or too long."""
        self.is_valid()
        return str(self.cleaned_data.get("q", ""))

    @property
    def etat_choisi(self) -> str:
        """The state chosen, SANS for no contract, FINI for one that has an end, empty for all."""
        self.is_valid()
        return str(self.cleaned_data.get("etat", ""))

    @property
    def pole_choisi(self) -> int | None:
        """The pôle chosen, None for all."""
        self.is_valid()
        chosen = self.cleaned_data.get("pole")
        return chosen.pk if chosen else None


class EffetForm(forms.Form):
    """The day of effect of the drafts to prepare: the next 1 January, the one in force, or the draft's own day (`own`)."""

    effet = forms.ChoiceField(label="Projets préparés pour", required=False)

    def __init__(self, data: Mapping[str, Any], *, today: date, own: date | None = None) -> None:
        super().__init__(data)
        self._next, current = date(today.year + 1, 1, 1), date(today.year, 1, 1)
        proposed = {day: f"le {day_and_year(day)}" for day in (own, self._next) if day}
        proposed[current] = f"le {day_and_year(current)}, en vigueur"
        fields: dict[str, Any] = self.fields
        fields["effet"].choices = [(day.isoformat(), words) for day, words in proposed.items()]

    @property
    def chosen(self) -> date:
        """The day chosen, the next 1 January by default."""
        value = self.cleaned_data.get("effet") if self.is_valid() else None
        return date.fromisoformat(value) if value else self._next


class PreparerForm(forms.Form):
    """The day of effect posted with the commune: a 1 January, or the day of the draft already open (`own`)."""

    effet = forms.DateField()

    def __init__(self, data: Mapping[str, Any], *, own: date | None) -> None:
        super().__init__(data)
        self._own = own

    def clean_effet(self) -> Any:
        day = self.cleaned_data["effet"]
        if day == self._own:
            return day
        if (day.month, day.day) != (1, 1) or not 2000 <= day.year <= 2100:
            raise forms.ValidationError("Un contrat prend effet un 1er janvier.")
        return day


class Texte(forms.CharField):
    """A long text: line ends count for one character, as in the browser."""

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).replace("\r\n", "\n")


class EngagementForm(forms.ModelForm):
    """All the texts and deadlines of a fiche, on one page."""

    class Meta:
        model = Engagement
        fields: ClassVar = list(LIBELLES)
        labels: ClassVar = LIBELLES
        help_texts: ClassVar = {
            "evaluation_prealable": f"Le service rendu et les moyens avant le partage : agents, budget, délais. {TEXT_LIMIT}",
            "niveau_attendu": f"Ce que la commune obtient, en phrases qu'on peut vérifier. {TEXT_LIMIT}",
            "conditions_normales": f"Le fonctionnement courant et le planning ; le programme de l'année a sa page. {TEXT_LIMIT}",
            "horaires": "Par exemple : du lundi au vendredi, de 8 h 30 à 17 h 30.",
        }
        field_classes: ClassVar = {
            field.name: Texte for field in Engagement._meta.fields if isinstance(field, models.TextField)
        }

    def __init__(self, *args: Any, groupement: str = "l'EPCI", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["engagements_epci"].label = f"{groupement[:1].upper()}{groupement[1:]} s'engage"
        for name in self.Meta.field_classes:
            self.fields[name].widget.attrs["rows"] = 3 if name.endswith("definition") else 6
            if not self.fields[name].help_text:
                self.fields[name].help_text = (
                    "4 000 caractères au plus." if name.endswith("definition") else TEXT_LIMIT
                )


class IndicateurForm(forms.ModelForm):
    """One row of the table of indicators; decimals take a comma or a point.

    `ligne` is the indicator the page showed in the row, `vue` its fingerprint then.
    """

    ligne = forms.CharField(widget=forms.HiddenInput, required=False)
    vue = forms.CharField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Indicateur
        fields: ClassVar = list(INDICATOR_FIELDS)
        localized_fields: ClassVar = ["reference", "cible", "tolerance"]
        labels: ClassVar = {
            "libelle": "Indicateur",
            "unite": "Unité",
            "reference": "Avant",
            "cible": "Promis",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["tolerance"].required = False
        self.fields["tolerance"].initial = None
        for name in ("reference", "cible", "tolerance"):
            self.fields[name].widget.attrs["inputmode"] = "decimal"

    def clean_tolerance(self) -> Any:
        return self.cleaned_data.get("tolerance") or 0

    @cached_property
    def changed_data(self) -> list[str]:
        """What is filled in; the two hidden fields say nothing by themselves."""
        return [name for name in super().changed_data if name not in ("ligne", "vue")]

    @property
    def removed(self) -> bool:
        """Whether the row is ticked to be removed, or emptied by hand."""
        return not self.has_changed() or bool(self.cleaned_data.get("DELETE"))

    def row(self) -> dict[str, Any]:
        """The values of the row, as the workflow takes them."""
        return {name: self.cleaned_data[name] for name in INDICATOR_FIELDS}

    def sent(self) -> LigneIndicateur:
        """The row as the page sends it."""
        pk, vue = number(self["ligne"].data), self["vue"].data or ""
        return LigneIndicateur(None if self.removed else self.row(), pk, vue)


class BaseIndicateurs(forms.BaseFormSet):
    """The rows of indicators: those left empty are ignored, those ticked are removed."""

    def rows(self) -> list[dict[str, Any]]:
        """The indicators to keep, in order."""
        return [form.row() for form in self.forms if not form.removed]

    def sent(self) -> list[LigneIndicateur]:
        """The rows as the page sends them, those of no indicator and left empty aside."""
        rows = [form.sent() for form in self.forms]
        return [row for row in rows if row.pk is not None or row.valeurs is not None]

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        # A row emptied by hand is a row removed.
        return {**super().get_form_kwargs(index), "empty_permitted": True}

    def add_fields(self, form: forms.Form, index: int | None) -> None:
        super().add_fields(form, index)
        form.fields["DELETE"].label = "Retirer"


def initial_row(values: Mapping[str, Any]) -> dict[str, Any]:
    """An indicator as its row shows it: 9 rather than 9.00."""
    return {name: _plain(values[name]) for name in INDICATOR_FIELDS}


def _plain(value: Any) -> Any:
    return Decimal(f"{value.normalize():f}") if isinstance(value, Decimal) else value


IndicateurFormSet = forms.formset_factory(
    IndicateurForm,
    formset=BaseIndicateurs,
    extra=BLANK_ROWS,
    can_delete=True,
    max_num=MAX_INDICATORS + BLANK_ROWS,
    absolute_max=MAX_INDICATORS + 10,
    validate_max=True,
)
