"""Invitations and passwords forgotten: personal links by mail."""

import re
from datetime import timedelta
from http import HTTPStatus

import pytest
from django.utils import timezone

from comptes.models import Habilitation, Personne
from comptes.roles import Role
from journal.models import Courriel, Evenement
from journal.workflows.invitation import SAME_REQUEST, help_forgetful, invite, password_link
from socle import horloge
from socle.droits import ActionInterdite
from socle.erreurs import Refus
from tests.comptes import captured
from tests.concurrence import together
from tests.factories import (
    PASSWORD,
    EpciFactory,
    PersonneFactory,
    SiegeFactory,
    catalogue,
    domaine,
    holder,
    member_commune,
)

NEW = "une phrase de passe neuve"
pytestmark = pytest.mark.django_db


@pytest.fixture
def epci():
    return EpciFactory(nom="Métropole d'Essai")


@pytest.fixture
def administrateur(epci):
    return holder(Role.ADMINISTRATEUR, epci)


@pytest.fixture
def invitee(epci):
    """A DGS who never chose a password."""
    personne = holder(Role.DGS, epci, commune=member_commune(epci), prenom="Zoé", nom="L'Œillet & fils")
    personne.set_unusable_password()
    personne.save()
    return personne


def link_in(courriel):
    return captured(r"http://127\.0\.0\.1:8000(/invitation/\S+)", courriel.corps)


def choose(client, link, first=NEW, second=NEW):
    form = client.get(link)
    return (
        client.post(form.url, {"new_password1": first, "new_password2": second})
        if form.status_code == 302
        else form
    )


class TestInvitation:
    def test_from_the_button_to_the_first_page(self, client, administrateur, invitee):
        client.force_login(administrateur)
        assert client.post(f"/personnes/{invitee.pk}/inviter/").url == f"/personnes/{invitee.pk}/"
        courriel = Courriel.objects.get(destinataire=invitee)
        assert "Métropole d’Essai vous ouvre un accès" in courriel.corps
        assert "L’Œillet & fils" in courriel.corps, "a mail is plain text"
        client.logout()
        response = choose(client, link_in(courriel))
        assert (response.status_code, response.url) == (HTTPStatus.FOUND, "/")
        assert client.session["_auth_user_id"] == str(invitee.pk)
        assert Personne.objects.get(pk=invitee.pk).check_password(NEW)
        assert list(Evenement.objects.order_by("numero").values_list("type", "acteur")) == [
            ("personne.invitee", administrateur.pk),
            ("personne.mot_de_passe", invitee.pk),
        ]

    def test_the_token_leaves_the_address(self, client, invitee):
        link = password_link(invitee)
        response = client.get(link)
        assert response.url.endswith("/choisir/")
        assert link.split("/")[-2] not in client.get(response.url).content.decode()

    def test_it_serves_once(self, client, invitee):
        link = password_link(invitee)
        choose(client, link)
        client.logout()
        page = client.get(link).content.decode()
        assert "Ce lien ne sert plus" in page
        assert "Recevoir un nouveau lien" in page

    def test_it_dies_after_seven_days_of_true_time(self, client, invitee, time_machine_at):
        link = password_link(invitee)
        time_machine_at(timezone.now() + timedelta(days=6, hours=23))
        assert client.get(link).status_code == HTTPStatus.FOUND
        time_machine_at(timezone.now() + timedelta(days=7, hours=1))
        assert "Ce lien ne sert plus" in type(client)().get(link).content.decode()

    def test_the_clock_of_the_demonstration_does_not_age_it(self, client, invitee):
        link = password_link(invitee)
        with horloge.at(horloge.now() + timedelta(days=400)):
            assert client.get(link).status_code == HTTPStatus.FOUND

    @pytest.mark.parametrize(
        "link", ["/invitation/MQ/faux/", "/invitation/%00/x/", "/invitation/OTk5OTk5OTk5OTk5OTk5OTk5/a-b/"]
    )
    def test_a_false_link_opens_nothing(self, client, link):
        response = client.get(link)
        assert response.status_code == HTTPStatus.OK
        assert "Ce lien ne sert plus" in response.content.decode()

    def test_a_closed_account_cannot_be_opened_by_its_link(self, client, invitee):
        link = password_link(invitee)
        Personne.objects.filter(pk=invitee.pk).update(is_active=False)
        assert "Ce lien ne sert plus" in client.get(link).content.decode()

    @pytest.mark.parametrize(
        ("first", "second", "fault"),
        [
            (NEW, "autre", "ne sont pas les mêmes"),
            ("court", "court", "trop court"),
            ("motdepasse1234" * 800, "motdepasse1234" * 800, "au plus 1\u202f000\u00a0caractères"),
            ("", "", "obligatoire"),
        ],
    )
    def test_a_poor_password_is_refused_in_french(self, client, invitee, first, second, fault):
        page = choose(client, password_link(invitee), first, second).content.decode()
        assert fault in page
        assert not Personne.objects.get(pk=invitee.pk).has_usable_password()

    def test_choosing_a_password_forgets_the_failures(self, client, invitee):
        for _ in range(6):
            client.post("/connexion/", {"username": invitee.email, "password": "faux"})
        choose(client, password_link(invitee))
        client.logout()
        assert client.post("/connexion/", {"username": invitee.email, "password": NEW}).url == "/"

    def test_a_double_click_writes_one_mail(self, epci, administrateur, invitee):
        for _ in range(2):
            invite(personne=invitee, epci=epci, acteur=administrateur)
        assert Courriel.objects.filter(destinataire=invitee).count() == 1
        with horloge.at(horloge.now() + SAME_REQUEST["invitation"]):
            invite(personne=invitee, epci=epci, acteur=administrateur)
        assert Courriel.objects.filter(destinataire=invitee).count() == 2

    def test_only_the_administrator_invites(self, epci, invitee):
        with pytest.raises(ActionInterdite, match="Seul l'administrateur"):
            invite(personne=invitee, epci=epci, acteur=invitee)

    def test_neither_a_closed_account_nor_a_machine(self, epci, administrateur):
        closed = holder(Role.LECTEUR, epci, commune=member_commune(epci), is_active=False)
        for personne in (closed, holder(Role.SERVICE, epci)):
            with pytest.raises(Refus, match="ne peut pas recevoir"):
                invite(personne=personne, epci=epci, acteur=administrateur)
        assert not Courriel.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_clicks_in_the_same_second_write_one_mail():
    epci = EpciFactory()
    administrateur = holder(Role.ADMINISTRATEUR, epci)
    results = together(*[lambda: invite(personne=administrateur, epci=epci, acteur=administrateur)] * 2)
    assert results == [None, None]
    assert Courriel.objects.count() == 1


