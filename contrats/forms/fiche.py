"""Forms of the library of reference fiches."""

from typing import Any, ClassVar

from django import forms

from contrats.fiche import LIBELLES
from contrats.forms.contrat import TEXT_LIMIT, Texte
from contrats.models import Fiche, FicheActivite
from contrats.models.engagement import TEXT_MAX, Textes

RUBRIQUES = [field.name for field in Textes._meta.get_fields()]
LIMITS = {TEXT_MAX: TEXT_LIMIT, 4000: "4 000 caractères au plus."}


class _Reference(forms.ModelForm):
    """Long texts, each with its limit said."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        for field in fields.values():
            field.widget.attrs["rows"] = 6
            field.help_text = field.help_text or LIMITS[field.max_length]

    def stored(self, current: Fiche | FicheActivite) -> list[tuple[str, str]]:
        """(label, stored value) of the texts saved otherwise meanwhile."""
        return [
            (str(field.label), getattr(current, name))
            for name, field in self.fields.items()
            if getattr(current, name) != self.cleaned_data[name]
        ]


class FicheForm(_Reference):
    """The reference texts of a domain."""

    class Meta:
        model = Fiche
        fields: ClassVar = [*RUBRIQUES, "evaluation_exemple"]
        labels: ClassVar = LIBELLES
        help_texts: ClassVar = {
            "evaluation_exemple": f"Montré comme exemple ; il n'est jamais recopié dans un contrat. {TEXT_LIMIT}"
        }
        field_classes: ClassVar = dict.fromkeys(fields, Texte)


class FicheActiviteForm(_Reference):
    """What one activity adds."""

    class Meta:
        model = FicheActivite
        fields: ClassVar = ["missions", "niveau_attendu"]
        labels: ClassVar = LIBELLES
        field_classes: ClassVar = dict.fromkeys(fields, Texte)
