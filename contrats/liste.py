"""The list of contracts: one row per commune, with what is still missing."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import OuterRef, Subquery

from comptes.acces import Titre
from comptes.models import Personne
from comptes.roles import Role
from contrats.fiche import incomplete
from contrats.models import Engagement, VersionContrat
from mutualisation.models import Adhesion, Ligne
from mutualisation.referents import Referents
from socle.typographie import plural, sort_key
from territoire.models import Commune, Epci

Etat = VersionContrat.Etat
SANS, FINI = "sans", "fini"
SEES_ALL_COMMUNES = (Role.DIRECTION_TERRITOIRES, Role.ADMINISTRATEUR, Role.SERVICE, Role.DIRECTEUR_POLE)


ENTETE = ("Commune", "Contrat", "État", "Effet le", "Domaines", "Il manque encore")


@dataclass(frozen=True)
class LigneContrat:
    """A commune, the latest version of its contract (or None), what it lacks, in French, and whether it shares anything."""

    commune: Any
    version: VersionContrat | None
    domaines: int
    manques: tuple[str, ...]
    partage: bool

    @property
    def fini(self) -> bool:
        """Its contract has ended, or will on a day already known."""
        return bool(self.version and self.version.contrat.fin_on)

    @property
    def cells(self) -> tuple[str | int | date | None, ...]:
        """The row as a sheet shows it, under ENTETE."""
        version = self.version
        if version is None:
            return (self.commune.nom, "", "pas de contrat", None, 0, "")
        etat = (
            f"fini par {version.contrat.get_fin_nature_display()}"
            if self.fini
            else str(version.get_etat_display())
        )
        said = (version.reference, etat, version.effective_on)
        return (self.commune.nom, *said, self.domaines, ", ".join(self.manques))


@dataclass(frozen=True)
class FicheLue:
    """A fiche in a list: its domain, whether it lacks something, and the expected level above all."""

    domaine: int
    a_completer: bool
    sans_niveau: bool


def communes_of(user: Personne, contexte: Titre, epci: Epci, day: date) -> Any:
    """Communes a hat sees contracts of: all, those of its pôle, or those where it answers for a domain."""
    members = Commune.objects.members_of(epci, day)
    if contexte.pole_id:
        members = members.filter(membre__pole=contexte.pole_id)
    if contexte.commune_id:
        members = members.filter(pk=contexte.commune_id)
    if contexte.role not in SEES_ALL_COMMUNES:
        mine = Engagement.objects.visible_to(user).filter(epci=epci)
        members = members.filter(pk__in=mine.values("commune"))
    return members


def search(communes: Any, epci: Epci, texte: str, pole: int | None, etat: str) -> Any:
    """Communes whose name holds a text (accents and case aside), of a pôle, whose contract is in a state."""
    if pole:
        communes = communes.filter(membre__pole=pole)
    if etat:
        communes = _in_state(communes, epci, etat)
    key = sort_key(texte)
    return communes.filter(tri__contains=key) if key else communes


def _in_state(communes: Any, epci: Epci, etat: str) -> Any:
    """As the rows say it: a contract whose end is known is `fini`, whatever the state of its last text."""
    kept = VersionContrat.objects.filter(epci=epci, commune=OuterRef("pk")).exclude(etat=Etat.ABANDONNE)
    versions = kept.order_by("-contrat", "-numero")
    found = communes.annotate(
        etat_contrat=Subquery(versions.values("etat")[:1]),
        fin_contrat=Subquery(versions.values("contrat__fin_on")[:1]),
    )
    if etat == FINI:
        return found.exclude(fin_contrat=None)
    return found.filter(etat_contrat=None if etat == SANS else etat, fin_contrat=None)


def read_rows(user: Personne, epci: Epci, communes: Sequence[Any], effective_on: date) -> list[LigneContrat]:
    """The rows of some communes, in a constant number of queries; sharing is that of the day of effect."""
    seen = VersionContrat.objects.visible_to(user).exclude(etat=Etat.ABANDONNE)
    versions = seen.filter(epci=epci, commune__in=[c.pk for c in communes])
    rows = versions.select_related("contrat", "commune", "epci").order_by("contrat", "numero")
    latest = {row.commune_id: row for row in rows}
    fiches = _fiches(user, latest.values())
    referents = Referents(epci, epci.today)
    sharing = _sharing(epci, effective_on)
    return [_row(commune, latest.get(commune.pk), fiches, referents, sharing) for commune in communes]


def _fiches(user: Personne, versions: Iterable[VersionContrat]) -> dict[int, list[FicheLue]]:
    """The fiches of some versions, by version: their domain, what they lack; their texts stay where they are."""
    rows: Any = Engagement.objects.visible_to(user).filter(version_contrat__in=[v.pk for v in versions])
    lacking = set(incomplete(rows).order_by().values_list("pk", flat=True))
    without = set(rows.filter(niveau_attendu__regex=r"^\s*$").order_by().values_list("pk", flat=True))
    found: dict[int, list[FicheLue]] = {}
    for pk, version, domaine in rows.order_by("pk").values_list("pk", "version_contrat_id", "domaine_id"):
        found.setdefault(version, []).append(FicheLue(domaine, pk in lacking, pk in without))
    return found


def _sharing(epci: Epci, day: date) -> set[int]:
    """Communes that share something on a day, or whose accepted choices wait for it."""
    shared = Adhesion.objects.on(day).filter(epci=epci).values_list("commune", flat=True)
    waiting = Ligne.objects.changing().filter(
        epci=epci,
        arbitrage=Ligne.Arbitrage.ACCEPTEE,
        appliquee_at=None,
        declaration__cycle__effective_on__lte=day,
    )
    entering = waiting.exclude(nature=Ligne.Nature.RETRAIT).values_list("commune", flat=True)
    return {*shared.distinct().order_by(), *entering.distinct().order_by()}


def _row(
    commune: Any,
    version: VersionContrat | None,
    fiches: dict[int, list[FicheLue]],
    referents: Referents,
    sharing: set[int],
) -> LigneContrat:
    if version is None:
        return LigneContrat(commune, None, 0, (), commune.pk in sharing)
    mine = fiches.get(version.pk, [])
    vacant = referents.vacancies(commune.pk, [fiche.domaine for fiche in mine])
    manques = list(_lacking(mine))
    if vacant:
        manques.append(plural(vacant, "siège vacant", "sièges vacants"))
    return LigneContrat(commune, version, len(mine), tuple(manques), commune.pk in sharing)


def _lacking(fiches: Sequence[FicheLue]) -> Iterator[str]:
    """« 4 fiches à compléter, dont 2 sans niveau attendu »: the level alone keeps a contract from its vote."""
    lacking, without = sum(f.a_completer for f in fiches), sum(f.sans_niveau for f in fiches)
    if lacking:
        blocked = f", dont {without} sans niveau attendu" if without else ""
        yield plural(lacking, "fiche à compléter", "fiches à compléter") + blocked
