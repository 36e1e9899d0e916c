"""Writing what moves in a territory: memberships, names and codes, filiations, each dated."""

from collections.abc import Iterable
from datetime import date

from django.db import transaction
from django.db.models import Q

from socle.dates import day_and_year
from socle.erreurs import Refus
from territoire.comparaison import FACTS, Connue, Mouvement, Nature
from territoire.models import Appartenance, Commune, CommuneVersion, Epci, Filiation
from territoire.reference import CommuneReference


@transaction.atomic
def apply_moves(*, epci: Epci, moves: Iterable[Mouvement], day: date) -> dict[str, Commune]:
    """Write moves from a day on; returns the communes they lead to, by SIREN.

    What was before the day stays readable under its name. Raises Refus when something is already written from a later
    day about one of these communes, or when one that arrives is still a member of another EPCI.
    """
    reached: dict[str, Commune] = {}
    for move in moves:
        if move.nature in (Nature.FUSION, Nature.DEPART):
            for one in move.anciennes:
                _check_member(epci, one, day)
        if move.apres is None:
            _leave(epci, move.anciennes[0], day)
        elif move.nature in (Nature.NOM, Nature.POPULATION):
            reached[move.apres.siren] = _alter(move.anciennes[0].commune, move.apres, day)
        else:
            reached[move.apres.siren] = _derive(epci, move, move.apres, day)
    return reached


def _check_member(epci: Epci, one: Connue, day: date) -> None:
    """A commune that leaves or merges was a member before the day."""
    if not Appartenance.objects.on(day).filter(epci=epci, commune=one.commune, debut__lt=day).exists():
        raise Refus(
            f"{one.nom} n'était pas membre avant ce jour : choisissez un jour postérieur.", field="le"
        )


def _leave(epci: Epci, one: Connue, day: date) -> None:
    Appartenance.objects.on(day).filter(epci=epci, commune=one.commune).update(fin=day)


def _derive(epci: Epci, move: Mouvement, apres: CommuneReference, day: date) -> Commune:
    """A merger, a split or an arrival: the commune it leads to is a member from the day, in the pôle of its elder."""
    nouvelle = _commune(apres, day)
    by_size = sorted(move.anciennes, key=lambda one: -one.population)
    poles = [held.pole_id for one in by_size if (held := _membership(epci, one.commune, day))]
    if move.nature == Nature.FUSION:
        for one in move.anciennes:
            if one.commune != nouvelle:
                _leave(epci, one, day)
    _enter(epci, nouvelle, day, poles[0] if poles else None)
    for one in move.anciennes:
        if one.commune != nouvelle:
            Filiation.objects.get_or_create(
                ancienne=one.commune, nouvelle=nouvelle, defaults={"effective_on": day}
            )
    return nouvelle


def _membership(epci: Epci, commune: Commune, day: date) -> Appartenance | None:
    """The membership of a commune on a day, or the one that has just been ended on that day."""
    rows = Appartenance.objects.filter(epci=epci, commune=commune, debut__lt=day)
    return rows.filter(Q(fin=None) | Q(fin__gte=day)).order_by("-debut").first()


def _enter(epci: Epci, commune: Commune, day: date, pole: int | None) -> None:
    held = Appartenance.objects.filter(Q(fin=None) | Q(fin__gt=day), commune=commune).first()
    if held and held.epci_id == epci.pk:
        return
    if held:
        raise Refus(
            f"{commune} est encore membre d'un autre EPCI, {held.epci} : enregistrez d'abord son départ."
        )
    Appartenance.objects.create(epci=epci, commune=commune, debut=day, pole_id=pole)


def _commune(apres: CommuneReference, day: date) -> Commune:
    """The commune of this SIREN, brought up to date, or a new one."""
    known = Commune.objects.filter(siren=apres.siren).order_by("pk").first()
    if known:
        return _alter(known, apres, day)
    commune: Commune = Commune.objects.create(**facts(apres))
    CommuneVersion.objects.create(commune=commune, debut=day, **facts(apres))
    return commune


def facts(source: CommuneReference | Commune | CommuneVersion) -> dict[str, str | int]:
    """Name, codes and population."""
    return {name: getattr(source, name) for name in FACTS}


def _alter(commune: Commune, apres: CommuneReference, day: date) -> Commune:
    """From a day on, other facts; those before keep their period. Raises Refus when others are written from later."""
    later = commune.versions.filter(debut__gt=day).order_by("debut").first()
    if later:
        raise Refus(
            f"{commune} change déjà à compter du {day_and_year(later.debut)} : choisissez un jour postérieur.",
            field="le",
        )
    running = commune.versions.on(day).first()
    if running is None:
        running = _first_version(commune, day)
    if running and facts(running) == facts(apres):
        return commune
    if running and running.debut == day:
        CommuneVersion.objects.filter(pk=running.pk).update(**facts(apres))
        return commune
    if running:
        running.fin = day
        running.save(update_fields=["fin"])
    CommuneVersion.objects.create(commune=commune, debut=day, **facts(apres))
    return commune


def _first_version(commune: Commune, day: date) -> CommuneVersion | None:
    """What a commune that no period tells was called until now, since its first membership."""
    first = commune.appartenances.filter(debut__lt=day).order_by("debut").first()
    if first is None or commune.versions.exists():
        return None
    version: CommuneVersion = CommuneVersion.objects.create(
        commune=commune, debut=first.debut, **facts(commune)
    )
    return version


@transaction.atomic
def refresh_present(*, epci: Epci) -> None:
    """Give the communes of an EPCI the name and codes of today; twice changes nothing."""
    rows = CommuneVersion.objects.on(epci.today).filter(commune__appartenances__epci=epci)
    for version in rows.select_related("commune").distinct():
        commune = version.commune
        if facts(commune) != facts(version):
            for name, value in facts(version).items():
                setattr(commune, name, value)
            commune.save()
