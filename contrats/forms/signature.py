"""Forms of the signed copy."""

from typing import Any

from django import forms

from contrats.models import Cote
from socle.saisie import JourInput

CHOOSE = "Choisissez le PDF signé."


class SigneForm(forms.Form):
    """The file that comes back from the parapheur."""

    fichier = forms.FileField(
        label="PDF signé",
        help_text="20 Mo au plus. Rien n'est enregistré comme signé avant que vous ayez confirmé.",
        widget=forms.ClearableFileInput(attrs={"accept": "application/pdf"}),
        error_messages={
            "required": CHOOSE,
            "missing": CHOOSE,
            "empty": "Ce fichier est vide : choisissez-en un autre.",
        },
    )


class ConfirmerForm(forms.Form):
    """The day the contract was signed; why the file is right, when something speaks against it (`doutes`: sentences)."""

    signe_on = forms.DateField(
        label="Signé le",
        widget=JourInput,
        help_text="Le jour de la dernière signature.",
        error_messages={"required": "Indiquez le jour.", "invalid": "Cette date n'existe pas."},
    )
    motif = forms.CharField(
        label="Pourquoi ce fichier convient",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Par exemple : signé sur papier, ou par un délégué. Transmis aux deux parties, gardé à l'historique.",
    )

    def __init__(self, *args: Any, doutes: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not doutes:
            del self.fields["motif"]
            return
        said = f"{' '.join(doutes)} Dites pourquoi ce fichier convient."
        self.fields["motif"].error_messages["required"] = said


class RefusForm(forms.Form):
    """Which side refuses to sign, and why."""

    cote = forms.ChoiceField(
        label="Qui refuse", choices=Cote.choices, widget=forms.RadioSelect,
        error_messages={"required": "Dites qui refuse.", "invalid_choice": "Dites qui refuse."},
    )  # fmt: skip
    motif = forms.CharField(
        label="Motif",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Transmis aux deux parties, gardé à l'historique.",
        error_messages={"required": "Dites pourquoi : le motif est transmis aux deux parties."},
    )

    def __init__(self, *args: Any, commune_seule: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if commune_seule:
            fields: dict[str, Any] = self.fields
            fields["cote"].choices = [(Cote.COMMUNE, "la commune")]
            fields["cote"].initial = Cote.COMMUNE
