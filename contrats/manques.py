"""What is still missing before a contract goes to the vote, then before it goes to signature, in French."""

from contrats.fiche import missing_texts
from contrats.models import Approbation, VersionContrat
from contrats.signataires import for_commune, for_epci
from contrats.workflows.contrat import domaines_on
from socle.typographie import enumerate_french, plural


def gap(version: VersionContrat) -> list[str]:
    """Domains shared without a fiche, then fiches of domains no longer shared."""
    covered = {d.pk: d for d in domaines_on(version.epci, version.commune, version.effective_on)}
    rows = version.engagements.select_related("domaine").order_by("pk")
    present = {row.domaine_id: row.domaine for row in rows}
    entering = [f"{d} est partagé et n'a pas de fiche" for pk, d in covered.items() if pk not in present]
    leaving = [
        f"{d} n'est plus partagé ; sa fiche écrite est gardée"
        for pk, d in present.items()
        if pk not in covered
    ]
    return [*entering, *leaving]


def missing_to_settle(version: VersionContrat) -> list[str]:
    """What prevents the text from going to the vote: fiches without expected level, gaps, open remarks."""
    rows = version.engagements.select_related("domaine").order_by("domaine__ordre", "pk")
    levels = [f"« {row.domaine} »" for row in rows if not row.niveau_attendu.strip()]
    missing = [f"{phrase}." for phrase in gap(version)]
    if levels:
        missing.append(f"Le niveau de service attendu de {enumerate_french(levels)}.")
    opened = version.remarques.filter(close_at=None).count()
    if opened:
        missing.append(f"La clôture de {plural(opened, 'remarque')}.")
    return missing


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
    voted = set(version.approbations.values_list("cote", flat=True))
    missing = [
        words
        for cote, words in (
            (Approbation.Cote.COMMUNE, f"La délibération du conseil municipal {version.commune.de}."),
            (Approbation.Cote.EPCI, f"L'acte de {version.epci.nom_commun}."),
        )
        if cote not in voted
    ]
    return [*missing, *_missing_signatories(version)]


def _missing_signatories(version: VersionContrat) -> list[str]:
    epci, today = version.epci, version.epci.today
    ours, theirs = for_epci(epci, today), for_commune(epci, version.commune, today)
    missing = []
    if theirs is None:
        missing.append(f"Le signataire de la commune {version.commune.de}.")
    if ours is None:
        missing.append(f"Le signataire de {epci.nom_commun}.")
    if ours and theirs and ours.personne == theirs.personne:
        missing.append(
            f"Un délégué : {ours.personne} signerait pour les deux parties. Désignez qui signe pour l'une d'elles."
        )
    return missing
