"""Forms of the signatories."""

from typing import Any, ClassVar

from django import forms

from contrats.models import Signataire
from contrats.signataires import candidates
from mutualisation.gens import as_choices, by_place
from socle.saisie import DernierJourField, JourInput
from territoire.models import Commune, Epci

INTERIM = (
    "Laissez vide pour une durée sans limite. Avec un dernier jour, l'exécutif en place n'est pas remplacé : "
    "il signe de nouveau ensuite."
)


class SignataireForm(forms.ModelForm):
    """Who signs for a side, in what capacity, by what arrêté, from when to which last day."""

    fin = DernierJourField(required=False, help_text="Laissez vide pour une durée sans limite.")
    field_order = ("personne", "qualite", "debut", "fin", "arrete_numero", "arrete_on", "portee")

    class Meta:
        model = Signataire
        fields: ClassVar = ["personne", "qualite", "debut", "arrete_numero", "arrete_on", "portee"]
        widgets: ClassVar = {"debut": JourInput(), "arrete_on": JourInput()}
        labels: ClassVar = {"debut": "À compter du", "arrete_numero": "Numéro de l'arrêté de délégation"}
        help_texts: ClassVar = {
            "personne": "Qui n'est pas dans la liste n'a pas encore de compte : l'administrateur l'invite.",
            "qualite": "Telle qu'elle s'imprime : « présidente », « premier adjoint »…",
            "arrete_numero": "Seulement pour une délégation de signature.",
        }

    def __init__(self, *args: Any, epci: Epci, commune: Commune | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        people = fields["personne"].queryset = candidates(epci, commune)
        fields["personne"].choices = [("", "Choisir…"), *as_choices(by_place(epci, people))]
        fields["personne"].widget.attrs["data-filtre"] = "Chercher une personne, une fonction, une commune"
        fields["debut"].initial = epci.today
        if commune:
            for name in ("arrete_numero", "arrete_on"):
                fields[name].required = True
            fields["arrete_numero"].help_text = ""
        else:
            fields["fin"].help_text = INTERIM

    def _post_clean(self) -> None:
        """The workflow checks the row: it knows the side."""


class FinForm(forms.Form):
    """The last day of somebody's signature."""

    fin = DernierJourField()
