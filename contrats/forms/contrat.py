"""Forms of contracts."""

from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar

from django import forms
from django.db import models

from contrats.models import Engagement, Indicateur
from socle.dates import day_and_year
from territoire.models import Pole

TEXT_LIMIT = "20 000 caractères au plus."
BLANK_ROWS = 3
MAX_INDICATORS = 40


class FiltreContrats(forms.Form):
    """Filters of the list of contracts."""

    q = forms.CharField(label="Commune", required=False, max_length=100)
    pole = forms.ModelChoiceField(
        Pole.objects.none(), label="Pôle", required=False, empty_label="Tous les pôles"
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
    def pole_choisi(self) -> int | None:
        """The pôle chosen, None for all."""
        self.is_valid()
        chosen = self.cleaned_data.get("pole")
        return chosen.pk if chosen else None


class EffetForm(forms.Form):
    """The day of effect of the drafts to prepare: the next 1 January, or the one in force."""

    effet = forms.ChoiceField(label="Projets préparés pour", required=False)

    def __init__(self, data: Mapping[str, Any], *, today: date) -> None:
        super().__init__(data)
        self._next, current = date(today.year + 1, 1, 1), date(today.year, 1, 1)
        fields: dict[str, Any] = self.fields
        fields["effet"].choices = [
            (self._next.isoformat(), f"le {day_and_year(self._next)}"),
            (current.isoformat(), f"le {day_and_year(current)}, en vigueur"),
        ]

    @property
    def chosen(self) -> date:
        """The day chosen, the next 1 January by default."""
        value = self.cleaned_data.get("effet") if self.is_valid() else None
        return date.fromisoformat(value) if value else self._next


class PreparerForm(forms.Form):
    """The day of effect posted with the commune: a 1 January."""

    date = forms.DateField()

    def clean_date(self) -> Any:
        day = self.cleaned_data["date"]
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
        fields: ClassVar = [
            "missions",
            "limites",
            "evaluation_prealable",
            "niveau_attendu",
            "engagements_epci",
            "engagements_commune",
            "conditions_normales",
            "horaires",
            "astreinte",
            "telephone_astreinte",
            "urgence_definition",
            "urgence_accuse_heures",
            "urgence_decision_heures",
            "urgence_jour_nuit",
            "exceptionnel_definition",
            "exceptionnel_accuse_jours",
            "exceptionnel_decision_jours",
            "rythme",
        ]
        labels: ClassVar = {
            "missions": "Ce que fait le service",
            "limites": "Ce qu'il ne fait pas",
            "evaluation_prealable": "Avant, en commune",
            "niveau_attendu": "Promis par le contrat",
            "engagements_commune": "La commune s'engage",
            "conditions_normales": "Comment cela marche d'ordinaire",
            "horaires": "Horaires",
            "astreinte": "Astreinte",
            "telephone_astreinte": "Téléphone de l'astreinte",
            "urgence_definition": "Ce qui est urgent",
            "urgence_accuse_heures": "Accusé de réception, en heures",
            "urgence_decision_heures": "Décision conjointe, en heures",
            "urgence_jour_nuit": "Ces heures courent jour et nuit (sinon, heures d'ouverture du service)",
            "exceptionnel_definition": "Ce qui est exceptionnel",
            "exceptionnel_accuse_jours": "Accusé de réception, en jours ouvrés",
            "exceptionnel_decision_jours": "Décision conjointe, en jours ouvrés",
            "rythme": "Rythme des revues du domaine",
        }
        help_texts: ClassVar = {
            "evaluation_prealable": f"Le service rendu et les moyens avant le partage : agents, budget, délais. {TEXT_LIMIT}",
            "niveau_attendu": f"Ce que la commune obtient, en phrases qu'on peut vérifier. {TEXT_LIMIT}",
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

    def stored(self, current: Engagement) -> list[tuple[str, str]]:
        """(label, stored value) of the fields whose stored value is not what was typed."""
        differing = []
        for name in self.fields:
            typed, kept = self[name].value(), getattr(current, name)
            if str(typed).replace("\r\n", "\n").strip() != str(kept).strip():
                shown = current.get_rythme_display() if name == "rythme" else kept
                differing.append(
                    (
                        str(self[name].label),
                        "oui" if shown is True else "non" if shown is False else str(shown),
                    )
                )
        return differing


class IndicateurForm(forms.ModelForm):
    """One row of the table of indicators; decimals take a comma or a point."""

    class Meta:
        model = Indicateur
        fields: ClassVar = ["libelle", "unite", "reference", "cible", "tolerance", "sens"]
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

    def row(self) -> dict[str, Any]:
        """The values of the row, as the workflow takes them."""
        return {name: self.cleaned_data[name] for name in self.Meta.fields}


class BaseIndicateurs(forms.BaseFormSet):
    """The rows of indicators: those left empty are ignored, those ticked are removed."""

    def rows(self) -> list[dict[str, Any]]:
        """The indicators to keep, in order."""
        kept = [form for form in self.forms if form.has_changed()]
        return [form.row() for form in kept if not form.cleaned_data.get("DELETE")]

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        # A row emptied by hand is a row removed.
        return {**super().get_form_kwargs(index), "empty_permitted": True}

    def add_fields(self, form: forms.Form, index: int | None) -> None:
        super().add_fields(form, index)
        form.fields["DELETE"].label = "Retirer"


IndicateurFormSet = forms.formset_factory(
    IndicateurForm,
    formset=BaseIndicateurs,
    extra=BLANK_ROWS,
    can_delete=True,
    max_num=MAX_INDICATORS + BLANK_ROWS,
    absolute_max=MAX_INDICATORS + 10,
    validate_max=True,
)
