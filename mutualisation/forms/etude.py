"""Forms of the study of a domain and of its effect on the attribution de compensation."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import forms

from comptes.models import Personne
from mutualisation.etats import EFFET_AC, EFFETS
from mutualisation.models import EffetAC, Etude
from socle.saisie import NombreField

LONG = 10000


class EtudeForm(forms.Form):
    """Feasibility, means, avis, and who conducts the study."""

    conduite_par = forms.TypedChoiceField(label="Conduite par", required=False, coerce=int, empty_value=None)
    faisabilite = forms.CharField(
        label="Faisabilité", required=False, max_length=LONG, widget=forms.Textarea(attrs={"rows": 4})
    )
    moyens = forms.CharField(
        label="Moyens",
        required=False,
        max_length=LONG,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Agents, locaux, matériel, calendrier. Ne nommez aucun agent.",
    )
    avis = forms.ChoiceField(
        label="Avis",
        required=False,
        choices=(("", "pas encore d'avis"), *Etude.Avis.choices),
        help_text="L'avis rendu, les lignes recevables du domaine sont dites étudiées.",
    )
    avis_motif = forms.CharField(
        label="Motif de l'avis",
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Lu par la commune. Nécessaire pour un avis défavorable ou avec réserves.",
    )
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, conductors: Iterable[Personne], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = [(personne.pk, str(personne)) for personne in conductors]
        fields: Any = self.fields
        fields["conduite_par"].choices = [("", "personne encore"), *names]


class EffetForm(forms.Form):
    """Where the effect stands, its two amounts, and why when one goes back."""

    etat = forms.ChoiceField(label="État")
    fonctionnement = NombreField(
        label="Fonctionnement, en euros par an",
        unite="€",
        negatif=True,
        help_text="Positif s'il est retenu sur ce que la commune reçoit.",
    )
    investissement = NombreField(
        label="Investissement, en euros par an",
        unite="€",
        negatif=True,
        help_text="Négatif s'il est ajouté à ce que la commune reçoit.",
    )
    motif = forms.CharField(
        label="Motif",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Nécessaire pour revenir en arrière, ou changer un montant déjà voté. Gardé à l'historique.",
    )
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, effet: EffetAC, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reachable = [
            (etat, etat.label)
            for etat in EffetAC.Etat
            if etat == effet.etat or EFFET_AC.allows(EFFETS[etat], effet.etat)
        ]
        fields: Any = self.fields
        fields["etat"].choices = reachable

    @property
    def amounts(self) -> dict[str, Decimal | None]:
        return {name: self.cleaned_data[name] for name in ("fonctionnement", "investissement")}
