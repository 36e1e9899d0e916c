"""Every (state, act, role) cell of revues.etats, played against the workflows."""

import pytest

from comptes.models import Personne
from comptes.roles import Role
from revues.etats import COMPTE_RENDU, REVUE
from revues.models import CompteRendu, Revue
from revues.workflows.compte_rendu import issue_minutes
from revues.workflows.revue import cancel_review, restore_review
from socle import horloge
from socle.erreurs import Refus
from socle.etats import Table
from tests.etats import moved, walk, walks
from tests.factories import Monde, fresh
from tests.revues.test_compte_rendu import write

People = dict[Role, Personne]


def put_review(monde: Monde, etat: str) -> Revue:
    """The review of DA in A, whose hour has come."""
    found = monde.a.revue_tenue if etat == "tenue" else monde.a.revue
    motif = "Inondation." if etat == "non_tenue" else ""
    Revue.objects.filter(pk=found.pk).update(etat=etat, motif=motif, prevue_at=horloge.now())
    return Revue.objects.get(pk=found.pk)


@walks(REVUE)
def test_revue(monde: Monde, people: People):
    def state(found: Revue) -> str:
        return moved(found.etat, Revue.objects.get(pk=found.pk).etat)

    def hold(found: Revue, who: Personne) -> str:
        issue_minutes(minutes=write(found, who), acteur=who)
        return state(found)

    def cancel(found: Revue, who: Personne) -> str:
        cancel_review(revue=found, acteur=who, motif="Inondation.", version=found.version)
        return state(found)

    def restore(found: Revue, who: Personne) -> str:
        restore_review(revue=found, acteur=who, version=found.version)
        return state(found)

    plays = {"tenir": hold, "noter non tenue": cancel, "rétablir": restore}
    walk(REVUE, people, lambda source: put_review(monde, source), plays)


@walks(COMPTE_RENDU)
def test_compte_rendu(monde: Monde, people: People):
    def put(source: str) -> CompteRendu:
        if source == "emis":
            return CompteRendu.objects.get(pk=monde.a.revue_tenue.compte_rendu_id)
        return write(put_review(monde, "prevue"), fresh(monde.direction))

    def issue(found: CompteRendu, who: Personne) -> str:
        return moved(found.etat, issue_minutes(minutes=found, acteur=who).etat)

    walk(COMPTE_RENDU, people, put, {"émettre": issue})


def test_a_passage_that_is_not_declared_is_refused_by_the_workflow(
    monde: Monde, monkeypatch: pytest.MonkeyPatch
):
    """Take the passages away: what was possible no longer is, so the workflows do read them."""
    minutes = write(put_review(monde, "prevue"), fresh(monde.direction))
    monkeypatch.setattr(Table, "allows", lambda table, acte, source: False)
    with pytest.raises(Refus, match="n'est plus possible"):
        issue_minutes(minutes=minutes, acteur=fresh(monde.direction))
    Revue.objects.filter(pk=monde.a.revue.pk).update(compte_rendu=None)
    with pytest.raises(Refus, match="n'est plus possible"):
        cancel_review(revue=monde.a.revue, acteur=fresh(monde.direction), motif="Non.", version=1)
    found = put_review(monde, "non_tenue")
    with pytest.raises(Refus, match="n'est plus possible"):
        restore_review(revue=found, acteur=fresh(monde.direction), version=found.version)
