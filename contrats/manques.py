"""What is still missing before a contract goes to the vote, then before it goes to signature, in French.

Each question is asked of one version, or of many of the same EPCI in as many queries (`…_each`).
"""

from collections.abc import Sequence
from datetime import date

from django.db.models import Count

from contrats.avenant import changes_of
from contrats.clauses import defects, texts_in_force
from contrats.donnees import contract_data
from contrats.faits import read_facts
from contrats.fiche import missing_texts
from contrats.models import Approbation, Cote, Engagement, Remarque, VersionContrat
from contrats.partages import domaines_by_commune
from contrats.signataires import Signatures, Signe
from mutualisation.models import Domaine
from socle.typographie import enumerate_french, plural
from territoire.models import Epci

Phrases = dict[int, list[str]]
NAMES_ONLY = "Un changement : les noms des référents et le numéro d'astreinte changent sans avenant."


def gap(version: VersionContrat) -> list[str]:
    """Domains shared without a fiche, then fiches of domains no longer shared: today, or on the day of effect to come."""
    covered, fiches = _covered([version])[version.pk], _fiches([version]).get(version.pk, [])
    wanted = {domaine.pk for domaine in covered}
    gone = sorted((row for row in fiches if row.domaine_id not in wanted), key=lambda row: row.pk)
    leaving = [
        f"{row.domaine} n'est plus partagé ; sa fiche écrite est gardée, et ne s'imprime pas" for row in gone
    ]
    return [*_without_fiche(covered, fiches), *leaving]


def _without_fiche(covered: Sequence[Domaine], fiches: Sequence[Engagement]) -> list[str]:
    """What prevents the vote among these: a fiche of a domain no longer shared prevents nothing."""
    present = {row.domaine_id for row in fiches}
    return [f"{one} est partagé et n'a pas de fiche" for one in covered if one.pk not in present]


def missing_to_settle(version: VersionContrat) -> list[str]:
    """What prevents the text from going to the vote: fiches without expected level, gaps, open remarks, unprintable clauses."""
    return missing_to_settle_each([version])[version.pk]


def missing_to_settle_each(versions: Sequence[VersionContrat]) -> Phrases:
    """The same of many versions of an EPCI, by version id."""
    covered, fiches = _covered(versions), _fiches(versions)
    opened = Remarque.objects.filter(version_contrat__in=[one.pk for one in versions], close_at=None)
    counts = dict(opened.order_by().values_list("version_contrat").annotate(Count("pk")))
    unprintable = _unprintable(versions)
    return {
        one.pk: [
            *_to_settle(covered[one.pk], fiches.get(one.pk, []), counts.get(one.pk, 0)),
            *unprintable[one.pk],
            *_empty(one),
        ]
        for one in versions
    }


def _unprintable(versions: Sequence[VersionContrat]) -> Phrases:
    """What the clauses in force cannot say of each version."""
    if not versions:
        return {}
    epci = versions[0].epci
    texts, faits = texts_in_force(epci), read_facts(epci, versions)
    return {one.pk: [str(fault) for fault in defects(texts, faits[one.pk])] for one in versions}


def _empty(version: VersionContrat) -> list[str]:
    """An avenant that changes nothing is not voted, nor one that only says who answers now."""
    found = changes_of(version, contract_data(version)) if version.numero else None
    if found is None or not all(one.libre for one in found):
        return []
    return [NAMES_ONLY if found else "Un changement : cet avenant ne change rien encore."]


def _to_settle(covered: Sequence[Domaine], fiches: Sequence[Engagement], opened: int) -> list[str]:
    wanted = {domaine.pk for domaine in covered}
    blank = [row for row in fiches if row.domaine_id in wanted and not row.niveau_attendu.strip()]
    levels = [f"« {row.domaine} »" for row in blank]
    missing = [f"{phrase}." for phrase in _without_fiche(covered, fiches)]
    if levels:
        missing.append(f"Le niveau de service attendu de {enumerate_french(levels)}.")
    if opened:
        missing.append(f"La clôture de {plural(opened, 'remarque')}.")
    return missing


