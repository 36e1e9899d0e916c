"""The circuit of a contract: reviewed by both sides, settled for the vote, approved, issued to be signed."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from comptes.destinataires import recipients
from comptes.models import Personne
from comptes.roles import Role
from contrats.actes import check_act
from contrats.donnees import contract_data, digest, signed_mentions
from contrats.etats import CIRCUIT
from contrats.manques import missing_to_settle, missing_to_sign
from contrats.mentions import Difference, differences
from contrats.models import Approbation, Cote, Verification, VersionContrat
from contrats.models.verification import new_code
from contrats.signataires import signers
from contrats.verification import public_address
from documents.models import Document
from documents.workflows.document import reserve
from journal.workflows.courriel import Lettre, write_mails
from journal.workflows.unite import record, unite
from mutualisation.workflows.verrou import locked
from socle import horloge
from socle.dates import day_and_year
from socle.droits import require
from socle.erreurs import Refus

Etat = VersionContrat.Etat
RELATED = ("contrat", "epci", "commune")
SETTLED, TO_SIGN, CONSOLIDATED = "contrat_arrete", "contrat", "contrat_consolide"
READERS = (Role.DGS, Role.MAIRE, Role.COLLABORATEUR)
BOTH_SIDES = (*READERS, Role.DIRECTION_TERRITOIRES)


@unite
def send_for_review(*, version: VersionContrat, acteur: Personne, lue: int) -> VersionContrat:
    """Ask both sides to review the draft; the commune is told. Raises ActionInterdite, Refus, Conflit."""
    version = _moved(version, acteur, lue, "envoyer en relecture")
    save_version(version, acteur, "relecture", f"{version} envoyé en relecture")
    tell_people(
        version,
        acteur,
        "contrat_relecture",
        f"{version.mot} {version.reference} : à relire par votre commune",
        READERS,
    )
    return version


@unite
def take_back(*, version: VersionContrat, acteur: Personne, lue: int) -> VersionContrat:
    """Bring a contract under review back to a draft; its remarks stay. Raises as send_for_review."""
    version = _moved(version, acteur, lue, "revenir au projet")
    save_version(version, acteur, "projet", f"{version} revenu à l'état de projet")
    return version


@unite
def settle(*, version: VersionContrat, acteur: Personne, lue: int) -> VersionContrat:
    """Settle the text for the vote: everything it prints is copied into an issued document, and it changes no more.

    Raises ActionInterdite, Conflit, Refus with what is still missing (missing_to_settle).
    """
    version = _moved(version, acteur, lue, "arrêter pour le vote")
    _refuse_missing(missing_to_settle(version))
    data = contract_data(version) | {"projet": False, "exemplaire": "arrete"}
    version.arrete = reserve_printed(version, SETTLED, "Texte arrêté pour vote", data)
    save_version(version, acteur, "arrete", f"{version} arrêté pour le vote : {version.arrete.reference}")
    roles = (Role.DGS, Role.MAIRE)
    tell_people(
        version,
        acteur,
        "contrat_arrete",
        f"{version.mot} {version.reference} : texte à soumettre au vote",
        roles,
    )
    return version


@unite
def reopen(*, version: VersionContrat, acteur: Personne, lue: int, motif: str) -> VersionContrat:
    """Open again a settled text that no assembly has approved; the issued document stays, another will replace it.

    Raises ActionInterdite, Conflit, Refus without a motive or once an assembly has approved.
    """
    version = _moved(version, acteur, lue, "rouvrir")
    if not motif.strip():
        raise Refus("Dites pourquoi vous rouvrez ce texte : le motif est gardé.", field="motif")
    if version.approbations.exists():
        raise Refus("Une assemblée a déjà approuvé ce texte : il ne se rouvre plus. Un avenant le changera.")
    before = version.arrete
    version.arrete = None
    said = f"{version} rouvert ; {before} conservé"
    save_version(version, acteur, "rouvert", said, {"motif": motif, "document": str(before)})
    tell_people(
        version,
        acteur,
        "contrat_rouvert",
        f"{version.mot} {version.reference} rouvert",
        READERS,
        {"motif": motif},
    )
    return version


@unite
def approve(
    *,
    version: VersionContrat,
    acteur: Personne,
    cote: str,
    type: str,
    numero: str,
    adopte_on: date,
    executoire_on: date,
) -> VersionContrat:
    """Record the act by which one assembly approved the settled text; with both, the version is approved.

    The same act again changes nothing. Raises ActionInterdite, Refus for dates to come or out of order, an act of the other
    side, or a side that has already approved.
    """
    version = locked(VersionContrat, version.pk, select=RELATED)
    require(version, acteur, "conduire")
    given = Approbation(
        version_contrat=version, cote=cote, type=type, numero=numero, adopte_on=adopte_on, executoire_on=executoire_on,
        saisie_par=acteur, saisie_at=horloge.now(),
    )  # fmt: skip
    if _already(given):
        return version
    if version.etat != Etat.ARRETE:
        CIRCUIT.move("approuver", version.etat)
    _check_act(given)
    given.save()
    if version.approbations.count() == len(Cote):
        version.etat = CIRCUIT.move("approuver", version.etat)
    save_version(version, acteur, "approuve", f"{version} approuvé par {given.get_cote_display()} : {given}")
    return version


def _already(given: Approbation) -> bool:
    before = Approbation.objects.filter(version_contrat=given.version_contrat, cote=given.cote).first()
    if before is None:
        return False
    facts = ("type", "numero", "adopte_on", "executoire_on")
    if any(getattr(before, name) != getattr(given, name) for name in facts):
        raise Refus(
            f"{before.get_cote_display().capitalize()} a déjà approuvé ce texte : {before}. "
            "S'il est mal saisi, annulez-le d'abord.",
            field="numero",
        )
    return True


def _check_act(given: Approbation) -> None:
    check_act(given, given.version_contrat.epci)
    settled = given.version_contrat.arrete
    assert settled  # a constraint of the table
    if given.adopte_on < horloge.local(settled.reserve_at, given.version_contrat.epci.fuseau).date():
        raise Refus("L'assemblée n'a pas pu approuver ce texte avant qu'il soit arrêté.", field="adopte_on")


@unite
def withdraw_approval(
    *, version: VersionContrat, acteur: Personne, lue: int, cote: str, motif: str
) -> VersionContrat:
    """Take back an act recorded by mistake, with a motive: the text waits for that assembly again; the journal keeps both.

    Raises ActionInterdite, Conflit, Refus without a motive, once a copy is to be signed, or when there is no such act.
    """
    version = _moved(version, acteur, lue, "annuler un acte")
    if not motif.strip():
        raise Refus("Dites ce qui est faux : le motif est gardé.", field="motif")
    given = version.approbations.filter(cote=cote).first()
    if given is None:
        raise Refus("Aucun acte de cette assemblée n'est enregistré.")
    said = f"{version} : acte annulé, {given}, du {day_and_year(given.adopte_on)}"
    given.delete()
    save_version(version, acteur, "acte_annule", said, {"motif": motif.strip()})
    return version


@unite
def issue_to_sign(*, version: VersionContrat, acteur: Personne, lue: int) -> VersionContrat:
    """Issue the copy to sign: the settled text with the mentions of the acts, and nothing else.

    Raises ActionInterdite, Conflit, Refus with what is missing (missing_to_sign).
    """
    version = _moved(version, acteur, lue, "émettre l'exemplaire à signer")
    _refuse_missing(missing_to_sign(version))
    settled = version.arrete
    assert settled  # a constraint of the table
    data = settled.source["contrat"] | signed_mentions(version) | {"exemplaire": "a_signer"}
    version.a_signer = reserve_printed(version, TO_SIGN, version.titre, data)
    wrong = [one.chemin for one in compared(version) if not one.permise]
    if wrong:
        raise RuntimeError(f"{version}: {wrong}")
    save_version(version, acteur, "a_signer", f"{version} à signer : {version.a_signer.reference}")
    roles = (Role.DGS, Role.MAIRE)
    sujet = f"{version.mot} {version.reference} : à signer"
    tell_people(version, acteur, "contrat_a_signer", sujet, roles, also=signers(version))
    return version


def consolidate(version: VersionContrat) -> None:
    """Reserve the whole text as an avenant leaves it, for reading: only the contract and its signed avenants bind."""
    assert version.a_signer  # a constraint of the table
    data = version.a_signer.source["contrat"] | {"exemplaire": "consolide"}
    version.consolide = reserve_printed(version, CONSOLIDATED, "Version consolidée du contrat", data)


def compared(version: VersionContrat) -> list[Difference]:
    """What differs between the text voted and the copy to sign, from the data each was printed from."""
    assert version.arrete
    assert version.a_signer
    return list(differences(version.arrete.source["contrat"], version.a_signer.source["contrat"]))


def _moved(version: VersionContrat, acteur: Personne, lue: int, acte: str) -> VersionContrat:
    """The version, locked, in its new state; a second press finds it there and is refused by the states."""
    version = locked(VersionContrat, version.pk, lue, select=RELATED)
    require(version, acteur, "conduire")
    version.etat = CIRCUIT.move(acte, version.etat)
    return version


def _refuse_missing(missing: Iterable[str]) -> None:
    if missing:
        raise Refus("Il manque encore : " + " ".join(missing))


def reserve_printed(version: VersionContrat, type: str, titre: str, data: dict[str, Any]) -> Document:
    """Freeze the data under the next number, with the digest and the address of verification that it prints."""
    empreinte = digest(data | {"verification": None})
    code = new_code()
    printed = {"adresse": public_address(code), "empreinte": empreinte}
    document = reserve(
        epci=version.epci,
        commune=version.commune,
        type=type,
        annee=version.effective_on.year,
        titre=f"{titre} {version.commune.de}, {version.reference}",
        source={"contrat": data | {"verification": printed}},
    )
    Verification.objects.create(document=document, code=code)
    return document


def save_version(
    version: VersionContrat, acteur: Personne, what: str, libelle: str, detail: dict[str, str] | None = None
) -> None:
    """Save a version that an act of the circuit has moved, and tell it in the journal."""
    version.version += 1
    version.save()
    record(
        type=f"contrat.{what}",
        objet=version,
        epci=version.epci,
        commune=version.commune,
        acteur=acteur,
        libelle=libelle,
        contenu={"reference": version.reference, "etat": version.etat},
        detail=detail,
    )


def tell_people(
    version: VersionContrat,
    acteur: Personne,
    type: str,
    sujet: str,
    roles: tuple[Role, ...],
    more: dict[str, Any] | None = None,
    *,
    also: Iterable[Personne] = (),
) -> None:
    """Write to the people of some roles, on either side, but for who acts; `more` completes the context of the mail.

    `also` may hold none of these roles: the mail tells by `lit` who reads the contract here.
    """
    epci = version.epci
    readers = list(recipients(epci, *roles, on=epci.today, commune=version.commune))
    write_mails(
        Lettre(
            destinataire=personne,
            epci=epci,
            type=type,
            objet=version,
            occurrence=str(version.version),
            sujet=sujet,
            contexte={"version": version, "acteur": acteur, "lit": personne in readers, **(more or {})},
        )
        for personne in dict.fromkeys((*readers, *also))
        if personne != acteur
    )
