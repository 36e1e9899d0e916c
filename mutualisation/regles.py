"""What an edition of the catalogue demands of a declaration: blocs, prérequis, exclusions, each said in words."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mutualisation.changements import Choix, EtatDomaine
from mutualisation.models import Declaration, Exclusion, Prerequis
from mutualisation.models.catalogue import ActiviteLue
from socle.typographie import enumerate_french
from territoire.models import Affiliation


@dataclass(frozen=True)
class BlocChoisi:
    """Activities of a domain that are taken and left together."""

    nom: str
    activites: tuple[ActiviteLue, ...]

    @property
    def ids(self) -> frozenset[int]:
        return frozenset(activite.id for activite in self.activites)

    @property
    def noms(self) -> str:
        """« « Bulletins » et « Carrières » »."""
        return enumerate_french([f"« {activite.libelle} »" for activite in self.activites])

    @property
    def cible(self) -> str:
        """The id of its first box on the page of a declaration."""
        return f"activite-{self.activites[0].id}"

    @property
    def phrase(self) -> str:
        """« Bloc « Paie » : « Bulletins » et « Carrières » se prennent et se laissent ensemble. »."""
        return f"Bloc « {self.nom} » : {self.noms} se prennent et se laissent ensemble."


@dataclass(frozen=True)
class Regles:
    """The rules that weigh on one commune: blocs, (domain, required domain) ids, reasons of exclusion by activity id."""

    blocs: tuple[BlocChoisi, ...] = ()
    prerequis: tuple[tuple[int, int], ...] = ()
    exclues: Mapping[int, str] = field(default_factory=dict)

    def bloc_of(self, activite: int) -> BlocChoisi | None:
        """The bloc that holds an activity."""
        return next((bloc for bloc in self.blocs if activite in bloc.ids), None)


def read_rules(declaration: Declaration, choix: Choix) -> Regles:
    """The rules of the cycle's edition for the commune of a declaration; three queries."""
    catalogue = declaration.cycle.catalogue_id
    blocs = tuple(bloc for etat in choix.domaines for bloc in _blocs(etat))
    prerequis = Prerequis.objects.filter(catalogue=catalogue).order_by(
        "domaine__ordre", "requis__ordre", "pk"
    )
    return Regles(
        blocs=blocs,
        prerequis=tuple(prerequis.values_list("domaine_id", "requis_id")),
        exclues=_excluded(declaration, blocs),
    )


def _blocs(etat: EtatDomaine) -> list[BlocChoisi]:
    members: dict[tuple[int, str], list[ActiviteLue]] = {}
    for activite in etat.domaine.activites:
        if activite.bloc:
            members.setdefault((activite.bloc.id, activite.bloc.nom), []).append(activite)
    return [BlocChoisi(nom, tuple(found)) for (_, nom), found in members.items() if len(found) > 1]


def _excluded(declaration: Declaration, blocs: tuple[BlocChoisi, ...]) -> dict[int, str]:
    """Reasons by activity id, for a commune affiliated to the centre de gestion on the eve of effect (CGCT L.5211-4-2)."""
    if not Affiliation.objects.on(declaration.cycle.veille_on).filter(commune=declaration.commune).exists():
        return {}
    rows = Exclusion.objects.filter(catalogue=declaration.cycle.catalogue_id).order_by("pk")
    exclues = dict(rows.values_list("activite_id", "motif"))
    for bloc in blocs:
        barred = [activite for activite in bloc.activites if activite.id in exclues]
        for activite in bloc.activites if barred else ():
            exclues.setdefault(
                activite.id, f"du même bloc que « {barred[0].libelle} » : {exclues[barred[0].id]}"
            )
    return exclues
