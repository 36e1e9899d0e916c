"""The current year, lived through the real workflows: contracts, reviews held and not held."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from itertools import groupby
from random import Random

from django.db.models import prefetch_related_objects

from contrats.models import Engagement, LigneProgramme, VersionContrat
from contrats.partages import domaines_by_commune
from contrats.workflows.contrat import prepare_contract
from contrats.workflows.programme import last_day
from demo.chargement.gens import Gens
from mutualisation.models import Catalogue, Cycle
from mutualisation.workflows.cycle import open_cycle, prepare_cycle
from revues.models import Revue
from revues.workflows.compte_rendu import issue_minutes, write_minutes
from revues.workflows.revue import cancel_review
from socle import horloge
from territoire.models import Commune, Epci

EVENING = time(18)
HELD_PART = 0.85


def open_campaign(epci: Epci, annee: int) -> Cycle:
    """Prepare and open, each at its own date, the cycle that takes effect in a year."""
    with horloge.at(horloge.midnight(date(annee - 2, 11, 15), epci.fuseau)):
        cycle = prepare_cycle(epci=epci, annee=annee, acteur=None)
    with horloge.at(horloge.at_hour(cycle.ouverture_on, time(9), epci.fuseau)):
        return open_cycle(cycle=cycle, acteur=None)


def contracts(epci: Epci, communes: list[Commune], effective_on: date, random: Random) -> None:
    """Open the draft contract of each sharing commune; two in three have their évaluation préalable."""
    for commune in communes:
        prepare_contract(epci=epci, commune=commune, effective_on=effective_on, acteur=None)
    drafts = Engagement.objects.filter(epci=epci, version_contrat__etat=VersionContrat.Etat.PROJET)
    fill([one for one in drafts.order_by("pk") if random.random() < 0.67])


def fill(engagements: Iterable[Engagement]) -> None:
    """Write what the reference leaves blank: what there was before, and what each side promises."""
    written = list(engagements)
    prefetch_related_objects(written, "domaine__fiche")
    for engagement in written:
        _fill(engagement)
    Engagement.objects.bulk_update(
        written,
        ["evaluation_prealable", "engagements_epci", "engagements_commune", "conditions_normales"],
    )


def programmes(epci: Epci, annee: int, random: Random) -> None:
    """Two things planned in each prepared domain, after its first activities; most of those whose month has passed are done."""
    first_texts = Engagement.objects.filter(epci=epci, version_contrat__numero=0)
    prepared = first_texts.exclude(evaluation_prealable="").select_related("epci", "commune", "domaine")
    begin = date(annee, 1, 1)
    offered = Catalogue.objects.in_force(epci, begin).read()
    first = {domaine.id: domaine.activites[:2] for domaine in offered.domaines}
    shared = domaines_by_commune(epci, {one.commune_id for one in prepared}, begin)
    LigneProgramme.objects.bulk_create(
        _planned(engagement, annee, activite.libelle, ordre, random)
        for engagement in prepared.order_by("pk")
        if engagement.domaine
        in shared[engagement.commune_id]  # a signed text may bear one that was left since
        for ordre, activite in enumerate(first[engagement.domaine_id], start=1)
    )


def _planned(engagement: Engagement, annee: int, libelle: str, ordre: int, random: Random) -> LigneProgramme:
    mois = random.randint(1, 12)
    due_on = last_day(annee, mois)
    done = due_on < engagement.epci.today and random.random() < HELD_PART
    return LigneProgramme(
        epci=engagement.epci,
        commune=engagement.commune,
        domaine_id=engagement.domaine_id,
        annee=annee,
        libelle=libelle,
        mois=[mois],
        ordre=ordre,
        echeance_on=due_on,
        etat=LigneProgramme.Etat.FAIT if done else LigneProgramme.Etat.PREVU,
        fait_on=due_on if done else None,
    )


def _fill(engagement: Engagement) -> None:
    engagement.evaluation_prealable = engagement.domaine.fiche.evaluation_exemple
    engagement.engagements_epci = (
        "Tenir le niveau promis, annoncer à l'avance ce qui ne pourra l'être, rendre compte chaque mois."
    )
    engagement.engagements_commune = (
        "Nommer un référent disponible, annoncer ses besoins de l'année en décembre."
    )
    engagement.conditions_normales = (
        "Le programme de l'année est arrêté en décembre avec la commune et suivi à chaque revue."
    )


def hold_reviews(gens: Gens, target: datetime, random: Random) -> None:
    """Hold most of the visits already past, with short minutes; a few were not held, a few wait for their minutes."""
    past = Revue.objects.filter(
        epci=gens.epci, type=Revue.Type.DOMAINE, prevue_at__lt=target - timedelta(days=1)
    )
    rows = past.select_related("epci", "commune", "domaine").order_by("commune__tri", "prevue_at", "pk")
    for _, visit in groupby(rows, key=lambda revue: (revue.commune_id, revue.prevue_at.date())):
        revues = list(visit)
        with horloge.at(
            horloge.at_hour(
                horloge.local(revues[0].prevue_at, gens.epci.fuseau).date(), EVENING, gens.epci.fuseau
            )
        ):
            _visit(gens, revues, random.random())


def _visit(gens: Gens, revues: list[Revue], chance: float) -> None:
    if chance < HELD_PART:
        minutes = write_minutes(
            revue=revues[0],
            acteur=gens.direction,
            valeurs=_header(gens, revues[0]),
            points=_points(revues),
            groupees=revues[1:],
        )
        issue_minutes(minutes=minutes, acteur=gens.direction)
    elif chance < 0.92:
        for revue in revues:
            cancel_review(
                revue=revue, acteur=gens.direction, motif="Agendas incompatibles ce mois-ci.", version=1
            )


def _header(gens: Gens, revue: Revue) -> dict[str, object]:
    present = [*gens.referents[revue.commune_id], gens.responsables[revue.domaine_id or 0]]
    return {
        "tenue_on": gens.epci.today,
        "lieu": revue.lieu,
        "presents": "\n".join(f"{personne}, {personne.fonction}" for personne in present),
    }


def _points(revues: list[Revue]) -> list[dict[str, object]]:
    points: list[dict[str, object]] = [
        {"nature": "information", "texte": f"{revue.domaine} : le programme du mois est tenu."}
        for revue in revues
    ]
    due = horloge.today(revues[0].epci.fuseau) + timedelta(days=30)
    action = {
        "nature": "action",
        "texte": "Transmettre la liste des besoins du trimestre.",
        "responsable": "Référent communal",
    }
    return [*points, {**action, "echeance_on": due}]
