"""An account: corrected, closed when somebody leaves, reopened; and what she still holds, given to others."""

from datetime import date, timedelta
from http import HTTPStatus
from typing import Any

import pytest
from django.test import Client

from comptes.annuaire import Annuaire
from comptes.models import Habilitation, Jeton, Personne
from comptes.roles import Role
from journal.models import Courriel, Evenement
from journal.workflows.compte import close_account, correct_account, reopen_account
from journal.workflows.courriel import send_due_mails
from journal.workflows.invitation import invite, password_link
from journal.workflows.jeton import issue_token
from journal.workflows.personne import Identite, Mandat, end, grant, welcome
from journal.workflows.unite import record, unit
from mutualisation.models import Titulaire
from socle.droits import ActionInterdite
from socle.erreurs import Conflit, Refus
from tests.factories import (
    PASSWORD,
    CourrielFactory,
    EquipeFactory,
    HabilitationFactory,
    JetonFactory,
    Monde,
    fresh,
    holder,
)

pytestmark = pytest.mark.django_db
TODAY = date(2027, 2, 10)
MOTIF = "A quitté la collectivité."


def text(response: Any, status: int = HTTPStatus.OK) -> str:
    """The page, with plain spaces and apostrophes."""
    assert response.status_code == status, response.content.decode()[:2000]
    return response.content.decode().replace("\u00a0", " ").replace("\u202f", " ").replace("’", "'")


def close(monde: Monde, personne: Personne, **kwargs: Any) -> bool:
    given = {"epci": monde.epci, "acteur": monde.administrateur, "motif": MOTIF, **kwargs}
    return close_account(personne=personne, **given)


def identite(personne: Personne, **changed: str) -> Identite:
    names = ("email", "nom", "prenom", "fonction", "telephone")
    return Identite(**{name: getattr(personne, name) for name in names} | changed)


def correct(monde: Monde, personne: Personne, **changed: str) -> Personne:
    return correct_account(
        personne=personne,
        epci=monde.epci,
        acteur=monde.administrateur,
        identite=identite(personne, **changed),
        version=personne.version,
    )


def typed(personne: Personne, **changed: Any) -> dict[str, Any]:
    return {**vars(identite(personne)), "version": personne.version, **changed}


@pytest.fixture
def admin(client: Client, monde: Monde) -> Client:
    """The client, signed in as administrator."""
    client.force_login(monde.administrateur)
    return client


@pytest.fixture
def ailleurs(monde: Monde) -> Habilitation:
    """The DGS of A also directs something in the neighbouring EPCI."""
    return HabilitationFactory(
        personne=monde.a.dgs, role=Role.DIRECTION_TERRITOIRES, epci=monde.epci_voisin, commune=None
    )


class TestRights:
    PAGES = (
        ("get", "corriger"),
        ("post", "corriger"),
        ("get", "fermer"),
        ("post", "fermer"),
        ("post", "rouvrir"),
    )

    @pytest.mark.parametrize(("method", "page"), PAGES)
    def test_the_others_are_told_who_can(self, client: Client, monde: Monde, method: str, page: str):
        for personne in (monde.a.dgs, monde.direction, monde.a.maire):
            client.force_login(personne)
            answer = getattr(client, method)(f"/personnes/{monde.a.dgs.pk}/{page}/")
            assert "Seul l'administrateur de votre EPCI" in text(answer, HTTPStatus.FORBIDDEN)

    @pytest.mark.parametrize(("method", "page"), PAGES)
    def test_an_administrator_elsewhere_finds_nobody(
        self, client: Client, monde: Monde, method: str, page: str
    ):
        client.force_login(holder(Role.ADMINISTRATEUR, monde.epci_voisin))
        answer = getattr(client, method)(f"/personnes/{monde.a.dgs.pk}/{page}/", {"motif": MOTIF})
        assert answer.status_code == HTTPStatus.NOT_FOUND

    def test_workflows_refuse_by_themselves(self, monde: Monde):
        dgs = monde.a.dgs
        for acteur in (monde.direction, dgs, holder(Role.ADMINISTRATEUR, monde.epci_voisin)):
            with pytest.raises(ActionInterdite):
                close(monde, dgs, acteur=acteur)
            with pytest.raises(ActionInterdite):
                reopen_account(personne=dgs, epci=monde.epci, acteur=acteur)
            with pytest.raises(ActionInterdite):
                correct_account(
                    personne=dgs, epci=monde.epci, acteur=acteur, identite=identite(dgs, nom="X"), version=1
                )
        assert fresh(dgs).is_active


