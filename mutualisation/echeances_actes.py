"""What the assemblies and the conventions expect of a person."""

from collections.abc import Iterable, Iterator
from datetime import date

from django.db.models import Count, Min, Q
from django.urls import reverse

from comptes.acces import Titre
from comptes.models import Personne
from comptes.roles import Role
from mutualisation.models import Convention, Cycle, Declaration, Ligne
from mutualisation.models.ligne import LigneQuerySet
from socle.registres import Echeance
from socle.typographie import plural
from territoire.models import Commune


def act_deadlines(user: Personne, contexte: Titre, today: date) -> Iterable[Echeance]:
    """Deadlines of the votes for the hat the person wears, from the first day of the votes until the cycle is closed."""
    voting = Cycle.objects.filter(
        epci=contexte.epci_id, ouvert_at__isnull=False, clos_at=None, votes_debut_on__lte=today
    )
    for cycle in voting.select_related("epci").order_by("annee"):
        if contexte.role in (Role.DGS, Role.MAIRE, Role.COLLABORATEUR):
            yield from _deliberation(cycle, contexte)
        if contexte.role == Role.DIRECTION_TERRITOIRES:
            yield from (*_acts(cycle), *_dates(cycle), *_conventions(cycle))


def _waiting(cycle: Cycle) -> LigneQuerySet:
    """Accepted lines without a day of effect."""
    rows: LigneQuerySet = Ligne.objects.filter(
        declaration__cycle=cycle, arbitrage=Ligne.Arbitrage.ACCEPTEE, effet_on=None, appliquee_at=None
    )
    return rows.with_acts()


def _deliberation(cycle: Cycle, contexte: Titre) -> Iterator[Echeance]:
    missing = _waiting(cycle).filter(commune=contexte.commune_id, acte_commune_on=None)
    count = missing.count()
    declaration = Declaration.objects.filter(cycle=cycle, commune=contexte.commune_id).first()
    if count and declaration:
        yield Echeance(
            due_on=cycle.votes_fin_on,
            titre=f"Faire délibérer votre conseil municipal pour {cycle.annee}",
            detail=f"{plural(count, 'ligne acceptée attend', 'lignes acceptées attendent')} son vote. Transmettez "
            "la délibération à la Direction des territoires : elle l'enregistre.",
            url=reverse("mutualisation:suivi", args=[declaration.pk]),
            bouton="Voir ce qui manque",
        )


def _acts(cycle: Cycle) -> Iterator[Echeance]:
    detail = _missing(cycle)
    if detail:
        yield Echeance(
            due_on=cycle.effective_on,
            titre=f"Enregistrer les actes pour {cycle.annee}",
            detail=f"{detail}.",
            url=reverse("mutualisation:actes", args=[cycle.pk]),
            bouton="Enregistrer",
        )


def _missing(cycle: Cycle) -> str:
    """Which acts the lines lack, with how many lines and, for councils, which one or how many; nothing when none does."""
    found = _waiting(cycle).aggregate(
        municipales=Count("pk", filter=Q(acte_commune_on=None)),
        metropolitaines=Count("pk", filter=Q(acte_epci_on=None)),
        communes=Count("commune", filter=Q(acte_commune_on=None), distinct=True),
        une=Min("commune", filter=Q(acte_commune_on=None)),
    )
    councils = f"conseil municipal dans {plural(found['communes'], 'commune')}"
    if found["communes"] == 1:
        councils = f"conseil municipal {Commune.objects.get(pk=found['une']).de}"
    sides = (
        (found["municipales"], councils),
        (found["metropolitaines"], f"conseil de {cycle.epci.nom_commun}"),
    )
    return " ; ".join(
        f"{plural(count, 'ligne acceptée attend', 'lignes acceptées attendent')} la délibération du {words}"
        for count, words in sides
        if count
    )


def _dates(cycle: Cycle) -> Iterator[Echeance]:
    count = _waiting(cycle).filter(acte_commune_on__isnull=False, acte_epci_on__isnull=False).count()
    if count:
        yield Echeance(
            due_on=cycle.effective_on,
            titre=f"Fixer la date d'effet des actes tardifs pour {cycle.annee}",
            detail=f"{plural(count, 'ligne a ses', 'lignes ont leurs')} deux actes, exécutoires après la date du cycle.",
            url=reverse("mutualisation:actes", args=[cycle.pk]),
            bouton="Fixer",
        )


def _conventions(cycle: Cycle) -> Iterator[Echeance]:
    rows = Convention.objects.filter(cycle=cycle, approuvee_on__isnull=False, transmise_on=None)
    count = rows.count()
    if count:
        yield Echeance(
            due_on=cycle.effective_on,
            titre=f"Faire signer et transmettre les conventions pour {cycle.annee}",
            detail=f"À signer ou à transmettre : {plural(count, 'convention approuvée', 'conventions approuvées')}.",
            url=f"{reverse('mutualisation:conventions')}?cycle={cycle.pk}",
            bouton="Voir",
            facultatif=True,
        )
