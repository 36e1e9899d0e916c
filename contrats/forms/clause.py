"""Forms of the clauses of an EPCI."""

from typing import Any

from django import forms

from contrats.champs import CHAMPS
from contrats.forms.contrat import Texte
from contrats.models import Clause, ReglageContrat, VersionContrat
from contrats.models.clause import TITLE_MAX
from contrats.models.engagement import TEXT_MAX
from socle.typographie import spaced


class ClauseForm(forms.Form):
    """The title and the text of an article, with the version of the page."""

    titre = forms.CharField(
        label="Titre",
        max_length=TITLE_MAX,
        error_messages={"required": "Donnez un titre à cet article."},
    )
    texte = Texte(
        label="Texte",
        max_length=TEXT_MAX,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 18}),
        help_text=f"Une ligne vide sépare deux paragraphes. {spaced(TEXT_MAX)} caractères au plus.",
        error_messages={"required": "Écrivez le texte de cet article."},
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    @staticmethod
    def initial_of(clause: Clause) -> dict[str, Any]:
        return {"titre": clause.titre, "texte": clause.texte, "version": clause.version}


class ApercuForm(forms.Form):
    """The contract in which an article is previewed."""

    contrat = forms.ModelChoiceField(
        VersionContrat.objects.none(),
        label="Aperçu pour",
        required=False,
        empty_label="aucune commune : les champs comme ils sont écrits",
    )

    def __init__(self, *args: Any, versions: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["contrat"]
        field.queryset = versions
        field.label_from_instance = lambda version: f"{version.commune}, {version.reference}"


class InsererForm(forms.Form):
    """The list of fields, inserted in the text by a button."""

    champ = forms.ChoiceField(label="Champ à insérer", required=False, choices=[(one, one) for one in CHAMPS])


class ReglageContratForm(forms.Form):
    """The figures that clauses name, and how clauses are published."""

    observation_jours = forms.IntegerField(
        label="Jours pour observer un compte rendu",
        min_value=1,
        max_value=60,
        help_text="Champ {Durée d'observation}. S'applique aussitôt aux comptes rendus envoyés ; les contrats déjà arrêtés "
        "gardent la durée qu'ils disent.",
    )
    conciliation_mois = forms.IntegerField(
        label="Mois de conciliation avant une médiation",
        min_value=1,
        max_value=24,
        help_text="Champ {Délai de conciliation}.",
    )
    publication_a_deux = forms.BooleanField(
        label="Publier les clauses à deux",
        required=False,
        help_text="Une autre personne de la Direction que la dernière qui a écrit publie.",
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    @staticmethod
    def initial_of(reglage: ReglageContrat) -> dict[str, Any]:
        names = ("observation_jours", "conciliation_mois", "publication_a_deux", "version")
        return {name: getattr(reglage, name) for name in names}
