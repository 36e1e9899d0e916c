"""What the yearly cycle expects of a person."""

from collections.abc import Iterable, Iterator
from datetime import date

from django.db.models import Q
from django.urls import reverse

from comptes.acces import Titre
from comptes.models import Personne
from comptes.roles import Role
from mutualisation.models import Cycle, Declaration, Ligne
from socle.registres import Echeance
from socle.typographie import plural


def deadlines(user: Personne, contexte: Titre, today: date) -> Iterable[Echeance]:
    """Deadlines of the cycle for the hat the person wears."""
    if contexte.role in (Role.DGS, Role.MAIRE, Role.COLLABORATEUR):
        yield from _of_commune(contexte, today)
    if contexte.role == Role.DIRECTION_TERRITOIRES:
        yield from _of_direction(contexte, today)


def _of_commune(contexte: Titre, today: date) -> Iterator[Echeance]:
    drafts = Declaration.objects.filter(
        epci=contexte.epci_id,
        commune=contexte.commune_id,
        etat=Declaration.Etat.BROUILLON,
        cycle__ouvert_at__isnull=False,
        cycle__declaration_debut_on__lte=today,
        cycle__declaration_fin_on__gte=today,
    )
    for declaration in drafts.select_related("cycle").order_by("cycle__declaration_fin_on", "pk"):
        count = declaration.lignes.count()
        yield Echeance(
            due_on=declaration.cycle.declaration_fin_on,
            titre=f"Déclarer vos choix pour {declaration.cycle.annee}",
            detail=f"{plural(count, 'activité changée', 'activités changées')} pour l'instant."
            if count
            else "Tout est repris de cette année, rien n'est changé pour l'instant. Vous pouvez déposer en l'état.",
            url=reverse("mutualisation:declaration", args=[declaration.pk]),
            bouton="Continuer" if count else "Déclarer",
        )


def _of_direction(contexte: Titre, today: date) -> Iterator[Echeance]:
    cycles = Cycle.objects.filter(epci=contexte.epci_id, ouvert_at__isnull=False, clos_at=None)
    for cycle in cycles.select_related("epci").order_by("annee"):
        yield from _to_instruct(cycle)
        yield from _waiting_for_acts(cycle)


def _to_instruct(cycle: Cycle) -> Iterator[Echeance]:
    lignes = Ligne.objects.filter(declaration__cycle=cycle, declaration__etat=Declaration.Etat.DEPOSEE)
    count = lignes.filter(arbitrage=Ligne.Arbitrage.A_INSTRUIRE).count()
    if count:
        yield Echeance(
            due_on=cycle.point_arret_on,
            titre=f"Instruire les choix pour {cycle.annee}",
            detail=f"{plural(count, 'ligne attend', 'lignes attendent')} une décision avant le point d'arrêt.",
            url=reverse("mutualisation:instruction", args=[cycle.pk]) + "?arbitrage=a_instruire",
            bouton="Instruire",
        )


def _waiting_for_acts(cycle: Cycle) -> Iterator[Echeance]:
    waiting = Ligne.objects.filter(
        Q(effet_on=None), declaration__cycle=cycle, arbitrage=Ligne.Arbitrage.ACCEPTEE, appliquee_at=None
    )
    count = waiting.count()
    if count and cycle.epci.today >= cycle.votes_debut_on:
        yield Echeance(
            due_on=cycle.effective_on,
            titre=f"Enregistrer les actes pour {cycle.annee}",
            detail=f"{plural(count, 'ligne acceptée attend', 'lignes acceptées attendent')} les actes des deux assemblées.",
            url=reverse("mutualisation:actes", args=[cycle.pk]),
            bouton="Enregistrer",
        )
