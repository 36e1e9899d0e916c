"""Loading an EPCI of France from the reference extract."""

from datetime import date

from django.db import transaction

from territoire.models import Appartenance, Commune, CommuneVersion, Epci, JourFerie, Pole
from territoire.reference import CommuneReference, EpciReference, find_epci, holidays_of, time_zone

FIRST_HOLIDAY_YEAR, LAST_HOLIDAY_YEAR = 2014, 2045


@transaction.atomic
def load_epci(*, siren: str, since: date) -> Epci:
    """Create an EPCI and its communes, members since a day, from the extract; holidays seeded for thirty years.

    Raises EpciInconnu for a SIREN the extract does not know. Loading twice returns the EPCI already there.
    """
    existing = Epci.objects.filter(siren=siren).first()
    if existing:
        return existing
    reference = find_epci(siren)
    epci = Epci.objects.create(
        siren=siren, nom=reference.nom, type=reference.type, fuseau=time_zone(reference.departement)
    )
    _add_members(epci, reference, since)
    _add_holidays(epci, reference)
    return epci


def _add_members(epci: Epci, reference: EpciReference, since: date) -> None:
    for item in reference.communes:
        commune = _commune(item, since)
        Appartenance.objects.create(epci=epci, commune=commune, debut=since)


def _commune(item: CommuneReference, since: date) -> Commune:
    facts = {
        "nom": item.nom,
        "code_insee": item.code_insee,
        "siren": item.siren,
        "population": item.population,
    }
    commune = Commune.objects.create(**facts)
    CommuneVersion.objects.create(commune=commune, debut=since, **facts)
    return commune


def _add_holidays(epci: Epci, reference: EpciReference) -> None:
    years = range(FIRST_HOLIDAY_YEAR, LAST_HOLIDAY_YEAR + 1)
    JourFerie.objects.bulk_create(
        JourFerie(epci=epci, jour=day, nom=name)
        for year in years
        for day, name in holidays_of(reference.departement, year).items()
    )


def draw_poles(*, epci: Epci, poles: dict[str, list[Commune]]) -> None:
    """Create pôles and put communes in them; communes left out have none."""
    for name, communes in poles.items():
        pole, _ = Pole.objects.get_or_create(epci=epci, nom=name)
        Appartenance.objects.filter(epci=epci, commune__in=communes, fin=None).update(pole=pole)
