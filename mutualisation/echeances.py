"""What the yearly cycle expects of a person."""

from collections.abc import Iterable, Iterator
from datetime import date

from django.db.models import Q
from django.urls import reverse

from comptes.acces import Titre
from comptes.models import Personne
from comptes.roles import Role
from mutualisation.models import Cycle, Declaration, Ligne
from mutualisation.veille import read_eve
from mutualisation.visa import VisaLu, read_visa
from socle import horloge
from socle.dates import short_day
from socle.registres import Echeance
from socle.typographie import plural


def deadlines(user: Personne, contexte: Titre, today: date) -> Iterable[Echeance]:
    """Deadlines of the cycle for the hat the person wears."""
    if contexte.role in (Role.DGS, Role.MAIRE, Role.COLLABORATEUR):
        yield from _of_commune(contexte, today)
    if contexte.role == Role.DIRECTION_TERRITOIRES:
        yield from _of_direction(contexte, today)


def _of_commune(contexte: Titre, today: date) -> Iterator[Echeance]:
    for declaration in _open_drafts(contexte, today):
        visa = read_visa(declaration)
        if contexte.role == Role.MAIRE and visa and visa.attendu:
            yield _to_approve(declaration)
        count = declaration.lignes.count()
        told = f"{plural(count, 'activité changée', 'activités changées')} pour l'instant."
        yield Echeance(
            due_on=declaration.limite_on,
            titre=f"Déclarer vos choix pour {declaration.cycle.annee}",
            detail=_with_visa(told if count else _unchanged(declaration), visa, declaration.epci.fuseau),
            url=reverse("mutualisation:declaration", args=[declaration.pk]),
            bouton="Continuer" if count else "Déclarer",
        )


def _open_drafts(contexte: Titre, today: date) -> Iterable[Declaration]:
    """Drafts that the commune may still submit, in the campaign or in the days it was granted."""
    drafts = Declaration.objects.filter(
        Q(cycle__declaration_fin_on__gte=today) | Q(prolongee_on__gte=today),
        epci=contexte.epci_id,
        commune=contexte.commune_id,
        etat=Declaration.Etat.BROUILLON,
        cycle__ouvert_at__isnull=False,
        cycle__clos_at=None,
        cycle__declaration_debut_on__lte=today,
    )
    related = ("cycle__epci", "cycle__catalogue", "commune", "epci")
    return drafts.select_related(*related).order_by("cycle__declaration_fin_on", "pk")


def _to_approve(declaration: Declaration) -> Echeance:
    return Echeance(
        due_on=declaration.limite_on,
        titre=f"Viser les choix pour {declaration.cycle.annee}",
        detail="Le directeur général des services attend votre visa pour les déposer en votre nom.",
        url=reverse("mutualisation:visa", args=[declaration.pk]),
        bouton="Lire et viser",
    )


def _with_visa(told: str, visa: VisaLu | None, fuseau: str) -> str:
    """What is said of a draft, then where the visa of the mayor stands."""
    if visa and visa.donne:
        return f"{told} Le maire a visé ces choix : il reste à les déposer."
    if visa and visa.demande_at:
        asked = horloge.local(visa.demande_at, fuseau)
        return f"{told} Visa demandé au maire le {short_day(asked)} : il est attendu."
    return told


def _unchanged(declaration: Declaration) -> str:
    """What a draft without change says; a commune that shares nothing on the eve of effect has nothing to keep."""
    veille = read_eve(declaration)
    if veille.reports and not declaration.enregistree_at:
        count = plural(len(veille.reports), "demande reportée", "demandes reportées")
        return f"{count} par le cycle précédent : vos choix les reprennent. À relire avant de déposer."
    if veille.base:
        return (
            "Tout est repris de cette année, rien n'est changé pour l'instant. Vous pouvez déposer en l'état."
        )
    return "Votre commune ne partage encore rien. Choisissez ce qu'elle veut confier, ou déposez sans rien confier."


def _of_direction(contexte: Titre, today: date) -> Iterator[Echeance]:
    cycles = Cycle.objects.filter(epci=contexte.epci_id, ouvert_at__isnull=False, clos_at=None)
    for cycle in cycles.select_related("epci").order_by("annee"):
        yield from _to_instruct(cycle)


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