class TestForgotten:
    def ask(self, client, email):
        return client.post("/mot-de-passe/", {"email": email})

    def test_the_answer_never_tells_whether_the_account_exists(self, client, invitee):
        answers = []
        for email in (invitee.email, "inconnu@exemple.fr"):
            response = self.ask(client, email)
            page = client.get(response.url).content.decode()
            answers.append((response.status_code, response.url, page.split("<main")[1].split("<form")[0]))
        assert answers[0] == answers[1]
        assert "Si cette adresse a un compte" in answers[0][2]
        assert Courriel.objects.count() == 1

    def test_the_link_signs_in(self, client, epci):
        personne = holder(Role.DIRECTION_TERRITOIRES, epci)
        self.ask(client, personne.email.upper())
        choose(client, link_in(Courriel.objects.get(destinataire=personne, type="mot_de_passe")))
        assert client.session["_auth_user_id"] == str(personne.pk)
        assert Personne.objects.get(pk=personne.pk).check_password(NEW)

    def test_the_present_password_stays_until_another_is_chosen(self, client, invitee):
        personne = holder(Role.MAIRE, EpciFactory(), commune=member_commune(EpciFactory()))
        self.ask(client, personne.email)
        assert Personne.objects.get(pk=personne.pk).check_password(PASSWORD)

    def test_a_mailbox_cannot_be_flooded(self, client, invitee):
        for _ in range(5):
            self.ask(client, invitee.email)
        assert Courriel.objects.count() == 1

    def test_neither_a_machine_nor_a_closed_account_nor_a_stranger(self, epci):
        machine = holder(Role.SERVICE, epci)
        closed = holder(Role.ADMINISTRATEUR, epci, is_active=False)
        for personne in (machine, closed, PersonneFactory()):
            help_forgetful(email=personne.email)
        assert not Courriel.objects.exists()

    def test_whoever_only_holds_a_seat_may_ask(self, epci):
        catalogue(epci)
        referent = PersonneFactory()
        SiegeFactory(
            epci=epci, referent=True, commune=member_commune(epci), domaine=domaine(epci), titulaire=referent
        )
        help_forgetful(email=referent.email)
        assert Courriel.objects.get().epci == epci

    def test_whoever_has_no_role_today_is_answered_by_his_former_epci(self, epci):
        personne = holder(Role.ADMINISTRATEUR, epci)
        Habilitation.objects.update(fin=epci.today)
        help_forgetful(email=personne.email)
        assert Courriel.objects.get().epci == epci

    @pytest.mark.parametrize(
        "email", ["", "pas une adresse", "a" * 10_000 + "@exemple.fr", "a\x00@exemple.fr"]
    )
    def test_bad_input_is_said_in_french(self, client, email):
        response = self.ask(client, email)
        assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
        assert re.search("Écrivez une adresse|obligatoire|au plus 254|nuls", response.content.decode())
