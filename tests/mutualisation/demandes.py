"""Objects of the instruction in commune A, for the table of addresses: one of each, in the state that its page is for."""

from typing import Any

from comptes.models import Vue
from mutualisation.models import Declaration, EvaluationDelegation, Ligne
from socle import horloge
from tests.factories import DemandeComplementFactory, EvaluationFactory, LigneFactory, Monde, activite


def to_instruct(monde: Monde) -> Ligne:
    """A line of A in the domain DA that waits for a decision, in the cycle whose campaign is over."""
    ligne: Ligne = LigneFactory(declaration=monde.a.ligne.declaration, activite=activite(monde.epci, "DA-02"))
    return ligne


def waiting_pk(monde: Monde) -> dict[str, Any]:
    return {"pk": to_instruct(monde).pk}


def completion_pk(monde: Monde) -> dict[str, Any]:
    ligne = to_instruct(monde)
    Ligne.objects.filter(pk=ligne.pk).update(etape="a_completer")
    return {"pk": DemandeComplementFactory(ligne=ligne).pk}


def study_key(monde: Monde) -> dict[str, Any]:
    return {"pk": monde.a.ligne.declaration_id, "domaine": monde.domaine.pk}


def evaluation_pk(monde: Monde) -> dict[str, Any]:
    """Handed over: the commune may still mend it, the Direction may confirm it."""
    return {"pk": EvaluationFactory(ligne=monde.a.ligne, transmise=True).pk}


def delegation_pk(monde: Monde) -> dict[str, Any]:
    delegation = EvaluationDelegation.objects.create(
        evaluation=EvaluationFactory(ligne=monde.a.ligne),
        personne=monde.b.referent,
        deleguee_at=horloge.now(),
        deleguee_par=monde.a.dgs,
    )
    return {"pk": delegation.pk}


def confirmed_pk(monde: Monde) -> dict[str, Any]:
    """A declaration that the EPCI has confirmed."""
    pk = monde.a.ligne.declaration_id
    Declaration.objects.filter(pk=pk).update(arret_epci_at=horloge.now(), arret_epci_par=monde.direction)
    return {"pk": pk}


def view_pk(monde: Monde) -> dict[str, Any]:
    """A view that the Direction kept."""
    vue = Vue.objects.create(personne=monde.direction, page="mutualisation:instruction", nom="Mienne")
    return {"pk": vue.pk}
