"""What contracts say of themselves to their clauses, read for many at once."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any, NamedTuple

from contrats.champs import Faits
from contrats.fiche import common_rhythm, rhythm
from contrats.models import Engagement, ReglageContrat, VersionContrat
from contrats.partages import activites_by_commune
from mutualisation.models import Catalogue
from mutualisation.models.catalogue import CatalogueLu
from mutualisation.referents import Referents
from socle.dates import MOIS
from territoire.models import CommuneVersion, Epci

CONTRACT_MONTHS = (5, 11)  # a half-yearly review of contract stands in one of these months, or in the next
CONTRACT_REVIEWS = ", puis ".join(f"en {MOIS[month - 1]} ou {MOIS[month]}" for month in CONTRACT_MONTHS)
READ = ("version_contrat", "domaine", "rythme")


class Portee(NamedTuple):
    """What a contract covers: its commune as named that day, its pôle, how many domains and activities, their rhythm."""

    commune: str
    code_insee: str
    pole: str
    domaines: int
    activites: int
    rythme: str


def facts(version: VersionContrat, portee: Portee, reglage: ReglageContrat) -> Faits:
    """The facts of one version; the reference and the day of effect are those of the contract that an avenant changes."""
    epci, origine = version.epci, version.origine
    return Faits(
        epci=epci.nom,
        siren=epci.siren,
        groupement=epci.nom_commun,
        commune=portee.commune,
        code_insee=portee.code_insee,
        pole=portee.pole,
        reference=origine.reference,
        version=version.libelle,
        effet_on=origine.effective_on,
        domaines=portee.domaines,
        activites=portee.activites,
        rythme=portee.rythme,
        revues=CONTRACT_REVIEWS,
        observation_jours=reglage.observation_jours,
        conciliation_mois=reglage.conciliation_mois,
    )


def read_facts(
    epci: Epci, versions: Iterable[VersionContrat], reglage: ReglageContrat | None = None
) -> dict[int, Faits]:
    """The facts of some versions of an EPCI, by version id; as many queries as days of effect, and as avenants."""
    reglage = reglage or ReglageContrat.objects.of(epci)
    by_day: dict[date, list[VersionContrat]] = defaultdict(list)
    for version in versions:
        by_day[version.effective_on].append(version)
    return {
        version.pk: facts(version, portee, reglage)
        for day, rows in by_day.items()
        for version, portee in _reach(epci, day, rows)
    }


def _reach(epci: Epci, day: date, versions: list[VersionContrat]) -> list[tuple[VersionContrat, Portee]]:
    """Each version that takes effect on a day, with what it covers."""
    communes = [version.commune_id for version in versions]
    names = {row.commune_id: row for row in CommuneVersion.objects.on(day).filter(commune__in=communes)}
    shared = activites_by_commune(epci, communes, day)
    catalogue = Catalogue.objects.in_force(epci, day).read()
    referents = Referents(epci, max(day, epci.today), pk__in=())
    rhythms = _rhythms(versions)
    found = []
    for version in versions:
        named: Any = names.get(version.commune_id, version.commune)
        counts = _counts(catalogue, shared[version.commune_id])
        pole = referents.pole_name(version.commune_id)
        common = _rhythm(catalogue, shared[version.commune_id], rhythms[version.pk])
        found.append((version, Portee(named.nom, named.code_insee, pole, *counts, common)))
    return found


def _rhythms(versions: list[VersionContrat]) -> dict[int, dict[int, str]]:
    """The rhythm of each fiche, by version and by domain."""
    found: dict[int, dict[int, str]] = defaultdict(dict)
    for engagement in Engagement.objects.filter(version_contrat__in=versions).only(*READ).order_by("pk"):
        found[engagement.version_contrat_id][engagement.domaine_id] = rhythm(engagement)
    return found


def _rhythm(catalogue: CatalogueLu, shared: frozenset[int], rhythms: dict[int, str]) -> str:
    """The rhythm of the fiches that are printed: those of the domains shared."""
    printed = [domaine.id for domaine in catalogue.domaines if domaine.activite_ids & shared]
    return common_rhythm(rhythms[pk] for pk in printed if pk in rhythms)


def _counts(catalogue: CatalogueLu, shared: frozenset[int]) -> tuple[int, int]:
    """How many domains of the catalogue, and how many of their activities, are shared."""
    covered = [
        domaine.activite_ids & shared for domaine in catalogue.domaines if domaine.activite_ids & shared
    ]
    return len(covered), sum(map(len, covered))
