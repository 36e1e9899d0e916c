"""What a page sends, merged into the present draft: two people or two tabs never undo nor silently overwrite each other."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from django.utils.text import Truncator

from comptes.models import Personne
from mutualisation.changements import REVISION, Choix, EtatDomaine
from mutualisation.models import Adhesion, Declaration
from mutualisation.models.catalogue import ActiviteLue
from mutualisation.regles import BlocChoisi, Regles
from socle.erreurs import Conflit, Refus
from socle.typographie import enumerate_french, spaced

TEXTE_MAX = 4000
FACONS = {**dict(Adhesion.Nature.choices), REVISION: "révision du niveau de service"}


@dataclass(frozen=True)
class Saisie:
    """What a page sends: what it showed, and what the person made of it.

    `vues` and `cochees` are activity ids; motives are texts by domain id, façons and précisions values by activity id
    (a façon absent from `facons_vues` was shown as the usual one). Only what this page changed is applied.
    """

    vues: frozenset[int]
    cochees: frozenset[int]
    motifs_vus: Mapping[int, str]
    motifs: Mapping[int, str]
    facons_vues: Mapping[int, str] = field(default_factory=dict)
    facons: Mapping[int, str] = field(default_factory=dict)
    precisions_vues: Mapping[int, str] = field(default_factory=dict)
    precisions: Mapping[int, str] = field(default_factory=dict)

    @property
    def ajoutees(self) -> frozenset[int]:
        return self.cochees - self.vues

    @property
    def retirees(self) -> frozenset[int]:
        return self.vues - self.cochees


def merged(declaration: Declaration, choix: Choix, regles: Regles, saisie: Saisie, acteur: Personne) -> Choix:
    """The choices once what `acteur` changed in this page is applied to the present draft.

    Raises Refus for what is not in the catalogue, excluded or too long, and Conflit at the field that was changed
    meanwhile in another way, by somebody else or in another tab.
    """
    _check_known(choix, saisie)
    _check_excluded(choix, regles, saisie)
    author = _other(declaration, acteur)
    wanted = _wanted(choix, regles, saisie)
    return replace(choix, domaines=[_merge(etat, wanted, saisie, author) for etat in choix.domaines])


def _other(declaration: Declaration, acteur: Personne) -> str:
    """Who saved the draft last; empty when it was oneself, in another tab."""
    last = declaration.enregistree_par
    return "" if last == acteur else str(last or "Quelqu'un")


def _meanwhile(author: str, what: str) -> str:
    """« Paul Duprat a changé entre-temps le motif de « Voirie » ». Without author nobody is named: before one's own last
    save, a colleague may have written too.
    """
    if author:
        return f"{author} a changé entre-temps {what}"
    return f"{what[0].upper()}{what[1:]} a changé entre-temps, dans un autre de vos onglets ou de la main d'un collègue"


def _check_known(choix: Choix, saisie: Saisie) -> None:
    offered = {activite for etat in choix.domaines for activite in etat.domaine.activite_ids}
    if not {*saisie.cochees, *saisie.facons, *saisie.precisions} <= offered:
        raise Refus("Une activité cochée n'est pas au catalogue de ce cycle.")
    if not set(saisie.motifs) <= {etat.domaine.id for etat in choix.domaines}:
        raise Refus("Un motif porte sur un domaine qui n'est pas au catalogue de ce cycle.")
    if not set(saisie.facons.values()) <= FACONS.keys():
        raise Refus("Une façon de partager n'existe pas : rechargez la page, puis recommencez.")


def _check_excluded(choix: Choix, regles: Regles, saisie: Saisie) -> None:
    base = {activite for etat in choix.domaines for activite in etat.base}
    barred = sorted((saisie.ajoutees | _asked_by_facon(choix, saisie)) & (regles.exclues.keys() - base))
    if barred:
        libelle = next(
            a.libelle for etat in choix.domaines for a in etat.domaine.activites if a.id == barred[0]
        )
        reason = regles.exclues[barred[0]]
        raise Refus(f"« {libelle} » ne peut pas être confiée : {reason}", field=f"activite-{barred[0]}")


def _asked_by_facon(choix: Choix, saisie: Saisie) -> frozenset[int]:
    """Activities not ticked for which this page chose a way of sharing: choosing it is asking for them."""
    return frozenset(
        pk
        for etat in choix.domaines
        for pk in etat.domaine.activite_ids - saisie.cochees - saisie.vues
        if saisie.facons.get(pk, etat.usuelle(pk))
        not in (etat.usuelle(pk), saisie.facons_vues.get(pk), REVISION)
    )


def _wanted(choix: Choix, regles: Regles, saisie: Saisie) -> frozenset[int]:
    present: frozenset[int] = frozenset().union(*(etat.voulues for etat in choix.domaines))
    taken, left = saisie.ajoutees | _asked_by_facon(choix, saisie), saisie.retirees
    for bloc in regles.blocs:
        if bloc.ids & taken:
            taken, left = taken | bloc.ids, left - bloc.ids
        elif bloc.ids & left:
            left = left | bloc.ids
    return (present | taken) - left


def followed_blocs(regles: Regles, saisie: Saisie, choix: Choix) -> list[str]:
    """What the rule of blocs added to a page or took from it, in words."""
    wanted: frozenset[int] = frozenset().union(*(etat.voulues for etat in choix.domaines))
    touched = saisie.ajoutees | saisie.retirees
    return [
        sentence
        for bloc in regles.blocs
        if bloc.ids & touched
        for sentence in _followed(bloc, bloc.ids & wanted, bloc.ids & saisie.cochees)
    ]


def _followed(bloc: BlocChoisi, wanted: frozenset[int], ticked: frozenset[int]) -> list[str]:
    said = []
    for ids, singular, plural in (
        (wanted - ticked, "cochée aussi", "cochées aussi"),
        (ticked - wanted, "décochée aussi", "décochées aussi"),
    ):
        names = [f"« {activite.libelle} »" for activite in bloc.activites if activite.id in ids]
        if names:
            word = singular if len(names) == 1 else plural
            said.append(f"{enumerate_french(names)} {word}. {bloc.phrase}")
    return said


def _merge(etat: EtatDomaine, wanted: frozenset[int], saisie: Saisie, author: str) -> EtatDomaine:
    domaine = etat.domaine
    return replace(
        etat,
        voulues=wanted & domaine.activite_ids,
        motif=_motive(etat, saisie, author),
        facons={
            a.id: _facon(etat, a.id, a.libelle, saisie, author) for a in domaine.activites if a.id in wanted
        },
        precisions={a.id: text for a in domaine.activites if (text := _precision(etat, a, saisie, author))},
    )


def _motive(etat: EtatDomaine, saisie: Saisie, author: str) -> str:
    pk, what = etat.domaine.id, f"le motif de « {etat.domaine.libelle} »"
    change = (saisie.motifs_vus.get(pk, ""), saisie.motifs.get(pk))
    return merged_text(etat.motif, change, f"motif-{pk}", _meanwhile(author, what), what)


def _precision(etat: EtatDomaine, activite: ActiviteLue, saisie: Saisie, author: str) -> str:
    pk, what = activite.id, f"la précision de « {activite.libelle} »"
    change = (saisie.precisions_vues.get(pk, ""), saisie.precisions.get(pk))
    return merged_text(etat.precisions.get(pk, ""), change, f"precision-{pk}", _meanwhile(author, what), what)


def merged_text(present: str, change: tuple[str, str | None], field: str, said: str, what: str) -> str:
    """The text to keep, given (as seen, as sent). `what` it is (« le motif de « Voirie » ») and what is `said` when it
    changed meanwhile tell the refusals: Refus when too long, Conflit when another text stands.
    """
    seen, sent = change
    if sent is None or sent == seen:
        return present
    if len(sent) > TEXTE_MAX:
        count = f"{what[0].upper()}{what[1:]} tient en {spaced(TEXTE_MAX)} caractères"
        raise Refus(f"{count} ; il y en a ici {spaced(len(sent))}.", field=field)
    if present not in (seen, sent):
        there = f"« {Truncator(present).chars(200)} »" if present else "plus rien n'y est écrit"
        raise Conflit(
            f"{said} : {there}. Votre texte est toujours là : gardez-le ou reprenez l'autre, puis enregistrez.",
            field=field,
        )
    return sent


def _facon(etat: EtatDomaine, activite: int, libelle: str, saisie: Saisie, author: str) -> str:
    usual, present = etat.usuelle(activite), etat.facon(activite)
    seen = saisie.facons_vues.get(activite, usual)
    sent = saisie.facons.get(activite, seen)
    if sent == seen:
        return present
    if sent == REVISION and activite not in etat.base:
        raise Refus(
            f"« {libelle} » n'est pas encore partagée : son niveau de service ne se révise pas.",
            field=f"facon-{activite}",
        )
    if present not in (seen, sent):
        raise Conflit(
            f"{_meanwhile(author, f'la façon de partager « {libelle} »')} : « {FACONS[present]} ». "
            "Votre choix est toujours là : gardez-le ou reprenez l'autre, puis enregistrez.",
            field=f"facon-{activite}",
        )
    return sent
