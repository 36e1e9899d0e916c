"""The session ends while one is filling in a declaration: the page says so, and what was typed comes back."""

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session

from mutualisation.models import Declaration
from tests.factories import PASSWORD, Monde, activite
from tests.navigateur.clavier import Clavier

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_save_after_the_session_ended_says_why_and_loses_nothing(monde: Monde, clavier: Clavier):
    draft = monde.a.declaration
    clavier.sign_in(monde.a.dgs)
    clavier.open(f"/declarations/{draft.pk}/")
    end_session(clavier)
    clavier.toggle("Voirie")
    clavier.toggle("Voirie, activité 2")
    clavier.page.get_by_role("status").filter(has_text="Votre session a pris fin").wait_for()
    clavier.check()
    clavier.press("reconnectez-vous")
    clavier.type("Adresse électronique", monde.a.dgs.email)
    clavier.type("Mot de passe", PASSWORD)
    clavier.press("Se connecter", "button")
    clavier.press("Renvoyer", "button")
    wanted = Declaration.objects.get(pk=draft.pk).lignes.values_list("activite", flat=True)
    assert list(wanted) == [activite(monde.epci, "DA-02").pk]


def end_session(clavier: Clavier) -> None:
    """As when it expires: the browser keeps its cookies, the server knows the session no longer."""
    (cookie,) = [one for one in clavier.page.context.cookies() if one["name"] == settings.SESSION_COOKIE_NAME]
    Session.objects.get(session_key=cookie["value"]).delete()
