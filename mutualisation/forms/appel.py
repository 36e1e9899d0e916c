"""The day that a reader of seats asks about, kept in the address."""

from datetime import date
from typing import Any

from django import forms

from mutualisation.forms.matrice import JourField
from territoire.models import Epci


class JourForm(forms.Form):
    """The day of the address (`le`), today when none is said; a wrong one is told, and today stands for it."""

    le = JourField(label="Le")

    def __init__(self, data: Any, *, epci: Epci) -> None:
        self.epci = epci
        super().__init__({"le": data.get("le") or epci.today.isoformat()})

    @property
    def jour(self) -> date:
        self.full_clean()
        day: date = self.cleaned_data.get("le", self.epci.today)
        return day

    @property
    def fautes(self) -> list[str]:
        """What is wrong with the day, in words."""
        return [str(message) for messages in self.errors.values() for message in messages]
