"""The circuit of a version as people read it: its steps, and what is awaited, worded for each side."""

from dataclasses import dataclass
from typing import Any

from comptes.roles import Role
from contrats.manques import advised_to_settle, missing_to_settle, missing_to_sign
from contrats.models import Cote, VersionContrat

Etat = VersionContrat.Etat
ORDRE: list[VersionContrat.Etat] = [etat for etat in Etat if etat != Etat.ABANDONNE]


@dataclass(frozen=True)
class Etape:
    """A step: its words, whether it is behind or present."""

    mot: str
    faite: bool
    courante: bool


def read_steps(version: VersionContrat) -> list[Etape]:
    """The steps of the circuit, in order; none is present once it is abandoned."""
    here = ORDRE.index(Etat(version.etat)) if version.etat in ORDRE else -1
    return [Etape(str(etat.label), n < here, n == here) for n, etat in enumerate(ORDRE)]


def awaited(version: VersionContrat, user: Any) -> tuple[str, str]:
    """(tone, words) of what is awaited: « À relire par votre commune » for the commune, « En attente de … » for the others."""
    communal = bool(user.acces.acts_for_commune(version.commune_id, Role.DGS, Role.MAIRE, Role.COLLABORATEUR))
    epci = version.epci.nom_commun
    words = {
        Etat.PROJET: ("n", "En préparation, à deux"),
        Etat.EN_RELECTURE: (
            "o",
            "À relire par votre commune" if communal else f"En attente {version.commune.de}",
        ),
        Etat.ARRETE: ("o", _votes(version, communal)),
        Etat.APPROUVE: (
            "a",
            f"En attente de {epci} : exemplaire à signer" if communal else "Exemplaire à signer, à émettre",
        ),
        Etat.A_SIGNER: ("o", "À signer par les deux parties"),
        Etat.SIGNE: ("v", "Signé"),
        Etat.ABANDONNE: ("n", "Abandonné"),
    }
    return words[Etat(version.etat)]


def _votes(version: VersionContrat, communal: bool) -> str:
    """Which assemblies have still to approve."""
    voted = set(version.approbations.values_list("cote", flat=True))
    if voted == {Cote.COMMUNE}:
        return f"En attente de l'acte de {version.epci.nom_commun}"
    council = "votre conseil municipal" if communal else f"conseil municipal {version.commune.de}"
    if voted == {Cote.EPCI}:
        return f"À voter par {council}" if communal else f"En attente du {council}"
    return (
        f"À voter par {council} et par {version.epci.nom_commun}"
        if communal
        else "En attente des deux assemblées"
    )


def missing(version: VersionContrat) -> list[str]:
    """What prevents the next step."""
    if version.etat == Etat.EN_RELECTURE:
        return missing_to_settle(version)
    return missing_to_sign(version) if version.etat == Etat.APPROUVE else []


def advised(version: VersionContrat) -> list[str]:
    """What could be better written before the vote."""
    return advised_to_settle(version) if version.en_preparation else []
