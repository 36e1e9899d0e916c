"""Editions of the catalogue: begun as a copy of the one before, changed as a draft, frozen once and for all."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models

from comptes.destinataires import heads_by_commune
from comptes.models import Personne
from comptes.roles import Role
from journal.workflows.courriel import Lettre, write_mails
from journal.workflows.unite import record, unit, unite
from mutualisation.ecarts import Ecart, read_changes, touched_by_commune
from mutualisation.editions import EditionLue, read_edition
from mutualisation.models import (
    Activite,
    ActiviteVersion,
    Bloc,
    Catalogue,
    Cycle,
    Domaine,
    DomaineVersion,
    Exclusion,
    Prerequis,
)
from mutualisation.reference import read_reference
from mutualisation.workflows.derivation import schedule_edition
from mutualisation.workflows.verrou import locked
from socle import horloge
from socle.dates import day_and_year
from socle.droits import ActionInterdite, require
from socle.erreurs import Refus
from territoire.models import Commune, Epci

WHO_BEGINS = "Seule la Direction des territoires prépare une édition du catalogue."
ONE_DRAFT = "Une édition est déjà en préparation : gelez-la ou abandonnez-la d'abord."


@unite
def load_reference_catalogue(*, epci: Epci, effective_on: date) -> Catalogue:
    """Give an EPCI its first edition, frozen, from the reference catalogue."""
    now = horloge.now()
    catalogue = Catalogue.objects.create(epci=epci, effective_on=effective_on, gele_at=now)
    _fill_from_reference(catalogue)
    if effective_on <= epci.today:  # nothing came before: nothing to hand over
        catalogue.appliquee_at = now
        catalogue.save(update_fields=["appliquee_at"])
    else:
        schedule_edition(catalogue)
    _record_frozen(catalogue, None)
    return catalogue


def _fill_from_reference(catalogue: Catalogue) -> None:
    reference = read_reference()
    catalogue.origine = reference["origine"]
    catalogue.save(update_fields=["origine"])
    for ordre, item in enumerate(reference["domaines"], start=1):
        _add_domaine(catalogue, item, ordre)


def _add_domaine(catalogue: Catalogue, item: dict[str, Any], ordre: int) -> None:
    labels = {"libelle": item["libelle"], "libelle_court": item["libelle_court"], "ordre": ordre}
    domaine = Domaine.objects.create(epci=catalogue.epci, code=item["code"], **labels)
    DomaineVersion.objects.create(
        catalogue=catalogue,
        domaine=domaine,
        famille=item["famille"],
        rattachement=item["rattachement"],
        paiement=item["mode_paiement"],
        service_commun=f"Service commun {item['libelle']}",
        **labels,
    )
    _add_activites(catalogue, domaine, item["activites"])


def _add_activites(catalogue: Catalogue, domaine: Domaine, items: list[dict[str, str]]) -> None:
    activites = Activite.objects.bulk_create(
        Activite(epci=catalogue.epci, code=item["code"], libelle=item["libelle"]) for item in items
    )
    ActiviteVersion.objects.bulk_create(
        ActiviteVersion(
            catalogue=catalogue, activite=activite, domaine=domaine, libelle=activite.libelle, ordre=ordre
        )
        for ordre, activite in enumerate(activites, start=1)
    )


def default_day(epci: Epci) -> date:
    """The first day proposed for an edition: the effect of the next cycle not open yet, else of the one after."""
    cycles = Cycle.objects.filter(epci=epci, effective_on__gt=epci.today)
    waiting = cycles.filter(ouvert_at=None).order_by("effective_on").first()
    if waiting:
        return waiting.effective_on
    last = cycles.order_by("annee").last()
    return date((last.annee if last else epci.today.year) + 1, 1, 1)


@unite
def begin_edition(*, epci: Epci, effective_on: date, acteur: Personne) -> Catalogue:
    """Begin a draft: a copy of the latest frozen edition, or the reference catalogue for an EPCI that has none.

    Raises ActionInterdite, Refus when a draft is already there or the day does not come after the edition before.
    """
    if not acteur.acces.acts_for_epci(epci.pk, Role.DIRECTION_TERRITOIRES):
        raise ActionInterdite(WHO_BEGINS)
    before = Catalogue.objects.frozen(epci).first()
    _check_day(epci, effective_on)
    draft = _save_new(Catalogue(epci=epci, effective_on=effective_on))
    if before:
        _copy(read_edition(before), draft)
    else:
        _fill_from_reference(draft)
    _record(draft, acteur, "catalogue.commence", f"{draft} : préparation commencée")
    return draft


def _check_day(epci: Epci, day: date) -> None:
    """A first day to come, after every frozen edition; the first edition of all may begin any day."""
    latest = Catalogue.objects.frozen(epci).first()
    if latest and day <= latest.effective_on:
        raise Refus(
            f"Une édition est déjà gelée à compter du {day_and_year(latest.effective_on)} : la suivante vient après.",
            field="effective_on",
        )
    if latest and day <= epci.today:
        raise Refus(
            f"Le {day_and_year(day)} est passé : donnez à cette édition un premier jour à venir.",
            field="effective_on",
        )


def _save_new(draft: Catalogue) -> Catalogue:
    try:
        with unit():
            draft.save()
    except IntegrityError as error:
        raise Refus(ONE_DRAFT) from error
    return draft


def _copy(source: EditionLue, draft: Catalogue) -> None:
    blocs = {pk: _twin(bloc, draft) for pk, bloc in source.blocs.items()}
    Bloc.objects.bulk_create(blocs.values())
    DomaineVersion.objects.bulk_create(_twin(version, draft) for version in source.domaines.values())
    ActiviteVersion.objects.bulk_create(
        _twin(version, draft, bloc=blocs.get(version.bloc_id or 0)) for version in source.activites.values()
    )
    edition = source.edition
    for model, rows in (
        (Prerequis, edition.prerequis.order_by("pk")),
        (Exclusion, edition.exclusions.order_by("pk")),
    ):
        model.objects.bulk_create(_twin(row, draft) for row in rows)


def _twin(row: Any, draft: Catalogue, **changes: Any) -> Any:
    """The same row in another edition."""
    same = {
        f.name: getattr(row, f.name) for f in row._meta.fields if f.name not in ("id", "catalogue", *changes)
    }
    return type(row)(catalogue=draft, **same, **changes)


def editing(catalogue: Catalogue, acteur: Personne, version: int | None) -> Catalogue:
    """The draft, locked until the unit ends. Raises Conflit when somebody changed it, ActionInterdite once frozen."""
    edition = locked(Catalogue, catalogue.pk, version, select=("epci",))
    require(edition, acteur, "modifier")
    return edition


def note(edition: Catalogue, acteur: Personne, phrase: str) -> None:
    """One gesture on a draft is done: its version grows, the journal says what."""
    edition.version += 1
    edition.save(update_fields=["version"])
    _record(edition, acteur, "catalogue.modifie", f"{edition} : {phrase}")


def clean(row: models.Model) -> None:
    """Raises Refus beside the field at fault: too long, empty, not in the list."""
    try:
        row.clean_fields()
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise Refus(messages[0], field=field) from error


@unite
def change_day(*, catalogue: Catalogue, effective_on: date, acteur: Personne, version: int) -> Catalogue:
    """Give a draft another first day. Raises ActionInterdite, Refus when the day is past, Conflit."""
    edition = editing(catalogue, acteur, version)
    _check_day(edition.epci, effective_on)
    edition.effective_on = effective_on
    edition.save(update_fields=["effective_on"])
    note(edition, acteur, f"premier jour fixé au {day_and_year(effective_on)}")
    return edition


@unite
def discard_edition(*, catalogue: Catalogue, acteur: Personne) -> None:
    """Give up a draft, with the domains and activities that only it knows. Raises ActionInterdite once frozen."""
    edition = editing(catalogue, acteur, None)
    _record(edition, acteur, "catalogue.abandonne", f"{edition} : préparation abandonnée")
    domaines = list(edition.domaines.order_by("pk").values_list("domaine_id", flat=True))
    activites = list(edition.activites.order_by("pk").values_list("activite_id", flat=True))
    edition.delete()
    Activite.objects.filter(pk__in=activites, versions=None).delete()
    Domaine.objects.filter(pk__in=domaines, versions=None).delete()


def missing_to_freeze(lue: EditionLue) -> list[str]:
    """What prevents a draft from being frozen, in French; empty when nothing does."""
    missing = [
        f"« {lue.domaines[pk]} » n'a aucune activité : donnez-lui-en une ou retirez-le."
        for pk, activites in lue.by_domaine.items()
        if not activites
    ]
    if not lue.domaines:
        missing.append("L'édition n'offre aucun domaine.")
    try:
        _check_day(lue.edition.epci, lue.edition.effective_on)
    except Refus as refus:
        missing.append(refus.message)
    return missing + _merging_too_early(lue)


def _merging_too_early(lue: EditionLue) -> list[str]:
    """A retrait asked in a cycle already open would take away all that its activity is merged with."""
    merges = any(len(sources) > 1 for sources in lue.sources.values())
    edition = lue.edition
    running = Cycle.objects.filter(
        epci=edition.epci, ouvert_at__isnull=False, clos_at=None, effective_on__gte=edition.effective_on
    )
    last = running.order_by("effective_on").last() if merges else None
    if last is None:
        return []
    return [
        f"Le cycle {last.annee}, déjà ouvert, offre les activités d'avant : une fusion s'applique après son effet, "
        f"au plus tôt le {day_and_year(last.effective_on + timedelta(days=1))}."
    ]


@unite
def freeze_edition(*, catalogue: Catalogue, acteur: Personne | None, version: int | None = None) -> Catalogue:
    """Freeze a draft: it never changes again and takes effect on its day; those whose shares it moves are told.

    `acteur` is None only when a command opens a cycle. Raises ActionInterdite, Conflit, Refus when something is missing.
    """
    edition = locked(Catalogue, catalogue.pk, version, select=("epci",))
    if acteur:
        require(edition, acteur, "geler")
    missing = missing_to_freeze(read_edition(edition))
    if missing:
        raise Refus(" ".join(missing))
    edition.gele_at = horloge.now()
    edition.version += 1
    edition.save(update_fields=["gele_at", "version"])
    schedule_edition(edition)
    _record_frozen(edition, acteur)
    _announce(edition)
    return edition


def edition_for(cycle: Cycle, acteur: Personne | None) -> Catalogue:
    """The edition a cycle that opens offers: a draft of its day, or before, is frozen with it.

    Raises Refus when that draft is not ready.
    """
    draft = Catalogue.objects.filter(
        epci=cycle.epci, gele_at=None, effective_on__lte=cycle.effective_on
    ).first()
    if draft:
        freeze_edition(catalogue=draft, acteur=acteur)
    return Catalogue.objects.in_force(cycle.epci, cycle.effective_on)


def _record_frozen(edition: Catalogue, acteur: Personne | None) -> None:
    _record(edition, acteur, "catalogue.gele", f"{edition} gelé")


def _record(edition: Catalogue, acteur: Personne | None, type: str, libelle: str) -> None:
    record(
        type=type,
        objet=edition,
        epci=edition.epci,
        acteur=acteur,
        libelle=libelle,
        contenu={"effective_on": edition.effective_on.isoformat()},
    )


def _announce(edition: Catalogue) -> None:
    """A mail to who answers for each commune whose shares the edition moves."""
    ecarts = read_changes(edition)
    touched = touched_by_commune(edition, ecarts)
    heads = heads_by_commune(edition.epci, edition.epci.today)
    write_mails(
        letter
        for commune, people in heads.items()
        if commune.pk in touched
        for letter in _letters(edition, commune, people, touched[commune.pk])
    )


def _letters(
    edition: Catalogue, commune: Commune, people: list[Personne], ecarts: list[Ecart]
) -> Iterator[Lettre]:
    retired = [ecart.genre == "retrait" for ecart in ecarts]
    kinds = {"retires": any(retired), "suivent": not all(retired)}
    for personne in people:
        yield Lettre(
            destinataire=personne,
            epci=edition.epci,
            type="catalogue_gele",
            objet=edition,
            occurrence=str(commune.pk),
            sujet=f"Le catalogue change au {day_and_year(edition.effective_on)} : ce qui touche {commune}",
            contexte={"edition": edition, "commune": commune, "ecarts": ecarts, **kinds},
            perime_at=horloge.midnight(edition.effective_on, edition.epci.fuseau),
        )
