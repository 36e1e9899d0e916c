"""What this floor tells the floors below: titles that derive from seats, deadlines, jobs, documents."""

from collections.abc import Iterable
from datetime import date

from django.db.models import Q

from comptes.acces import Titre
from comptes.models import Personne
from comptes.roles import Role
from documents.gabarit import render_document
from documents.models import Document
from mutualisation.echeances import deadlines
from mutualisation.models import Siege, Titulaire
from mutualisation.workflows.cycle import TACHE_RAPPEL, run_reminder
from mutualisation.workflows.effet import TACHE_EFFET, run_effect
from socle import registres


def register() -> None:
    """Fill the registries of the ground floor."""
    registres.titres.register("sieges", titles_of_seats)
    registres.echeances.register("mutualisation", deadlines)
    registres.taches.register(TACHE_EFFET, run_effect)
    registres.taches.register(TACHE_RAPPEL, run_reminder)
    registres.rendus.register("accuse", render_receipt)


def titles_of_seats(personne: Personne, on: date) -> Iterable[Titre]:
    """A seat held today, in person or through a team, gives its title: référent communal or responsable de service."""
    held = Titulaire.objects.on(on).filter(Q(personne=personne) | Q(equipe__membres=personne))
    rows = held.select_related("siege__epci", "siege__commune", "siege__pole").order_by(
        "siege__domaine__ordre", "pk"
    )
    for titulaire in rows:
        yield _title(titulaire.siege)


def _title(siege: Siege) -> Titre:
    communal = siege.cote == Siege.Cote.COMMUNE
    return Titre(
        role=Role.REFERENT_COMMUNAL if communal else Role.RESPONSABLE_SERVICE,
        epci_id=siege.epci_id,
        epci_nom=siege.epci.nom,
        pole_id=siege.pole_id,
        pole_nom=siege.pole.nom if siege.pole else "",
        commune_id=siege.commune_id,
        commune_nom=siege.commune.nom if siege.commune else "",
        domaine_id=siege.domaine_id,
    )


def render_receipt(document: Document) -> bytes:
    """The accusé de dépôt, from its frozen data."""
    return render_document("pdf/accuse.html", {"accuse": document.source}, document)
