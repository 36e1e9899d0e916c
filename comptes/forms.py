"""Forms of sign-in."""

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm, SetPasswordForm
from django.core.validators import MaxLengthValidator

MOT_DE_PASSE_MAX = 1000
HELP = "Douze caractères au moins : une courte phrase convient. Ni votre nom, ni un mot de passe courant."


class ConnexionForm(AuthenticationForm):
    """E-mail and password; the address is compared, and throttled, without case."""

    username = forms.EmailField(
        label="Adresse électronique",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username"}),
        error_messages={"invalid": "Écrivez une adresse électronique, par exemple prenom.nom@commune.fr."},
    )
    error_messages = {
        "invalid_login": "L'adresse ou le mot de passe ne convient pas. Les majuscules comptent.",
        "inactive": "Ce compte est fermé.",
    }

    def clean_username(self) -> str:
        return str(self.cleaned_data["username"]).lower()


class OubliForm(forms.Form):
    """The address to which a link is sent."""

    email = forms.EmailField(
        label="Adresse électronique",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username"}),
        error_messages={"invalid": "Écrivez une adresse électronique, par exemple prenom.nom@commune.fr."},
    )


class ChoixMotDePasseForm(SetPasswordForm):
    """A new password, typed twice."""

    error_messages = {"password_mismatch": "Les deux mots de passe ne sont pas les mêmes."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        first, second = self.fields["new_password1"], self.fields["new_password2"]
        first.label, second.label = "Mot de passe", "Le même mot de passe"
        first.help_text = HELP
        second.help_text = ""
        for field in (first, second):
            field.validators.append(MaxLengthValidator(MOT_DE_PASSE_MAX))
