"""Domains of a draft of the catalogue: added, described, put in order, retired, put back; and their prérequis."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db import IntegrityError
from django.db.models import Max

from comptes.models import Personne
from journal.workflows.unite import unit, unite
from mutualisation.editions import EditionLue, edition_before, read_edition
from mutualisation.models import Activite, Bloc, Catalogue, Domaine, DomaineVersion, Prerequis
from mutualisation.workflows.activite import put_back, shift
from mutualisation.workflows.catalogue import clean, editing, note
from socle.erreurs import Refus
from socle.typographie import enumerate_french, sort_key
from territoire.models import Commune

CHOICES = ("libelle", "libelle_court", "famille", "service_commun", "rattachement", "paiement", "porteur")


@unite
def add_domaine(
    *, catalogue: Catalogue, code: str, valeurs: dict[str, Any], acteur: Personne, version: int
) -> Domaine:
    """Add a domain to a draft, last of all; `valeurs` are the fields of CHOICES.

    Raises ActionInterdite, Conflit, Refus for a code or a name already taken.
    """
    edition = editing(catalogue, acteur, version)
    ordre = int(edition.domaines.aggregate(dernier=Max("ordre"))["dernier"] or 0) + 1
    domaine = Domaine(
        epci=edition.epci,
        code=code.strip().upper(),
        libelle=valeurs["libelle"],
        libelle_court=valeurs["libelle_court"],
        ordre=ordre,
    )
    clean(domaine)
    _save_new(domaine)
    _save(DomaineVersion(catalogue=edition, domaine=domaine, ordre=ordre), valeurs)
    note(edition, acteur, f"domaine « {domaine} » ajouté")
    return domaine


def _save_new(domaine: Domaine) -> None:
    try:
        with unit():
            domaine.save()
    except IntegrityError as error:
        known = Domaine.objects.get(epci=domaine.epci, code=domaine.code)
        raise Refus(f"Le code {known.code} désigne déjà « {known} ».", field="code") from error


def _save(version: DomaineVersion, valeurs: dict[str, Any]) -> None:
    for name in CHOICES:
        setattr(version, name, valeurs[name])
    clean(version)
    _check_label(version)
    _check_porteur(version.catalogue, version.porteur)
    version.save()


def _check_label(version: DomaineVersion) -> None:
    others = version.catalogue.domaines.exclude(domaine=version.domaine).order_by("ordre", "pk")
    for name in ("libelle", "libelle_court"):
        if sort_key(getattr(version, name)) in map(sort_key, others.values_list(name, flat=True)):
            raise Refus("Un autre domaine porte déjà ce nom.", field=name)


def _check_porteur(edition: Catalogue, porteur: Commune | None) -> None:
    members = Commune.objects.members_of(edition.epci, edition.epci.today)
    if porteur and not members.filter(pk=porteur.pk).exists():
        raise Refus("Cette commune n'est pas membre de cet EPCI.", field="porteur")


def version_of(edition: Catalogue, domaine: Domaine) -> DomaineVersion:
    """What a draft says of a domain. Raises Refus when it has left it."""
    found = edition.domaines.filter(domaine=domaine).select_related("domaine", "catalogue__epci").first()
    if found is None:
        raise Refus(f"« {domaine} » n'est plus dans cette édition.")
    return found


@unite
def change_domaine(
    *,
    catalogue: Catalogue,
    domaine: Domaine,
    valeurs: dict[str, Any],
    requis: Collection[int],
    acteur: Personne,
    version: int,
) -> None:
    """Describe a domain (`valeurs`: the fields of CHOICES) and say which domains (ids) it demands first.

    Raises ActionInterdite, Conflit, Refus for a name taken, a commune that is not a member, a circle of prérequis.
    """
    edition = editing(catalogue, acteur, version)
    held = version_of(edition, domaine)
    former = str(held)
    _save(held, valeurs)
    _demand(edition, domaine, requis)
    same = former == held.libelle
    note(
        edition, acteur, f"domaine « {held} » modifié" if same else f"domaine « {former} » renommé « {held} »"
    )


def _demand(edition: Catalogue, domaine: Domaine, requis: Collection[int]) -> None:
    offered = set(edition.domaines.values_list("domaine_id", flat=True))
    if not set(requis) <= offered:
        raise Refus("Un prérequis porte sur un domaine de la même édition.", field="requis")
    lue = read_edition(edition)
    circle = circle_from({**lue.prerequis, domaine.pk: tuple(requis)}, domaine.pk)
    if circle:
        raise Refus(_chain(lue, circle), field="requis")
    edition.prerequis.filter(domaine=domaine).delete()
    Prerequis.objects.bulk_create(
        Prerequis(catalogue=edition, domaine=domaine, requis_id=pk) for pk in sorted(requis)
    )


def circle_from(prerequis: Mapping[int, Sequence[int]], domaine: int) -> list[int]:
    """The shortest chain of prérequis (ids by id) that leads from a domain back to itself; empty when there is none."""
    paths = [[domaine]]
    seen: set[int] = set()
    while paths:
        path = paths.pop(0)
        for requis in prerequis.get(path[-1], ()):
            if requis == domaine:
                return [*path, domaine]
            if requis not in seen:
                seen.add(requis)
                paths.append([*path, requis])
    return []


def _chain(lue: EditionLue, circle: list[int]) -> str:
    """« Finances » demande « Numérique », qui demande « Finances » : …"""
    first, *others = [f"« {lue.domaines[pk]} »" for pk in circle]
    return f"{first} demande {', qui demande '.join(others)} : aucune commune ne pourrait commencer."


@unite
def shift_domaine(*, catalogue: Catalogue, domaine: Domaine, sens: str, acteur: Personne) -> None:
    """Move a domain one place up (« haut ») or down (« bas »); at an end, nothing moves."""
    edition = editing(catalogue, acteur, None)
    held = version_of(edition, domaine)
    rows = list(edition.domaines.order_by("ordre", "domaine__code"))
    if shift(rows, held, sens):
        DomaineVersion.objects.bulk_update(rows, ["ordre"])
        note(edition, acteur, f"domaine « {held} » changé de place")


@unite
def retire_domaine(*, catalogue: Catalogue, domaine: Domaine, acteur: Personne) -> None:
    """Take a domain out of a draft with all its activities: on the first day, their shares end.

    Raises ActionInterdite, Refus when another domain demands it.
    """
    edition = editing(catalogue, acteur, None)
    held = version_of(edition, domaine)
    obstacle = demanded(read_edition(edition), domaine.pk)
    if obstacle:
        raise Refus(obstacle)
    ids = list(edition.activites.filter(domaine=domaine).values_list("activite_id", flat=True))
    edition.successions.filter(nouvelle__in=ids).delete()
    edition.activites.filter(activite__in=ids).delete()
    edition.exclusions.filter(activite__in=ids).delete()
    edition.blocs.filter(domaine=domaine).delete()
    edition.prerequis.filter(domaine=domaine).delete()
    held.delete()
    Activite.objects.filter(pk__in=ids, versions=None).delete()
    Domaine.objects.filter(pk=domaine.pk, versions=None).delete()
    note(edition, acteur, f"domaine « {held} » retiré")


def demanded(lue: EditionLue, domaine: int) -> str:
    """Why a domain (its id) may not be retired: others demand it; empty when it may."""
    asking = [f"« {lue.domaines[pk]} »" for pk, requis in lue.prerequis.items() if domaine in requis]
    if not asking:
        return ""
    verb = "demande" if len(asking) == 1 else "demandent"
    return f"{enumerate_french(asking)} {verb} « {lue.domaines[domaine]} » : retirez d'abord ce prérequis."


@unite
def restore_domaine(*, catalogue: Catalogue, domaine: Domaine, acteur: Personne) -> None:
    """Put a domain back as the edition before describes it; one that was retired comes back with its activities.

    Raises ActionInterdite, Refus when the edition before does not know it.
    """
    edition = editing(catalogue, acteur, None)
    before = edition_before(edition)
    former = (
        before.domaines.select_related("catalogue", "domaine").filter(domaine=domaine).first()
        if before
        else None
    )
    if former is None:
        raise Refus(f"« {domaine} » est nouveau : pour l'annuler, retirez-le.")
    held = edition.domaines.filter(domaine=domaine).first()
    if held is None:
        _bring_back(edition, former)
    else:
        _save(held, {name: getattr(former, name) for name in CHOICES})
    note(edition, acteur, f"domaine « {former} » rétabli comme avant")


def _bring_back(edition: Catalogue, former: DomaineVersion) -> None:
    """A retired domain with its blocs, its prérequis still offered, and those of its activities nothing took over from."""
    before, domaine = former.catalogue, former.domaine
    ordre = int(edition.domaines.aggregate(dernier=Max("ordre"))["dernier"] or 0) + 1
    version = DomaineVersion(catalogue=edition, domaine=domaine, ordre=ordre)
    _save(version, {name: getattr(former, name) for name in CHOICES})
    Bloc.objects.bulk_create(
        Bloc(catalogue=edition, domaine=domaine, nom=bloc.nom)
        for bloc in before.blocs.filter(domaine=domaine).order_by("nom")
    )
    taken = edition.activites.values("activite"), edition.successions.values("ancienne")
    gone = before.activites.filter(domaine=domaine).exclude(activite__in=taken[0])
    for pk in gone.exclude(activite__in=taken[1]).order_by("ordre").values_list("activite_id", flat=True):
        put_back(edition, before, pk)
    edition.blocs.filter(domaine=domaine, activites=None).delete()
    requis = before.prerequis.filter(domaine=domaine, requis__in=edition.domaines.values("domaine"))
    _demand(edition, domaine, list(requis.order_by("pk").values_list("requis_id", flat=True)))
