"""Writing the minutes of a visit and issuing them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import ValidationError

from comptes.destinataires import recipients
from comptes.models import Personne
from comptes.roles import Role
from contrats.models import ReglageContrat
from documents.models import Document
from documents.workflows.document import reserve
from journal.workflows.courriel import Lettre, write_mails
from journal.workflows.unite import record, unite
from mutualisation.workflows.verrou import locked
from revues.etats import COMPTE_RENDU, REVUE
from revues.models import CompteRendu, Point, Revue
from revues.participants import Participants
from socle import horloge
from socle.droits import require
from socle.erreurs import Conflit, Refus
from territoire.models import Epci
from territoire.models.epci import WorkingDays

OVERDUE = "Une action est à faire au plus tôt le jour de la revue."


@unite
def write_minutes(
    *,
    revue: Revue,
    acteur: Personne,
    valeurs: dict[str, Any],
    points: Sequence[dict[str, Any]],
    groupees: Iterable[Revue] = (),
    version: int | None = None,
) -> CompteRendu:
    """Save the draft of the minutes of a review and of those grouped with it on the same visit.

    `valeurs`: tenue_on, lieu, presents. `points`: {nature, texte, responsable, echeance_on}. `version` is that of the draft
    the page read, None for a first save. Raises Conflit, Refus, ActionInterdite, ValidationError.
    """
    rows = _locked_reviews([revue, *groupees])
    revue = rows[revue.pk]
    require(revue, acteur, "tenir")
    minutes = _draft(revue, acteur, version, valeurs)
    minutes.clean_fields(exclude=["document"])
    minutes.save()
    _attach(minutes, list(rows.values()), acteur)
    _replace_points(minutes, points)
    return minutes


def _locked_reviews(revues: Iterable[Revue]) -> dict[int, Revue]:
    """The reviews of a visit, locked in one order: two people grouping each other's reviews wait instead of blocking."""
    rows = Revue.objects.filter(pk__in=[revue.pk for revue in revues]).order_by("pk")
    found = rows.select_for_update(of=("self",), no_key=True).select_related(
        "epci", "commune", "domaine", "compte_rendu"
    )
    return {revue.pk: revue for revue in found}


def _draft(revue: Revue, acteur: Personne, version: int | None, valeurs: dict[str, Any]) -> CompteRendu:
    today = revue.epci.today
    if valeurs["tenue_on"] > today:
        raise Refus("Une revue ne peut pas s'être tenue dans l'avenir.", field="tenue_on")
    if not revue.compte_rendu_id:
        return CompteRendu(epci=revue.epci, commune=revue.commune, redige_par=acteur, **valeurs)
    minutes = locked(CompteRendu, revue.compte_rendu_id, select=("redige_par",))
    _check_version(minutes, version, acteur)
    for name, value in valeurs.items():
        setattr(minutes, name, value)
    minutes.redige_par = acteur
    minutes.version += 1
    return minutes


def _check_version(minutes: CompteRendu, version: int | None, acteur: Personne) -> None:
    if minutes.version == version:
        return
    who = f"{minutes.redige_par} a enregistré ce compte rendu entre-temps."
    if minutes.redige_par == acteur:
        who = "Vous avez enregistré ce compte rendu entre-temps, dans un autre onglet."
    raise Conflit(f"{who} Rien de ce que vous avez saisi n'est perdu.")


def _attach(minutes: CompteRendu, revues: list[Revue], acteur: Personne) -> None:
    for revue in revues:
        if revue.commune_id != minutes.commune_id:
            raise Refus("Un compte rendu ne porte que sur les revues d'une même commune.")
        require(revue, acteur, "tenir")
        if revue.compte_rendu_id not in (None, minutes.pk):
            raise Refus(f"{revue.libelle} a déjà son propre compte rendu.", field="groupees")
    pks = [revue.pk for revue in revues]
    for other in minutes.revues.exclude(pk__in=pks).select_related("epci", "commune"):
        # Who may not run a review cannot take it out of the visit either.
        if other.abilities_for(acteur)["tenir"]:
            Revue.objects.filter(pk=other.pk).update(compte_rendu=None)
    Revue.objects.filter(pk__in=pks, etat=Revue.Etat.PREVUE).update(compte_rendu=minutes)


def _replace_points(minutes: CompteRendu, points: Sequence[dict[str, Any]]) -> None:
    minutes.points.all().delete()
    for ordre, item in enumerate(points, start=1):
        if is_overdue(item, minutes.tenue_on):
            raise Refus(f"Point {ordre} : {OVERDUE}", field=f"points-{ordre}")
        point = Point(compte_rendu=minutes, ordre=ordre, **item)
        try:
            point.full_clean(exclude=["compte_rendu"])
        except ValidationError as error:
            raise Refus(f"Point {ordre} : {' '.join(error.messages)}", field=f"points-{ordre}") from error
        point.save()


def is_overdue(point: Mapping[str, Any], tenue_on: date) -> bool:
    """Whether an action was due before the day of the review that decides it."""
    due = point.get("echeance_on")
    return point["nature"] == Point.Nature.ACTION and due is not None and due < tenue_on


