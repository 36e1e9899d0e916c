"""The projet de délibération of the conseil of the EPCI: one for all the texts settled that it has still to approve."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from contrats.dossier_docx import BLANK, write_vote
from contrats.models import Cote, VersionContrat
from contrats.retroplanning import Regle, convocation_on, rule_of
from contrats.signataires import Signatures, Signe
from documents.docx import Redaction
from mutualisation.models import Seance
from socle import horloge
from socle.dates import day_and_year, long_day
from socle.typographie import enumerate_french, plural
from territoire.models import Commune, Epci
from territoire.models.epci import WorkingDays

CONTRATS = ("contrat d'engagement", "contrats d'engagement")
AVENANTS = ("avenant à un contrat d'engagement", "avenants à des contrats d'engagement")
ENTETE = ("Commune", "Texte", "Effet le", "Domaines", "Document arrêté et empreinte SHA-256")


@dataclass(frozen=True)
class Vote:
    """What the conseil of the EPCI has to vote, when, called by when, and who would sign."""

    epci: Epci
    versions: Sequence[VersionContrat]
    regle: Regle
    seance_on: date | None
    convocation_on: date | None
    signe: Signe | None


def read_vote(epci: Epci) -> Vote | None:
    """The contracts settled that the EPCI has not approved, and its next sitting that can be called; None without contract.

    An EPCI follows the rule of the communes of 3,500 inhabitants as soon as one of its members has as many (CGCT, L.5211-1).
    """
    versions = _waiting(epci)
    if not versions:
        return None
    members = Commune.objects.members_of(epci, epci.today)
    regle = rule_of(max(members.values_list("population", flat=True), default=0))
    sitting, called = _sitting(epci, regle)
    return Vote(epci, versions, regle, sitting, called, Signatures(epci, epci.today, communes=()).of(None))


def _waiting(epci: Epci) -> list[VersionContrat]:
    rows = VersionContrat.objects.filter(epci=epci, etat=VersionContrat.Etat.ARRETE)
    left = rows.exclude(approbations__cote=Cote.EPCI)
    return list(left.select_related("commune", "arrete").order_by("commune__tri", "pk"))


def _sitting(epci: Epci, regle: Regle) -> tuple[date | None, date | None]:
    days = WorkingDays(epci)
    for seance in Seance.objects.coming(epci).filter(commune=None):
        called = convocation_on(seance.jour, regle, days)
        if called >= epci.today:
            return seance.jour, called
    return None, None


def write_deliberation(vote: Vote) -> bytes:
    """The file; the same data give the same bytes."""
    epci = vote.epci
    name = f"Projet de délibération, contrats d'engagement – {epci}"
    text = Redaction(
        titre=name,
        auteur=str(epci),
        created_at=horloge.midnight(epci.today, epci.fuseau),
        pied=name + (" – Démonstration, données inventées" if horloge.is_demonstration() else ""),
    )
    _opening(text, vote)
    _decision(text, vote)
    write_vote(text, f"Pour {epci.nom_commun},")
    return text.octets()


def _opening(text: Redaction, vote: Vote) -> None:
    epci = vote.epci
    text.titre("Projet de délibération")
    text.paragraphe(f"{epci} – Conseil", gras=True)
    text.terme("Séance", long_day(vote.seance_on) if vote.seance_on else BLANK)
    if vote.convocation_on:
        text.terme(
            "Convocation",
            f"au plus tard le {long_day(vote.convocation_on)} ({vote.regle.jours} jours francs, CGCT, article L. 5211-1)",
        )
    else:
        text.terme(
            "À savoir",
            f"aucune séance du conseil de {epci.nom_commun} qui puisse être convoquée à temps n'est saisie.",
        )
    text.terme("Objet", f"approuver {_counted(vote.versions)}")
    text.terme("Établi le", day_and_year(epci.today))


def _counted(versions: Sequence[VersionContrat]) -> str:
    """« 3 contrats d'engagement et 1 avenant à un contrat d'engagement »: what the conseil approves, by kind."""
    amendments = sum(1 for version in versions if version.numero)
    return enumerate_french(
        [
            plural(count, *words)
            for count, words in ((len(versions) - amendments, CONTRATS), (amendments, AVENANTS))
            if count
        ]
    )


def _kinds(versions: Sequence[VersionContrat]) -> str:
    """« les contrats d'engagement et les avenants à des contrats d'engagement », of those there are."""
    kinds = {
        CONTRATS[1]: any(not one.numero for one in versions),
        AVENANTS[1]: any(one.numero for one in versions),
    }
    return enumerate_french([f"les {words}" for words, present in kinds.items() if present])


def _decision(text: Redaction, vote: Vote) -> None:
    text.partie("Le conseil,", 2)
    text.paragraphe(
        "Vu le code général des collectivités territoriales, notamment ses articles L. 5211-1 et L. 5211-4-2 ;"
    )
    text.paragraphe("Vu l'article 1609 nonies C du code général des impôts ;")
    kinds = _kinds(vote.versions)
    text.paragraphe(f"Vu {kinds} arrêtés pour vote, dont la liste suit, joints en annexe ;")
    text.partie("Textes soumis au vote", 2)
    rows = [_row(version) for version in vote.versions]
    text.tableau("Textes soumis au vote", ENTETE, rows, (2.6, 2.2, 2, 1.6, 5))
    text.partie("Après en avoir délibéré, décide :", 2)
    who = (
        f"{vote.signe.personne}, {vote.signe.data['qualite']},"
        if vote.signe
        else "le président, ou son délégataire,"
    )
    text.terme(
        "Article 1",
        f"Approuve {kinds} ci-dessus, tels qu'ils sont annexés à la présente délibération.",
    )
    text.terme(
        "Article 2",
        f"Autorise {who} à signer les exemplaires établis sur ces textes, complétés des seules mentions des actes qui les "
        "approuvent et des signataires.",
    )
    text.terme(
        "Article 3",
        "La présente délibération sera transmise au représentant de l'État et publiée ; une copie en sera adressée aux communes.",
    )


def _row(version: VersionContrat) -> tuple[str, ...]:
    assert version.arrete  # versioncontrat_documents: a settled text has its document
    familles = version.arrete.source["contrat"]["familles"]
    count = sum(len(famille["domaines"]) for famille in familles)
    digest = version.arrete.sha256 or "document en préparation"
    return (
        str(version.commune),
        version.reference,
        day_and_year(version.effective_on),
        str(count),
        f"{version.arrete.reference} {digest}",
    )
