"""Forms of the circuit of a contract."""

from typing import Any, ClassVar

from django import forms

from contrats.clauses import texts_in_force
from contrats.models import Approbation, Cote, Engagement, VersionContrat
from contrats.workflows.remarque import TEXTE_MAX
from mutualisation.models import Acte
from socle.saisie import JourInput


class RouvrirForm(forms.Form):
    """Why a settled text is opened again."""

    motif = forms.CharField(
        label="Motif",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Transmis à la commune, gardé à l'historique.",
        error_messages={"required": "Dites pourquoi vous rouvrez ce texte : le motif est gardé."},
    )


class ActeAnnuleForm(forms.Form):
    """Which recorded act is taken back, and why."""

    cote = forms.ChoiceField(
        label="Acte mal saisi", error_messages={"required": "Choisissez l'acte mal saisi."}
    )
    motif = forms.CharField(
        label="Ce qui est faux",
        max_length=500,
        help_text="Gardé à l'historique. Enregistrez ensuite l'acte juste.",
        error_messages={"required": "Dites ce qui est faux : le motif est gardé."},
    )

    def __init__(self, data: Any = None, *, version: VersionContrat) -> None:
        super().__init__(data, auto_id="acte-%s")
        fields: Any = self.fields
        acts = [(one.cote, str(one)) for one in version.approbations.all()]
        fields["cote"].choices = [("", "Choisir…"), *acts] if len(acts) > 1 else acts


class ApprobationForm(forms.ModelForm):
    """The act of one assembly; the side follows from its type."""

    class Meta:
        model = Approbation
        fields: ClassVar = ["type", "numero", "adopte_on", "executoire_on"]
        widgets: ClassVar = {"adopte_on": JourInput(), "executoire_on": JourInput()}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["type"].choices = [("", "Choisir…"), *Acte.Type.choices]

    def _post_clean(self) -> None:
        """The workflow checks the act: the row has no version nor author yet."""

    @property
    def cote(self) -> str:
        """The side whose assembly takes such an act."""
        communal = self.cleaned_data["type"] == Acte.Type.CONSEIL_MUNICIPAL
        return Cote.COMMUNE if communal else Cote.EPCI


class RemarqueForm(forms.Form):
    """A remark: where, then what."""

    ou = forms.ChoiceField(label="À propos de")
    texte = forms.CharField(
        label="Remarque",
        max_length=TEXTE_MAX,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Dites ce que vous demandez de changer. L'autre partie répond.",
        error_messages={"required": "Écrivez votre remarque."},
    )

    def __init__(self, *args: Any, version: VersionContrat, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        seen: Any = Engagement.objects.visible_to(user).filter(version_contrat=version)
        fiches = seen.select_related("domaine").order_by("domaine__ordre", "pk")
        self._fiches = {f"fiche-{one.pk}": one for one in fiches}
        fields: Any = self.fields
        fields["ou"].choices = [
            ("Articles", _articles(version)),
            ("Fiches d'engagement", [(key, str(one.domaine)) for key, one in self._fiches.items()]),
        ]

    @property
    def place(self) -> tuple[int, Engagement | None]:
        """(article, fiche): 0 with a fiche, else the number of the article."""
        chosen = self.cleaned_data["ou"]
        fiche = self._fiches.get(chosen)
        return (0, fiche) if fiche else (int(chosen.removeprefix("article-")), None)


def _articles(version: VersionContrat) -> list[tuple[str, str]]:
    """The articles of the clauses in force, by their name."""
    texts = texts_in_force(version.epci)
    return [(f"article-{one.article}", one.nom) for one in texts if one.article]


class ReponseForm(forms.Form):
    """The answer of the other side."""

    reponse = forms.CharField(
        label="Réponse",
        max_length=TEXTE_MAX,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Écrivez votre réponse."},
    )