def _covered(versions: Sequence[VersionContrat]) -> dict[int, list[Domaine]]:
    """The domains that each version should cover, read day by day."""
    days: dict[tuple[Epci, date], list[VersionContrat]] = {}
    for one in versions:
        days.setdefault((one.epci, max(one.effective_on, one.epci.today)), []).append(one)
    found: dict[int, list[Domaine]] = {}
    for (epci, day), those in days.items():
        domaines = domaines_by_commune(epci, [one.commune_id for one in those], day)
        found |= {one.pk: domaines[one.commune_id] for one in those}
    return found


def _fiches(versions: Sequence[VersionContrat]) -> dict[int, list[Engagement]]:
    """The fiches of each version in the order of the catalogue, with their domain and expected level only."""
    rows = Engagement.objects.filter(version_contrat__in=[one.pk for one in versions])
    light = rows.select_related("domaine").only("version_contrat_id", "niveau_attendu", "domaine")
    found: dict[int, list[Engagement]] = {}
    for row in light.order_by("domaine__ordre", "pk"):
        found.setdefault(row.version_contrat_id, []).append(row)
    return found


def advised_to_settle(version: VersionContrat) -> list[str]:
    """What the fiches lack and that does not prevent the vote, a sentence a fiche."""
    rows = version.engagements.select_related("domaine").prefetch_related("indicateurs")
    return [
        f"{row.domaine} : {enumerate_french(missing)}."
        for row in rows.order_by("domaine__ordre", "pk")
        if (missing := missing_texts(row))
    ]


def missing_to_sign(version: VersionContrat) -> list[str]:
    """What prevents the copy to sign: the approval of each assembly, a signatory for each side, two different persons."""
    return missing_to_sign_each([version])[version.pk]


def missing_to_sign_each(versions: Sequence[VersionContrat]) -> Phrases:
    """The same of many versions of an EPCI, by version id."""
    voted: dict[int, set[str]] = {}
    acts = Approbation.objects.filter(version_contrat__in=[one.pk for one in versions]).order_by("pk")
    for version, cote in acts.values_list("version_contrat_id", "cote"):
        voted.setdefault(version, set()).add(cote)
    signs = _signatures(versions)
    return {
        one.pk: [*_missing_acts(one, voted.get(one.pk, set())), *_missing_signatories(one, *signs[one.pk])]
        for one in versions
    }


def _missing_acts(version: VersionContrat, voted: set[str]) -> list[str]:
    words = {
        Cote.COMMUNE: f"La délibération du conseil municipal {version.commune.de}.",
        Cote.EPCI: f"L'acte de {version.epci.nom_commun}.",
    }
    return [phrase for cote, phrase in words.items() if cote not in voted]


def _signatures(versions: Sequence[VersionContrat]) -> dict[int, tuple[Signe | None, Signe | None]]:
    """Who signs each version today: (for the commune, for the EPCI)."""
    kinds: dict[tuple[Epci, bool], list[VersionContrat]] = {}
    for one in versions:
        kinds.setdefault((one.epci, bool(one.numero)), []).append(one)
    found: dict[int, tuple[Signe | None, Signe | None]] = {}
    for (epci, avenant), those in kinds.items():
        communes = [one.commune_id for one in those]
        signs = Signatures(epci, epci.today, communes=communes, avenant=avenant)
        found |= {one.pk: (signs.of(one.commune_id), signs.of(None)) for one in those}
    return found


def _missing_signatories(version: VersionContrat, theirs: Signe | None, ours: Signe | None) -> list[str]:
    missing = []
    if theirs is None:
        missing.append(f"Le signataire de la commune {version.commune.de}.")
    if ours is None:
        missing.append(f"Le signataire de {version.epci.nom_commun}.")
    if ours and theirs and ours.personne == theirs.personne:
        missing.append(
            f"Un délégué : {ours.personne} signerait pour les deux parties. Désignez qui signe pour l'une d'elles."
        )
    return missing
