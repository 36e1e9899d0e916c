"""Forms of a domain in a draft of the catalogue."""

from typing import Any

from django import forms

from mutualisation.editions import EditionLue
from mutualisation.forms.edition import EditionForm
from mutualisation.models import DomaineVersion
from mutualisation.workflows.domaine import CHOICES
from territoire.models import Commune

CHOISIR = {"required": "Choisissez.", "invalid_choice": "Choisissez dans la liste."}


class DomaineForm(EditionForm):
    """What an edition says of a domain."""

    libelle = forms.CharField(
        label="Nom du domaine", max_length=150, error_messages={"required": "Donnez un nom au domaine."}
    )
    libelle_court = forms.CharField(
        label="Nom court",
        max_length=30,
        help_text="En tête de colonne, dans « Qui partage quoi ».",
        error_messages={"required": "Donnez un nom court, de 30 caractères au plus."},
    )
    famille = forms.ChoiceField(
        label="Famille",
        choices=DomaineVersion.Famille.choices,
        widget=forms.RadioSelect,
        error_messages=CHOISIR,
    )
    rattachement = forms.ChoiceField(
        label="Rattachement par défaut",
        choices=DomaineVersion.Rattachement.choices,
        widget=forms.RadioSelect,
        error_messages=CHOISIR,
    )
    service_commun = forms.CharField(label="Service commun", max_length=200, required=False)
    paiement = forms.ChoiceField(
        label="Mode de paiement", choices=DomaineVersion.Paiement.choices, error_messages=CHOISIR
    )
    porteur = forms.ModelChoiceField(
        Commune.objects.none(),
        label="Commune porteuse",
        required=False,
        empty_label="Aucune : l'EPCI gère le service",
        help_text="Par exception, une commune gère le service commun (CGCT, article L.5211-4-2).",
        error_messages=CHOISIR,
    )

    def __init__(self, *args: Any, lue: EditionLue, **kwargs: Any) -> None:
        super().__init__(*args, edition=lue.edition, **kwargs)
        fields: dict[str, Any] = self.fields
        epci = lue.edition.epci
        fields["porteur"].queryset = Commune.objects.members_of(epci, epci.today)

    @property
    def valeurs(self) -> dict[str, Any]:
        return {"valeurs": {name: self.cleaned_data[name] for name in CHOICES}}


class NouveauDomaineForm(DomaineForm):
    """A new domain."""

    code = forms.CharField(
        label="Code",
        max_length=10,
        help_text="Quelques lettres, par exemple ARC. Il ne change plus ensuite.",
        error_messages={"required": "Donnez un code au domaine."},
    )
    field_order = ("version", "code")


class DescriptionForm(DomaineForm):
    """A domain already there, and the domains it demands first."""

    requis = forms.TypedMultipleChoiceField(
        label="À partager d'abord",
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Une commune ne prend ce domaine que si elle partage déjà quelque chose de ceux-ci.",
        error_messages=CHOISIR,
    )

    def __init__(self, *args: Any, lue: EditionLue, domaine: int, **kwargs: Any) -> None:
        held = lue.domaines[domaine]
        kwargs["initial"] = {name: getattr(held, name) for name in CHOICES} | {
            "requis": lue.prerequis.get(domaine, ())
        }
        super().__init__(*args, lue=lue, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["requis"].choices = [(pk, str(other)) for pk, other in lue.domaines.items() if pk != domaine]

    @property
    def valeurs(self) -> dict[str, Any]:
        return {**super().valeurs, "requis": self.cleaned_data["requis"]}
