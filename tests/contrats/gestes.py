"""What people do with a contract, in one line each."""

import re
from datetime import date
from typing import Any

from contrats.models import Clause, Contrat, ExemplaireSigne, JeuClauses, Signataire, VersionContrat
from contrats.workflows import circuit
from contrats.workflows.avenant import open_amendment
from contrats.workflows.clause import begin_clauses, load_reference_clauses, save_clause
from contrats.workflows.remarque import remark
from contrats.workflows.signature import confirm_signed
from documents.models import PieceContenu
from mutualisation.models import Ligne
from socle import horloge
from tests.factories import ExemplaireSigneFactory, Monde, PersonneFactory
from tests.pages import Page

ACTS = {"commune": ("conseil_municipal", "2027-41"), "epci": ("conseil_epci", "2027-612")}


def words(response: Any) -> str:
    """What a page says, with plain spaces and apostrophes."""
    text = Page(response.content.decode()).text
    return re.sub(r"\s+", " ", text.replace("’", "'"))


def present(version: VersionContrat) -> VersionContrat:
    return VersionContrat.objects.get(pk=version.pk)


def move(monde: Monde, act: Any, who: Any = None, **more: Any) -> VersionContrat:
    """Play an act of the circuit on A's contract, as its page of now would."""
    version = present(monde.a.version)
    result: VersionContrat = act(version=version, acteur=who or monde.direction, lue=version.version, **more)
    return result


def written(monde: Monde) -> None:
    """Every fiche of A's contract has its expected level."""
    monde.a.version.engagements.update(niveau_attendu="Chaque demande reçoit une réponse sous deux jours.")


def settled(monde: Monde) -> VersionContrat:
    written(monde)
    move(monde, circuit.send_for_review)
    return move(monde, circuit.settle)


def voted(monde: Monde, *cotes: str) -> VersionContrat:
    """Acts of the given sides (both unless told), today."""
    for cote in cotes or ("commune", "epci"):
        approve(monde, cote)
    return present(monde.a.version)


def approve(monde: Monde, cote: str, **changes: Any) -> VersionContrat:
    type, numero = ACTS[cote]
    today = monde.epci.today
    facts = {
        "type": type,
        "numero": numero,
        "adopte_on": today,
        "executoire_on": today,
        "cote": cote,
    } | changes
    return circuit.approve(version=present(monde.a.version), acteur=monde.direction, **facts)


def president(monde: Monde, personne: Any = None, **more: Any) -> Signataire:
    """The president of the EPCI (or another signatory), since long ago."""
    who = personne or PersonneFactory(prenom="Ada", nom="Leroy")
    facts = {"qualite": "présidente", "debut": date(2020, 7, 1)} | more
    return Signataire.objects.create(epci=monde.epci, personne=who, **facts)


def to_sign(monde: Monde) -> VersionContrat:
    settled(monde)
    voted(monde)
    president(monde)
    return move(monde, circuit.issue_to_sign)


def signed(monde: Monde) -> VersionContrat:
    """A's contract signed, its text as the copy to sign says."""
    to_sign(monde)
    confirmed(monde.a.version, monde.direction)
    return present(monde.a.version)


def confirmed(version: VersionContrat, acteur: Any) -> ExemplaireSigne:
    """A file taken for the signed copy of a version, today."""
    made: ExemplaireSigne = ExemplaireSigneFactory(
        version_contrat=version, document=present(version).a_signer, piece__deposee_par=acteur
    )
    motif = "Signé sur papier."
    return confirm_signed(exemplaire=made, acteur=acteur, signe_on=version.epci.today, motif=motif)


def amended(monde: Monde, **changes: Any) -> VersionContrat:
    """A's contract signed, then an avenant opened by hand; `changes` are fields of its fiche."""
    version = open_amendment(
        contrat=Contrat.objects.get(pk=signed(monde).contrat_id),
        acteur=monde.direction,
        effective_on=date(2029, 1, 1),
        objet="Réponse sous un jour",
    )
    version.engagements.update(**changes)
    return version