class TestClosing:
    def test_it_is_told_with_its_motive(self, admin: Client, monde: Monde):
        dgs = monde.a.dgs
        assert admin.post(f"/personnes/{dgs.pk}/fermer/", {"motif": MOTIF}).url == f"/personnes/{dgs.pk}/"
        told = Evenement.objects.about(dgs).get()
        assert (told.type, told.libelle, told.acteur) == (
            "personne.fermee",
            "Compte fermé",
            monde.administrateur,
        )
        assert told.detail.contenu == {"motif": MOTIF}
        shown = text(admin.get(f"/personnes/{dgs.pk}/"))
        assert "Fermé le 10 février 2027 par" in shown and MOTIF in shown
        assert "Rouvrir le compte" in shown
        assert "Lui donner un autre rôle" not in shown and "Renvoyer" not in shown

    def test_open_sessions_end_and_do_not_come_back(self, client: Client, monde: Monde):
        client.force_login(monde.a.dgs)
        assert client.get("/").status_code == HTTPStatus.OK
        close(monde, monde.a.dgs)
        assert client.get("/").status_code == HTTPStatus.FOUND
        client.force_login(fresh(monde.a.maire))
        close(monde, monde.a.maire)
        reopen_account(personne=monde.a.maire, epci=monde.epci, acteur=monde.administrateur)
        assert client.get("/").status_code == HTTPStatus.FOUND, "a session of before stays dead"

    def test_neither_password_nor_links_serve_even_once_reopened(self, client: Client, monde: Monde):
        dgs = monde.a.dgs
        invite(personne=dgs, epci=monde.epci, acteur=monde.administrateur)
        link = password_link(dgs)
        close(monde, dgs)
        for _ in range(2):
            assert "Ce lien ne sert plus" in client.get(link).content.decode()
            refused = client.post("/connexion/", {"username": dgs.email, "password": PASSWORD})
            assert "ne convient pas" in text(refused)
            reopen_account(personne=dgs, epci=monde.epci, acteur=monde.administrateur)
        assert fresh(dgs).is_active

    def test_a_link_not_sent_yet_never_is(self, monde: Monde, settings: Any, mailoutbox: list[Any]):
        settings.EMAIL_LEAVES = True
        invite(personne=monde.a.dgs, epci=monde.epci, acteur=monde.administrateur)
        close(monde, monde.a.dgs)
        send_due_mails()
        assert Courriel.objects.get(destinataire=monde.a.dgs).etat == "périmé"
        assert not mailoutbox

    def test_a_new_invitation_leaves_at_once(self, admin: Client, monde: Monde):
        dgs = monde.a.dgs
        admin.post(f"/personnes/{dgs.pk}/inviter/")
        close(monde, dgs)
        assert "il est fermé" in text(admin.post(f"/personnes/{dgs.pk}/inviter/", follow=True))
        admin.post(f"/personnes/{dgs.pk}/rouvrir/")
        assert "son lien ne sert plus" in text(admin.get(f"/personnes/{dgs.pk}/"))
        admin.post(f"/personnes/{dgs.pk}/inviter/")
        assert Courriel.objects.filter(destinataire=dgs, type="invitation").count() == 2

    def test_tokens_are_revoked(self, api_client: Any, monde: Monde):
        api_client.credentials(HTTP_AUTHORIZATION=f"Bearer {monde.secret}")
        assert api_client.get("/api/v1/epcis/").status_code == HTTPStatus.OK
        former = JetonFactory(personne=monde.service, revoque_at="2026-01-01T00:00Z")
        close(monde, monde.service)
        assert api_client.get("/api/v1/epcis/").status_code == HTTPStatus.UNAUTHORIZED
        assert Evenement.objects.about(monde.service)[0].contenu == {"jetons_revoques": 1}
        reopen_account(personne=monde.service, epci=monde.epci, acteur=monde.administrateur)
        assert api_client.get("/api/v1/epcis/").status_code == HTTPStatus.UNAUTHORIZED
        assert Jeton.objects.get(pk=former.pk).revoque_at.year == 2026, "revoked once"

    def test_no_token_is_issued_to_a_closed_account(self, monde: Monde):
        issue_token(epci=monde.epci, nom="Intranet bis", jours=30)
        machine = Personne.objects.get(nom="Intranet bis")
        close(monde, machine)
        with pytest.raises(Refus, match="Ce compte est fermé"):
            issue_token(epci=monde.epci, nom="Intranet bis", jours=30)

    def test_twice_is_once(self, monde: Monde):
        for _ in range(2):
            assert close(monde, monde.a.dgs)
        assert Evenement.objects.about(monde.a.dgs).count() == 1

    @pytest.mark.parametrize("motif", ["", "   ", "x" * 501])
    def test_a_motive_is_asked(self, admin: Client, monde: Monde, motif: str):
        answer = admin.post(f"/personnes/{monde.a.dgs.pk}/fermer/", {"motif": motif})
        shown = text(answer, HTTPStatus.UNPROCESSABLE_ENTITY)
        assert "Écrivez un motif" in shown or "au plus 500 caractères" in shown
        assert fresh(monde.a.dgs).is_active

    def test_the_workflow_asks_it_too(self, monde: Monde):
        with pytest.raises(Refus, match="Écrivez un motif"):
            close(monde, monde.a.dgs, motif=" ")

    def test_the_last_administrator_stays(self, admin: Client, monde: Monde):
        alone = monde.administrateur
        holder(Role.ADMINISTRATEUR, monde.epci, is_active=False)
        path = f"/personnes/{alone.pk}/fermer/"
        assert "Ce compte est le vôtre" in text(admin.get(path))
        refused = admin.post(path, {"motif": MOTIF})
        assert "plus d'administrateur" in text(refused, HTTPStatus.UNPROCESSABLE_ENTITY)
        assert MOTIF in text(refused, HTTPStatus.UNPROCESSABLE_ENTITY), "what was typed stays"
        holder(Role.ADMINISTRATEUR, monde.epci)
        assert admin.post(path, {"motif": MOTIF}).status_code == HTTPStatus.FOUND
        assert admin.get("/").status_code == HTTPStatus.FOUND, "her own session ends too"

    def test_a_role_is_not_given_to_a_closed_account(self, admin: Client, monde: Monde):
        close(monde, monde.a.dgs)
        mandat = Mandat(Role.AGENT, TODAY)
        given = {"epci": monde.epci, "acteur": monde.administrateur, "mandat": mandat}
        for call in (
            lambda: grant(personne=monde.a.dgs, **given),
            lambda: welcome(identite=identite(monde.a.dgs), rattacher=True, **given),
        ):
            with pytest.raises(Refus, match="l'administrateur de votre EPCI peut le rouvrir"):
                call()

    def test_another_epci_is_told_who_reopens(self, monde: Monde):
        close(monde, monde.a.dgs)
        acteur = holder(Role.ADMINISTRATEUR, monde.epci_voisin)
        with pytest.raises(Refus, match="seul l'administrateur de l'EPCI où cette personne"):
            welcome(
                epci=monde.epci_voisin,
                acteur=acteur,
                identite=identite(monde.a.dgs),
                mandat=Mandat(Role.AGENT, TODAY),
                rattacher=True,
            )

    def test_who_once_had_a_role_elsewhere_is_reopened_where_it_has_one(self, monde: Monde):
        HabilitationFactory(
            personne=monde.a.dgs, role=Role.AGENT, epci=monde.epci_voisin, commune=None, fin=date(2022, 1, 1)
        )
        assert close(monde, monde.a.dgs), "a role that ended elsewhere does not keep the account open"
        acteur = holder(Role.ADMINISTRATEUR, monde.epci_voisin)
        with pytest.raises(Refus, match="seul l'administrateur"):
            reopen_account(personne=monde.a.dgs, epci=monde.epci_voisin, acteur=acteur)
        with pytest.raises(Refus, match="seul l'administrateur"):
            grant(
                personne=monde.a.dgs,
                epci=monde.epci_voisin,
                acteur=acteur,
                mandat=Mandat(Role.AGENT, TODAY),
            )
        reopen_account(personne=monde.a.dgs, epci=monde.epci, acteur=monde.administrateur)


