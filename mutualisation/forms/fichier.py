"""A PDF that somebody deposits."""

from typing import Any

from django import forms


class FichierField(forms.FileField):
    """A PDF; what it holds is checked where it is kept. A browser never sends it again by itself after a fault."""

    widget = forms.FileInput
    default_error_messages = {
        "required": "Choisissez le fichier.",
        "empty": "Ce fichier est vide : choisissez-en un autre.",
        "invalid": "Choisissez un fichier.",
    }

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", "PDF, 20 Mo au plus.")
        super().__init__(**kwargs)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {**super().widget_attrs(widget), "accept": "application/pdf"}
