"""What the instruction expects of each side: completions, évaluations, studies, point d'arrêt."""

from collections.abc import Iterable, Iterator
from datetime import date

from django.db.models import Count, Q, QuerySet
from django.urls import reverse

from comptes.acces import Titre
from comptes.models import Personne
from comptes.roles import Role
from mutualisation.models import Cycle, Declaration, DemandeComplement, Etude, Evaluation, Ligne
from mutualisation.models.evaluation import EvaluationQuerySet
from socle.registres import Echeance
from socle.typographie import plural

COMMUNE = (Role.DGS, Role.MAIRE, Role.COLLABORATEUR)
SIGNS = (Role.DGS, Role.MAIRE)


def _live(today: date, cycle: str = "declaration__cycle") -> Q:
    """Of a cycle that has not taken effect: afterwards nothing more is expected."""
    return Q(**{f"{cycle}__clos_at": None, f"{cycle}__effective_on__gt": today})


def instruction_deadlines(user: Personne, contexte: Titre, today: date) -> Iterable[Echeance]:
    """Deadlines of the instruction for the hat the person wears."""
    if contexte.role in COMMUNE:
        yield from _completions(contexte, today)
        yield from _evaluations_of_commune(contexte, today)
    if contexte.role in SIGNS:
        yield from _arret_of_commune(contexte, today)
    if contexte.role == Role.DIRECTION_TERRITOIRES:
        yield from _evaluations_to_confirm(contexte, today)
        yield from _arret_of_epci(contexte, today)
    if contexte.role in (Role.DIRECTION_TERRITOIRES, Role.RESPONSABLE_SERVICE):
        yield from _studies(user, contexte, today)
    yield from _delegated(user, contexte, today)


def _completions(contexte: Titre, today: date) -> Iterator[Echeance]:
    rows = DemandeComplement.objects.filter(
        _live(today, "ligne__declaration__cycle"),
        ligne__epci=contexte.epci_id,
        ligne__commune=contexte.commune_id,
        repondue_at=None,
    )
    for demande in rows.select_related("ligne__activite", "ligne__declaration__cycle").order_by(
        "demandee_at", "pk"
    ):
        yield Echeance(
            due_on=demande.ligne.declaration.cycle.point_arret_on,
            titre=f"Compléter : {demande.ligne.activite}",
            detail="La Direction des territoires attend votre réponse pour étudier cette demande.",
            url=reverse("mutualisation:complement", args=[demande.pk]),
            bouton="Répondre",
        )


def _evaluations_of_commune(contexte: Titre, today: date) -> Iterator[Echeance]:
    rows = Evaluation.objects.filter(
        _live(today), epci=contexte.epci_id, commune=contexte.commune_id, transmise_at=None
    )
    yield from _to_fill(rows)


def _delegated(user: Personne, contexte: Titre, today: date) -> Iterator[Echeance]:
    """What communes delegated to the person, but for the one whose évaluations this hat already shows."""
    mine = Q(delegations__personne=user, delegations__retiree_at=None)
    rows = Evaluation.objects.filter(_live(today), mine, epci=contexte.epci_id, transmise_at=None)
    if contexte.role in COMMUNE:
        rows = rows.exclude(commune=contexte.commune_id)
    yield from _to_fill(rows.distinct())


def _to_fill(rows: EvaluationQuerySet) -> Iterator[Echeance]:
    ordered = rows.wanted().select_related("declaration__cycle", "domaine", "commune")
    for evaluation in ordered.order_by("commune__tri", "domaine__ordre", "pk"):
        yield Echeance(
            due_on=evaluation.declaration.cycle.evaluation_fin_on,
            titre=f"Évaluation préalable : {evaluation.domaine}",
            detail=f"{evaluation.commune} : le service rendu aujourd'hui, les agents, le budget, l'équipement.",
            url=reverse("mutualisation:evaluation", args=[evaluation.pk]),
            bouton="Renseigner",
        )


