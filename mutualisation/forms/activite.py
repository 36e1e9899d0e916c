"""Forms of an activity in a draft of the catalogue."""

from typing import Any

from django import forms

from mutualisation.editions import EditionLue
from mutualisation.forms.domaine import CHOISIR
from mutualisation.forms.edition import EditionForm
from mutualisation.models import Activite, ActiviteVersion, Domaine

NOMMER = {"required": "Donnez un nom à l'activité."}


def _domaines(lue: EditionLue) -> list[tuple[int, str]]:
    return [(pk, str(version)) for pk, version in lue.domaines.items()]


class NouvelleActiviteForm(EditionForm):
    """A new activity of a domain."""

    libelle = forms.CharField(label="Nom de l'activité", max_length=200, error_messages=NOMMER)
    code = forms.CharField(
        label="Code",
        max_length=15,
        help_text="Le premier code libre est proposé. Il ne change plus ensuite.",
        error_messages={"required": "Donnez un code à l'activité."},
    )


class ActiviteForm(EditionForm):
    """The name of an activity, its domain, and to whom it is closed."""

    libelle = forms.CharField(label="Nom de l'activité", max_length=200, error_messages=NOMMER)
    domaine = forms.TypedChoiceField(label="Domaine", coerce=int, error_messages=CHOISIR)
    exclusion = forms.CharField(
        label="Fermée aux communes affiliées au centre de gestion : pourquoi",
        max_length=300,
        required=False,
        help_text="Laissez vide si l'activité est ouverte à toutes. Sinon, dites pourquoi : la commune lira ce motif.",
    )

    def __init__(self, *args: Any, lue: EditionLue, activite: ActiviteVersion, **kwargs: Any) -> None:
        kwargs["initial"] = {
            "libelle": activite.libelle,
            "domaine": activite.domaine_id,
            "exclusion": lue.exclusions.get(activite.activite_id, ""),
        }
        super().__init__(*args, edition=lue.edition, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["domaine"].choices = _domaines(lue)

    @property
    def valeurs(self) -> dict[str, Any]:
        return super().valeurs | {"domaine": Domaine.objects.get(pk=self.cleaned_data["domaine"])}


class ScissionForm(EditionForm):
    """The names of the parts."""

    libelles = forms.CharField(
        label="Nouvelles activités",
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="Une par ligne, deux au moins. L'une d'elles peut garder le nom actuel.",
        error_messages={"required": "Donnez le nom d'au moins deux activités, une par ligne."},
    )

    @property
    def valeurs(self) -> dict[str, Any]:
        lines = [line.strip() for line in self.cleaned_data["libelles"].splitlines()]
        return super().valeurs | {"libelles": [line for line in lines if line]}


class FusionForm(EditionForm):
    """What is merged with an activity, and the name and domain of what it becomes."""

    activites = forms.TypedMultipleChoiceField(
        label="À fusionner avec elle",
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages=CHOISIR,
    )
    ailleurs = forms.TypedMultipleChoiceField(
        label="Activités des autres domaines",
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages=CHOISIR,
    )
    libelle = forms.CharField(label="Nom de l'activité réunie", max_length=200, error_messages=NOMMER)
    domaine = forms.TypedChoiceField(label="Son domaine", coerce=int, error_messages=CHOISIR)

    def __init__(self, *args: Any, lue: EditionLue, activite: ActiviteVersion, **kwargs: Any) -> None:
        super().__init__(*args, edition=lue.edition, initial={"domaine": activite.domaine_id}, **kwargs)
        self._first = activite.activite
        fields: dict[str, Any] = self.fields
        fields["domaine"].choices = _domaines(lue)
        near = lue.by_domaine[activite.domaine_id]
        fields["activites"].choices = [(row.activite_id, str(row)) for row in near if row != activite]
        fields["ailleurs"].choices = _elsewhere(lue, activite.domaine_id)

    @property
    def valeurs(self) -> dict[str, Any]:
        """The activities by themselves, in the order of their codes, the one the page is about among them."""
        data = self.cleaned_data
        chosen = Activite.objects.filter(pk__in=[*data["activites"], *data["ailleurs"]]).order_by("code")
        return {
            "activites": [self._first, *chosen],
            "libelle": data["libelle"],
            "domaine": Domaine.objects.get(pk=data["domaine"]),
        }


def _elsewhere(lue: EditionLue, domaine: int) -> list[tuple[int, str]]:
    """The activities of the other domains, each said with its domain."""
    return [
        (row.activite_id, f"{lue.domaines[pk].libelle_court} : {row}")
        for pk, rows in lue.by_domaine.items()
        for row in rows
        if pk != domaine
    ]
