"""Forms of the programme of a year, and filters of the list."""

from datetime import date
from typing import Any, ClassVar

import django_filters
from django import forms
from django.db.models import QuerySet

from contrats.echeances_programme import LATE
from contrats.models import LigneProgramme
from mutualisation.perimetre import communes_of, domaines_of
from socle.dates import MOIS, month_name
from territoire.models import Commune

MONTHS_AHEAD = 24


class LigneForm(forms.Form):
    """One thing planned."""

    libelle = forms.CharField(
        label="Ce qui est prévu",
        max_length=300,
        help_text="Par exemple : curage des avaloirs du centre. Ne nommez aucun agent.",
        error_messages={"required": "Dites ce qui est prévu."},
    )
    mois = forms.TypedMultipleChoiceField(
        label="Mois",
        coerce=int,
        choices=list(enumerate(MOIS, start=1)),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    precision = forms.CharField(
        label="Précision",
        max_length=200,
        required=False,
        help_text="Par exemple : la 2e semaine, ou à la demande. Elle suffit si aucun mois n'est coché.",
    )
    quantite = forms.CharField(
        label="Quantité", max_length=60, required=False, help_text="Par exemple : 2 passages, 4 km."
    )
    version = forms.IntegerField(widget=forms.HiddenInput)

    @property
    def valeurs(self) -> dict[str, Any]:
        """What the workflow takes."""
        return {name: self.cleaned_data[name] for name in ("libelle", "mois", "precision", "quantite")}


class ReportForm(forms.Form):
    """Why a line is postponed, and to which month."""

    motif = forms.CharField(
        label="Pourquoi",
        max_length=500,
        help_text="Lu à la revue. Ne nommez aucun agent.",
        error_messages={"required": "Dites pourquoi : c'est lu à la revue."},
    )
    report_on = forms.TypedChoiceField(label="Nouveau mois", coerce=date.fromisoformat)

    def __init__(self, *args: Any, ligne: LigneProgramme, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        # The month already chosen stays: the same form sent twice, or another reason.
        days = [ligne.report_on] if ligne.report_on else []
        days += months_after(max(ligne.echeance_on, today))
        fields["report_on"].choices = [(day.isoformat(), month_name(day)) for day in days]


def months_after(day: date) -> list[date]:
    """The first days of the months that follow a day."""
    first = day.year * 12 + day.month
    return [date(rank // 12, rank % 12 + 1, 1) for rank in range(first, first + MONTHS_AHEAD)]


def communes(request: Any) -> QuerySet[Commune]:
    """Communes that the reader follows."""
    return communes_of(request.user, request.epci).order_by("tri", "pk")


def domaines(request: Any) -> Any:
    """Domains that the reader follows."""
    return domaines_of(request.user, request.epci)


class FiltreProgramme(django_filters.FilterSet):
    """Year, state, commune, domain."""

    annee = django_filters.NumberFilter(label="Année", method="by_year")
    etat = django_filters.ChoiceFilter(
        label="État",
        choices=[(LATE, "en retard"), *LigneProgramme.Etat.choices],
        empty_label="tous",
        method="by_state",
    )
    commune = django_filters.ModelChoiceFilter(label="Commune", queryset=communes, empty_label="toutes")
    domaine = django_filters.ModelChoiceFilter(label="Domaine", queryset=domaines, empty_label="tous")

    class Meta:
        model = LigneProgramme
        fields: ClassVar = ()

    def by_year(self, rows: Any, name: str, value: Any) -> Any:
        return rows.filter(annee=int(value)) if 0 < value < 10000 else rows.none()

    def by_state(self, rows: Any, name: str, value: str) -> Any:
        return rows.late(self.request.epci.today) if value == LATE else rows.filter(etat=value)
