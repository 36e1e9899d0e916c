"""Forms of the directory of people."""

from datetime import date
from typing import Any

import django_filters
from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Q, QuerySet
from django.utils.text import capfirst

from comptes.models import Personne
from comptes.roles import ROLES_COMMUNE, ROLES_EPCI, ROLES_POLE, Role
from journal.models import Courriel
from journal.models.courriel import ETATS
from journal.workflows.personne import Identite, Mandat
from socle.dates import ONE_DAY
from socle.saisie import JourInput, phone_number
from socle.typographie import loosely, sort_key
from territoire.models import Commune, Epci, Pole

NOT_BY_HAND = {Role.SERVICE}  # machine accounts come from `manage.py jeton`
AGENT = "Un agent peut se connecter ; ses autres droits viennent des domaines dont il est référent ou responsable."
BOUNDS = [
    MinValueValidator(date(1980, 1, 1), "Choisissez un jour à partir de 1980."),
    MaxValueValidator(date(2199, 12, 31), "Choisissez un jour avant 2200."),
]
DATE_ERRORS = {
    "invalid": "Écrivez un jour qui existe, par exemple 26/02/2027.",
    "required": "Choisissez un jour.",
}


class JourField(forms.DateField):
    """A day, with the browser's picker and French refusals."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=JourInput, validators=BOUNDS, error_messages=DATE_ERRORS, **kwargs)


def _text(name: str, label: str, *, required: bool = False, autocomplete: str = "off") -> forms.CharField:
    """A line as long as its column, refused clearly beyond."""
    length: int | None = getattr(Personne._meta.get_field(name), "max_length", None)
    widget = forms.TextInput(attrs={"autocomplete": autocomplete})
    return forms.CharField(label=label, max_length=length, required=required, widget=widget)


class IdentiteForm(forms.Form):
    """Who a person is."""

    email = forms.EmailField(
        label="Adresse électronique",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        error_messages={"invalid": "Écrivez une adresse électronique, par exemple prenom.nom@commune.fr."},
    )
    prenom = _text("prenom", "Prénom")
    nom = _text("nom", "Nom", required=True)
    fonction = _text("fonction", "Fonction")
    telephone = _text("telephone", "Téléphone de service")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["telephone"].validators.append(phone_number)

    @property
    def identite(self) -> Identite:
        return Identite(**self.cleaned_data)


class CompteForm(IdentiteForm):
    """Who a person is, corrected; `fixe` says why her address may not change, when it may not."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, personne: Personne, fixe: str, **kwargs: Any) -> None:
        names = (*IdentiteForm.base_fields, "version")
        super().__init__(*args, initial={name: getattr(personne, name) for name in names}, **kwargs)
        self.fields["email"].disabled = bool(fixe)
        self.fields["email"].help_text = (
            fixe or "Elle sert à se connecter. Les liens déjà envoyés ne serviront plus."
        )

    @property
    def identite(self) -> Identite:
        return Identite(**{name: self.cleaned_data[name] for name in IdentiteForm.base_fields})


class DepartForm(forms.Form):
    """Why an account is closed."""

    motif = forms.CharField(
        label="Motif",
        max_length=500,
        help_text="Par exemple : a quitté la collectivité le 31 janvier. L'historique du compte le garde.",
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Écrivez un motif, même court."},
    )


class MandatForm(forms.Form):
    """A role, its perimeter and its days; the last one is included, as people say it."""

    role = forms.ChoiceField(label="Rôle", error_messages={"required": "Choisissez un rôle."})
    commune = forms.ModelChoiceField(
        Commune.objects.none(),
        label="Commune",
        required=False,
        empty_label="Aucune",
        blank=True,
        error_messages={"invalid_choice": "Cette commune n'est pas membre de votre EPCI."},
    )
    pole = forms.ModelChoiceField(
        Pole.objects.none(),
        label="Pôle",
        required=False,
        empty_label="Aucun",
        blank=True,
        error_messages={"invalid_choice": "Ce pôle n'est pas de votre EPCI."},
    )
    debut = JourField(label="Premier jour")
    dernier_jour = JourField(label="Dernier jour", required=False)

    def __init__(self, *args: Any, epci: Epci, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("debut", epci.today)
        fields: dict[str, Any] = self.fields
        fields["role"].choices = _role_choices(epci)
        fields["role"].help_text = AGENT
        fields["commune"].queryset = Commune.objects.members_of(epci, epci.today)
        fields["commune"].help_text = "Pour un DGS, un maire, un élu ou un collaborateur de commune."
        fields["pole"].queryset = Pole.objects.filter(epci=epci).order_by("tri")
        fields["pole"].help_text = "Pour un directeur de pôle."
        fields["dernier_jour"].help_text = "Laissez vide si la fin n'est pas connue."

    @property
    def mandat(self) -> Mandat:
        data = self.cleaned_data
        last = data["dernier_jour"]
        return Mandat(
            Role(data["role"]), data["debut"], last + ONE_DAY if last else None, data["pole"], data["commune"]
        )


def _role_choices(epci: Epci) -> list[Any]:
    groups = (
        ("Dans une commune", ROLES_COMMUNE),
        ("Dans un pôle territorial", ROLES_POLE),
        (f"Pour tout l'EPCI : {epci}", ROLES_EPCI),
    )
    roles = [
        (title, [(r, capfirst(Role(r).label)) for r in values if r not in NOT_BY_HAND])
        for title, values in groups
    ]
    return [("", "Choisissez"), *roles]


class FinForm(forms.Form):
    """The last day of a habilitation."""

    dernier_jour = JourField(label="Dernier jour")


class RechercheForm(forms.Form):
    """The search of the list of people: words, and a role held today."""

    q = forms.CharField(
        label="Nom, fonction, adresse, rôle ou commune",
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    role = forms.ChoiceField(
        label="Rôle",
        required=False,
        choices=[
            ("", "tous"),
            *((r, capfirst(Role(r).label)) for r in (*ROLES_COMMUNE, *ROLES_POLE, *ROLES_EPCI)),
        ],
    )


class FiltreCourriels(django_filters.FilterSet):
    """Who a mail was written to or what it is about, and where it stands."""

    q = django_filters.CharFilter(
        label="Destinataire ou objet", method="by_words", widget=forms.TextInput(attrs={"type": "search"})
    )
    etat = django_filters.ChoiceFilter(
        label="État", choices=[(etat, etat) for etat in ETATS], empty_label="tous", method="by_state"
    )

    class Meta:
        model = Courriel
        fields: tuple[str, ...] = ()

    def by_words(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        """Every word, accents aside; what has no letter nor digit can only be part of an address."""
        for word in sort_key(value).split() or [value.strip()]:
            said = Q(destinataire__tri__contains=word) | Q(adresse__icontains=word)
            rows = rows.filter(said | Q(sujet__iregex=loosely(word)) if word.isalnum() else said)
        return rows

    def by_state(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        return rows.filter(ETATS[value])