class TestReopening:
    def test_it_is_told_once_and_the_roles_are_those_of_before(self, admin: Client, monde: Monde):
        titles = monde.a.dgs.acces.titres
        close(monde, monde.a.dgs)
        for _ in range(2):
            answer = admin.post(f"/personnes/{monde.a.dgs.pk}/rouvrir/", follow=True)
            assert "sans mot de passe, lien ni jeton" in text(answer)
        assert fresh(monde.a.dgs).acces.titres == titles
        kinds = [event.type for event in Evenement.objects.about(monde.a.dgs)]
        assert kinds == ["personne.rouverte", "personne.fermee"]
        assert "sans mot de passe" in text(admin.get(f"/personnes/{monde.a.dgs.pk}/"))

    def test_a_closed_account_has_nothing_to_close(self, admin: Client, monde: Monde):
        close(monde, monde.a.dgs)
        path = f"/personnes/{monde.a.dgs.pk}/"
        assert admin.get(f"{path}fermer/").url == path


class TestSomebodyOfTwoEpci:
    def test_the_page_says_so_and_the_account_stays_open(
        self, admin: Client, monde: Monde, ailleurs: Habilitation
    ):
        dgs = monde.a.dgs
        future = HabilitationFactory(
            personne=dgs, role=Role.AGENT, epci=monde.epci, commune=None, debut=TODAY + timedelta(days=30)
        )
        shown = text(admin.get(f"/personnes/{dgs.pk}/fermer/"))
        assert "tient aussi un rôle dans un autre EPCI : son compte reste ouvert" in shown
        assert "2 rôles prennent fin" in shown
        assert str(monde.epci_voisin) not in shown, "where is not ours to tell"
        done = admin.post(f"/personnes/{dgs.pk}/fermer/", {"motif": MOTIF}, follow=True)
        assert "ici ont pris fin" in text(done)
        person = fresh(dgs)
        assert person.is_active and person.has_usable_password()
        assert person.acces.epcis == {monde.epci_voisin.pk}
        assert not Habilitation.objects.filter(pk=future.pk).exists(), "what had not begun is withdrawn"
        last = Evenement.objects.about(dgs)[0]
        assert (last.type, last.detail.contenu) == ("personne.roles_finis", {"motif": MOTIF})

    def test_a_seat_or_a_team_elsewhere_counts_as_a_title(self, monde: Monde):
        EquipeFactory(epci=monde.epci_voisin, membres=[monde.a.dgs])
        assert not close(monde, monde.a.dgs)
        assert fresh(monde.a.dgs).is_active

    def test_nothing_left_to_end_is_said(self, admin: Client, monde: Monde, ailleurs: Habilitation):
        close(monde, monde.a.dgs)
        path = f"/personnes/{monde.a.dgs.pk}/fermer/"
        assert "il n'y a rien à terminer" in text(admin.get(path))
        answer = text(admin.post(path, {"motif": MOTIF}), HTTPStatus.UNPROCESSABLE_ENTITY)
        assert "n'a plus de rôle ici" in answer

    def test_the_only_administrator_is_not_dismissed_that_way(self, monde: Monde):
        alone = monde.administrateur
        HabilitationFactory(personne=alone, role=Role.AGENT, epci=monde.epci_voisin, commune=None)
        with pytest.raises(Refus, match="plus d'administrateur"):
            close(monde, alone)
        assert fresh(alone).acces.acts_for_epci(monde.epci.pk, Role.ADMINISTRATEUR)


