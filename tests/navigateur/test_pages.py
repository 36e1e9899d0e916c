"""Every page of the address table: no axe violation, and nothing to scroll sideways at 320 px (400 % of 1,280)."""

import pytest
from django.urls import reverse

from tests.contrats.gestes import amended, through
from tests.factories import Monde, build_world
from tests.navigateur.clavier import Clavier
from tests.routes import ROLES, ROUTES, Route, person

pytestmark = pytest.mark.django_db(transaction=True)
READERS = ("di", "dA", "re", "ad", "an")
PAGES = [
    route
    for route in ROUTES
    if route.kind != "api"
    and not route.name.endswith(
        (
            "pdf",
            "accuse",
            "theme",
            "sante",
            "schema",
            "reprise_modele",
            "contrats:dossier",
            "contrats:deliberation_epci",
            "reprise_fichier",
            "lettre",
            "fichier",
            "piece",
            "archive",
            "contact",
            "contacts",
        )
    )
]
# Addresses that show no page of their own to any of READERS.
WITHOUT_PAGE = (
    # Buttons: POST only; what follows is another page of the table, or the form they stand in.
    *("comptes:deconnexion", "comptes:changer_contexte", "comptes:habilitation_nouvelle", "comptes:inviter"),
    *("comptes:habilitation_fin", "mutualisation:declaration_deposer", "mutualisation:cycle_ouvrir"),
    *("mutualisation:ligne_dater", "contrats:preparer", "demo:avancer", "demo:entrer"),
    *("mutualisation:ligne_recevable", "mutualisation:ligne_complement", "mutualisation:effet_ac"),
    *("mutualisation:evaluation_observer", "mutualisation:evaluation_valider"),
    *("mutualisation:evaluation_deleguer", "mutualisation:delegation_fin"),
    *("mutualisation:arret_epci", "mutualisation:arret_rouvrir"),
    *("mutualisation:suivi_dater", "mutualisation:suivi_ac", "mutualisation:visa_demander"),
    *("mutualisation:conventions_preparer", "mutualisation:convention_piece_nouvelle"),
    *("comptes:vue_nouvelle", "comptes:vue_supprimer", "comptes:compte_rouvrir", "journal:courriel_renvoyer"),
    *("mutualisation:equipe_dissoudre", "mutualisation:absence_retirer"),
    *("mutualisation:edition_geler", "mutualisation:domaine_place", "mutualisation:domaine_retablir"),
    *("mutualisation:activite_place", "mutualisation:activite_retablir", "mutualisation:bloc_defaire"),
    # Shown once lines were decided in bulk: leads to the list of who did nothing.
    "mutualisation:instruction_resultat",
    # Nothing was being typed when the session ended: leads to the home page.
    "comptes:reprendre",
    # What a newer extract changes: follows the choice of a file.
    "mutualisation:mouvements_comparer",
    # The circuit of a contract: buttons and forms of its page; a code that nobody was given.
    *("contrats:circuit_agir", "contrats:circuit_rouvrir", "contrats:circuit_approuver", "contrats:verifier"),
    "contrats:circuit_annuler_acte",
    *("contrats:remarque_nouvelle", "contrats:remarque_repondre", "contrats:remarque_clore"),
    *("contrats:clauses_commencer", "contrats:clauses_publier"),
    *("contrats:signataire_finir", "contrats:signe_deposer", "contrats:signe_refuser"),
    *("contrats:abandonner", "contrats:engagement_astreinte"),
    # Many contracts at once: buttons of the page of the lot.
    *("contrats:lot_annuler", "contrats:lot_reprendre"),
    # Buttons of the programme of a year.
    *("contrats:programme_copier", "contrats:programme_suivre", "contrats:programme_reporter"),
    # Writes the rows of a sheet verified.
    *("mutualisation:reprise_confirmer", "mutualisation:reprise_inviter"),
    # Leads to the instruction of the one cycle; its list is empty, and shown to an EPCI without cycle only.
    "mutualisation:instructions",
    # Shown once minutes are drafted: leads to the draft of a review that has none.
    "revues:emettre",
)


def reader(route: Route) -> str | None:
    """The first role, in order of rights, to whom the address answers with a page."""
    expected = route.expected("GET")
    return next((role for role in READERS if expected[role] == 200), None)


def test_every_page_is_accessible_and_reflows(monde: Monde, clavier: Clavier) -> None:
    """One browser for all the pages, so that the suite stays short; a world for each, which it prepares as it needs."""
    for route in PAGES:
        role = reader(route)
        if role is None:
            continue
        monde = build_world()
        clavier.sign_in(person(monde, role))
        clavier.open(reverse(route.name, kwargs=route.args(monde)))
        clavier.check_reflow()


def test_the_act_of_an_avenant_and_the_whole_contract_are_accessible(monde: Monde, clavier: Clavier) -> None:
    """The page of the contract that the table of routes opens is another: a first text."""
    version = through(amended(monde, horaires="Jour", niveau_attendu="Un jour. " * 30), monde.direction)
    clavier.sign_in(monde.a.maire)
    for query in ("", "?partie=entier"):
        clavier.open(reverse("contrats:lire", args=[version.pk]) + query)
        clavier.check_reflow()


def test_every_page_has_a_reader_or_a_reason() -> None:
    assert {route.name for route in PAGES if reader(route) is None} == set(WITHOUT_PAGE)


def test_the_roles_that_read_are_in_the_table() -> None:
    assert set(READERS) <= set(ROLES)
