"""What is still missing before a declaration can be submitted, in French, with where to answer and what would."""

from collections.abc import Iterator
from dataclasses import dataclass

from mutualisation.changements import Choix, EtatDomaine, Nature
from mutualisation.regles import Regles


@dataclass(frozen=True)
class Raccourci:
    """A button that answers at once: the action it sends, and what it says."""

    action: str
    verbe: str


@dataclass(frozen=True)
class Manque:
    """One thing still missing: the sentence, the id of the field that answers it, the buttons that would."""

    phrase: str
    cible: str
    raccourcis: tuple[Raccourci, ...] = ()


def missing_to_submit(choix: Choix, regles: Regles) -> list[Manque]:
    """What is still missing before the declaration can be submitted; empty when it can be."""
    return [*_motives(choix), *_precisions(choix), *broken_by(choix, regles)]


def broken_by(choix: Choix, regles: Regles) -> Iterator[Manque]:
    """The rules of the edition that choices break, whoever made them and however long ago."""
    yield from _excluded(choix, regles)
    yield from _parted(choix, regles)
    yield from _required_domains(choix, regles)


def _excluded(choix: Choix, regles: Regles) -> Iterator[Manque]:
    """Activities asked for that are out of the commune's reach; what it shares already is not questioned."""
    for etat in choix.domaines:
        for activite in etat.domaine.activites:
            if activite.id in (etat.voulues - etat.base) & regles.exclues.keys():
                said = f"« {activite.libelle} » ne peut pas être confiée : {regles.exclues[activite.id]}"
                yield Manque(said, f"activite-{activite.id}")


def _parted(choix: Choix, regles: Regles) -> Iterator[Manque]:
    """Blocs taken in part, and not only left as they were."""
    wanted: frozenset[int] = frozenset().union(*(etat.voulues for etat in choix.domaines))
    before: frozenset[int] = frozenset().union(*(etat.base for etat in choix.domaines))
    for bloc in regles.blocs:
        if wanted & bloc.ids not in (frozenset(), bloc.ids, before & bloc.ids):
            yield Manque(f"Le bloc « {bloc.nom} » se prend ou se laisse en entier : {bloc.noms}.", bloc.cible)


def _motives(choix: Choix) -> Iterator[Manque]:
    """Domains that the commune leaves, in whole or in part, without having said why."""
    for etat in choix.domaines:
        if etat.base - etat.voulues and not etat.motif.strip():
            yield Manque(f"Le motif du retrait : {etat.domaine.libelle}.", f"motif-{etat.domaine.id}")


def _precisions(choix: Choix) -> Iterator[Manque]:
    for etat in choix.domaines:
        for activite in etat.domaine.activites:
            revised = etat.nature(activite.id) == Nature.REVISION
            if revised and not etat.precisions.get(activite.id, "").strip():
                sentence = f"Ce que la commune demande pour « {activite.libelle} »."
                yield Manque(sentence, f"precision-{activite.id}")


def _required_domains(choix: Choix, regles: Regles) -> Iterator[Manque]:
    """Domains taken, or kept while the one they need is left; what was already so before is not questioned."""
    etats = {etat.domaine.id: etat for etat in choix.domaines}
    for domaine, requis in regles.prerequis:
        if domaine in etats and requis in etats:
            yield from _required(etats[domaine], etats[requis])


def _required(etat: EtatDomaine, requis: EtatDomaine) -> Iterator[Manque]:
    questioned = etat.voulues - etat.base or requis.base
    if requis.voulues or not etat.voulues or not questioned:
        return
    name, needed = etat.domaine.libelle, requis.domaine.libelle
    back = f"Garder « {needed} »" if requis.base else f"Ajouter « {needed} »"
    give_up = f"Laisser aussi « {name} »" if requis.base else f"Renoncer à « {name} »"
    yield Manque(
        f"« {name} » demande d'abord une activité au moins de « {needed} ».",
        f"domaine-{requis.domaine.id}",
        (Raccourci(f"prendre-{requis.domaine.id}", back), Raccourci(f"laisser-{etat.domaine.id}", give_up)),
    )
