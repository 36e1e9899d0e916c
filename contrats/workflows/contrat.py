"""Preparing the draft of a contract from what is shared and what was accepted."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db.models import QuerySet

from comptes.models import Personne
from comptes.roles import Role
from contrats.models import Contrat, Engagement, Fiche, Indicateur, VersionContrat
from contrats.models.engagement import Textes
from journal.workflows.unite import record, unite
from mutualisation.models import Adhesion, Catalogue, Cycle, Domaine, Ligne
from mutualisation.workflows.verrou import locked
from socle.dates import day_and_year
from socle.droits import ActionInterdite, require
from socle.erreurs import Refus
from socle.typographie import of
from territoire.models import Commune, Epci

URGENT = "Événement imprévisible qui demande une réaction immédiate."
EXCEPTIONAL = "Action ponctuelle, non prévue au contrat."
HOURS = "Du lundi au vendredi, de 8 h 30 à 17 h 30, hors jours fériés."
WHO = "Seule la Direction des territoires prépare le contrat d'une commune."


def activites_on(epci: Epci, commune: Commune, on: date) -> frozenset[int]:
    """Activities a contract taking effect on a day covers: in force that day, or accepted and waiting for it."""
    shared = set(Adhesion.objects.activites_of(commune, epci, on))
    for activite, nature in waiting_lines(epci, commune, on).values_list("activite_id", "nature"):
        (shared.discard if nature == Ligne.Nature.RETRAIT else shared.add)(activite)
    return frozenset(shared)


def waiting_lines(epci: Epci, commune: Commune, on: date) -> QuerySet[Ligne]:
    """Accepted lines that wait for their effect, due on a day at the latest, oldest cycle first."""
    lignes = Ligne.objects.changing().filter(
        epci=epci,
        commune=commune,
        arbitrage=Ligne.Arbitrage.ACCEPTEE,
        appliquee_at=None,
        declaration__cycle__effective_on__lte=on,
        declaration__cycle__clos_at=None,
    )
    return lignes.order_by("declaration__cycle__annee", "pk")


def domaines_on(epci: Epci, commune: Commune, on: date) -> list[Domaine]:
    """Domains a contract taking effect on a day covers, in the order of the catalogue."""
    shared = activites_on(epci, commune, on)
    catalogue = Catalogue.objects.in_force(epci, on).read()
    wanted = [domaine.id for domaine in catalogue.domaines if domaine.activite_ids & shared]
    found = Domaine.objects.in_bulk(wanted)
    return [found[pk] for pk in wanted]


@unite
def prepare_contract(
    *, epci: Epci, commune: Commune, effective_on: date, acteur: Personne | None, cycle: Cycle | None = None
) -> VersionContrat:
    """Open the draft of a commune's contract, or bring the one already open up to date with what is shared.

    Fiches already written are kept; a domain that is no longer covered leaves only if nobody has written in it. Raises Refus
    when the commune shares nothing on that day.
    """
    if acteur and not acteur.acces.acts_for_epci(epci.pk, Role.DIRECTION_TERRITOIRES):
        raise ActionInterdite(WHO)
    domaines = domaines_on(epci, commune, effective_on)
    if not domaines:
        raise Refus(f"{commune} ne partage rien à cette date : il n'y a pas de contrat à préparer.")
    # Contracts of an EPCI are opened one at a time: their ranks make the references.
    epci = Epci.objects.select_for_update(of=("self",), no_key=True).get(pk=epci.pk)
    contrat, _ = Contrat.objects.get_or_create(epci=epci, commune=commune)
    version = _open_draft(contrat, effective_on, cycle, acteur)
    _cover(version, domaines)
    return version


def _open_draft(
    contrat: Contrat, effective_on: date, cycle: Cycle | None, acteur: Personne | None
) -> VersionContrat:
    opened = contrat.versions.exclude(etat=VersionContrat.Etat.SIGNE).first()
    if opened and not opened.en_preparation:
        raise Refus(f"{opened} est {opened.get_etat_display()} : il ne se prépare plus.")
    if opened:
        return _move_draft(opened, effective_on, acteur)
    numero = contrat.versions.count()
    rank = Contrat.objects.filter(epci=contrat.epci, pk__lte=contrat.pk).count()
    version = VersionContrat.objects.create(
        contrat=contrat,
        epci=contrat.epci,
        commune=contrat.commune,
        cycle=cycle,
        numero=numero,
        reference=f"C-{effective_on.year}-{rank:03d}" + (f"-A{numero}" if numero else ""),
        effective_on=effective_on,
    )
    record(
        type="contrat.prepare",
        objet=version,
        epci=contrat.epci,
        commune=contrat.commune,
        acteur=acteur,
        libelle=f"Projet de contrat {version.reference} ouvert pour la commune {of(contrat.commune.nom)}",
        contenu={"reference": version.reference, "numero": numero},
    )
    return version


def _move_draft(version: VersionContrat, effective_on: date, acteur: Personne | None) -> VersionContrat:
    """A draft covers what is shared on one day: preparing it for another day moves it there."""
    if version.effective_on == effective_on:
        return version
    version.effective_on = effective_on
    version.version += 1
    version.save(update_fields=["effective_on", "version"])
    record(
        type="contrat.date",
        objet=version,
        epci=version.epci,
        commune=version.commune,
        acteur=acteur,
        libelle=f"Projet {version.reference} préparé pour le {day_and_year(effective_on)}",
        contenu={"reference": version.reference, "effective_on": effective_on.isoformat()},
    )
    return version


def _cover(version: VersionContrat, domaines: list[Domaine]) -> None:
    present = set(version.engagements.values_list("domaine_id", flat=True))
    fiches = Fiche.objects.in_bulk([d.pk for d in domaines], field_name="domaine_id")
    for domaine in domaines:
        if domaine.pk not in present:
            _begin(version, domaine, fiches.get(domaine.pk))
    gone = version.engagements.exclude(domaine__in=domaines).filter(version=1)
    Indicateur.objects.filter(engagement__in=gone).delete()
    gone.delete()


def _begin(version: VersionContrat, domaine: Domaine, fiche: Fiche | None) -> None:
    """Begin the fiche of a domain from the reference one."""
    engagement = Engagement.objects.create(
        version_contrat=version,
        contrat=version.contrat,
        epci=version.epci,
        commune=version.commune,
        domaine=domaine,
        urgence_definition=URGENT,
        exceptionnel_definition=EXCEPTIONAL,
        horaires=HOURS,
        **_texts(fiche),
    )
    proposed = fiche.indicateurs if fiche else []
    Indicateur.objects.bulk_create(
        Indicateur(engagement=engagement, ordre=ordre, **item) for ordre, item in enumerate(proposed, start=1)
    )


def _texts(fiche: Fiche | None) -> dict[str, str]:
    if not fiche:
        return {}
    return {field.name: getattr(fiche, field.name) for field in Textes._meta.get_fields()}


@unite
def save_engagement(
    *,
    engagement: Engagement,
    acteur: Personne,
    version: int,
    valeurs: dict[str, Any],
    indicateurs: Iterable[dict[str, Any]] | None = None,
) -> Engagement:
    """Save what a page changed in a fiche. `valeurs` are fields; `indicateurs`, when given, replace the list.

    Raises Conflit when somebody saved the fiche since the page read `version`, ActionInterdite, ValidationError.
    """
    engagement = locked(
        Engagement, engagement.pk, version, select=("version_contrat", "epci", "commune", "domaine")
    )
    require(engagement, acteur, "modifier")
    before = {name: str(getattr(engagement, name)) for name in valeurs}
    for name, value in valeurs.items():
        setattr(engagement, name, value)
    engagement.clean_fields()
    engagement.validate_constraints()
    engagement.version += 1
    engagement.save()
    if indicateurs is not None:
        _replace_indicators(engagement, indicateurs)
    _record_saved(engagement, acteur, before, valeurs)
    return engagement


def _replace_indicators(engagement: Engagement, indicateurs: Iterable[dict[str, Any]]) -> None:
    engagement.indicateurs.all().delete()
    for ordre, item in enumerate(indicateurs, start=1):
        indicateur = Indicateur(engagement=engagement, ordre=ordre, **item)
        indicateur.full_clean(exclude=["engagement"])
        indicateur.save()


def _record_saved(
    engagement: Engagement, acteur: Personne, before: dict[str, str], valeurs: dict[str, Any]
) -> None:
    changed = {
        name: {"avant": before[name], "apres": str(v)}
        for name, v in valeurs.items()
        if before[name] != str(v)
    }
    record(
        type="engagement.modifie",
        objet=engagement,
        epci=engagement.epci,
        commune=engagement.commune,
        acteur=acteur,
        libelle=f"Fiche {engagement.domaine} modifiée",
        contenu={"domaine": engagement.domaine.code},
        detail=changed,
    )
