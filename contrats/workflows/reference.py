"""Taking up what is proposed to a fiche: the reference of its domain and activities, the évaluation préalable."""

from collections.abc import Collection, Mapping

from comptes.models import Personne
from contrats.fiche import LIBELLES
from contrats.fusion import LigneIndicateur, fingerprint
from contrats.models import Engagement
from contrats.models.engagement import TEXT_MAX
from contrats.reference import Proposition, read_propositions
from contrats.workflows.contrat import save_engagement
from journal.workflows.unite import unite
from mutualisation.workflows.verrou import locked
from socle.droits import require
from socle.erreurs import Conflit, Refus
from socle.typographie import spaced

RELATED = ("version_contrat", "epci", "commune", "domaine")


@unite
def adopt(
    *, engagement: Engagement, acteur: Personne, choisies: Collection[str], vues: Mapping[str, str]
) -> Engagement:
    """Take up the propositions chosen (by `valeur`), over the rubrics as the page showed them (`vues`, fingerprints).

    What is already there changes nothing. Raises Refus when nothing is chosen or a text would be too long, Conflit when a
    proposition is no longer the one shown, FicheChangee when a rubric is not, ActionInterdite.
    """
    engagement = locked(Engagement, engagement.pk, select=RELATED)
    require(engagement, acteur, "modifier")
    if not choisies:
        raise Refus("Cochez ce que vous reprenez.")
    offered = read_propositions(engagement)
    if not set(choisies) <= offered.valeurs:
        raise Conflit("Ce qui était proposé a changé entre-temps : relisez, puis choisissez de nouveau.")
    chosen = [one for one in offered.textes if one.valeur in choisies]
    rows = [
        LigneIndicateur(one.valeurs) for one in offered.mesures if one.valeur in choisies and not one.deja
    ]
    saved = save_engagement(
        engagement=engagement,
        acteur=acteur,
        version=engagement.version,
        valeurs=_composed(engagement, chosen),
        vues=vues,
        indicateurs=rows,
    )
    _remember(saved, chosen)
    return saved


def _composed(engagement: Engagement, chosen: list[Proposition]) -> dict[str, str]:
    """The rubrics once what is chosen is put in them, in order."""
    texts = {one.rubrique: one.texte for one in chosen if not one.ajoute}
    for one in chosen:
        before = texts.get(one.rubrique, getattr(engagement, one.rubrique))
        if one.texte not in before:
            texts[one.rubrique] = f"{before}\n\n{one.texte}".strip()
    for name, text in texts.items():
        if len(text) > TEXT_MAX:
            raise Refus(
                f"« {LIBELLES[name]} » aurait {spaced(len(text))} caractères : {spaced(TEXT_MAX)} au plus."
            )
    return texts


def _remember(engagement: Engagement, chosen: list[Proposition]) -> None:
    """Which text of the reference each rubric was taken from, so that it says when the reference changes."""
    taken = {one.rubrique: fingerprint(one.texte) for one in chosen if one.cle == f"fiche-{one.rubrique}"}
    if taken:
        engagement.adoptees = engagement.adoptees | taken
        engagement.save(update_fields=["adoptees"])
