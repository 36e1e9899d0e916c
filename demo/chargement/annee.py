"""The current year, lived through the real workflows: campaign, contracts, reviews held and not held."""

from datetime import date, datetime, time, timedelta
from itertools import groupby
from random import Random

from contrats.models import Engagement
from contrats.workflows.contrat import prepare_contract
from demo.chargement.gens import Gens
from mutualisation.brouillon import Saisie
from mutualisation.changements import read_choices
from mutualisation.models import Adhesion, Cycle, Declaration, Ligne
from mutualisation.workflows.complement import ask_completion
from mutualisation.workflows.cycle import open_cycle, prepare_cycle
from mutualisation.workflows.declaration import save_draft, submit_declaration
from mutualisation.workflows.etude import Travail, study
from mutualisation.workflows.instruction import Decision, decide_many, mark_receivable
from revues.models import Revue
from revues.workflows.compte_rendu import issue_minutes, write_minutes
from revues.workflows.revue import cancel_review
from socle import horloge
from territoire.models import Commune, Epci

EVENING = time(18)
HELD_PART = 0.85
DIRECTION = "Direction des territoires"
DIRECTOR = "directeur général des services, au nom du maire"


def open_campaign(epci: Epci, day: date) -> Cycle:
    """Prepare and open, at its own date, the cycle that a day stands in."""
    annee = day.year + (2 if day >= date(day.year, 12, 1) else 1)
    with horloge.at(horloge.midnight(date(annee - 2, 11, 15), epci.fuseau)):
        cycle = prepare_cycle(epci=epci, annee=annee, acteur=None)
    with horloge.at(horloge.at_hour(cycle.ouverture_on, time(9), epci.fuseau)):
        return open_cycle(cycle=cycle, acteur=None)


def contracts(epci: Epci, communes: list[Commune], effective_on: date, random: Random) -> None:
    """Open the draft contract of each sharing commune; two in three have their évaluation préalable."""
    for commune in communes:
        prepare_contract(epci=epci, commune=commune, effective_on=effective_on, acteur=None)
    engagements = list(Engagement.objects.filter(epci=epci).select_related("domaine__fiche").order_by("pk"))
    for engagement in engagements:
        if random.random() < 0.67:
            _fill(engagement)
    Engagement.objects.bulk_update(
        engagements,
        ["evaluation_prealable", "engagements_epci", "engagements_commune", "conditions_normales"],
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


def some_declarations(
    gens: Gens, cycle: Cycle, communes: list[Commune], target: datetime, random: Random
) -> None:
    """A few communes have already declared or begun to, when the campaign is open."""
    begin = horloge.at_hour(cycle.declaration_debut_on + timedelta(days=5), time(10), gens.epci.fuseau)
    if not begin < target or gens.epci.today > cycle.declaration_fin_on:
        return
    with horloge.at(begin):
        for number, commune in enumerate(random.sample(communes, min(7, len(communes)))):
            _declare(gens, cycle, commune, random, submits=number < 4)


def _declare(gens: Gens, cycle: Cycle, commune: Commune, random: Random, *, submits: bool) -> None:
    declaration = Declaration.objects.get(cycle=cycle, commune=commune)
    dgs = gens.dgs[commune.pk]
    save_draft(declaration=declaration, acteur=dgs, saisie=_choices(declaration, random))
    if submits:
        submit_declaration(declaration=declaration, acteur=dgs, qualite=DIRECTOR)


def _choices(declaration: Declaration, random: Random) -> Saisie:
    """Take a domain, part of another as a prestation, and leave a third one that was shared."""
    choix = read_choices(declaration)
    shared = [etat for etat in choix.domaines if etat.voulues]
    others = [etat for etat in choix.domaines if not etat.voulues]
    taken, bought, left = random.choice(others), random.choice(others), random.choice(shared)
    prestations = sorted(bought.domaine.activite_ids)[:2]
    seen = frozenset(left.voulues)
    return Saisie(
        vues=seen,
        cochees=taken.domaine.activite_ids | set(prestations),
        motifs_vus={},
        motifs={
            taken.domaine.id: "Départ en retraite de l'agent qui en avait la charge.",
            left.domaine.id: "La commune recrute et reprend ce service.",
        },
        facons_vues={},
        facons=dict.fromkeys(prestations, Adhesion.Nature.PRESTATION.value),
    )


def some_instruction(gens: Gens, cycle: Cycle) -> None:
    """What was deposited begins to be instructed: a commune is asked to complete a line, another's domain is studied,

    a third one has its decisions.
    """
    changing = Ligne.objects.changing().values("declaration")
    deposited = Declaration.objects.filter(cycle=cycle, etat=Declaration.Etat.DEPOSEE, pk__in=changing)
    for act, declaration in zip((_ask, _study, _decide), deposited.order_by("commune__tri", "pk"), strict=False):
        act(gens, declaration, list(declaration.lignes.changing().order_by("activite__code")))


def _ask(gens: Gens, _declaration: Declaration, lignes: list[Ligne]) -> None:
    ask_completion(
        ligne=lignes[0],
        acteur=gens.direction,
        texte="Combien d'agents exercent aujourd'hui cette activité, et à quelle quotité ?",
    )


def _study(gens: Gens, declaration: Declaration, lignes: list[Ligne]) -> None:
    for ligne in lignes:
        mark_receivable(ligne=ligne, acteur=gens.direction)
    travail = Travail(
        faisabilite="Le service commun intervient déjà dans les communes voisines.",
        moyens="Un demi-poste à prévoir la première année.",
        avis="reserve",
        avis_motif="Sous réserve du recrutement prévu au printemps.",
        conduite_par=None,
    )
    study(
        declaration=declaration, domaine=lignes[0].domaine, acteur=gens.direction, travail=travail, version=0
    )


def _decide(gens: Gens, declaration: Declaration, lignes: list[Ligne]) -> None:
    """One line refused, one postponed, the others accepted."""
    refused, postponed, *accepted = [(ligne.pk, None) for ligne in lignes]
    for chosen, decision, motif in (
        ([refused], "refusee", "Le service commun n'a pas la place cette année : à redemander."),
        ([postponed], "reportee", "À reprendre l'an prochain, après le recrutement prévu."),
        (accepted, "acceptee", ""),
    ):
        decide_many(lignes=chosen, acteur=gens.direction, said=Decision(decision, motif, DIRECTION))