class TestWhatSheHolds:
    @pytest.fixture
    def referent(self, monde: Monde) -> Personne:
        """The référent of A, with an account in the directory, and a team."""
        HabilitationFactory(personne=monde.a.referent, role=Role.AGENT, epci=monde.epci, commune=None)
        EquipeFactory(epci=monde.epci, nom="Astreinte", membres=[monde.a.referent])
        EquipeFactory(
            epci=monde.epci, nom="Ancienne", membres=[monde.a.referent], dissoute_at="2026-01-01T00:00Z"
        )
        return monde.a.referent

    def seat(self, personne: Personne) -> Titulaire:
        return Titulaire.objects.get(personne=personne)

    def test_the_pages_list_it_with_links(self, admin: Client, monde: Monde, referent: Personne):
        seat = self.seat(referent).siege
        for page in ("", "fermer/"):
            shown = text(admin.get(f"/personnes/{referent.pk}/{page}"))
            assert (
                f'href="/referents/{seat.pk}/"' in shown and f"Référent communal, {seat} (titulaire)" in shown
            )
            assert "Membre de l'équipe Astreinte" in shown and "Ancienne" not in shown

    def test_a_past_seat_is_not_there_a_future_one_is(self, monde: Monde, referent: Personne):
        said = [tenue.texte for tenue in Annuaire(monde.epci).tenues(referent)]
        assert len(said) == 2
        row = self.seat(referent)
        row.debut, row.fin = date(2027, 3, 1), None
        row.save()
        assert "à compter du 1er mars 2027" in Annuaire(monde.epci).tenues(referent)[0].texte
        row.debut, row.fin = date(2020, 1, 1), TODAY
        row.save()
        assert [tenue.texte for tenue in Annuaire(monde.epci).tenues(referent)] == [
            "membre de l'équipe Astreinte"
        ]

    def test_the_direction_is_written_to(self, monde: Monde, referent: Personne):
        close(monde, referent)
        mail = Courriel.objects.get(type="depart")
        assert mail.destinataire == monde.direction
        assert (
            f"/referents/{self.seat(referent).siege_id}/" in mail.corps and "/equipes/#equipe-" in mail.corps
        )
        assert "est fermé" in mail.corps

    def test_nobody_is_written_to_when_nothing_is_left(self, monde: Monde):
        close(monde, monde.a.maire)
        assert not Courriel.objects.exists()

    def test_ending_the_last_role_lists_it(self, admin: Client, monde: Monde, referent: Personne):
        path = f"/personnes/{referent.pk}/"
        assert "Le dernier jour de son dernier rôle" not in text(admin.get(path))
        row = referent.habilitations.get()
        answer = admin.post(
            f"/habilitations/{row.pk}/fin/", {f"fin{row.pk}-dernier_jour": "2027-02-10"}, follow=True
        )
        shown = text(answer)
        assert "Le dernier jour de son dernier rôle ici est le 10 février 2027" in shown
        assert f"/referents/{self.seat(referent).siege_id}/" in shown

    def test_a_role_left_keeps_the_page_quiet(self, admin: Client, monde: Monde, referent: Personne):
        HabilitationFactory(personne=referent, role=Role.LECTEUR, epci=monde.epci, commune=monde.a.commune)
        row = referent.habilitations.get(role=Role.AGENT)
        end(habilitation=row, acteur=monde.administrateur, dernier_jour=TODAY)
        assert "Le dernier jour de son dernier rôle" not in text(admin.get(f"/personnes/{referent.pk}/"))

    def test_who_still_holds_a_seat_does_not_leave_the_list(self, monde: Monde, referent: Personne):
        row = referent.habilitations.get()
        row.debut = TODAY
        row.save()
        given = {"habilitation": row, "acteur": monde.administrateur}
        with pytest.raises(Refus, match="quitterait la liste des personnes et resterait référent communal"):
            end(dernier_jour=TODAY - timedelta(days=1), **given)
        end(dernier_jour=TODAY, **given)
        assert Annuaire(monde.epci).people().filter(pk=referent.pk).exists()

    def test_the_page_of_the_seat_says_it_too(self, client: Client, monde: Monde, referent: Personne):
        client.force_login(monde.direction)
        path = f"/referents/{self.seat(referent).siege_id}/"
        assert "compte fermé" not in text(client.get(path))
        close(monde, referent)
        assert "compte fermé" in text(client.get(path))


