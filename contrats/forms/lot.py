"""Choosing an act for many contracts, and the day of effect that says which."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django import forms

from contrats.models import LotContrats
from socle.dates import day_and_year


class LotForm(forms.Form):
    """What to do, and on the contracts of which day of effect."""

    acte = forms.ChoiceField(label="Ce que vous voulez faire", choices=LotContrats.Acte)
    effet = forms.ChoiceField(label="Contrats à effet du")

    def __init__(self, data: Mapping[str, Any], *, days: Sequence[date], proposed: date) -> None:
        super().__init__(data)
        self._proposed = proposed
        fields: dict[str, Any] = self.fields
        fields["effet"].choices = [(day.isoformat(), day_and_year(day)) for day in days]

    @property
    def acte_choisi(self) -> str:
        """The act chosen, preparing the drafts for want of one."""
        self.is_valid()
        return str(self.cleaned_data.get("acte", LotContrats.Acte.PREPARER))

    @property
    def jour(self) -> date:
        """The day chosen, the one proposed for want of one."""
        self.is_valid()
        chosen = self.cleaned_data.get("effet")
        return date.fromisoformat(chosen) if chosen else self._proposed
