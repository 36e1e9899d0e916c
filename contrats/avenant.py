"""What the act of an avenant prints: what it changes of the text last signed, beside the text first signed."""

from dataclasses import asdict
from typing import Any

from contrats.changements import FICHE, Changement, Changements, by_section, changes
from contrats.models import VersionContrat


def amendment_data(version: VersionContrat, proposed: dict[str, Any]) -> dict[str, Any] | None:
    """The data of the act beside those of the whole text, as plain JSON; None for a first text."""
    found = changes_of(version, proposed)
    if found is None:
        return None
    signed = _printed(version.precedente)
    sections = [_section(title, some) for title, some in by_section(found)]
    return {
        "numero": version.numero,
        "objet": version.objet,
        "contrat": version.origine.reference,
        "signe": signed["version"],
        "articles": [one["titre"] for one in sections if not one["titre"].startswith(FICHE)],
        "fiches": _fiches(found, proposed),
        "fiches_sorties": _gone(signed, proposed),
        "sections": sections,
    }


def _section(titre: str, some: Changements) -> dict[str, Any]:
    """A section of the annex of changes; a long text carries what its words become."""
    longs = [asdict(one) | {"morceaux": [run._asdict() for run in one.morceaux]} for one in some.longs]
    return {"titre": titre, "courts": [asdict(one) for one in some.courts], "longs": longs}


def changes_of(version: VersionContrat, proposed: dict[str, Any]) -> list[Changement] | None:
    """What an avenant changes, the text first signed and the last beside it; None for a first text."""
    before = version.precedente
    if before is None:
        return None
    return changes(_printed(version.origine), _printed(before), proposed)


def _printed(version: VersionContrat | None) -> dict[str, Any]:
    """The data of a signed text."""
    assert version
    assert version.a_signer
    data: dict[str, Any] = version.a_signer.source["contrat"]
    return data


def _fiches(found: list[Changement], proposed: dict[str, Any]) -> list[str]:
    """The codes of the fiches that come in, or change by more than who answers."""
    titles = {one.section for one in found if not one.libre}
    return [fiche["code"] for fiche in proposed["fiches"] if FICHE + fiche["libelle"] in titles]


def _gone(signed: dict[str, Any], proposed: dict[str, Any]) -> list[str]:
    """The names of the fiches that leave."""
    kept = {fiche["code"] for fiche in proposed["fiches"]}
    return [fiche["libelle"] for fiche in signed["fiches"] if fiche["code"] not in kept]


def template_of(data: dict[str, Any]) -> str:
    """What prints some data: the short act of an avenant, else the whole contract, consolidated or not."""
    act = data["avenant"] and data["exemplaire"] != "consolide"
    return "pdf/avenant.html" if act else "pdf/contrat.html"
