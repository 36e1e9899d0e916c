"""Forms of the instruction: filters, decisions on one line or on many, completion, late date of effect."""

from typing import Any

import django_filters
from django import forms
from django.db.models import F, Q, QuerySet

from comptes.models import Personne
from mutualisation.brouillon import TEXTE_MAX
from mutualisation.delais import read_delays
from mutualisation.etats import DECISIONS
from mutualisation.models import Domaine, Etude, Ligne
from mutualisation.perimetre import communes_of, domaines_of, poles_of
from mutualisation.workflows.instruction import RECEVABLE
from socle.saisie import JourInput
from territoire.models import Appartenance, Commune, Pole

Arbitrage = Ligne.Arbitrage
DECISION_CHOICES = (
    (Arbitrage.ACCEPTEE, "Accepter"),
    (Arbitrage.REFUSEE, "Refuser"),
    (Arbitrage.REPORTEE, "Reporter"),
)
GESTES = ((RECEVABLE, "Déclarer recevables"), *DECISION_CHOICES)
ARBITRAGES = [(a.value, a.label) for a in Arbitrage if a != Arbitrage.SANS_OBJET]
NATURES = [(n.value, n.label) for n in Ligne.Nature if n != Ligne.Nature.MAINTIEN]
SANS_AVIS = "sans"
AVIS = [(SANS_AVIS, "pas encore d'avis"), *Etude.Avis.choices]
AGES = [(str(count), f"{count} jours ouvrés ou plus") for count in (10, 20, 40, 60)]
COMMUNE = "commune"
TRIS = (
    (COMMUNE, "commune"),
    ("domaine", "domaine"),
    ("depot", "dépôt le plus ancien"),
    ("decision", "décision la plus récente"),
)
QUALITE = "Direction des territoires"


def communes(request: Any) -> QuerySet[Commune]:
    """Communes of the EPCI of the hat that the reader follows."""
    return communes_of(request.user, request.epci)


def poles(request: Any) -> QuerySet[Pole]:
    """Their pôles."""
    return poles_of(request.user, request.epci)


def domaines(request: Any) -> QuerySet[Domaine]:
    """Domains of the EPCI of the hat that the reader follows."""
    return domaines_of(request.user, request.epci)


def conductors(request: Any) -> QuerySet[Personne]:
    """Those who conduct a study that the reader sees."""
    etudes = Etude.objects.visible_to(request.user).filter(epci=request.epci)
    return Personne.objects.filter(pk__in=etudes.values("conduite_par")).order_by("tri", "pk")


class FiltreInstruction(django_filters.FilterSet):
    """The work list: who asks, what, where it stands, who studies it, for how long; and in which order."""

    commune = django_filters.ModelChoiceFilter(label="Commune", queryset=communes, empty_label="toutes")
    pole = django_filters.ModelChoiceFilter(
        label="Pôle", queryset=poles, empty_label="tous", method="by_pole"
    )
    domaine = django_filters.ModelChoiceFilter(label="Domaine", queryset=domaines, empty_label="tous")
    nature = django_filters.ChoiceFilter(label="Demande", choices=NATURES, empty_label="toutes")
    etape = django_filters.ChoiceFilter(
        label="Étape", choices=Ligne.Etape.choices, empty_label="toutes", method="by_step"
    )
    arbitrage = django_filters.ChoiceFilter(label="Décision", choices=ARBITRAGES, empty_label="toutes")
    avis = django_filters.ChoiceFilter(label="Avis", choices=AVIS, empty_label="tous", method="by_avis")
    conduite = django_filters.ModelChoiceFilter(
        label="Étude conduite par",
        queryset=conductors,
        empty_label="tous",
        field_name="conduite_id",
        method="by_who",
    )
    age = django_filters.ChoiceFilter(label="Âge", choices=AGES, empty_label="tous", method="by_age")
    tri = django_filters.ChoiceFilter(label="Trier par", choices=TRIS, empty_label=None, method="in_order")

    class Meta:
        model = Ligne
        fields: tuple[str, ...] = ()

    def by_pole(self, rows: Any, name: str, value: Pole) -> Any:
        present = Appartenance.objects.on(self.request.epci.today).filter(pole=value)
        return rows.filter(commune__in=present.values("commune"))

    def by_step(self, rows: Any, name: str, value: str) -> Any:
        """A step is said of lines that still wait for a decision."""
        return rows.filter(etape=value, arbitrage=Arbitrage.A_INSTRUIRE)

    def by_avis(self, rows: Any, name: str, value: str) -> Any:
        """« Sans » gathers studies not begun and those that have no avis yet."""
        return rows.filter(Q(avis=None) | Q(avis="")) if value == SANS_AVIS else rows.filter(avis=value)

    def by_who(self, rows: Any, name: str, value: Personne) -> Any:
        return rows.filter(conduite_id=value.pk)

    def by_age(self, rows: Any, name: str, value: str) -> Any:
        delais = read_delays(self.request.epci, rows)
        return rows.filter(pk__in=[pk for pk, delai in delais.items() if delai.jours >= int(value)])

    def in_order(self, rows: Any, name: str, value: str) -> Any:
        first = {
            "domaine": ("domaine__ordre", "domaine_id", "activite__code"),
            "depot": ("declaration__deposee_at",),
            "decision": (F("arbitree_at").desc(nulls_last=True),),
        }
        return rows.order_by(*first.get(value, ()), *rows.query.order_by)


