"""Filters and forms of reviews and of their minutes."""

import re
from datetime import date
from typing import Any, ClassVar

import django_filters
from django import forms
from django.core.validators import RegexValidator
from django.db.models import Q, QuerySet

from mutualisation.models import Domaine
from revues.models import CompteRendu, Point, Revue
from revues.tableau import between, late
from revues.workflows.compte_rendu import OVERDUE, is_overdue
from socle import horloge
from socle.dates import month_name
from socle.saisie import JourInput
from territoire.models import Commune, Epci

MONTH = re.compile(r"^20\d\d-(0[1-9]|1[0-2])$")
ROWS = 5
BLANK_ROWS = 2
MAX_POINTS = 60
NO_NAME = "Ne nommez aucun agent en raison de sa manière de servir."


class RevueFilter(django_filters.FilterSet):
    """Filters of the list of reviews; also those of its exports."""

    ETATS = (
        ("a_venir", "à venir"),
        ("retard", "compte rendu attendu"),
        ("prevue", "prévues, passées ou à venir"),
        ("tenue", "tenues"),
        ("non_tenue", "non tenues"),
    )

    commune = django_filters.ModelChoiceFilter(
        queryset=Commune.objects.none(), label="Commune", empty_label="Toutes"
    )
    domaine = django_filters.ModelChoiceFilter(
        queryset=Domaine.objects.none(), label="Domaine", empty_label="Tous"
    )
    type = django_filters.ChoiceFilter(choices=Revue.Type.choices, label="Revue", empty_label="Toutes")
    etat = django_filters.ChoiceFilter(choices=ETATS, label="État", empty_label="Tous", method="by_state")
    mois = django_filters.CharFilter(
        label="Mois",
        method="by_month",
        widget=forms.Select,
        validators=[RegexValidator(MONTH, "Choisissez un mois.")],
    )

    class Meta:
        model = Revue
        fields: ClassVar = ["commune", "domaine", "type", "etat", "mois"]

    def __init__(self, data: Any, queryset: QuerySet[Revue], *, epci: Epci) -> None:
        self.epci = epci
        super().__init__(data, queryset=queryset)
        communes = Commune.objects.filter(pk__in=queryset.order_by().values("commune"))
        self.filters["commune"].queryset = communes.order_by("tri", "pk")
        domaines = Domaine.objects.filter(epci=epci, pk__in=queryset.order_by().values("domaine"))
        self.filters["domaine"].queryset = domaines.order_by("ordre", "pk")
        self.filters["mois"].extra["widget"] = forms.Select(choices=self._months())

    def _months(self) -> list[tuple[str, str]]:
        """A year back, a year ahead, and the month asked for."""
        today = self.epci.today
        months = [
            date(today.year + n // 12, n % 12 + 1, 1) for n in range(today.month - 13, today.month + 12)
        ]
        asked = str(self.data.get("mois", ""))
        if MONTH.match(asked):
            months.append(date.fromisoformat(f"{asked}-01"))
        return [("", "Tous"), *((f"{m:%Y-%m}", month_name(m)) for m in sorted(set(months), reverse=True))]

    def by_state(self, queryset: QuerySet[Revue], name: str, value: str) -> QuerySet[Revue]:
        """Stored states, and the two that follow from the day."""
        coming = Q(etat=Revue.Etat.PREVUE, prevue_at__gte=horloge.now())
        return queryset.filter({"retard": late(), "a_venir": coming}.get(value, Q(etat=value)))

    def by_month(self, queryset: QuerySet[Revue], name: str, value: str) -> QuerySet[Revue]:
        """Planned in a month, « 2027-02 », by the EPCI's clock."""
        first = date.fromisoformat(f"{value}-01")
        end = date(first.year + first.month // 12, first.month % 12 + 1, 1)
        return queryset.filter(between(first, end, self.epci.fuseau))

    @property
    def ordered(self) -> QuerySet[Revue]:
        """What the list shows: the next first when looking ahead, the latest first otherwise."""
        rows = self.qs
        asked = self.form.cleaned_data
        ahead = asked.get("etat") in ("a_venir", "retard", "prevue") or asked.get("mois")
        return rows.order_by("prevue_at" if ahead else "-prevue_at", "pk")


class CompteRenduForm(forms.ModelForm):
    """The head of the minutes: when, where, who was there, and the reviews held in the same visit."""

    groupees = forms.ModelMultipleChoiceField(
        Revue.objects.none(),
        label="Autres revues de la même visite",
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = CompteRendu
        fields: ClassVar = ["tenue_on", "lieu", "presents"]
        labels: ClassVar = {"tenue_on": "Tenue le", "presents": "Présents"}
        help_texts: ClassVar = {
            "presents": "Une personne par ligne : retirez les absents, ajoutez les autres."
        }
        widgets: ClassVar = {
            "tenue_on": JourInput,
            "presents": forms.Textarea(attrs={"rows": 4}),
        }

    def __init__(self, *args: Any, revue: Revue, candidates: list[Revue], today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.fields["tenue_on"].widget.attrs["max"] = today.isoformat()
        grouped: Any = self.fields["groupees"]
        grouped.queryset = Revue.objects.filter(pk__in=[other.pk for other in candidates]).select_related(
            "domaine"
        )
        grouped.label_from_instance = lambda other: other.libelle
        if not candidates:
            del self.fields["groupees"]

    def clean_tenue_on(self) -> date:
        day: date = self.cleaned_data["tenue_on"]
        if day > self.today:
            raise forms.ValidationError("Une revue ne peut pas s'être tenue dans l'avenir.")
        return day

    def values(self) -> dict[str, Any]:
        """The fields of the minutes, as the workflow takes them."""
        return {name: self.cleaned_data[name] for name in self.Meta.fields}


class PointForm(forms.Form):
    """One typed outcome of a review held on a day; a row without text is ignored."""

    nature = forms.ChoiceField(label="Nature", choices=Point.Nature.choices)
    texte = forms.CharField(
        label="Ce qui a été dit ou décidé",
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 2, "aria-describedby": "aucun-agent"}),
    )
    responsable = forms.CharField(label="Qui", required=False, max_length=200)
    echeance_on = forms.DateField(label="Pour quand", required=False, widget=JourInput)

    def __init__(self, *args: Any, tenue_on: date | None, **kwargs: Any) -> None:
        self.tenue_on = tenue_on
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        written = cleaned.get("texte", "")
        if not written and (cleaned.get("responsable") or cleaned.get("echeance_on")):
            self.add_error("texte", "Écrivez ce qui est à faire.")
        if written and cleaned.get("nature") == Point.Nature.ACTION:
            if not cleaned.get("responsable"):
                self.add_error("responsable", "Une action dit qui la fait.")
            if not cleaned.get("echeance_on") and "echeance_on" not in self.errors:
                self.add_error("echeance_on", "Une action dit pour quand.")
            elif self.tenue_on and is_overdue(cleaned, self.tenue_on):
                self.add_error("echeance_on", OVERDUE)
        return cleaned


class BasePoints(forms.BaseFormSet):
    """The rows of points, in order; rows without text are left out."""

    def rows(self) -> list[dict[str, Any]]:
        """The points to keep, as the workflow takes them."""
        return [form.cleaned_data for form in self.forms if form.cleaned_data.get("texte")]

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        # Emptying a row removes the point.
        return {**super().get_form_kwargs(index), "empty_permitted": True}


def point_formset(
    data: Any = None, *, tenue_on: date | None = None, initial: Any = None, kept: int = 0
) -> Any:
    """Five rows, and always two free ones below what is already written; `tenue_on`: the day typed, when it is one."""
    extra = max(ROWS - kept, BLANK_ROWS)
    factory = forms.formset_factory(
        PointForm,
        formset=BasePoints,
        extra=extra,
        max_num=MAX_POINTS,
        absolute_max=MAX_POINTS,
        validate_max=True,
    )
    return factory(data, initial=initial, prefix="points", form_kwargs={"tenue_on": tenue_on})


class MotifForm(forms.Form):
    """Why a review was not held."""

    motif = forms.CharField(
        label="Pourquoi elle n'a pas eu lieu",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Une phrase suffit. Elle se lit dans la liste et dans le tableau.",
        error_messages={"required": "Dites en une phrase pourquoi la revue n'a pas eu lieu."},
    )
