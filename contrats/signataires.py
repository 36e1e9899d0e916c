"""Who signs the contracts of an EPCI on a day, for each side."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Q, QuerySet
from django.urls import reverse

from comptes.models import Habilitation, Personne
from comptes.roles import Role
from contrats.models import Signataire, VersionContrat
from mutualisation.referents import people_of
from socle.dates import day_and_year
from territoire.models import Commune, Epci

MAIRE = "maire"


@dataclass(frozen=True)
class Signe:
    """Somebody who signs, in what capacity, and by what arrêté when it is by délégation."""

    personne: Personne
    qualite: str
    arrete: str = ""

    @property
    def data(self) -> dict[str, str]:
        """What the contract prints."""
        qualite = f"{self.qualite}, {self.arrete}" if self.arrete else self.qualite
        return {"nom": str(self.personne), "qualite": qualite}


class Signatures:
    """Who signs on a day, on every side of an EPCI or for some communes; read in two queries.

    A délégation comes before the executive who gave it, the last begun first, and lapses with his mandate, even when he is
    elected again; one that is limited to the avenants signs nothing else. Of the communes, the maire signs without being named.
    An interim executive comes before the one whose mandate still runs.
    """

    def __init__(
        self, epci: Epci, on: date, *, communes: Iterable[int] | None = None, avenant: bool = False
    ) -> None:
        maires = Habilitation.objects.on(on).filter(epci=epci, role=Role.MAIRE)
        named = Signataire.objects.on(on).filter(epci=epci)
        if communes is not None:
            wanted = list(communes)
            maires = maires.filter(commune__in=wanted)
            named = named.filter(Q(commune__in=wanted) | Q(commune=None))
        self._executifs: dict[int | None, Signe] = {}
        self._mandats: dict[int | None, date] = {}  # the day the mandate of each began
        self._delegues: dict[int | None, Signe] = {}
        for row in maires.select_related("personne").order_by("debut", "pk"):
            self._hold(row, Signe(row.personne, MAIRE))
        rows = list(named.select_related("personne").order_by("debut", "pk"))
        for row in sorted(
            rows, key=lambda row: row.delegue
        ):  # who delegates is known before who is delegated
            self._add(row, avenant)

    def of(self, commune: int | None) -> Signe | None:
        """Who signs for a commune (its id), or for the EPCI (None); None when nobody may."""
        found = (self._delegues.get(commune), self._executifs.get(commune))
        return next((signe for signe in found if signe and signe.personne.is_active), None)

    def executif(self, commune: int | None) -> Personne | None:
        """The maire, or who presides; the only one who may delegate."""
        signe = self._executifs.get(commune)
        return signe.personne if signe else None

    def caduque(self, row: Signataire) -> bool:
        """Whether a délégation lapsed: who gave it is no longer the executive, or was elected again since."""
        giver = self.executif(row.commune_id)
        lasts = (
            giver is not None and row.delegant_id == giver.pk and row.debut >= self._mandats[row.commune_id]
        )
        return row.delegue and not lasts

    def _hold(self, row: Habilitation | Signataire, signe: Signe) -> None:
        self._executifs[row.commune_id], self._mandats[row.commune_id] = signe, row.debut

    def _add(self, row: Signataire, avenant: bool) -> None:
        if not row.delegue:
            self._hold(row, Signe(row.personne, row.qualite))
        elif not self.caduque(row) and (avenant or row.portee == Signataire.Portee.CONTRATS):
            self._delegues[row.commune_id] = _delegue(row)


def of_version(version: VersionContrat, on: date) -> tuple[Signe | None, Signe | None]:
    """Who signs a version on a day: (for the commune, for the EPCI)."""
    found = Signatures(version.epci, on, communes=[version.commune_id], avenant=bool(version.numero))
    return found.of(version.commune_id), found.of(None)


def signers(version: VersionContrat) -> list[Personne]:
    """Those who sign a version today, on both sides, whatever role they have here."""
    return [signe.personne for signe in of_version(version, version.epci.today) if signe]


def candidates(epci: Epci, commune: Commune | None) -> QuerySet[Personne]:
    """Those who may be named: everybody of the EPCI for itself, for a commune its own people and its référents."""
    people = people_of(epci, commune)
    if commune is None:
        return people
    here = Q(habilitations__commune=commune) | Q(sieges__siege__commune=commune)
    return people.filter(here).distinct()


def address(commune: Commune | None) -> str:
    """The page where the signatories of a side are named; None for the EPCI."""
    if commune is None:
        return reverse("contrats:signataires_epci")
    return reverse("contrats:signataires_commune", args=[commune.pk])


def _delegue(row: Signataire) -> Signe:
    assert row.arrete_on  # signataire_arrete_whole
    arrete = f"par délégation, arrêté n° {row.arrete_numero} du {day_and_year(row.arrete_on)}"
    return Signe(row.personne, row.qualite, arrete)