def leave(monde: Monde, day: date) -> None:
    """A shares nothing any more from a day."""
    monde.a.commune.adhesions.update(fin=day)
    Ligne.objects.filter(commune=monde.a.commune).update(
        appliquee_at=horloge.now(), effet_on=date(2027, 1, 1)
    )


def through(version: VersionContrat, acteur: Any) -> VersionContrat:
    """A draft brought to the copy to sign, both assemblies having voted today."""
    today = version.epci.today
    for act in (circuit.send_for_review, circuit.settle):
        version = act(version=present(version), acteur=acteur, lue=present(version).version)
    for cote, (type, numero) in ACTS.items():
        facts = {"type": type, "numero": numero, "adopte_on": today, "executoire_on": today}
        circuit.approve(version=present(version), acteur=acteur, cote=cote, **facts)
    return circuit.issue_to_sign(version=present(version), acteur=acteur, lue=present(version).version)


def amendment_pk(monde: Monde) -> dict[str, int]:
    """An avenant of A's contract, being prepared; its address."""
    return {"pk": amended(monde).pk}


def consolidated_pk(monde: Monde) -> dict[str, int]:
    """An avenant of A's contract, signed; its address."""
    version = through(amended(monde, horaires="Jour"), monde.direction)
    confirmed(version, monde.direction)
    return {"pk": version.pk}


def signed_contract_pk(monde: Monde) -> dict[str, int]:
    """A's contract, signed, nothing open; its address."""
    return {"pk": signed(monde).contrat_id}


def signed_fiche_pk(monde: Monde) -> dict[str, int]:
    """The fiche DA of A's contract, signed; its address."""
    return {"pk": signed(monde).engagements.get().pk}


def remark_pk(monde: Monde) -> dict[str, int]:
    """A remark of A's DGS on the fiche DA, while its contract is under review; its address."""
    move(monde, circuit.send_for_review)
    made = remark(
        version=present(monde.a.version),
        acteur=monde.a.dgs,
        texte="Précisez.",
        article=0,
        engagement=monde.a.version.engagements.get(),
    )
    return {"pk": made.pk}


def issued_pk(monde: Monde) -> dict[str, int]:
    """A's contract, its copy to sign issued; its address."""
    return {"pk": to_sign(monde).pk}


def unknown_code(monde: Monde) -> dict[str, str]:
    return {"code": "ABCD-EFGH-JKMN"}


def signatory_pk(monde: Monde) -> dict[str, int]:
    """A delegate of commune A; the address that ends it."""
    arrete = {"arrete_numero": "12", "arrete_on": date(2026, 3, 1), "delegant": monde.a.maire}
    return {"pk": president(monde, monde.a.dgs, commune=monde.a.commune, **arrete).pk}


def signed_pk(monde: Monde) -> dict[str, int]:
    """A file deposited as the signed copy of A's contract, to confirm; its address."""
    version = to_sign(monde)
    made = ExemplaireSigneFactory(
        version_contrat=version, document=version.a_signer, piece__deposee_par=monde.direction
    )
    PieceContenu.objects.create(piece=made.piece, octets=b"%PDF-")
    return {"pk": made.pk}


def published_clauses_pk(monde: Monde) -> dict[str, int]:
    """The published clauses of the EPCI; their address."""
    load_reference_clauses(epci=monde.epci)
    return {"pk": JeuClauses.objects.get(epci=monde.epci).pk}


def drafted_clauses_pk(monde: Monde) -> dict[str, int]:
    """Clauses in preparation, article 1 rewritten; their address."""
    jeu = begin_clauses(epci=monde.epci, acteur=monde.direction)
    clause = Clause.objects.get(jeu=jeu, article=1)
    save_clause(
        clause=clause,
        acteur=monde.direction,
        version=1,
        titre=clause.titre,
        texte="Le contrat de {Nom de la commune} dit le service rendu par {le groupement}.",
    )
    return {"pk": jeu.pk}


def drafted_clause(monde: Monde) -> dict[str, int]:
    """Article 1 of clauses in preparation; its address."""
    return drafted_clauses_pk(monde) | {"article": 1}