def _arret_of_commune(contexte: Titre, today: date) -> Iterator[Echeance]:
    """Once everything is decided, or the time of the évaluations is over."""
    rows = _open_arrets(today).filter(
        epci=contexte.epci_id, commune=contexte.commune_id, arret_commune_at=None
    )
    for declaration in rows.select_related("cycle__epci").order_by("cycle__annee"):
        cycle = declaration.cycle
        if declaration.ouverte or (declaration.reste and today <= cycle.evaluation_fin_on):
            continue
        yield Echeance(
            due_on=cycle.point_arret_on,
            titre=f"Confirmer vos choix pour {cycle.annee}",
            detail="Point d'arrêt : gardez, réduisez ou retirez ce que la commune a demandé.",
            url=reverse("mutualisation:arret", args=[declaration.pk]),
            bouton="Confirmer",
        )


def _arret_of_epci(contexte: Titre, today: date) -> Iterator[Echeance]:
    for cycle in _cycles(contexte, today):
        ready = _open_arrets(today).filter(cycle=cycle, arret_epci_at=None, reste=0).count()
        if ready and not cycle.declarations_ouvertes:
            communes = plural(ready, "commune n'attend", "communes n'attendent")
            yield Echeance(
                due_on=cycle.point_arret_on,
                titre=f"Confirmer les choix pour {cycle.annee}",
                detail=f"Tout y est décidé : {communes} plus que votre confirmation.",
                url=reverse("mutualisation:arrets", args=[cycle.pk]),
                bouton="Confirmer",
            )


def _open_arrets(today: date) -> QuerySet:
    """Submitted declarations that ask for something, with `reste`: how many lines are still to decide."""
    changing = ~Q(lignes__nature=Ligne.Nature.MAINTIEN)
    rows = Declaration.objects.filter(_live(today, "cycle"), etat=Declaration.Etat.DEPOSEE)
    return rows.annotate(
        demandes=Count("lignes", filter=changing),
        reste=Count("lignes", filter=changing & Q(lignes__arbitrage=Ligne.Arbitrage.A_INSTRUIRE)),
    ).filter(demandes__gt=0)


def _evaluations_to_confirm(contexte: Titre, today: date) -> Iterator[Echeance]:
    for cycle in _cycles(contexte, today):
        rows = Evaluation.objects.filter(
            declaration__cycle=cycle, transmise_at__isnull=False, validee_at=None
        )
        count = rows.count()
        if count:
            yield Echeance(
                due_on=cycle.evaluation_fin_on,
                titre=f"Valider les évaluations préalables pour {cycle.annee}",
                detail=f"{plural(count, 'évaluation transmise attend', 'évaluations transmises attendent')} votre accord.",
                url=reverse("mutualisation:evaluations", args=[cycle.pk]) + "?etat=transmise",
                bouton="Valider",
            )


def _studies(user: Personne, contexte: Titre, today: date) -> Iterator[Echeance]:
    rows = Etude.objects.filter(_live(today), epci=contexte.epci_id, conduite_par=user)
    for etude in (
        rows.awaited()
        .select_related("declaration__cycle", "domaine", "commune")
        .order_by("commune__tri", "pk")
    ):
        yield Echeance(
            due_on=etude.declaration.cycle.point_arret_on,
            titre=f"Étude : {etude.domaine}, {etude.commune}",
            detail="Elle vous est confiée : faisabilité, moyens, avis.",
            url=reverse("mutualisation:etude", args=[etude.declaration_id, etude.domaine_id]),
            bouton="Étudier",
        )


def _cycles(contexte: Titre, today: date) -> Iterable[Cycle]:
    rows = Cycle.objects.filter(
        epci=contexte.epci_id, ouvert_at__isnull=False, clos_at=None, effective_on__gt=today
    )
    return rows.select_related("epci").order_by("annee")
