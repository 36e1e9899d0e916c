"""Editions of the catalogue with rules, for the tests of declarations."""

from datetime import UTC, date, datetime

from mutualisation.models import (
    Activite,
    ActiviteVersion,
    Bloc,
    Catalogue,
    Cycle,
    Declaration,
    DomaineVersion,
    Exclusion,
    Prerequis,
    Succession,
)
from territoire.models import Affiliation
from tests.factories import activite, domaine


def next_edition(cycle: Cycle, splits: dict[str, list[str]]) -> Catalogue:
    """The edition of a cycle's first day, frozen and taken by it: activities give way (`{"DA-01": ["DA-11"], …}`).

    Heirs stand in the domain of the first activity they take over; one may take over several.
    """
    before = cycle.catalogue
    edition = Catalogue.objects.create(
        epci=cycle.epci, effective_on=cycle.effective_on, gele_at=datetime(2026, 11, 1, tzinfo=UTC)
    )
    for version in DomaineVersion.objects.filter(catalogue=before).order_by("pk"):
        version.pk, version.catalogue = None, edition
        version.save()
    rows = before.activites.select_related("activite").order_by("ordre", "activite__code")
    for row in rows:
        heirs = splits.get(row.activite.code)
        for code in [row.activite.code] if heirs is None else heirs:
            heir = _offer(edition, row, code)
            if heirs is not None:
                Succession.objects.create(catalogue=edition, ancienne=row.activite, nouvelle=heir)
    Cycle.objects.filter(pk=cycle.pk).update(catalogue=edition)
    cycle.refresh_from_db()
    return edition


def _offer(edition: Catalogue, row: ActiviteVersion, code: str) -> Activite:
    heir, _ = Activite.objects.get_or_create(
        epci=edition.epci, code=code, defaults={"libelle": f"Activité {code}"}
    )
    ActiviteVersion.objects.get_or_create(
        catalogue=edition,
        activite=heir,
        defaults={"domaine_id": row.domaine_id, "libelle": heir.libelle, "ordre": row.ordre},
    )
    return heir


def bloc(declaration: Declaration, nom: str, *codes: str) -> Bloc:
    """Put activities of a domain in a bloc of the edition of a declaration."""
    edition = declaration.cycle.catalogue
    found = Bloc.objects.create(
        catalogue=edition, domaine=domaine(declaration.epci, codes[0].split("-")[0]), nom=nom
    )
    edition.activites.filter(activite__code__in=codes).update(bloc=found)
    return found


def requires(declaration: Declaration, code: str, requis: str) -> Prerequis:
    """A domain asks for another first."""
    epci = declaration.epci
    return Prerequis.objects.create(
        catalogue=declaration.cycle.catalogue, domaine=domaine(epci, code), requis=domaine(epci, requis)
    )


def exclude(declaration: Declaration, code: str, motif: str = "mission du centre de gestion.") -> Exclusion:
    """An activity is out of reach of the affiliated communes, of which the declaration's is one."""
    Affiliation.objects.get_or_create(commune=declaration.commune, debut=date(2020, 1, 1))
    return Exclusion.objects.create(
        catalogue=declaration.cycle.catalogue, activite=activite(declaration.epci, code), motif=motif
    )
