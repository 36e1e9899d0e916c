"""The programme of a year as people read it: what, when, and where it stands."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.urls import reverse

from contrats.models import Engagement, LigneProgramme
from socle.dates import MOIS, month_name, short_day
from socle.typographie import enumerate_french, of
from territoire.models import Commune, Epci

Etat = LigneProgramme.Etat


@dataclass(frozen=True)
class LigneLue:
    """A line on a day."""

    ligne: LigneProgramme
    today: date

    @property
    def titre(self) -> str:
        """« Curage des avaloirs (2 passages) »."""
        return f"{self.ligne.libelle} ({self.ligne.quantite})" if self.ligne.quantite else self.ligne.libelle

    @property
    def prevue(self) -> str:
        """When it was planned, as first written: « de mars à mai, 2e semaine »."""
        return ", ".join(filter(None, (months(self.ligne.mois), self.ligne.precision)))

    @property
    def quand(self) -> str:
        """When it is to be done: the new month once postponed."""
        report = self.ligne.report_on
        return month_name(report) if report and self.ligne.etat == Etat.REPORTE else self.prevue

    @property
    def en_retard(self) -> bool:
        return self.ligne.etat != Etat.FAIT and self.ligne.echeance_on < self.today

    @property
    def etat(self) -> tuple[str, str]:
        """(tone, words)."""
        ligne = self.ligne
        if ligne.fait_on:
            return "v", f"fait le {short_day(ligne.fait_on)}"
        if self.en_retard:
            return "r", "en retard"
        if ligne.report_on:
            return "o", f"reporté à {month_name(ligne.report_on)}"
        return "a", str(Etat.PREVU.label)


@dataclass(frozen=True)
class Programme:
    """The lines of a domain of a commune for a year, and the page where they are followed."""

    annee: int
    lignes: list[LigneLue]
    url: str

    @property
    def faites(self) -> int:
        return sum(lue.ligne.etat == Etat.FAIT for lue in self.lignes)


def months(numbers: Iterable[int]) -> str:
    """« mars », « mars et mai », « de mars à juin », « toute l'année »; empty for none."""
    wanted = sorted(set(numbers))
    if len(wanted) == 12:
        return "toute l'année"
    names = [MOIS[number - 1] for number in wanted]
    if len(wanted) > 2 and wanted[-1] - wanted[0] == len(wanted) - 1:
        return f"{of(names[0])} à {names[-1]}"
    return enumerate_french(names)


def address(commune: int, domaine: int, annee: int) -> str:
    """The page of a year's programme."""
    return f"{reverse('contrats:programme', args=[commune, domaine])}?annee={annee}"


def usual_year(engagement: Engagement) -> int:
    """The year one comes for: the present one, or the one the contract takes effect in when it is to come."""
    return max(engagement.epci.today.year, engagement.version_contrat.effective_on.year)


def read_year(engagement: Engagement, annee: int | None = None) -> Programme:
    """The programme of the domain of a fiche for a year, the usual one unless told."""
    year = annee or usual_year(engagement)
    rows: Any = LigneProgramme.objects.filter(
        epci=engagement.epci_id, commune=engagement.commune_id, domaine=engagement.domaine_id
    )
    today = engagement.epci.today
    lues = [LigneLue(row, today) for row in rows.of_year(year)]
    return Programme(year, lues, address(engagement.commune_id, engagement.domaine_id, year))


def printed(epci: Epci, commune: Commune, annee: int) -> dict[int, list[dict[str, str]]]:
    """What a contract prints of each domain, by domain id: {libelle, quand}; one query."""
    found: dict[int, list[dict[str, str]]] = {}
    rows: Any = LigneProgramme.objects.filter(epci=epci, commune=commune)
    for row in rows.of_year(annee):
        lue = LigneLue(row, epci.today)
        found.setdefault(row.domaine_id, []).append({"libelle": lue.titre, "quand": lue.quand})
    return found
