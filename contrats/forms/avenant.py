"""Forms of an avenant, and of the end of a contract."""

from typing import Any, ClassVar

from django import forms

from contrats.models import ActeDeFin, Contrat, Cote
from mutualisation.models import Acte
from socle.saisie import JourInput

MOTIF_MAX = 2000


class AvenantForm(forms.Form):
    """What an avenant changes, in one sentence, and from when."""

    objet = forms.CharField(
        label="Ce que l'avenant change",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Une phrase : elle est l'objet de l'avenant, imprimé en tête.",
        error_messages={"required": "Dites en une phrase ce que l'avenant change."},
    )
    effet = forms.DateField(
        label="Prend effet le", widget=JourInput(), error_messages={"required": "Choisissez le jour d'effet."}
    )


class AbandonForm(forms.Form):
    """Why a text is given up."""

    motif = forms.CharField(
        label="Motif",
        max_length=MOTIF_MAX,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Transmis à la commune, gardé à l'historique.",
        error_messages={"required": "Dites pourquoi vous abandonnez ce texte : le motif est gardé."},
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, auto_id="abandon-%s")  # the page has other motives


class FinDeContratForm(forms.Form):
    """How a contract ends, from when, why."""

    nature = forms.ChoiceField(
        label="Le contrat prend fin par",
        choices=Contrat.Fin.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Dites comment le contrat prend fin."},
    )
    fin_on = forms.DateField(
        label="Premier jour où il n'engage plus",
        widget=JourInput(),
        error_messages={"required": "Choisissez ce jour."},
    )
    motif = forms.CharField(
        label="Motif",
        max_length=MOTIF_MAX,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Transmis aux deux parties, gardé à l'historique.",
        error_messages={"required": "Dites pourquoi le contrat prend fin."},
    )


class ActeDeFinForm(forms.ModelForm):
    """The act of one side; left empty, there is none. `cote` is the side it is asked of."""

    class Meta:
        model = ActeDeFin
        fields: ClassVar = ["type", "numero", "adopte_on", "executoire_on"]
        widgets: ClassVar = {"adopte_on": JourInput(), "executoire_on": JourInput()}

    def __init__(self, data: Any, *, cote: Cote) -> None:
        super().__init__(data, prefix=cote.value, use_required_attribute=False, empty_permitted=True)
        self.cote = cote
        types = [Acte.Type.CONSEIL_MUNICIPAL] if cote == Cote.COMMUNE else Acte.EPCI_TYPES
        fields: dict[str, Any] = self.fields
        fields["type"].choices = [("", "Aucun acte"), *((one, Acte.Type(one).label) for one in types)]

    def _post_clean(self) -> None:
        """The workflow checks the act: the row has no contract nor author yet."""

    @property
    def acte(self) -> ActeDeFin | None:
        """The act typed, unsaved; None when the side has none."""
        return ActeDeFin(cote=self.cote, **self.cleaned_data) if self.has_changed() else None
