"""What the reader of the matrix asks to see."""

from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar
from urllib.parse import urlencode

from django import forms

from mutualisation.matrice import ETATS
from mutualisation.models import DomaineVersion
from socle.dates import day_and_year
from socle.saisie import JourInput, number
from territoire.models import Epci, Pole

FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2100, 12, 31)
PAR_POLE, TOUS, TOUTES = "groupes", "tous", "toutes"
LIMITES = f"Choisissez une date entre le {day_and_year(FIRST_DAY)} et le {day_and_year(LAST_DAY)}."


def check_day(day: date) -> None:
    """ValidationError for a day outside the limits of the matrix."""
    if not FIRST_DAY <= day <= LAST_DAY:
        raise forms.ValidationError(LIMITES)


class JourField(forms.DateField):
    """A day the matrix may be asked for."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            widget=JourInput,
            validators=[check_day],
            error_messages={"invalid": "Cette date n'existe pas."},
            **kwargs,
        )


class ChoixForm(forms.Form):
    """Pôle and family, from the address; a default replaces what is not said, and each value that is wrong."""

    pole = forms.ChoiceField(
        label="Pôle", error_messages={"invalid_choice": "Ce pôle n'est pas dans la liste."}
    )
    famille = forms.ChoiceField(
        label="Famille",
        choices=[(TOUTES, "Toutes les familles"), *DomaineVersion.Famille.choices],
        error_messages={"invalid_choice": "Cette famille n'est pas dans la liste."},
    )
    defaults: ClassVar[dict[str, str]] = {"pole": TOUS, "famille": TOUTES}
    groupings: ClassVar[list[tuple[str, str]]] = []

    def __init__(self, data: Any, *, epci: Epci, **defaults: str) -> None:
        self.epci = epci
        known = {**self.defaults, **defaults}
        super().__init__({**known, **{name: data[name] for name in known if data.get(name)}})
        poles = [(str(pole.pk), pole.nom) for pole in Pole.objects.filter(epci=epci).order_by("tri")]
        fields: dict[str, Any] = self.fields
        fields["pole"].choices = [(TOUS, "Tous les pôles"), *(self.groupings if poles else []), *poles]

    @property
    def pole_nom(self) -> str:
        """The name of the pôle chosen, or nothing."""
        fields: dict[str, Any] = self.fields
        pole = self.cleaned_data.get("pole", TOUS)
        return dict(fields["pole"].choices)[pole] if number(pole) else ""

    @property
    def famille_nom(self) -> str:
        """The label of the family chosen, or nothing."""
        famille = self.cleaned_data.get("famille", TOUTES)
        return "" if famille == TOUTES else DomaineVersion.Famille(famille).label

    @property
    def fautes(self) -> list[str]:
        """What is wrong, in words."""
        return [str(message) for messages in self.errors.values() for message in messages]


class FiltreForm(ChoixForm):
    """Date, pôle, family and state of the matrix, from the address; what is wrong is said and left aside."""

    le = JourField(label="Au")
    etat = forms.ChoiceField(
        label="État",
        choices=[(TOUS, "Tous les états"), *((name, words.capitalize()) for name, words in ETATS.items())],
        error_messages={"invalid_choice": "Cet état n'est pas dans la liste."},
    )
    groupings: ClassVar = [(PAR_POLE, "Tous, regroupés par pôle")]
    field_order = ["le", "pole", "famille", "etat"]

    def __init__(self, data: Any, *, epci: Epci) -> None:
        super().__init__(data, epci=epci, le=epci.today.isoformat(), etat=TOUS)

    @property
    def filtre(self) -> "Filtre":
        """What to show: the default replaces each value that is wrong."""
        self.full_clean()
        pole = self.cleaned_data.get("pole", TOUS)
        famille = self.cleaned_data.get("famille", TOUTES)
        etat = self.cleaned_data.get("etat", TOUS)
        return Filtre(
            on=self.cleaned_data.get("le", self.epci.today),
            pole=number(pole),
            par_pole=pole == PAR_POLE,
            famille="" if famille == TOUTES else famille,
            etat="" if etat == TOUS else etat,
        )


@dataclass(frozen=True)
class Filtre:
    """What the reader asks to see."""

    on: date
    pole: int | None = None
    par_pole: bool = False
    famille: str = ""
    etat: str = ""

    @property
    def requete(self) -> str:
        """The same choice, as the query of an address."""
        pole = PAR_POLE if self.par_pole else self.pole
        chosen = {"le": self.on.isoformat(), "pole": pole, "famille": self.famille, "etat": self.etat}
        return urlencode({name: value for name, value in chosen.items() if value})


class ComparaisonForm(ChoixForm):
    """Two days, pôle and family of a comparison, from the address."""

    du = JourField(label="Entre le")
    au = JourField(label="Et le")
    field_order = ["du", "au", "pole", "famille"]

    def __init__(self, data: Any, *, epci: Epci) -> None:
        today = epci.today
        self.usual = {"du": date(today.year, 1, 1), "au": date(today.year + 1, 1, 1)}
        super().__init__(data, epci=epci, **{name: day.isoformat() for name, day in self.usual.items()})

    def clean(self) -> None:
        du, au = self.cleaned_data.get("du"), self.cleaned_data.get("au")
        if du and au and du >= au:
            self.add_error("au", "La seconde date doit suivre la première.")

    @property
    def jours(self) -> tuple[date, date]:
        """The two days, in order; those of the present year when one is wrong."""
        self.full_clean()
        cleaned = self.cleaned_data
        days = cleaned if {"du", "au"} <= cleaned.keys() else self.usual
        return days["du"], days["au"]

    @property
    def requete(self) -> str:
        """The same choice, as the query of an address."""
        du, au = self.jours
        pole, famille = self.cleaned_data.get("pole", TOUS), self.cleaned_data.get("famille", TOUTES)
        chosen = {"du": du.isoformat(), "au": au.isoformat(), "pole": number(pole)}
        if famille != TOUTES:
            chosen["famille"] = famille
        return urlencode({name: value for name, value in chosen.items() if value})
