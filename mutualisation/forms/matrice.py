"""What the reader of the matrix asks to see."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django import forms

from mutualisation.models import DomaineVersion
from socle.dates import day_and_year
from socle.saisie import number
from territoire.models import Epci, Pole

FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2100, 12, 31)
PAR_POLE, TOUS, TOUTES = "groupes", "tous", "toutes"


class FiltreForm(forms.Form):
    """Date, pôle and family of the matrix, from the address; what is wrong is said and left aside."""

    le = forms.DateField(
        label="Au",
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"invalid": "Cette date n'existe pas."},
    )
    pole = forms.ChoiceField(
        label="Pôle", error_messages={"invalid_choice": "Ce pôle n'est pas dans la liste."}
    )
    famille = forms.ChoiceField(
        label="Famille",
        choices=[(TOUTES, "Toutes les familles"), *DomaineVersion.Famille.choices],
        error_messages={"invalid_choice": "Cette famille n'est pas dans la liste."},
    )

    def __init__(self, data: Any, *, epci: Epci) -> None:
        self.epci = epci
        self.defaults = {"le": epci.today.isoformat(), "pole": TOUS, "famille": TOUTES}
        super().__init__({**self.defaults, **{name: data[name] for name in self.defaults if data.get(name)}})
        poles = [(str(pole.pk), pole.nom) for pole in Pole.objects.filter(epci=epci).order_by("tri")]
        grouping = [(PAR_POLE, "Tous, regroupés par pôle")] if poles else []
        self.fields["pole"].choices = [(TOUS, "Tous les pôles"), *grouping, *poles]  # type: ignore[attr-defined]

    def clean_le(self) -> date:
        day: date = self.cleaned_data["le"]
        if not FIRST_DAY <= day <= LAST_DAY:
            limits = f"entre le {day_and_year(FIRST_DAY)} et le {day_and_year(LAST_DAY)}"
            raise forms.ValidationError(f"Choisissez une date {limits}.")
        return day

    @property
    def filtre(self) -> "Filtre":
        """What to show: the default replaces each value that is wrong."""
        self.full_clean()
        pole = self.cleaned_data.get("pole", TOUS)
        famille = self.cleaned_data.get("famille", TOUTES)
        return Filtre(
            on=self.cleaned_data.get("le", self.epci.today),
            pole=number(pole),
            par_pole=pole == PAR_POLE,
            famille="" if famille == TOUTES else famille,
        )


@dataclass(frozen=True)
class Filtre:
    """What the reader asks to see."""

    on: date
    pole: int | None = None
    par_pole: bool = False
    famille: str = ""

    @property
    def requete(self) -> str:
        """The same choice, as the query of an address."""
        pole = PAR_POLE if self.par_pole else self.pole
        chosen = {"le": self.on.isoformat(), "pole": pole, "famille": self.famille}
        return urlencode({name: value for name, value in chosen.items() if value})
