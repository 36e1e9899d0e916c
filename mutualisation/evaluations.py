"""Évaluations préalables as people read them: how far they are, what was said last time."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import ClassVar

from django.utils.timezone import localtime

from mutualisation.models import Cycle, Evaluation
from mutualisation.models.evaluation import EvaluationQuerySet
from socle.tableur import Valeur

AMOUNTS = ("etp", "fonctionnement", "investissement")
UNITS = {"etp": "ETP", "fonctionnement": "€ par an", "investissement": "€ par an"}
LABELS = {"etp": "ETP", "fonctionnement": "Fonctionnement", "investissement": "Investissement"}


@dataclass(frozen=True)
class Avancement:
    """How many évaluations stand in each state."""

    a_renseigner: int = 0
    transmises: int = 0
    validees: int = 0

    @property
    def total(self) -> int:
        return self.a_renseigner + self.transmises + self.validees

    @property
    def faites(self) -> int:
        """Handed over by the commune, confirmed or not."""
        return self.transmises + self.validees


@dataclass(frozen=True)
class Progression(Avancement):
    """The évaluations of a cycle, and of each commune (by id) that has any."""

    communes: Mapping[int, Avancement] = field(default_factory=dict)


def evaluation_progress(cycle: Cycle, rows: EvaluationQuerySet | None = None) -> Progression:
    """How far the évaluations still wanted in a cycle are (among `rows`, for a reader who sees a part); one query."""
    known: EvaluationQuerySet = Evaluation.objects.all() if rows is None else rows
    counted = known.filter(declaration__cycle=cycle).wanted()
    states: dict[int, Counter[str]] = {}
    for commune, sent, confirmed in counted.order_by("pk").values_list(
        "commune", "transmise_at", "validee_at"
    ):
        state = "validees" if confirmed else "transmises" if sent else "a_renseigner"
        states.setdefault(commune, Counter())[state] += 1
    communes = {commune: Avancement(**counts) for commune, counts in states.items()}
    return Progression(**sum(states.values(), Counter()), communes=communes)


@dataclass(frozen=True)
class Comparaison:
    """One figure beside the one of the last évaluation of the same domain in the same commune."""

    libelle: str
    unite: str
    avant: Decimal | None
    maintenant: Decimal | None

    @property
    def ecart(self) -> str:
        """« + 1,5 », « – 200 », « inchangé »; empty while one of the two is not known."""
        if self.avant is None or self.maintenant is None:
            return ""
        gap = self.maintenant - self.avant
        if not gap:
            return "inchangé"
        size = f"{abs(gap).normalize():,f}".replace(",", " ").replace(".", ",")
        return f"{'+' if gap > 0 else '–'} {size}"


def last_evaluation(evaluation: Evaluation) -> Evaluation | None:
    """The last one handed over for the same domain of the same commune, in an earlier cycle."""
    earlier = Evaluation.objects.filter(
        epci=evaluation.epci_id,
        commune=evaluation.commune_id,
        domaine=evaluation.domaine_id,
        transmise_at__isnull=False,
        declaration__cycle__annee__lt=evaluation.declaration.cycle.annee,
    )
    return earlier.select_related("declaration__cycle").order_by("-declaration__cycle__annee").first()


def compare(evaluation: Evaluation, before: Evaluation) -> list[Comparaison]:
    """Figure by figure."""
    return [
        Comparaison(LABELS[name], UNITS[name], getattr(before, name), getattr(evaluation, name))
        for name in AMOUNTS
    ]


class Export:
    """The columns of the exported list, and a row for each évaluation."""

    ENTETE: ClassVar = (
        *("Commune", "Code INSEE", "Domaine", "État", "ETP", "Fonctionnement (€ par an)"),
        *("Investissement (€ par an)", "Service rendu", "Équipement", "Observations de l'EPCI"),
        *("Transmise le", "Validée le"),
    )

    @staticmethod
    def row(evaluation: Evaluation) -> list[Valeur]:
        """Numbers and dates stay numbers and dates."""
        sent, confirmed = evaluation.transmise_at, evaluation.validee_at
        return [
            evaluation.commune.nom,
            evaluation.commune.code_insee,
            evaluation.domaine.libelle,
            evaluation.etat[1],
            evaluation.etp,
            evaluation.fonctionnement,
            evaluation.investissement,
            evaluation.service_rendu,
            evaluation.equipement,
            evaluation.observations,
            localtime(sent).date() if sent else None,
            localtime(confirmed).date() if confirmed else None,
        ]
