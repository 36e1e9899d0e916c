"""What this floor tells the floors below: titles and recipients that derive from seats, deadlines, jobs, documents."""

from collections.abc import Iterable
from datetime import date

from django.db.models import Prefetch, Q, QuerySet
from django.urls import reverse
from django.utils.http import urlencode

from comptes.acces import Titre
from comptes.models import Equipe, Personne
from comptes.roles import Role
from documents.gabarit import render_document
from documents.models import Document
from mutualisation.echeances import deadlines
from mutualisation.echeances_actes import act_deadlines
from mutualisation.echeances_instruction import instruction_deadlines
from mutualisation.echeances_sieges import seat_deadlines
from mutualisation.etats import tables
from mutualisation.models import Domaine, Etude, Siege, Titulaire
from mutualisation.premiers_pas import cards
from mutualisation.rejoindre import joining_cards
from mutualisation.workflows.campagne import TACHE_RAPPEL, run_reminder
from mutualisation.workflows.cycle import TACHE_ARRIVEES, run_arrivals
from mutualisation.workflows.declaration import follow_receipt
from mutualisation.workflows.derivation import TACHE_EDITION, run_edition
from mutualisation.workflows.effet import TACHE_EFFET, run_effect
from mutualisation.workflows.evaluation import TACHE_EVALUATIONS, run_evaluations
from mutualisation.workflows.mouvement import TACHE_MOUVEMENTS, run_moves
from mutualisation.workflows.reprise import TACHE_REPRISE, run_reprise
from mutualisation.workflows.vacance import TACHE_SIEGES, run_watch, start_watch
from socle import registres
from socle.dates import day_and_year
from socle.registres import Destinataire, Lien, Tenue
from socle.typographie import in_french_order
from territoire.models import Commune, Epci, today_of

# Objects whose page takes their key, and its route.
PAGES = {
    **{
        name: name
        for name in ("acte", "avis", "convention", "cycle", "declaration", "evaluation", "ligne", "siege")
    },
    "catalogue": "edition",
}
SIDES = {Role.REFERENT_COMMUNAL: Siege.Cote.COMMUNE, Role.RESPONSABLE_SERVICE: Siege.Cote.EPCI}


def register() -> None:
    """Fill the registries of the ground floor."""
    registres.titres.register("sieges", titles_of_seats)
    registres.destinataires.register("sieges", holders_of_seats)
    registres.tenues.register("sieges", seats_of)
    registres.tenues.register("equipes", teams_of)
    registres.echeances.register("mutualisation", deadlines)
    registres.echeances.register("instruction", instruction_deadlines)
    registres.echeances.register("actes", act_deadlines)
    registres.echeances.register("sieges", seat_deadlines)
    registres.cartes.register("premiers_pas", cards)
    registres.cartes.register("rejoindre", joining_cards)
    registres.tables.register("mutualisation", tables)
    registres.liens.register("appels", call_link)
    registres.taches.register(TACHE_EDITION, run_edition)
    registres.taches.register(TACHE_ARRIVEES, run_arrivals)
    registres.taches.register(TACHE_EFFET, run_effect)
    registres.taches.register(TACHE_EVALUATIONS, run_evaluations)
    registres.taches.register(TACHE_MOUVEMENTS, run_moves)
    registres.taches.register(TACHE_RAPPEL, run_reminder)
    registres.taches.register(TACHE_REPRISE, run_reprise)
    registres.taches.register(TACHE_SIEGES, run_watch)
    registres.demarrages.register("sieges", start_watch)
    registres.intitules |= {
        TACHE_EDITION: "Entrée en vigueur du catalogue",
        TACHE_ARRIVEES: "Déclaration des communes qui arrivent",
        TACHE_EFFET: "Prise d'effet des choix",
        TACHE_EVALUATIONS: "Demande des évaluations préalables",
        TACHE_MOUVEMENTS: "Évolution des communes",
        TACHE_RAPPEL: "Rappel aux communes qui n'ont pas déposé",
        TACHE_REPRISE: "Écriture d'une feuille reprise",
        TACHE_SIEGES: "Veille des sièges qui vont rester sans personne",
    }
    registres.rendus.register("accuse", render_receipt)
    registres.remplacements.register("accuse", follow_receipt)
    for name, route in PAGES.items():
        registres.pages.register(f"mutualisation.{name}", registres.at(f"mutualisation:{route}"))
    registres.pages.register("mutualisation.etude", study_page)
    registres.pages.register("comptes.equipe", team_page)