@unite
def issue_minutes(*, minutes: CompteRendu, acteur: Personne, version: int | None = None) -> CompteRendu:
    """Issue the minutes: the reviews are held, the document is numbered, everyone expected is told.

    `version` is that of the draft the actor read again. Issuing twice changes nothing. Raises Refus when nothing is written,
    Conflit when somebody saved the draft since, ActionInterdite.
    """
    _locked_reviews(minutes.revues.order_by("pk"))
    minutes = locked(CompteRendu, minutes.pk, select=("epci", "commune", "redige_par"))
    if minutes.etat == CompteRendu.Etat.EMIS:
        return minutes
    if version is not None:
        _check_version(minutes, version, acteur)
    revues = list(minutes.revues.select_related("epci", "commune", "domaine").order_by("prevue_at", "pk"))
    for revue in revues:
        require(revue, acteur, "tenir")
    if not minutes.points.exists():
        raise Refus("Écrivez au moins un point : une décision, une action ou une information.")
    _mark_issued(minutes, revues)
    _hold(minutes, revues, acteur)
    _tell(minutes, revues)
    return minutes


def _mark_issued(minutes: CompteRendu, revues: list[Revue]) -> None:
    minutes.emis_at = horloge.now()
    minutes.observation_until_on = observation_end(minutes.epci)
    minutes.document = _reserve(minutes, revues)
    minutes.etat = COMPTE_RENDU.move("émettre", minutes.etat)
    minutes.version += 1
    minutes.save()


def observation_end(epci: Epci) -> date:
    """The last day of the observation period of minutes issued today; one that is not worked moves to the next that is."""
    days = ReglageContrat.objects.of(epci).observation_jours  # article 7 of the contract says so
    return WorkingDays(epci).after(epci.today + timedelta(days=days))


def _reserve(minutes: CompteRendu, revues: list[Revue]) -> Document:
    return reserve(
        epci=minutes.epci,
        commune=minutes.commune,
        type="compte_rendu",
        annee=minutes.tenue_on.year,
        titre=f"Compte rendu de revue, {minutes.commune}",
        source=minutes_data(minutes, revues),
    )


def minutes_data(minutes: CompteRendu, revues: list[Revue]) -> dict[str, Any]:
    """Everything the minutes print, as JSON."""
    return {
        "epci": {"nom": minutes.epci.nom, "couleur": minutes.epci.couleur or None},
        "commune": {"nom": minutes.commune.nom},
        "domaines": [revue.domaine.libelle if revue.domaine else "Revue du contrat" for revue in revues],
        "tenue_on": minutes.tenue_on.isoformat(),
        "lieu": minutes.lieu,
        "redige_par": str(minutes.redige_par),
        "presents": [line.strip() for line in minutes.presents.splitlines() if line.strip()],
        "points": [_point_data(point) for point in minutes.points.order_by("ordre")],
        "observation_until_on": _iso(minutes.observation_until_on),
        "demonstration": horloge.is_demonstration(),
    }


def _point_data(point: Point) -> dict[str, Any]:
    return {
        "nature": point.nature,
        "texte": point.texte,
        "responsable": point.responsable,
        "echeance_on": _iso(point.echeance_on),
    }


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _hold(minutes: CompteRendu, revues: list[Revue], acteur: Personne) -> None:
    for revue in revues:
        revue.etat = REVUE.move("tenir", revue.etat)
        revue.tenue_on = minutes.tenue_on
        revue.version += 1
        revue.save(update_fields=["etat", "tenue_on", "version"])
        record(
            type="revue.tenue",
            objet=revue,
            epci=revue.epci,
            commune=revue.commune,
            acteur=acteur,
            libelle=f"{revue.libelle} tenue le {minutes.tenue_on:%d/%m/%Y}",
            contenu={"compte_rendu": minutes.pk},
        )


def recipients_of(minutes: CompteRendu, revues: Iterable[Revue]) -> list[Personne]:
    """Who receives the minutes: those expected at the reviews, and the DGS of the commune."""
    epci, commune = minutes.epci, minutes.commune
    people = set(recipients(epci, Role.DGS, on=epci.today, commune=commune))
    expected = Participants(epci, commune)
    for revue in revues:
        people.update(expected.of(revue))
    return sorted(people, key=lambda p: (p.tri, p.pk))


def _tell(minutes: CompteRendu, revues: list[Revue]) -> None:
    write_mails(
        Lettre(
            destinataire=personne,
            epci=minutes.epci,
            type="compte_rendu_emis",
            objet=minutes,
            sujet=f"Compte rendu de revue, {minutes.commune}",
            contexte={"minutes": minutes, "revues": revues},
        )
        for personne in recipients_of(minutes, revues)
    )


def follow_document(ancien: Document, nouveau: Document) -> None:
    """Issued minutes point to the document that replaces an annulled one, inside the unit of the caller."""
    CompteRendu.objects.filter(document=ancien).update(document=nouveau)
