"""Recording the opinions of the social committees and the report of the CLECT: told, never a condition of effect."""

from dataclasses import dataclass
from datetime import date

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError

from comptes.models import Personne
from comptes.roles import Role
from documents.workflows.piece import keep_piece
from journal.workflows.unite import record, unit, unite
from mutualisation.models import Avis, Cycle
from mutualisation.workflows.verrou import check_version, locked
from socle import horloge
from socle.dates import day_and_year
from socle.droits import ActionInterdite, require
from socle.erreurs import Refus
from territoire.models import Commune

RELATED = ("epci", "cycle__epci", "commune")
COMPARED = ("type", "sans_objet", "rendu_on", "sens_personnel", "sens_employeur", "observations")


@dataclass(frozen=True)
class SaisieAvis:
    """What the page of an opinion sends."""

    type: str
    commune: Commune | None = None
    sans_objet: bool = False
    rendu_on: date | None = None
    sens_personnel: str = ""
    sens_employeur: str = ""
    observations: str = ""
    fichier: UploadedFile | None = None


@unite
def record_avis(*, cycle: Cycle, acteur: Personne, saisie: SaisieAvis) -> Avis:
    """Record an opinion, or that there is none to give. Raises ActionInterdite, Refus (dates, college, already recorded)."""
    if not acteur.acces.acts_for_epci(cycle.epci_id, Role.DIRECTION_TERRITOIRES):
        raise ActionInterdite(Avis.QUI_PEUT["corriger"])
    avis = Avis(epci=cycle.epci, cycle=cycle, saisi_par=acteur, saisi_at=horloge.now())
    _fill(avis, saisie)
    _save(avis, acteur, saisie)
    _record(avis, acteur, "enregistre")
    return avis


@unite
def correct_avis(*, avis: Avis, acteur: Personne, version: int, saisie: SaisieAvis) -> Avis:
    """Correct an opinion; a file left out stays. Raises ActionInterdite, Conflit, Refus."""
    avis = locked(Avis, avis.pk, version, select=RELATED)
    require(avis, acteur, "corriger")
    before = _facts(avis)
    _fill(avis, saisie)
    avis.version += 1
    _save(avis, acteur, saisie)
    _record(avis, acteur, "corrige", {"avant": before, "apres": _facts(avis)})
    return avis


@unite
def cancel_avis(*, avis: Avis, acteur: Personne, version: int, motif: str) -> Avis:
    """Cancel an opinion recorded by error; the same person again changes nothing.

    Raises ActionInterdite, Conflit, Refus without a motive.
    """
    avis = locked(Avis, avis.pk, select=RELATED)
    if avis.annule_at and avis.annule_par == acteur:
        return avis
    check_version(avis, version)
    require(avis, acteur, "corriger")
    if not motif.strip():
        raise Refus("Dites pourquoi cet avis est annulé : le motif est gardé.", field="motif")
    avis.annule_at, avis.annule_par, avis.annule_motif = horloge.now(), acteur, motif
    avis.version += 1
    avis.save()
    _record(avis, acteur, "annule", {"avant": _facts(avis), "motif": motif})
    return avis


def _fill(avis: Avis, saisie: SaisieAvis) -> None:
    _check_party(saisie)
    _check_day(avis.cycle, saisie)
    _check_colleges(saisie)
    avis.commune = saisie.commune
    for name in COMPARED:
        setattr(avis, name, getattr(saisie, name))


def _check_party(saisie: SaisieAvis) -> None:
    if saisie.type in Avis.COMMUNE_TYPES and not saisie.commune:
        raise Refus("Choisissez la commune dont le comité a été consulté.", field="commune")
    if saisie.type == Avis.Type.CST_EPCI and saisie.commune:
        raise Refus(
            "Le comité de l'EPCI vaut pour toutes les communes : n'en choisissez pas.", field="commune"
        )


def _check_day(cycle: Cycle, saisie: SaisieAvis) -> None:
    if saisie.sans_objet:
        if saisie.rendu_on:
            raise Refus("Un avis sans objet n'a pas de date.", field="rendu_on")
        return
    if saisie.rendu_on is None:
        raise Refus("Donnez la date de l'avis, ou dites qu'il est sans objet.", field="rendu_on")
    if saisie.rendu_on > cycle.epci.today:
        raise Refus("Cette date est à venir : un avis s'enregistre une fois rendu.", field="rendu_on")
    if saisie.rendu_on < cycle.ouverture_on:
        said = day_and_year(cycle.ouverture_on)
        raise Refus(
            f"Le cycle {cycle.annee} s'est ouvert le {said} : cet avis est plus ancien. Vérifiez l'année.",
            field="rendu_on",
        )


def _check_colleges(saisie: SaisieAvis) -> None:
    told = saisie.sens_personnel or saisie.sens_employeur
    if saisie.sans_objet and told:
        raise Refus("Un avis sans objet n'a pas de sens.", field="sens_personnel")
    if saisie.type == Avis.Type.CLECT and told:
        raise Refus("La commission n'a pas de collèges : joignez son rapport.", field="sens_personnel")
    if saisie.type != Avis.Type.CLECT and not saisie.sans_objet and not saisie.sens_personnel:
        raise Refus("Dites l'avis du collège du personnel.", field="sens_personnel")


def _save(avis: Avis, acteur: Personne, saisie: SaisieAvis) -> None:
    if saisie.fichier:
        avis.piece = keep_piece(epci=avis.epci, acteur=acteur, fichier=saisie.fichier)
    try:
        with unit():
            avis.save()
    except IntegrityError as error:
        raise Refus("Cet avis est déjà enregistré : corrigez-le plutôt.", field="rendu_on") from error


def _facts(avis: Avis) -> dict[str, str]:
    return {name: str(getattr(avis, name) or "") for name in ("commune", *COMPARED)}


WORDS = {"enregistre": "enregistré", "corrige": "corrigé", "annule": "annulé"}


def _record(avis: Avis, acteur: Personne, what: str, detail: dict[str, object] | None = None) -> None:
    said = "sans objet" if avis.sans_objet or not avis.rendu_on else f"rendu le {day_and_year(avis.rendu_on)}"
    record(
        type=f"avis.{what}",
        objet=avis,
        epci=avis.epci,
        commune=avis.commune,
        acteur=acteur,
        libelle=f"{avis.titre}, {said} : avis {WORDS[what]}",
        contenu={"type": avis.type, "rendu_on": avis.rendu_on.isoformat() if avis.rendu_on else None},
        detail=detail,
    )
