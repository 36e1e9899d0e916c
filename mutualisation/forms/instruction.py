"""Forms of the instruction: filters, decision, late date of effect."""

from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet

from mutualisation.forms.cycle import JourInput
from mutualisation.models import Domaine, Ligne
from territoire.models import Commune

Arbitrage = Ligne.Arbitrage
DECISIONS = (
    (Arbitrage.ACCEPTEE, "Accepter"),
    (Arbitrage.REFUSEE, "Refuser"),
    (Arbitrage.REPORTEE, "Reporter"),
)
ARBITRAGES = [(a.value, a.label) for a in Arbitrage if a != Arbitrage.SANS_OBJET]
NATURES = [(n.value, n.label) for n in Ligne.Nature if n != Ligne.Nature.MAINTIEN]
QUALITE = "Direction des territoires"


def communes(request: Any) -> QuerySet[Commune]:
    """Communes of the EPCI of the hat."""
    return Commune.objects.members_of(request.epci, request.epci.today)


def domaines(request: Any) -> QuerySet[Domaine]:
    """Domains of the EPCI of the hat."""
    return Domaine.objects.filter(epci=request.epci).order_by("ordre", "code")


class FiltreInstruction(django_filters.FilterSet):
    """Decision, nature, commune and domain."""

    arbitrage = django_filters.ChoiceFilter(label="Décision", choices=ARBITRAGES, empty_label="toutes")
    nature = django_filters.ChoiceFilter(label="Demande", choices=NATURES, empty_label="toutes")
    commune = django_filters.ModelChoiceFilter(label="Commune", queryset=communes, empty_label="toutes")
    domaine = django_filters.ModelChoiceFilter(label="Domaine", queryset=domaines, empty_label="tous")

    class Meta:
        model = Ligne
        fields: tuple[str, ...] = ()


class DecisionForm(forms.Form):
    """Accept, refuse or postpone."""

    decision = forms.ChoiceField(label="Décision", choices=DECISIONS, widget=forms.RadioSelect)
    motif = forms.CharField(
        label="Motif",
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Transmis à la commune. Nécessaire pour refuser ou reporter.",
    )
    qualite = forms.CharField(
        label="En qualité de", max_length=100, initial=QUALITE, help_text="Tel que la commune le lira."
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)


class DateEffetForm(forms.Form):
    """The day of effect of a line whose acts were exécutoires after the date of the cycle."""

    effet_on = forms.DateField(label="Date d'effet", widget=JourInput)
