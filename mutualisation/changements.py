"""What a declaration changes, domain by domain: one computation for the page, the receipt and the mails."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from mutualisation.models import Adhesion, Cycle, Declaration, Ligne
from mutualisation.models.catalogue import ActiviteLue, CatalogueLu, DomaineLu
from socle import registres
from socle.dates import day_and_year
from socle.registres import Consequence
from socle.typographie import enumerate_french, plural
from territoire.models import Commune

Nature = Ligne.Nature


def base_on_eve(cycle: Cycle, commune: Commune) -> frozenset[int]:
    """Activities that will be in force on the eve of effect, counting what is already decided in earlier cycles."""
    base = set(Adhesion.objects.activites_of(commune, cycle.epci, cycle.veille_on))
    for activite, nature in _decided_before(cycle, commune):
        (base.discard if nature == Nature.RETRAIT else base.add)(activite)
    return frozenset(base)


def _decided_before(cycle: Cycle, commune: Commune) -> Iterable[tuple[int, str]]:
    pending = Ligne.objects.changing().filter(
        commune=commune,
        epci=cycle.epci,
        declaration__cycle__effective_on__lt=cycle.effective_on,
        declaration__cycle__clos_at=None,
        arbitrage=Ligne.Arbitrage.ACCEPTEE,
        appliquee_at=None,
    )
    return pending.order_by("declaration__cycle__annee").values_list("activite_id", "nature")


@dataclass(frozen=True)
class Changement:
    """What changes in one domain: the nature of the change and the activities it touches."""

    domaine: DomaineLu
    nature: Ligne.Nature
    activites: tuple[ActiviteLue, ...]
    entier: bool = False  # everything enters, or everything leaves

    @property
    def phrase(self) -> str:
        """What follows the name of the domain: « votre commune confie aussi « Recrutement » et « Formation » »."""
        count = plural(len(self.activites), "activité")
        names = enumerate_french([f"« {activite.libelle} »" for activite in self.activites])
        verb = {
            Nature.ENTREE: "votre commune confie",
            Nature.EXTENSION: "votre commune confie aussi",
            Nature.RETRAIT: "votre commune reprend",
        }[self.nature]
        return f"{verb} tout le domaine ({count})" if self.entier else f"{verb} {names}"


@dataclass(frozen=True)
class EtatDomaine:
    """A domain of the declaration page: what is shared, what is wanted, what that makes."""

    domaine: DomaineLu
    base: frozenset[int]
    voulues: frozenset[int]
    motif: str = ""

    @property
    def changements(self) -> list[Changement]:
        added = tuple(a for a in self.domaine.activites if a.id in self.voulues - self.base)
        removed = tuple(a for a in self.domaine.activites if a.id in self.base - self.voulues)
        entering = Nature.EXTENSION if self.base else Nature.ENTREE
        found = [
            Changement(self.domaine, entering, added, len(added) == len(self.domaine.activites)),
            Changement(self.domaine, Nature.RETRAIT, removed, not self.voulues),
        ]
        return [changement for changement in found if changement.activites]

    @property
    def etat(self) -> tuple[str, str]:
        """(tone, words) of the state pill."""
        natures = {changement.nature for changement in self.changements}
        if natures == {Nature.ENTREE}:
            return "a", "Entrée"
        if natures == {Nature.EXTENSION}:
            return "a", "Extension"
        if Nature.RETRAIT in natures:
            return (
                ("r", "Retrait")
                if not self.voulues
                else ("o", "Modifié" if len(natures) > 1 else "Retrait en partie")
            )
        return ("v", "Partagé, inchangé") if self.base else ("n", "Non partagé")


@dataclass(frozen=True)
class Choix:
    """The whole declaration as read: every domain of the frozen catalogue with what is wanted."""

    domaines: list[EtatDomaine] = field(default_factory=list)

    @property
    def changements(self) -> list[Changement]:
        return [changement for etat in self.domaines for changement in etat.changements]

    @property
    def partages(self) -> list[EtatDomaine]:
        """Domains of which something is wanted."""
        return [etat for etat in self.domaines if etat.voulues]

    @property
    def activites_voulues(self) -> int:
        return sum(len(etat.voulues) for etat in self.domaines)


def read_choices(declaration: Declaration, catalogue: CatalogueLu | None = None) -> Choix:
    """The choices of a declaration: from its lines, over the base that its lines were compared with."""
    catalogue = catalogue or declaration.cycle.catalogue.read()
    base, voulues = _base_and_wanted(declaration)
    motifs = dict(declaration.motifs.values_list("domaine_id", "texte"))
    return Choix(
        [
            EtatDomaine(d, base & d.activite_ids, voulues & d.activite_ids, motifs.get(d.id, ""))
            for d in catalogue.domaines
        ]
    )


def _base_and_wanted(declaration: Declaration) -> tuple[frozenset[int], frozenset[int]]:
    lignes = dict(declaration.lignes.values_list("activite_id", "nature"))
    added = {pk for pk, nature in lignes.items() if nature in (Nature.ENTREE, Nature.EXTENSION)}
    removed = {pk for pk, nature in lignes.items() if nature == Nature.RETRAIT}
    if declaration.deposee:
        kept = {pk for pk, nature in lignes.items() if nature == Nature.MAINTIEN}
        return frozenset(kept | removed), frozenset(kept | added)
    base = base_on_eve(declaration.cycle, declaration.commune)
    return base, (base | added) - removed


def ac_sentence(cycle: Cycle) -> str:
    """What is known of the effect on the attribution de compensation: always said, even when it is not costed."""
    return (
        "Effet sur l'attribution de compensation : non chiffré ; première estimation avant le point d'arrêt "
        f"du {day_and_year(cycle.point_arret_on)}."
    )


def consequences_of(choix: Choix, commune: Commune, on: date) -> list[Consequence]:
    """What upper floors lose: reviews, requests and actions of the domains a commune leaves."""
    leaving = frozenset(etat.domaine.id for etat in choix.domaines if etat.base and not etat.voulues)
    return registres.consequences.gather(commune, leaving, on) if leaving else []
