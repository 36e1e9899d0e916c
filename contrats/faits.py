"""What contracts say of themselves to their clauses, read for many at once."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any, NamedTuple

from contrats.champs import Faits
from contrats.fiche import RYTHMES
from contrats.models import Engagement, ReglageContrat, VersionContrat
from contrats.partages import activites_by_commune
from mutualisation.models import Catalogue
from mutualisation.models.catalogue import CatalogueLu
from mutualisation.referents import Referents
from territoire.models import CommuneVersion, Epci

MONTHLY = RYTHMES[Engagement.Rythme.MENSUEL]
CONTRACT_REVIEWS = "en mai ou juin, puis en novembre ou décembre"


class Portee(NamedTuple):
    """What a contract covers: its commune as named that day, its pôle, how many domains and activities."""

    commune: str
    code_insee: str
    pole: str
    domaines: int
    activites: int


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
        rythme=MONTHLY,
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
    found = []
    for version in versions:
        named: Any = names.get(version.commune_id, version.commune)
        counts = _counts(catalogue, shared[version.commune_id])
        pole = referents.pole_name(version.commune_id)
        found.append((version, Portee(named.nom, named.code_insee, pole, *counts)))
    return found


def _counts(catalogue: CatalogueLu, shared: frozenset[int]) -> tuple[int, int]:
    """How many domains of the catalogue, and how many of their activities, are shared."""
    covered = [
        domaine.activite_ids & shared for domaine in catalogue.domaines if domaine.activite_ids & shared
    ]
    return len(covered), sum(map(len, covered))
