"""Forms of the évaluation préalable, and filters of their list."""

from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet

from mutualisation.models import Domaine, Evaluation
from mutualisation.perimetre import communes_of, domaines_of
from mutualisation.workflows.evaluation import Contenu
from socle.saisie import NombreField
from territoire.models import Commune

LONG = 10000
ETATS = {
    Evaluation.Etat.A_RENSEIGNER: Q(transmise_at=None),
    Evaluation.Etat.TRANSMISE: Q(transmise_at__isnull=False, validee_at=None),
    Evaluation.Etat.VALIDEE: Q(validee_at__isnull=False),
}


def communes(request: Any) -> QuerySet[Commune]:
    """Communes that the reader follows, and those whose évaluation was delegated to her."""
    seen = Q(pk__in=communes_of(request.user, request.epci).order_by().values("pk"))
    return Commune.objects.filter(seen | Q(pk__in=_mine(request).values("commune"))).order_by("tri", "pk")


def domaines(request: Any) -> QuerySet[Domaine]:
    """Domains likewise."""
    seen = Q(pk__in=domaines_of(request.user, request.epci).order_by().values("pk"))
    rows = Domaine.objects.filter(seen | Q(pk__in=_mine(request).values("domaine")))
    return rows.order_by("ordre", "code")


def _mine(request: Any) -> QuerySet[Evaluation]:
    rows: QuerySet[Evaluation] = Evaluation.objects.visible_to(request.user).filter(epci=request.epci)
    return rows.order_by()


class FiltreEvaluation(django_filters.FilterSet):
    """State, commune and domain."""

    etat = django_filters.ChoiceFilter(
        label="État", choices=Evaluation.Etat.choices, empty_label="tous", method="by_state"
    )
    commune = django_filters.ModelChoiceFilter(label="Commune", queryset=communes, empty_label="toutes")
    domaine = django_filters.ModelChoiceFilter(label="Domaine", queryset=domaines, empty_label="tous")

    class Meta:
        model = Evaluation
        fields: tuple[str, ...] = ()

    def by_state(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        return rows.filter(ETATS[Evaluation.Etat(value)])


class EvaluationForm(forms.Form):
    """What the service is worth today, as the commune says it."""

    service_rendu = forms.CharField(
        label="Service rendu aujourd'hui",
        required=False,
        max_length=LONG,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="Ce qui est fait, pour qui, à quel rythme. Ne nommez aucun agent.",
    )
    etp = NombreField(label="Agents, en ETP", unite="ETP", entiers=6, help_text="Par exemple 2,5.")
    fonctionnement = NombreField(
        label="Budget de fonctionnement, en euros par an", unite="€", help_text="Par exemple 48 500,50."
    )
    investissement = NombreField(
        label="Budget d'investissement, en euros par an", unite="€", help_text="Par exemple 12 000."
    )
    equipement = forms.CharField(
        label="Équipement, locaux et contrats",
        required=False,
        max_length=LONG,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    version = forms.IntegerField(widget=forms.HiddenInput)

    @property
    def contenu(self) -> Contenu:
        return Contenu(**{name: self.cleaned_data[name] for name in Contenu.__dataclass_fields__})


class ObservationsForm(forms.Form):
    """What the EPCI has to say about it."""

    observations = forms.CharField(
        label="Observations de l'EPCI",
        required=False,
        max_length=LONG,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Lues par la commune. Nécessaires pour renvoyer l'évaluation.",
    )
    version = forms.IntegerField(widget=forms.HiddenInput)


class AgentForm(forms.Form):
    """The agent an évaluation is delegated to."""

    email = forms.EmailField(
        label="Adresse électronique",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        error_messages={
            "required": "Donnez l'adresse de l'agent.",
            "invalid": "Écrivez une adresse électronique, par exemple prenom.nom@commune.fr.",
        },
    )
    prenom = forms.CharField(
        label="Prénom", max_length=100, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    nom = forms.CharField(
        label="Nom",
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Donnez le nom de l'agent."},
        help_text="Un compte qui existe déjà garde le nom qu'il a.",
    )


def present(evaluation: Evaluation) -> dict[str, Any]:
    """The fields as they stand."""
    names = (*Contenu.__dataclass_fields__, "observations", "version")
    return {name: getattr(evaluation, name) for name in names}
