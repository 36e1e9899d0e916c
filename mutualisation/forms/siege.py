"""Forms of the seats."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django import forms
from django.db.models import Q

from comptes.models import Equipe, Personne
from mutualisation.gens import by_place
from mutualisation.models import Domaine, Siege, Titulaire
from mutualisation.referents import people_of
from socle.dates import ONE_DAY
from socle.erreurs import Refus
from socle.saisie import JourInput
from socle.typographie import in_french_order
from territoire.models import Commune, Epci, Pole

DATE = {"invalid": "Cette date n'existe pas.", "required": "Indiquez le jour."}


class NominationForm(forms.Form):
    """Who, in what rank, from when and until which last day; `commune` limits the choice to its people and the agents."""

    qui = forms.ChoiceField(
        label="Qui",
        help_text="Une personne ou une équipe de l'EPCI ou de ses communes.",
        widget=forms.Select(attrs={"data-filtre": "Chercher une personne, une fonction, une commune"}),
        error_messages={
            "required": "Choisissez une personne ou une équipe.",
            "invalid_choice": "Choisissez dans la liste.",
        },
    )
    rang = forms.ChoiceField(
        label="En qualité de",
        choices=Titulaire.Rang.choices,
        initial=Titulaire.Rang.TITULAIRE,
        widget=forms.RadioSelect,
        error_messages={
            "required": "Dites titulaire ou suppléant.",
            "invalid_choice": "Dites titulaire ou suppléant.",
        },
    )
    debut = forms.DateField(
        label="À compter du",
        widget=JourInput,
        error_messages=DATE,
    )
    dernier_jour = forms.DateField(
        label="Dernier jour",
        required=False,
        help_text="Laissez vide pour une durée sans limite.",
        widget=JourInput,
        error_messages=DATE,
    )

    def __init__(self, *args: Any, epci: Epci, commune: Commune | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["qui"].choices = [("", "Choisir…"), *_who(epci, commune)]
        fields["debut"].initial = epci.today

    @property
    def nomination(self) -> dict[str, Any]:
        """What the workflow asks for."""
        data = self.cleaned_data
        kind, pk = data["qui"][0], int(data["qui"][1:])
        last: date | None = data["dernier_jour"]
        return {
            "personne": Personne.objects.get(pk=pk) if kind == "p" else None,
            "equipe": Equipe.objects.get(pk=pk) if kind == "e" else None,
            "rang": data["rang"],
            "debut": data["debut"],
            "fin": last + ONE_DAY if last else None,
        }

    def refuse(self, refus: Refus) -> None:
        """Show a refusal of the workflow beside the field it is about."""
        field = {"fin": "dernier_jour"}.get(refus.field or "", refus.field)
        self.add_error(field if field in self.fields else None, refus.message)


def _who(epci: Epci, commune: Commune | None) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Agents of the EPCI, teams, then people of each commune; a group without anybody is left out."""
    agents, *communes = [
        (group.titre, [(f"p{one.pk}", label) for one, label in group.gens])
        for group in by_place(epci, people_of(epci, commune))
    ]
    teams = [(f"e{e.pk}", str(e)) for e in in_french_order(Equipe.objects.filter(epci=epci).standing())]
    return ((title, found) for title, found in (agents, ("Équipes", teams), *communes) if found)


class SiegeForm(NominationForm):
    """A new seat, and its first holder; a DGS only sees her commune's side."""

    domaine = forms.ModelChoiceField(Domaine.objects.none(), label="Domaine", empty_label="Choisir…")
    cote = forms.ChoiceField(label="Côté", widget=forms.RadioSelect)
    commune = forms.ModelChoiceField(
        Commune.objects.none(),
        label="Commune",
        required=False,
        empty_label="Toutes",
        help_text="Obligatoire pour un référent communal.",
    )
    pole = forms.ModelChoiceField(
        Pole.objects.none(),
        label="Pôle",
        required=False,
        empty_label="Tous",
        help_text="Pour un responsable qui ne sert qu'un pôle.",
    )
    field_order = ("domaine", "cote", "commune", "pole", "qui", "rang", "debut", "dernier_jour")

    def __init__(self, *args: Any, epci: Epci, commune: Commune | None, **kwargs: Any) -> None:
        super().__init__(*args, epci=epci, commune=commune, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["domaine"].queryset = Domaine.objects.filter(epci=epci).published().order_by("ordre", "code")
        sides = [(Siege.Cote.COMMUNE, "la commune : un référent communal")]
        if commune:
            fields["commune"].queryset = Commune.objects.filter(pk=commune.pk)
            fields["commune"].empty_label = None
            del fields["pole"]
        else:
            sides.append((Siege.Cote.EPCI, f"{epci.nom_commun} : un responsable de service commun"))
            fields["commune"].queryset = Commune.objects.members_of(epci, epci.today)
            fields["pole"].queryset = Pole.objects.filter(epci=epci).order_by("tri")
        fields["cote"].choices = sides
        fields["cote"].initial = Siege.Cote.COMMUNE
        for name in ("domaine", "commune", "pole", "cote"):
            if name in fields:
                fields[name].error_messages |= {
                    "required": "Choisissez.",
                    "invalid_choice": "Choisissez dans la liste.",
                }

    @property
    def nomination(self) -> dict[str, Any]:
        data = self.cleaned_data
        seat = {"domaine": data["domaine"], "cote": data["cote"]}
        return {**super().nomination, **seat, "commune": data["commune"], "pole": data.get("pole")}


class FinForm(forms.Form):
    """Ending an appointment."""

    titulaire = forms.ModelChoiceField(
        Titulaire.objects.none(),
        label="Nomination",
        empty_label=None,
        error_messages={"required": "Choisissez.", "invalid_choice": "Choisissez dans la liste."},
    )
    dernier_jour = forms.DateField(
        label="Dernier jour",
        widget=JourInput,
        error_messages=DATE,
    )

    prefix = "fin"

    def __init__(self, *args: Any, siege: Siege, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        holders = siege.titulaires.filter(Q(fin=None) | Q(fin__gt=siege.epci.today))
        field: Any = self.fields["titulaire"]
        field.queryset = holders.select_related("personne", "equipe").order_by("debut", "pk")
        field.label_from_instance = lambda row: f"{row}, {row.get_rang_display()}"
        self.fields["dernier_jour"].initial = siege.epci.today
