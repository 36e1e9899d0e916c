"""Depositing a sheet to take over."""

from typing import Any

from django import forms

from mutualisation.forms.fichier import FichierField
from mutualisation.models import Reprise

FORMATS = ".xlsx,.csv"


class RepriseForm(forms.Form):
    """A sheet of one kind."""

    fichier = FichierField(label="Fichier rempli", help_text="XLSX ou CSV, 20 Mo au plus.")

    def __init__(self, *args: Any, type: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.prefix = type
        self.type = Reprise.Type(type)
        self.fields["fichier"].widget.attrs["accept"] = FORMATS