class TestCorrecting:
    def test_what_changed_is_told(self, admin: Client, monde: Monde):
        dgs = monde.a.dgs
        path = f"/personnes/{dgs.pk}/"
        sent = typed(dgs, nom="Œillet", telephone="05 56 00 00 00")
        assert admin.post(f"{path}corriger/", sent).url == path
        corrected = fresh(dgs)
        assert (corrected.nom, corrected.tri.split()[0]) == ("Œillet", "oeillet")
        assert corrected.version == dgs.version + 1
        told = Evenement.objects.about(dgs).get()
        assert (told.type, told.libelle) == ("personne.corrigee", "Compte corrigé : nom, téléphone")
        assert told.detail.contenu["nom"] == {"avant": dgs.nom, "apres": "Œillet"}
        assert "Œillet" not in f"{told.libelle}{told.contenu}", "names stand in the detail"

    def test_the_same_again_changes_nothing(self, monde: Monde):
        dgs = monde.a.dgs
        correct(monde, dgs, email=f" {dgs.email.upper()} ")
        assert fresh(dgs).version == dgs.version
        assert not Evenement.objects.about(dgs).exists()

    def test_a_new_address_signs_in_and_kills_the_links_of_the_former(self, client: Client, monde: Monde):
        dgs = monde.a.dgs
        invite(personne=dgs, epci=monde.epci, acteur=monde.administrateur)
        link = password_link(dgs)
        correct(monde, dgs, email="Zoe@Exemple.FR")
        assert fresh(dgs).email == "zoe@exemple.fr"
        assert "Ce lien ne sert plus" in client.get(link).content.decode()
        invite(personne=fresh(dgs), epci=monde.epci, acteur=monde.administrateur)
        written = Courriel.objects.filter(destinataire=dgs, type="invitation").order_by("pk")
        assert [mail.adresse for mail in written] == [dgs.email, "zoe@exemple.fr"], "a new one leaves at once"
        assert client.post("/connexion/", {"username": "zoe@exemple.fr", "password": PASSWORD}).url == "/"

    def test_what_waits_follows_the_address(self, monde: Monde, settings: Any, mailoutbox: list[Any]):
        settings.EMAIL_LEAVES = True
        CourrielFactory(epci=monde.epci, destinataire=monde.a.dgs, adresse=monde.a.dgs.email)
        invite(personne=monde.a.dgs, epci=monde.epci, acteur=monde.administrateur)
        correct(monde, monde.a.dgs, email="zoe@exemple.fr")
        send_due_mails()
        assert [mail.to for mail in mailoutbox] == [["zoe@exemple.fr"]]

    def test_an_address_already_used_is_a_sentence(self, admin: Client, monde: Monde):
        dgs = monde.a.dgs
        sent = typed(dgs, email=monde.a.maire.email.upper(), nom="Gardé")
        shown = text(admin.post(f"/personnes/{dgs.pk}/corriger/", sent), HTTPStatus.UNPROCESSABLE_ENTITY)
        assert "Cette adresse est déjà celle d'un autre compte." in shown
        assert 'id="id_email_faute"' in shown and 'value="Gardé"' in shown
        assert fresh(dgs).nom == dgs.nom

    @pytest.mark.parametrize(
        ("values", "fault"),
        [
            ({"email": ""}, "obligatoire"),
            ({"email": "zoe"}, "Écrivez une adresse électronique"),
            ({"nom": " "}, "obligatoire"),
            ({"nom": "x" * 101}, "au plus 100 caractères"),
            ({"telephone": "voir Paul"}, "Écrivez un numéro"),
            ({"version": ""}, "obligatoire"),
        ],
    )
    def test_bad_input_is_refused_in_french_and_kept(
        self, admin: Client, monde: Monde, values: dict[str, str], fault: str
    ):
        sent = typed(monde.a.dgs, prenom="Zoé & <Léa>", **values)
        shown = text(
            admin.post(f"/personnes/{monde.a.dgs.pk}/corriger/", sent), HTTPStatus.UNPROCESSABLE_ENTITY
        )
        assert fault in shown and "Zoé &amp; &lt;Léa&gt;" in shown
        assert fresh(monde.a.dgs).version == monde.a.dgs.version

    def test_who_was_slower_is_told_and_sees_both(self, admin: Client, monde: Monde):
        dgs = monde.a.dgs
        other = holder(Role.ADMINISTRATEUR, monde.epci, nom="Rapide")
        correct_account(
            personne=dgs,
            epci=monde.epci,
            acteur=other,
            identite=identite(dgs, nom="Sien"),
            version=dgs.version,
        )
        sent = typed(dgs, nom="Mien")
        shown = text(admin.post(f"/personnes/{dgs.pk}/corriger/", sent), HTTPStatus.CONFLICT)
        assert f"{other} a modifié ce compte entre-temps (Compte corrigé : nom)" in shown
        assert "Valeur enregistrée : Sien." in shown and 'value="Mien"' in shown
        assert f'name="version" value="{dgs.version + 1}"' in shown
        assert fresh(dgs).nom == "Sien"
        again = {**sent, "version": dgs.version + 1}
        assert admin.post(f"/personnes/{dgs.pk}/corriger/", again).status_code == HTTPStatus.FOUND
        assert fresh(dgs).nom == "Mien"

    def test_a_fault_does_not_hide_a_conflict(self, admin: Client, monde: Monde):
        """A form refused for another reason comes back with the version it was read at."""
        dgs = monde.a.dgs
        correct(monde, dgs, nom="Sien")
        refused = admin.post(f"/personnes/{dgs.pk}/corriger/", typed(dgs, email="faux"))
        assert f'name="version" value="{dgs.version}"' in text(refused, HTTPStatus.UNPROCESSABLE_ENTITY)

    def test_closing_meanwhile_is_a_conflict(self, monde: Monde):
        close(monde, monde.a.dgs)
        with pytest.raises(Conflit, match="Compte fermé"):
            correct(monde, monde.a.dgs, nom="Mien")


