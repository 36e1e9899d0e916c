"""What this floor tells the floors below: jobs, documents, deadlines, links, and what a retrait would leave without object."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.http import urlencode

from comptes.models import Personne
from documents.gabarit import render_document
from documents.models import Document
from mutualisation.models import Domaine
from revues.cartes import cards
from revues.echeances import deadlines
from revues.etats import COMPTE_RENDU, REVUE
from revues.models import Revue
from revues.workflows.compte_rendu import follow_document
from revues.workflows.fin import close_contract_reviews
from revues.workflows.mouvement import close_reviews
from revues.workflows.revue import (
    TACHE_COMMUNE,
    TACHE_MOIS,
    run_commune,
    run_month,
    start_reviews,
)
from socle import horloge, registres
from socle.dates import day_and_year, hour, long_day
from socle.registres import Consequence, Lien
from territoire.models import Commune

REVIEWED_WITHIN = 100  # days: the slowest rhythm is quarterly


def register() -> None:
    """Fill the registries of the ground floor."""
    registres.taches.register(TACHE_MOIS, run_month)
    registres.taches.register(TACHE_COMMUNE, run_commune)
    registres.intitules |= {
        TACHE_MOIS: "Création des revues du mois",
        TACHE_COMMUNE: "Création des revues du mois d'une commune",
    }
    registres.demarrages.register("revues", start_reviews)
    registres.rendus.register("compte_rendu", render_minutes)
    registres.remplacements.register("compte_rendu", follow_document)
    registres.echeances.register("revues", deadlines)
    registres.cartes.register("revues", cards)
    registres.consequences.register("revues", orphans)
    registres.mouvements.register("revues", close_reviews)
    registres.fins.register("revues", close_contract_reviews)
    registres.liens.register("revues", links)
    registres.tables.register("revues", lambda: (REVUE, COMPTE_RENDU))
    registres.pages.register("revues.revue", registres.at("revues:revue"))


def render_minutes(document: Document) -> bytes:
    """The compte rendu, from its frozen data."""
    return render_document("pdf/compte_rendu.html", {"compte_rendu": document.source}, document)


def orphans(commune: Commune, domaines: frozenset[int], on: date) -> Iterable[Consequence]:
    """Domains reviewed these months whose reviews stop the day a commune leaves them; reviews themselves come month by month."""
    recent = horloge.now() - timedelta(days=REVIEWED_WITHIN)
    rows = Revue.objects.filter(commune=commune, domaine__in=domaines, prevue_at__gte=recent)
    reviewed = sorted(set(rows.order_by("pk").values_list("domaine_id", flat=True)))
    if reviewed:
        of = f"de {len(reviewed)} domaines" if len(reviewed) > 1 else "d'un domaine"
        yield Consequence(f"sans objet les revues {of}", _list_of(commune, rows, reviewed))


def _list_of(commune: Commune, revues: QuerySet[Revue], domaines: list[int]) -> str:
    """The list of these reviews: of the domain when there is one, of those to come when there are some."""
    asked: dict[str, str | int] = {"commune": commune.pk}
    if len(domaines) == 1:
        asked["domaine"] = domaines[0]
    if revues.filter(etat=Revue.Etat.PREVUE, prevue_at__gte=horloge.now()).exists():
        asked["etat"] = "a_venir"
    return f"{reverse('revues:revues')}?{urlencode(asked)}"


def links(user: Personne, commune: Commune, domaine: Domaine, on: date) -> Iterable[Lien]:
    """The latest review of a domain in a commune and the next one, for who may see them."""
    mine = Revue.objects.visible_to(user).filter(commune=commune, domaine=domaine).select_related("epci")
    past = mine.filter(prevue_at__lte=horloge.now()).order_by("-prevue_at").first()
    coming = mine.filter(prevue_at__gt=horloge.now(), etat=Revue.Etat.PREVUE).order_by("prevue_at").first()
    if past:
        state = "compte rendu attendu" if past.en_retard else past.get_etat_display()
        yield Lien(
            f"Dernière revue : {day_and_year(_local(past))}, {state}", reverse("revues:revue", args=[past.pk])
        )
    if coming:
        local = _local(coming)
        yield Lien(
            f"Prochaine revue : {long_day(local)} à {hour(local)}", reverse("revues:revue", args=[coming.pk])
        )


def _local(revue: Revue) -> datetime:
    return horloge.local(revue.prevue_at, revue.epci.fuseau)
