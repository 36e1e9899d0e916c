"""Forms of the public page that verifies a contract."""

from django import forms
from django.core.files.uploadedfile import UploadedFile

from contrats.models.verification import GROUPE, GROUPES, SIGNES
from documents.workflows.piece import TAILLE_MAX


class CodeForm(forms.Form):
    """The code printed on a contract, typed with or without its dashes."""

    code = forms.CharField(
        label="Code de vérification",
        max_length=40,
        help_text="Douze lettres et chiffres, imprimés sur la première et la dernière page.",
        error_messages={"required": "Écrivez le code imprimé sur le document."},
    )

    def clean_code(self) -> str:
        signs = [sign for sign in self.cleaned_data["code"].upper() if sign.isalnum()]
        if len(signs) != GROUPE * GROUPES or not set(signs) <= set(SIGNES):
            raise forms.ValidationError("Ce code n'est pas complet : il compte douze lettres et chiffres.")
        return "-".join("".join(signs[n : n + GROUPE]) for n in range(0, len(signs), GROUPE))


class FichierForm(forms.Form):
    """A PDF to compare with the document issued; it is not kept."""

    fichier = forms.FileField(
        label="Le PDF à comparer",
        help_text="Comparé, puis oublié : il n'est pas gardé.",
        widget=forms.FileInput(attrs={"accept": "application/pdf"}),
        error_messages={"required": "Choisissez un fichier.", "empty": "Ce fichier est vide."},
    )

    def clean_fichier(self) -> UploadedFile:
        found: UploadedFile = self.cleaned_data["fichier"]
        if (found.size or 0) > TAILLE_MAX:
            raise forms.ValidationError(
                "Ce fichier dépasse 20 Mo : ce n'est pas un document que nous avons émis."
            )
        return found
