"""What a signed text no longer says of a commune on a day: activities in, out, shared otherwise, levels revised."""

from collections.abc import Collection, Sequence
from datetime import date

from contrats.models import VersionContrat
from contrats.partages import natures_by_commune
from mutualisation.models import Activite, Adhesion, Ligne
from socle.typographie import plural
from territoire.models import Epci

NATURES = {
    Adhesion.Nature.MUTUALISATION: "mutualisée",
    Adhesion.Nature.REGULARISATION: "régularisée",
    Adhesion.Nature.PRESTATION: "en prestation",
}


def outdated(epci: Epci, versions: Sequence[VersionContrat], on: date) -> dict[int, list[str]]:
    """For some signed versions of an EPCI, what changes by a day, in words, by version id; empty when nothing does."""
    communes = [one.commune_id for one in versions]
    shared = natures_by_commune(epci, communes, on)
    codes = dict(Activite.objects.filter(epci=epci).order_by("pk").values_list("pk", "code"))
    revised = _revised(epci, communes, on)
    found = {}
    for one in versions:
        now = {codes[pk]: NATURES[Adhesion.Nature(nature)] for pk, nature in shared[one.commune_id].items()}
        days = [day for day in revised.get(one.commune_id, ()) if day > one.effective_on]
        found[one.pk] = _phrases(printed(one), now, len(days))
    return found


def _revised(epci: Epci, communes: Collection[int], on: date) -> dict[int, list[date]]:
    """The days of effect, by a day, of the revisions of level accepted, by commune."""
    rows = Ligne.objects.filter(
        epci=epci,
        commune__in=communes,
        nature=Ligne.Nature.REVISION,
        arbitrage=Ligne.Arbitrage.ACCEPTEE,
        declaration__cycle__effective_on__lte=on,
    )
    found: dict[int, list[date]] = {}
    for commune, day in rows.order_by("pk").values_list("commune_id", "declaration__cycle__effective_on"):
        found.setdefault(commune, []).append(day)
    return found


def printed(version: VersionContrat) -> dict[str, str]:
    """How each activity that a signed text covers is shared, in its words, by code."""
    assert version.a_signer  # a constraint of the table
    familles = version.a_signer.source["contrat"]["familles"]
    domaines = [domaine for famille in familles for domaine in famille["domaines"]]
    return {one["code"]: one["nature"] for domaine in domaines for one in domaine["activites"]}


def _phrases(before: dict[str, str], now: dict[str, str], revised: int) -> list[str]:
    otherwise = sum(before[code] != now[code] for code in before.keys() & now.keys())
    counts = (
        (len(now.keys() - before.keys()), "activité entre", "activités entrent"),
        (len(before.keys() - now.keys()), "activité sort", "activités sortent"),
        (otherwise, "activité change de nature", "activités changent de nature"),
        (revised, "niveau de service est révisé", "niveaux de service sont révisés"),
    )
    return [plural(count, one, many) for count, one, many in counts if count]
