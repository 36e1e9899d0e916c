"""Forms of the point d'arrêt."""

from typing import Any

from django import forms
from django.http import QueryDict

from mutualisation.workflows.arret import MOTIF_MAX
from socle.saisie import number


class ReouvertureForm(forms.Form):
    """Why the Direction reopens what both sides had confirmed."""

    motif = forms.CharField(
        label="Motif",
        max_length=MOTIF_MAX,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Transmis à la commune, gardé à l'historique.",
        error_messages={"required": "Dites pourquoi vous rouvrez : le motif est transmis à la commune."},
    )


def read_seen(data: QueryDict) -> dict[int, int]:
    """The lines the page showed, with their version: « vues=12:3 »; what is not so written is left out."""
    pairs: list[Any] = [text.partition(":") for text in data.getlist("vues")]
    read = {number(pk): number(version) for pk, _, version in pairs}
    return {pk: version for pk, version in read.items() if pk is not None and version is not None}


def read_kept(data: QueryDict) -> frozenset[int]:
    """The ids of the lines kept."""
    return frozenset(pk for text in data.getlist("gardees") if (pk := number(text)) is not None)
