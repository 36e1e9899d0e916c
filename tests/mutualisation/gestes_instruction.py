"""What people do to instruct, in one line each."""

from decimal import Decimal
from typing import Any

from comptes.models import Personne
from mutualisation.models import Declaration, DemandeComplement, Evaluation, Ligne
from mutualisation.workflows.arret import confirm_for_commune
from mutualisation.workflows.complement import Reponse, answer_completion, ask_completion
from mutualisation.workflows.etude import Travail, study
from mutualisation.workflows.evaluation import Contenu, ask_evaluations, fill_evaluation
from mutualisation.workflows.instruction import arbitrate
from tests.factories import Monde
from tests.mutualisation.gestes import changing, prepare, submit

AFTER = "2027-03-08 10:00"  # the campaign of the world is over
LATER = "2027-04-12 10:00"  # and its évaluations have begun
MAYOR = "directeur général des services, au nom du maire"


def ask(monde: Monde, *codes: str, cote: Any = None) -> list[Ligne]:
    """Commune A (or another) submits a declaration that asks for activities; its lines."""
    side = cote or monde.a
    prepare(side.declaration, side.dgs, plus=codes or ["DA-02", "DB-01", "DB-02"])
    submit(side.declaration, side.dgs)
    return changing(side.declaration)


def decide(ligne: Ligne, who: Personne, decision: str, motif: str = "", version: int | None = None) -> Ligne:
    return arbitrate(
        ligne=ligne, acteur=who, decision=decision, motif=motif, qualite="Direction", version=version
    )


def comment(monde: Monde, ligne: Ligne, texte: str = "Combien d'agents ?") -> DemandeComplement:
    return ask_completion(ligne=ligne, acteur=monde.direction, texte=texte)


def answer(demande: DemandeComplement, who: Personne, texte: str = "Deux agents.", **changes: Any) -> Any:
    demande.ligne.refresh_from_db()
    version = changes.pop("version", demande.ligne.version)
    stored = demande.ligne.declaration.motifs.filter(domaine=demande.ligne.domaine).first()
    seen = changes.get("motif_vu", stored.texte if stored else "")
    precision = changes.get("precision", demande.ligne.precision)
    reponse = Reponse(texte, precision, changes.get("motif", seen), seen)
    return answer_completion(demande=demande, acteur=who, reponse=reponse, version=version)


def give_avis(ligne: Ligne, who: Personne, avis: str, motif: str = "", version: int = 0) -> Any:
    travail = Travail("Faisable.", "Un agent.", avis, motif, None)
    return study(
        declaration=ligne.declaration, domaine=ligne.domaine, acteur=who, travail=travail, version=version
    )


def entrust(ligne: Ligne, who: Personne, conductor: Personne) -> Any:
    """Ask somebody to study the domain of a line."""
    travail = Travail("", "", "", "", conductor.pk)
    return study(declaration=ligne.declaration, domaine=ligne.domaine, acteur=who, travail=travail, version=0)


def evaluations(declaration: Declaration) -> list[Evaluation]:
    """Ask them all."""
    return ask_evaluations(declaration=declaration)


def fill(evaluation: Evaluation, who: Personne, *, transmettre: bool = True, **changes: Any) -> Evaluation:
    evaluation.refresh_from_db()
    values: dict[str, Any] = {
        "service_rendu": "Deux agents entretiennent la voirie.",
        "etp": Decimal("2.5"),
        "fonctionnement": Decimal("80000"),
        "investissement": Decimal(0),
        "equipement": "",
    }
    version = changes.pop("version", evaluation.version)
    return fill_evaluation(
        evaluation=evaluation,
        acteur=who,
        version=version,
        contenu=Contenu(**{**values, **changes}),
        transmettre=transmettre,
    )


def confirm(declaration: Declaration, who: Personne, *, retirees: tuple[Ligne, ...] = ()) -> Declaration:
    """The commune confirms what its page shows, but for some lines."""
    rows = dict(declaration.lignes.changing().order_by("pk").values_list("pk", "version"))
    gone = {ligne.pk for ligne in retirees}
    kept = declaration.lignes.changing().exclude(arbitrage="abandonnee").exclude(pk__in=gone)
    return confirm_for_commune(
        declaration=declaration,
        acteur=who,
        qualite=MAYOR,
        vues=rows,
        gardees=list(kept.order_by("pk").values_list("pk", flat=True)),
    )
