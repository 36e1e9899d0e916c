"""What people do with a contract, in one line each."""

from datetime import date
from typing import Any

from contrats.models import Signataire, VersionContrat
from contrats.workflows import circuit
from contrats.workflows.remarque import remark
from tests.factories import Monde, PersonneFactory

ACTS = {"commune": ("conseil_municipal", "2027-41"), "epci": ("conseil_epci", "2027-612")}


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
    """The president of the EPCI, since long ago."""
    who = personne or PersonneFactory(prenom="Ada", nom="Leroy")
    facts = {"qualite": "présidente", "debut": date(2020, 7, 1)} | more
    return Signataire.objects.create(epci=monde.epci, personne=who, **facts)


def to_sign(monde: Monde) -> VersionContrat:
    settled(monde)
    voted(monde)
    president(monde)
    return move(monde, circuit.issue_to_sign)


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