class TestTheAddressOfSomebodyElse:
    """Whoever sets an address receives the next password: it must not lead into another EPCI."""

    def test_it_stays_and_the_page_says_why(self, admin: Client, monde: Monde, ailleurs: Habilitation):
        dgs = monde.a.dgs
        shown = text(admin.get(f"/personnes/{dgs.pk}/corriger/"))
        assert "a, ou a eu, un rôle dans un autre EPCI" in shown and "disabled" in shown
        admin.post(f"/personnes/{dgs.pk}/corriger/", typed(dgs, email="pirate@exemple.fr", nom="Juste"))
        assert (fresh(dgs).email, fresh(dgs).nom) == (dgs.email, "Juste")
        with pytest.raises(Refus, match="son adresse ne se change pas d'ici") as refus:
            correct(monde, fresh(dgs), email="pirate@exemple.fr")
        assert refus.value.field == "email"

    def test_not_even_when_the_role_elsewhere_is_over(self, monde: Monde, ailleurs: Habilitation):
        ailleurs.fin = date(2022, 1, 1)
        ailleurs.save()
        with pytest.raises(Refus, match="ne se change pas d'ici"):
            correct(monde, monde.a.dgs, email="pirate@exemple.fr")

    def test_the_other_epci_sees_what_changed_not_by_whom(self, monde: Monde, ailleurs: Habilitation):
        correct(monde, monde.a.dgs, fonction="Directrice")
        told = Evenement.objects.about(monde.a.dgs).get(epci=monde.epci_voisin)
        assert told.libelle == "Compte corrigé par l'administrateur d'un autre EPCI : fonction"
        assert told.acteur is None

    def test_a_conflict_does_not_name_people_of_another_epci(self, monde: Monde, ailleurs: Habilitation):
        stale = fresh(monde.a.dgs)
        acteur = holder(Role.ADMINISTRATEUR, monde.epci_voisin, nom="Inconnu-Ici")
        with unit():
            for _ in range(9):  # so that its line bears the greater number
                record(type="essai", objet=monde.epci_voisin, epci=monde.epci_voisin, libelle="", acteur=None)
        correct_account(
            personne=stale,
            epci=monde.epci_voisin,
            acteur=acteur,
            identite=identite(stale, nom="Sien"),
            version=stale.version,
        )
        with pytest.raises(Conflit, match=r"^Ce compte a changé entre-temps") as conflit:
            correct(monde, stale, nom="Mien")
        assert "Inconnu-Ici" not in conflit.value.message

    def test_the_address_of_a_machine_is_its_name(self, admin: Client, monde: Monde):
        shown = text(admin.get(f"/personnes/{monde.service.pk}/corriger/"))
        assert "L'adresse d'un compte de service vient de la commande" in shown
        with pytest.raises(Refus, match="compte de service"):
            correct(monde, monde.service, email="machine@exemple.fr")
