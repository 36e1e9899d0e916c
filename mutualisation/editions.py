"""An edition of the catalogue with all its rules, as rows: to show it, to change it, to compare it with another."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from mutualisation.models import ActiviteVersion, Bloc, Catalogue, DomaineVersion
from socle.typographie import in_french_order


@dataclass(frozen=True)
class EditionLue:
    """What an edition says, by ids of domains and of activities, in its own order."""

    edition: Catalogue
    domaines: dict[int, DomaineVersion]
    activites: dict[int, ActiviteVersion]
    blocs: dict[int, Bloc]
    prerequis: dict[int, tuple[int, ...]]
    exclusions: dict[int, str]
    heirs: dict[int, tuple[int, ...]]

    @cached_property
    def by_domaine(self) -> dict[int, list[ActiviteVersion]]:
        """The activities of each domain."""
        found: dict[int, list[ActiviteVersion]] = {pk: [] for pk in self.domaines}
        for version in self.activites.values():
            found[version.domaine_id].append(version)
        return found

    @cached_property
    def by_bloc(self) -> dict[int, list[ActiviteVersion]]:
        """The activities of each bloc."""
        found: dict[int, list[ActiviteVersion]] = {pk: [] for pk in self.blocs}
        for version in self.activites.values():
            if version.bloc_id:
                found[version.bloc_id].append(version)
        return found

    @cached_property
    def sources(self) -> dict[int, tuple[int, ...]]:
        """What each new activity takes over from."""
        found: dict[int, tuple[int, ...]] = {}
        for ancienne, nouvelles in self.heirs.items():
            for nouvelle in nouvelles:
                found[nouvelle] = (*found.get(nouvelle, ()), ancienne)
        return found


def read_edition(edition: Catalogue) -> EditionLue:
    """The whole edition, in six queries whatever its size."""
    domaines = edition.domaines.select_related("domaine", "porteur").order_by("ordre", "domaine__code")
    activites = edition.activites.select_related("activite", "bloc").order_by("ordre", "activite__code")
    requis = edition.prerequis.order_by("pk").values_list("domaine_id", "requis_id")
    successions = edition.successions.order_by("pk").values_list("ancienne_id", "nouvelle_id")
    return EditionLue(
        edition=edition,
        domaines={version.domaine_id: version for version in domaines},
        activites={version.activite_id: version for version in activites},
        blocs={bloc.pk: bloc for bloc in in_french_order(edition.blocs.all())},
        prerequis=_grouped(requis),
        exclusions=dict(edition.exclusions.order_by("pk").values_list("activite_id", "motif")),
        heirs=_grouped(successions),
    )


def _grouped(pairs: Iterable[tuple[int, int]]) -> dict[int, tuple[int, ...]]:
    found: dict[int, tuple[int, ...]] = {}
    for key, value in pairs:
        found[key] = (*found.get(key, ()), value)
    return found


def edition_before(edition: Catalogue) -> Catalogue | None:
    """The frozen edition that comes just before another; None for the first."""
    frozen = Catalogue.objects.frozen(edition.epci)
    before: Catalogue | None = frozen.filter(effective_on__lt=edition.effective_on).first()
    return before
