"""What an address shows only sometimes: errors, refused forms, a kept form, an invitation; and the other colours."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse

from tests.contrats import test_engagement as fiche
from tests.factories import PASSWORD, Monde, build_world
from tests.navigateur.clavier import FORCED, Clavier
from tests.revues import test_compte_rendu as compte_rendu
from tests.routes import ROUTES, Route, invitation, person

pytestmark = pytest.mark.django_db(transaction=True)
REFUSED = [route for route in ROUTES if route.kind != "api" and "422" in route.codes.get("POST", "")]
Data = Callable[[Monde], dict[str, Any]]


def wrong_row(monde: Monde) -> dict[str, Any]:
    """A fiche whose deadlines contradict each other, and a row of its indicators that is no number."""
    return fiche.form({**fiche.INDICATOR, "cible": "beaucoup"}, urgence_accuse_heures="8")


def wrong_point(monde: Monde) -> dict[str, Any]:
    """Minutes of tomorrow, with an action that says neither who nor when."""
    action = {**compte_rendu.ACTION, "responsable": "", "echeance_on": ""}
    return compte_rendu.form(action, tenue_on="2027-02-11")


def long_motive(monde: Monde) -> dict[str, Any]:
    domaine = monde.domaine.pk
    return {"vues": "", f"motif_vu-{domaine}": "", f"motif-{domaine}": "é" * 4_001}


# Faults a form made of rows shows beside its fields; the others are sent empty, as in the table.
WRONG: dict[str, Data] = {
    "contrats:engagement_modifier": wrong_row,
    "revues:rediger": wrong_point,
    "mutualisation:declaration": long_motive,
}


def writer(route: Route) -> str:
    """Who is told what is wrong in a form."""
    return next(role for role, code in route.expected("POST").items() if code == 422)


def refuse(clavier: Clavier, monde: Monde, route: Route) -> None:
    """Send a form that will be refused, by someone who may send it."""
    clavier.sign_in(person(monde, writer(route)))
    clavier.page.goto(clavier.root + reverse("comptes:mot_de_passe_oublie"))
    data = WRONG.get(route.name, route.data)(monde)
    clavier.send(reverse(route.name, kwargs=route.args(monde)), data, 422)


def test_every_refused_form_is_accessible_and_reflows(monde: Monde, clavier: Clavier) -> None:
    for route in REFUSED:
        refuse(clavier, build_world(), route)
        clavier.check_reflow()


def test_the_forms_made_of_rows_are_in_the_table() -> None:
    assert set(WRONG) <= {route.name for route in REFUSED}


def test_a_conflict_is_accessible_and_reflows(monde: Monde, clavier: Clavier) -> None:
    clavier.sign_in(monde.direction)
    clavier.open(reverse("accueil"))
    url = reverse("contrats:engagement_modifier", args=[monde.a.engagement.pk])
    clavier.send(url, fiche.form(missions="Entretenir.", version=0), 409)
    clavier.check_reflow()


def fail(*args: Any, **kwargs: Any) -> None:
    raise RuntimeError("panne voulue")


def test_each_error_is_accessible_and_reflows(
    monde: Monde, clavier: Clavier, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    """Signed in and not: the frame of the page is not the same."""
    for personne in (monde.a.dgs, None):
        clavier.sign_in(personne)
        clavier.open("/nulle-part/", 404)
        clavier.check_reflow()
    clavier.sign_in(monde.a.dgs)
    clavier.open(reverse("comptes:personnes"), 403)
    clavier.check_reflow()
    clavier.page.context.clear_cookies(name=settings.CSRF_COOKIE_NAME)
    clavier.send_without_token(reverse("comptes:deconnexion"))
    clavier.check_reflow()
    monkeypatch.setattr("mutualisation.views.matrice.read_matrix", fail)
    clavier.open(reverse("mutualisation:matrice"), 500)
    clavier.check_reflow()
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 1
    clavier.send(reverse("comptes:deconnexion"), {"champ": "de trop"}, 413)
    clavier.check_reflow()


def test_an_invitation_still_good_then_two_passwords_that_differ(monde: Monde, clavier: Clavier) -> None:
    clavier.open(reverse("comptes:invitation", kwargs=invitation(monde)))
    clavier.check_reflow()
    fields = clavier.page.locator("main input[type=password]")
    assert fields.count() == 2
    for rank, typed in enumerate(("quatre mots bien à vous", "quatre mots tout autres")):
        fields.nth(rank).fill(typed)
    with clavier.page.expect_navigation() as arrival:
        fields.nth(1).press("Enter")
    clavier.arrived(arrival.value, 200)
    assert "mots de passe" in clavier.text()
    clavier.check_reflow()


def test_a_form_kept_when_the_session_ended(monde: Monde, clavier: Clavier) -> None:
    page = clavier.page
    clavier.sign_in(monde.administrateur)
    clavier.open(reverse("comptes:personne_nouvelle"))
    page.fill("[name=nom]", "Dupont-Œuvrard")
    page.fill("[name=fonction]", "Une fonction très longue, écrite pendant que la session prenait fin")
    Session.objects.all().delete()
    with page.expect_navigation():
        page.evaluate("() => HTMLFormElement.prototype.submit.call(document.querySelector('main form'))")
    clavier.check()
    page.fill("[name=username]", monde.administrateur.email)
    page.fill("[name=password]", PASSWORD)
    with page.expect_navigation():
        page.press("[name=password]", "Enter")
    assert reverse("comptes:reprendre") in page.url
    assert "Une fonction très longue" in clavier.text()
    clavier.check()
    clavier.check_reflow()


# Pages that hold every component: cells, states, forms, deadlines, tables.
SHOWN = (
    ("an", "comptes:connexion"),
    ("dA", "accueil"),
    ("dA", "mutualisation:declaration"),
    ("di", "mutualisation:campagne"),
    ("di", "mutualisation:cycle"),
    ("di", "mutualisation:instruction"),
    ("di", "mutualisation:ligne"),
    ("di", "mutualisation:matrice"),
    ("di", "mutualisation:matrice_liste"),
    ("di", "mutualisation:case"),
    ("di", "mutualisation:sieges"),
    ("di", "contrats:engagement"),
    ("di", "contrats:engagement_modifier"),
    ("di", "revues:tableau"),
    ("di", "revues:rediger"),
    ("ad", "comptes:personne"),
)
BY_NAME = {route.name: route for route in ROUTES}


@pytest.mark.parametrize(
    "colours",
    [
        {"color_scheme": "dark"},
        {"forced_colors": "active", "color_scheme": "light"},
        {"forced_colors": "active", "color_scheme": "dark"},
    ],
    ids=["dark", "forced", "forced and dark"],
)
def test_pages_hold_in_other_colours(monde: Monde, clavier: Clavier, colours: dict[str, Any]) -> None:
    clavier.page.emulate_media(**colours)
    assert clavier.page.evaluate(FORCED) == ("forced_colors" in colours)
    for role, name in SHOWN:
        clavier.sign_in(person(monde, role))
        clavier.open(reverse(name, kwargs=BY_NAME[name].args(monde)))
    refuse(clavier, monde, BY_NAME["contrats:engagement_modifier"])
