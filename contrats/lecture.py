"""Which version of a contract is read: the one asked for, the one that applied on a day, else the one at work."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from contrats.models import Contrat, VersionContrat
from socle.saisie import number


@dataclass(frozen=True)
class Lecture:
    """The version read, all those there are (latest first), and the day asked for, with what is said when it has none."""

    version: VersionContrat
    versions: list[VersionContrat]
    on: date | None = None
    avis: str = ""


def read_choice(contrat: Contrat, asked: Mapping[str, str]) -> Lecture:
    """What a page asks: `le`, a day; or `version`, the id of a version; by default the latest that was not given up."""
    rows = contrat.versions.select_related("epci", "commune", "contrat", "arrete", "a_signer", "consolide")
    versions = list(rows.order_by("-numero", "-pk"))
    latest = next((one for one in versions if one.etat != VersionContrat.Etat.ABANDONNE), versions[0])
    chosen = next((one for one in versions if one.pk == number(asked.get("version"))), latest)
    if not asked.get("le"):
        return Lecture(chosen, versions)
    try:
        day = date.fromisoformat(asked["le"])
    except ValueError:
        return Lecture(latest, versions, avis="Ce jour ne se lit pas : choisissez une date du calendrier.")
    return _on(versions, latest, day, contrat)


def _on(versions: list[VersionContrat], latest: VersionContrat, day: date, contrat: Contrat) -> Lecture:
    applicable = set(
        VersionContrat.objects.applicable(day).filter(contrat=contrat).values_list("pk", flat=True)
    )
    found = next((one for one in versions if one.pk in applicable and one.effective_on <= day), None)
    if found is None:
        return Lecture(
            latest, versions, avis="À cette date, aucun texte du contrat ne s'applique : voici le dernier."
        )
    return Lecture(found, versions, on=day)
