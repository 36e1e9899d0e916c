"""The list of contracts: one row per commune, with what is still missing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from comptes.acces import Titre
from comptes.models import Personne
from comptes.roles import Role
from contrats.models import Engagement, VersionContrat
from mutualisation.models import Adhesion, Ligne
from mutualisation.referents import Referents
from socle.typographie import plural, sort_key
from territoire.models import Commune, Epci

SEES_ALL_COMMUNES = (Role.DIRECTION_TERRITOIRES, Role.ADMINISTRATEUR, Role.SERVICE, Role.DIRECTEUR_POLE)


@dataclass(frozen=True)
class LigneContrat:
    """A commune, the latest version of its contract (or None), what it lacks, in French, and whether it shares anything."""

    commune: Any
    version: VersionContrat | None
    domaines: int
    manques: tuple[str, ...]
    partage: bool


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


def search(communes: Any, texte: str, pole: int | None) -> Any:
    """Communes whose name holds a text (accents and case aside), of a pôle when given."""
    if pole:
        communes = communes.filter(membre__pole=pole)
    key = sort_key(texte)
    return communes.filter(tri__contains=key) if key else communes


def read_rows(user: Personne, epci: Epci, communes: Sequence[Any], effective_on: date) -> list[LigneContrat]:
    """The rows of some communes, in a constant number of queries; sharing is that of the day of effect."""
    versions = VersionContrat.objects.visible_to(user).filter(epci=epci, commune__in=[c.pk for c in communes])
    latest = {v.commune_id: v for v in versions.select_related("contrat").order_by("numero")}
    fiches: dict[int, list[Engagement]] = {}
    rows = Engagement.objects.visible_to(user).filter(version_contrat__in=[v.pk for v in latest.values()])
    for row in rows.only("version_contrat_id", "domaine_id", "niveau_attendu").order_by("pk"):
        fiches.setdefault(row.version_contrat_id, []).append(row)
    referents = Referents(epci, epci.today)
    sharing = _sharing(epci, effective_on)
    return [_row(commune, latest.get(commune.pk), fiches, referents, sharing) for commune in communes]


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
    fiches: dict[int, list[Engagement]],
    referents: Referents,
    sharing: set[int],
) -> LigneContrat:
    if version is None:
        return LigneContrat(commune, None, 0, (), commune.pk in sharing)
    mine = fiches.get(version.pk, [])
    without = sum(not fiche.niveau_attendu.strip() for fiche in mine)
    vacant = referents.vacancies(commune.pk, [fiche.domaine_id for fiche in mine])
    manques = []
    if without:
        manques.append(plural(without, "fiche sans niveau attendu", "fiches sans niveau attendu"))
    if vacant:
        manques.append(plural(vacant, "siège vacant", "sièges vacants"))
    return LigneContrat(commune, version, len(mine), tuple(manques), commune.pk in sharing)