def titles_of_seats(personne: Personne) -> Iterable[Titre]:
    """A seat held today, in person or through a team, gives its title: référent communal or responsable de service."""
    held = Titulaire.objects.on(today_of("siege__epci")).filter(
        Q(personne=personne) | Q(equipe__membres=personne)
    )
    rows = held.select_related("siege__epci", "siege__commune", "siege__pole").order_by(
        "siege__domaine__ordre", "pk"
    )
    for titulaire in rows:
        yield _title(titulaire.siege)


def seats_of(personne: Personne) -> Iterable[Tenue]:
    """The seats that a person holds in her own name, today or later."""
    held = Titulaire.objects.filter(Q(fin=None) | Q(fin__gt=today_of("siege__epci")), personne=personne)
    places = ("siege__epci", "siege__domaine", "siege__commune", "siege__pole")
    for row in held.select_related(*places).order_by("siege__domaine__ordre", "debut", "pk"):
        since = f", à compter du {day_and_year(row.debut)}" if row.debut > row.siege.epci.today else ""
        texte = f"{row.siege.role.label}, {row.siege} ({row.get_rang_display()}{since})"
        yield Tenue(row.siege.epci_id, texte, reverse("mutualisation:siege", args=[row.siege_id]))


def teams_of(personne: Personne) -> Iterable[Tenue]:
    """The teams that a person is in: they may hold seats."""
    for equipe in in_french_order(Equipe.objects.filter(membres=personne).standing()):
        yield Tenue(equipe.epci_id, f"membre de l'équipe {equipe}", team_page(equipe))


def call_link(user: Personne, commune: Commune, domaine: Domaine, on: date) -> Iterable[Lien]:
    """From a domain of a commune to whom to call for it."""
    query = urlencode({"commune": commune.pk, "domaine": domaine.pk})
    yield Lien("Qui appeler", f"{reverse('mutualisation:appels')}?{query}")


def team_page(equipe: Equipe) -> str:
    """Where a team is read by all: its row in the list."""
    return f"{reverse('mutualisation:equipes')}#equipe-{equipe.pk}"


def study_page(etude: Etude) -> str:
    """A study is the domain of a declaration."""
    return reverse("mutualisation:etude", args=[etude.declaration_id, etude.domaine_id])


def holders_of_seats(epci: Epci, roles: frozenset[str], commune: Commune | None) -> Iterable[Destinataire]:
    """Who holds in title, alone or in a team, the seats of some roles: a commune's, and the wider ones that may serve it."""
    sides = [side for role, side in SIDES.items() if role in roles]
    for titulaire in _holders(epci, sides, commune) if sides else ():
        siege = titulaire.siege
        for personne in _people(titulaire):
            yield Destinataire(
                personne, siege.role, titulaire, siege.commune, siege.pole_id, siege.domaine_id
            )


def _people(titulaire: Titulaire) -> list[Personne]:
    if titulaire.personne:
        return [titulaire.personne]
    assert titulaire.equipe  # titulaire_person_or_team
    return list(titulaire.equipe.membres.all())


def _holders(epci: Epci, sides: list[Siege.Cote], commune: Commune | None) -> QuerySet[Titulaire]:
    rows = Titulaire.objects.filter(siege__epci=epci, siege__cote__in=sides, rang=Titulaire.Rang.TITULAIRE)
    if commune:
        rows = rows.filter(Q(siege__commune=commune) | Q(siege__commune=None))
    present = Personne.objects.filter(is_active=True)
    return (
        rows.filter(Q(personne=None) | Q(personne__is_active=True))
        .select_related("siege__commune", "personne", "equipe")
        .prefetch_related(Prefetch("equipe__membres", present.order_by("tri", "pk")))
        .order_by("pk")
    )


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
