"""What a declaration changes, domain by domain: one computation for the page, the receipt, the mails and the lines."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from mutualisation.models import Adhesion, Declaration, Ligne
from mutualisation.models.catalogue import ActiviteLue, CatalogueLu, DomaineLu
from mutualisation.veille import Veille, read_eve, read_losses
from socle import registres
from socle.registres import Consequence
from socle.typographie import enumerate_french, plural
from territoire.models import Commune

Nature = Ligne.Nature
# How an activity is wanted: in one of the ways of Adhesion.Nature, or as it is but at another level of service.
MUTUALISATION = Adhesion.Nature.MUTUALISATION.value
REVISION = Nature.REVISION.value
OPENING = {
    Adhesion.Nature.REGULARISATION.value: Nature.REGULARISATION,
    Adhesion.Nature.PRESTATION.value: Nature.PRESTATION,
}
# In the order they are said.
VERBES = {
    Nature.ENTREE: "votre commune confie",
    Nature.EXTENSION: "votre commune confie aussi",
    Nature.REGULARISATION: "votre commune régularise",
    Nature.PRESTATION: "votre commune demande en prestation",
    Nature.REVISION: "votre commune demande de revoir le niveau de service de",
    Nature.RETRAIT: "votre commune reprend",
}
PASSAGES = {
    Nature.EXTENSION: "votre commune adhère désormais pleinement à",
    Nature.REGULARISATION: "votre commune passe en régularisation",
    Nature.PRESTATION: "votre commune passe en prestation",
}
ETATS = {
    Nature.ENTREE: ("a", "Entrée"),
    Nature.EXTENSION: ("a", "Extension"),
    Nature.REGULARISATION: ("a", "Régularisation"),
    Nature.PRESTATION: ("a", "Prestation"),
    Nature.REVISION: ("o", "Niveau à revoir"),
}


@dataclass(frozen=True)
class Changement:
    """What changes in one domain: the nature of the change and the activities it touches."""

    domaine: DomaineLu
    nature: Ligne.Nature
    activites: tuple[ActiviteLue, ...]
    entier: bool = False  # everything enters, or everything leaves
    passage: bool = False  # already shared, in another way

    @property
    def phrase(self) -> str:
        """What follows the name of the domain: « votre commune confie aussi « Recrutement » et « Formation » »."""
        count = plural(len(self.activites), "activité")
        names = enumerate_french([f"« {activite.libelle} »" for activite in self.activites])
        verb = (PASSAGES if self.passage else VERBES)[self.nature]
        return f"{verb} tout le domaine ({count})" if self.entier else f"{verb} {names}"


@dataclass(frozen=True)
class EtatDomaine:
    """A domain of the declaration page: what is shared, what is wanted and how, what that makes.

    `avant` says how each shared activity is (absent: mutualisation), `facons` how each wanted one is to be (absent: as
    it is, else mutualisation), `precisions` what is asked in words.
    """

    domaine: DomaineLu
    base: frozenset[int]
    voulues: frozenset[int]
    motif: str = ""
    avant: Mapping[int, str] = field(default_factory=dict)
    facons: Mapping[int, str] = field(default_factory=dict)
    precisions: Mapping[int, str] = field(default_factory=dict)

    def usuelle(self, activite: int) -> str:
        """The way an activity is wanted when nobody says otherwise."""
        return self.avant.get(activite, MUTUALISATION)

    def facon(self, activite: int) -> str:
        """The way an activity is wanted, were it ticked."""
        return self.facons.get(activite, self.usuelle(activite))

    def nature(self, activite: int) -> Ligne.Nature | None:
        """The line that an activity makes; None when it is neither shared nor wanted."""
        if activite not in self.voulues:
            return Nature.RETRAIT if activite in self.base else None
        facon = self.facon(activite)
        if activite in self.base and facon == REVISION:
            return Nature.REVISION
        if activite in self.base and facon == self.usuelle(activite):
            return Nature.MAINTIEN
        return OPENING.get(facon, Nature.EXTENSION if self.base else Nature.ENTREE)

    @property
    def changements(self) -> list[Changement]:
        groups: dict[tuple[Ligne.Nature, bool], list[ActiviteLue]] = {}
        for activite in self.domaine.activites:
            nature = self.nature(activite.id)
            if nature in VERBES:
                groups.setdefault((nature, self._passes(activite.id, nature)), []).append(activite)
        return [
            Changement(
                self.domaine, nature, tuple(groups[nature, passage]), self._whole(nature, groups), passage
            )
            for passage in (False, True)
            for nature in VERBES
            if (nature, passage) in groups
        ]

    def _passes(self, activite: int, nature: Ligne.Nature) -> bool:
        return activite in self.base and nature not in (Nature.REVISION, Nature.RETRAIT)

    def _whole(
        self, nature: Ligne.Nature, groups: Mapping[tuple[Ligne.Nature, bool], list[ActiviteLue]]
    ) -> bool:
        if nature == Nature.RETRAIT:
            return not self.voulues
        return any(len(group) == len(self.domaine.activites) for group in groups.values())

    @property
    def etat(self) -> tuple[str, str]:
        """(tone, words) of the state pill."""
        natures = {changement.nature for changement in self.changements}
        if not natures:
            return ("v", "Partagé, inchangé") if self.base else ("n", "Non partagé")
        if natures == {Nature.RETRAIT}:
            return ("o", "Retrait en partie") if self.voulues else ("r", "Retrait")
        return ETATS[natures.pop()] if len(natures) == 1 else ("o", "Modifié")

    def lignes(self) -> Iterable[tuple[int, Ligne.Nature]]:
        """(activity id, nature) of every line of the domain, what is kept included."""
        for activite in self.domaine.activites:
            nature = self.nature(activite.id)
            if nature:
                yield activite.id, nature

    @property
    def demande(self) -> tuple[str, list[tuple[int, str, str]]]:
        """The motive, then (activity id, nature, what is asked in words) of every line."""
        kept = Nature.MAINTIEN  # nothing is asked of what stays as it is
        return self.motif, [
            (pk, nature.value, "" if nature == kept else self.precisions.get(pk, ""))
            for pk, nature in self.lignes()
        ]


@dataclass(frozen=True)
class Choix:
    """The whole declaration as read: every domain of the frozen catalogue with what is wanted."""

    domaines: list[EtatDomaine] = field(default_factory=list)
    veille: Veille = field(default_factory=Veille, compare=False)

    @property
    def changements(self) -> list[Changement]:
        return [changement for etat in self.domaines for changement in etat.changements]

    @property
    def changes(self) -> list[EtatDomaine]:
        """Domains in which something changes."""
        return [etat for etat in self.domaines if etat.changements]

    @property
    def partages(self) -> list[EtatDomaine]:
        """Domains of which something is wanted."""
        return [etat for etat in self.domaines if etat.voulues]

    @property
    def empreinte(self) -> str:
        """A digest of all that is asked and said, what is kept included: the same for the same choices over the same base.

        It tells whether somebody acts on what he has read: a page sends it back, the mayor's visa keeps it.
        """
        return hashlib.sha256(repr([etat.demande for etat in self.domaines]).encode()).hexdigest()[:32]

    def domaine(self, pk: int) -> EtatDomaine:
        """A domain by its id."""
        return next(etat for etat in self.domaines if etat.domaine.id == pk)


@dataclass(frozen=True)
class _Lu:
    """What lines say, before it is cut by domain."""

    base: frozenset[int]
    voulues: frozenset[int]
    avant: Mapping[int, str]
    facons: Mapping[int, str]
    precisions: Mapping[int, str]


def read_choices(declaration: Declaration, catalogue: CatalogueLu | None = None) -> Choix:
    """The choices of a declaration: from what was frozen when it was submitted, else over what is in force on the eve.

    A draft nobody has saved yet starts with what the cycle before postponed.
    """
    catalogue = catalogue or declaration.cycle.catalogue.read()
    veille = Veille(pertes=read_losses(declaration)) if declaration.deposee else read_eve(declaration)
    lu = _frozen(declaration) if declaration.deposee else _drafted(declaration, veille)
    motifs = dict(declaration.motifs.values_list("domaine_id", "texte"))
    if not (declaration.deposee or declaration.enregistree_at):
        motifs = {**veille.motifs, **motifs}
    return Choix([_cut(lu, domaine, motifs.get(domaine.id, "")) for domaine in catalogue.domaines], veille)


def _cut(lu: _Lu, domaine: DomaineLu, motif: str) -> EtatDomaine:
    ids = domaine.activite_ids
    maps = [
        {pk: value for pk, value in each.items() if pk in ids}
        for each in (lu.avant, lu.facons, lu.precisions)
    ]
    return EtatDomaine(domaine, lu.base & ids, lu.voulues & ids, motif, *maps)


def _frozen(declaration: Declaration) -> _Lu:
    lignes = list(declaration.lignes.order_by("pk"))
    held = (Nature.MAINTIEN, Nature.RETRAIT, Nature.REVISION)
    avant = {
        ligne.activite_id: ligne.partage_avant or MUTUALISATION
        for ligne in lignes
        if ligne.partage_avant or ligne.nature in held
    }
    wanted = [ligne for ligne in lignes if ligne.nature != Nature.RETRAIT]
    return _Lu(frozenset(avant), frozenset(ligne.activite_id for ligne in wanted), avant, *_asked(wanted))


def _drafted(declaration: Declaration, veille: Veille) -> _Lu:
    lignes = list(declaration.lignes.order_by("pk"))
    if not (lignes or declaration.enregistree_at):
        lignes = [
            Ligne(activite_id=pk, nature=report.nature, precision=report.precision)
            for pk, report in veille.reports.items()
        ]
    base = frozenset(veille.base)
    removed = {ligne.activite_id for ligne in lignes if ligne.nature == Nature.RETRAIT}
    opened = {ligne.activite_id for ligne in lignes if ligne.nature in Ligne.PARTAGE}
    avant = {pk: partage.nature for pk, partage in veille.base.items()}
    return _Lu(base, (base | opened) - removed, avant, *_asked(lignes))


def _asked(lignes: Iterable[Ligne]) -> tuple[dict[int, str], dict[int, str]]:
    """How the activities of some lines are wanted, and what is asked in words, by activity id."""
    facons = {
        ligne.activite_id: REVISION
        if ligne.nature == Nature.REVISION
        else Ligne.PARTAGE[Nature(ligne.nature)]
        for ligne in lignes
        if ligne.nature == Nature.REVISION or ligne.nature in Ligne.PARTAGE
    }
    return facons, {ligne.activite_id: ligne.precision for ligne in lignes if ligne.precision}


def consequences_of(choix: Choix, commune: Commune, on: date) -> list[Consequence]:
    """What upper floors lose: reviews, requests and actions of the domains a commune leaves, or that the catalogue ends."""
    kept = {etat.domaine.id for etat in choix.domaines if etat.voulues}
    ended = {perte.domaine for perte in choix.veille.pertes}
    leaving = frozenset({etat.domaine.id for etat in choix.domaines if etat.base} | ended) - kept
    return registres.consequences.gather(commune, leaving, on) if leaving else []
