"""What leaving means: agents, equipment, notice and acts of each domain that a commune leaves, in whole or in part."""

from dataclasses import dataclass

from mutualisation.changements import Choix
from mutualisation.models import Declaration, Etude, Evaluation

NOTICE = (
    "Préavis : celui de la convention de services communs ; la Direction des territoires vous le confirme pendant "
    "l'instruction."
)


@dataclass(frozen=True)
class RetraitLu:
    """A domain that is left, and what has to be settled, in sentences."""

    libelle: str
    phrases: tuple[str, ...]


def read_retraits(declaration: Declaration, choix: Choix) -> list[RetraitLu]:
    """One entry by domain left, from its last évaluation and étude when there are; two queries when something is left."""
    left = [etat for etat in choix.domaines if etat.base - etat.voulues]
    if not left:
        return []
    domaines = [etat.domaine.id for etat in left]
    evaluations = _last_evaluations(declaration, domaines)
    moyens = _last_means(declaration, domaines)
    return [
        RetraitLu(
            etat.domaine.libelle,
            (
                *_described(evaluations.get(etat.domaine.id), moyens.get(etat.domaine.id, "")),
                NOTICE,
                _acts(declaration),
            ),
        )
        for etat in left
    ]


def _last_evaluations(declaration: Declaration, domaines: list[int]) -> dict[int, Evaluation]:
    rows = Evaluation.objects.filter(
        epci=declaration.epci_id,
        commune=declaration.commune_id,
        domaine__in=domaines,
        transmise_at__isnull=False,
    )
    ordered = rows.select_related("declaration__cycle").order_by("declaration__cycle__annee", "pk")
    return {evaluation.domaine_id: evaluation for evaluation in ordered}


def _last_means(declaration: Declaration, domaines: list[int]) -> dict[int, str]:
    rows = Etude.objects.filter(
        epci=declaration.epci_id, commune=declaration.commune_id, domaine__in=domaines
    ).exclude(moyens="")
    return dict(rows.order_by("declaration__cycle__annee", "pk").values_list("domaine_id", "moyens"))


def _described(evaluation: Evaluation | None, moyens: str) -> list[str]:
    said = []
    if evaluation and evaluation.etp is not None:
        annee = evaluation.declaration.cycle.annee
        etp = f"{evaluation.etp.normalize():f}".replace(".", ",")
        said.append(
            f"Agents : {etp} ETP à l'entrée dans le service commun (évaluation préalable pour {annee})."
        )
        if evaluation.equipement:
            said.append(f"Équipement, locaux et contrats alors recensés : {evaluation.equipement}")
    if moyens:
        said.append(f"Moyens retenus par la dernière étude : {moyens}")
    return said or [
        "Agents et équipements : aucune évaluation préalable ne les décrit ici ; leur retour se règle avec la Direction "
        "des territoires avant le point d'arrêt."
    ]


def _acts(declaration: Declaration) -> str:
    return (
        f"Actes nécessaires : délibérations du conseil municipal {declaration.commune.de} et du conseil de "
        f"{declaration.epci.nom_commun}, après avis des comités sociaux territoriaux (CGCT, article L. 5211-4-2)."
    )