class DecisionForm(forms.Form):
    """Accept, refuse or postpone."""

    decision = forms.ChoiceField(label="Décision", choices=DECISION_CHOICES, widget=forms.RadioSelect)
    motif = forms.CharField(
        label="Motif",
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Transmis à la commune. Nécessaire pour refuser ou reporter.",
    )
    qualite = forms.CharField(
        label="En qualité de", max_length=100, initial=QUALITE, help_text="Tel que la commune le lira."
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)


class LotForm(forms.Form):
    """The same act on many lines."""

    geste = forms.ChoiceField(
        label="Pour les lignes cochées",
        choices=(("", "choisir…"), *GESTES),
        error_messages={"required": "Choisissez ce que vous faites des lignes cochées."},
    )
    motif = forms.CharField(
        label="Motif",
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Le même pour toutes. Nécessaire pour refuser ou reporter.",
    )
    qualite = forms.CharField(label="En qualité de", max_length=100, initial=QUALITE)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        needs = data.get("geste") in DECISIONS and data["geste"] != Arbitrage.ACCEPTEE
        if needs and not data.get("motif", "").strip():
            self.add_error("motif", "Dites pourquoi : le motif est transmis aux communes.")
        return data


class ComplementForm(forms.Form):
    """What is missing in a line."""

    texte = forms.CharField(
        label="Ce que la commune doit compléter",
        max_length=TEXTE_MAX,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Transmis au DGS. Seule cette ligne se rouvre, et le délai est suspendu jusqu'à la réponse.",
        error_messages={"required": "Dites ce qui manque : la commune ne pourra répondre qu'à cela."},
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)


class ReponseForm(forms.Form):
    """The answer of the commune, and what it changes of its line."""

    texte = forms.CharField(
        label="Votre réponse",
        max_length=TEXTE_MAX,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": "Écrivez votre réponse : la Direction des territoires l'attend."},
    )
    precision = forms.CharField(
        label="Ce que la commune demande, pour cette activité",
        max_length=TEXTE_MAX,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    motif = forms.CharField(
        label="Pourquoi ce changement, pour ce domaine",
        max_length=TEXTE_MAX,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    motif_vu = forms.CharField(required=False, widget=forms.HiddenInput)
    version = forms.IntegerField(widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        """Browsers send CRLF: what was read and what is sent are compared without."""
        data: dict[str, Any] = super().clean() or {}
        return {
            name: value.replace("\r\n", "\n") if isinstance(value, str) else value
            for name, value in data.items()
        }


class DateEffetForm(forms.Form):
    """The day of effect of a line whose acts were exécutoires after the date of the cycle."""

    effet_on = forms.DateField(label="Date d'effet", widget=JourInput)
