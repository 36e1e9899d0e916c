"""Mails, jobs and histories, as people read them."""

import re
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

import pytest

from comptes.roles import Role
from journal.models import PieceJointe
from journal.models.courriel import ETATS
from journal.workflows.invitation import invite
from journal.workflows.unite import record, unit
from socle import horloge, registres
from tests.factories import (
    CourrielFactory,
    EpciFactory,
    EquipeFactory,
    HabilitationFactory,
    PersonneFactory,
    TacheFactory,
    fresh,
    holder,
)

NOW = datetime(2027, 2, 10, 9, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def epci():
    return EpciFactory()


@pytest.fixture
def administrateur(epci):
    return holder(Role.ADMINISTRATEUR, epci)


def text(client, path, status=HTTPStatus.OK):
    response = client.get(path)
    assert response.status_code == status
    return re.sub("[\u00a0\u202f]", " ", response.content.decode())


class TestMails:
    def test_the_administrator_reads_those_of_his_epci(self, client, epci, administrateur):
        CourrielFactory(epci=epci, sujet="D'ici <b>")
        foreign = CourrielFactory(sujet="D'ailleurs")
        client.force_login(administrateur)
        shown = text(client, "/courriels/")
        assert "D’ici &lt;b&gt;" in shown and "D’ailleurs" not in shown
        text(client, f"/courriels/{foreign.pk}/", HTTPStatus.NOT_FOUND)

    def test_the_others_read_their_own(self, client, epci):
        personne = holder(Role.DIRECTION_TERRITOIRES, epci)
        own, other = (
            CourrielFactory(epci=epci, destinataire=personne),
            CourrielFactory(epci=epci, sujet="Pas à moi"),
        )
        client.force_login(personne)
        assert "Pas à moi" not in text(client, "/courriels/")
        assert "Bonjour," in text(client, f"/courriels/{own.pk}/")
        text(client, f"/courriels/{other.pk}/", HTTPStatus.NOT_FOUND)

    def test_someone_without_role_still_reads_her_own(self, client):
        personne = PersonneFactory()
        CourrielFactory(destinataire=personne, sujet="À moi")
        client.force_login(personne)
        assert "À moi" in text(client, "/courriels/")

    def test_an_administrator_under_another_hat_reads_his_own_only(self, client, epci, administrateur):
        HabilitationFactory(personne=administrateur, direction=True, epci=EpciFactory())
        CourrielFactory(epci=epci, sujet="De là-bas")
        personne = fresh(administrateur)
        client.force_login(personne)
        client.post("/contexte/", {"cle": personne.acces.titres[1].cle})
        assert "De là-bas" not in text(client, "/courriels/")

    @pytest.mark.parametrize(
        ("fields", "state"),
        [
            ({}, "en attente"),
            ({"envoye_at": NOW}, "envoyé"),
            ({"abandonne_at": NOW}, "périmé"),
            ({"essais": 2, "erreur": "boîte pleine"}, "nouvel essai prévu"),
            ({"refuse_at": NOW, "erreur": "550 inconnu"}, "refusé par le serveur du destinataire"),
        ],
    )
    def test_its_state_in_words(self, client, epci, administrateur, fields, state):
        courriel = CourrielFactory(epci=epci, **fields)
        client.force_login(administrateur)
        assert state in text(client, "/courriels/")
        for other in ETATS:
            found = client.get("/courriels/", {"etat": other}).context["lignes"]
            assert len(found) == (other == state), "the filter and the word agree"
        shown = text(client, f"/courriels/{courriel.pk}/")
        assert state in shown and fields.get("erreur", "") in shown

    @pytest.mark.parametrize(
        "wanted", ["oeillet", "Zoé", "zoe@", "delai accorde", "d'un délai", "@anglet", "coeur"]
    )
    def test_searched_by_recipient_or_subject(self, client, epci, administrateur, wanted):
        zoe = PersonneFactory(prenom="Zoé", nom="Œillet")
        sujet = "Votre commune bénéficie d’un délai accordé, au cœur de la campagne"
        CourrielFactory(epci=epci, destinataire=zoe, adresse="zoe@anglet.fr", sujet=sujet)
        CourrielFactory(epci=epci, sujet="Autre chose")
        client.force_login(administrateur)
        (found,) = client.get("/courriels/", {"q": wanted}).context["lignes"]
        assert found[0].destinataire == zoe

    @pytest.mark.parametrize(
        "query", [{"q": "%"}, {"q": "<script>"}, {"q": "x" * 10_000}, {"etat": "envoyé"}]
    )
    def test_filters_that_nothing_answers_say_so(self, client, epci, administrateur, query):
        CourrielFactory(epci=epci)
        client.force_login(administrateur)
        page = client.get("/courriels/", query)
        assert "Aucun courriel ne répond à ces filtres." in page.content.decode()
        assert "Tout voir" in page.content.decode()

    def test_attachments_are_named(self, client, epci, administrateur):
        courriel = CourrielFactory(epci=epci)
        PieceJointe.objects.create(  # type: ignore[misc]
            courriel=courriel, nom="revue.ics", type_mime="text/calendar", octets=b"BEGIN"
        )
        client.force_login(administrateur)
        assert "revue.ics" in text(client, f"/courriels/{courriel.pk}/")

    def test_the_demonstration_says_that_nothing_leaves(self, client, epci, administrateur, settings):
        client.force_login(administrateur)
        assert "rien n’est envoyé" in text(client, "/courriels/")
        settings.DEMO = False
        assert "rien n’est envoyé" not in text(client, "/courriels/")

    def test_nobody_enters_by_the_link_of_another(self, client, epci, administrateur, settings):
        settings.DEMO = False
        invite(personne=administrateur, epci=epci, acteur=None)
        path = f"/courriels/{administrateur.courriels.get().pk}/"
        client.force_login(administrateur)
        assert "/invitation/" in text(client, path), "his own"
        client.force_login(holder(Role.ADMINISTRATEUR, epci))
        shown = text(client, path)
        assert "/invitation/" not in shown and "lien personnel" in shown

    def test_the_administrator_sends_a_refused_one_again(self, client, epci, administrateur):
        personne = PersonneFactory(email="bonne@exemple.fr")
        courriel = CourrielFactory(
            epci=epci, destinataire=personne, adresse="fausse@exemple.fr", refuse_at=NOW, erreur="550 inconnu"
        )
        path = f"/courriels/{courriel.pk}/"
        client.force_login(administrateur)
        shown = text(client, path)
        assert "fausse@exemple.fr" in shown and "Envoyer à bonne@exemple.fr" in shown
        assert client.post(f"{path}renvoyer/").url == path
        shown = text(client, path)
        assert "Le courriel part à l’adresse bonne@exemple.fr." in shown and "Envoyer à" not in shown
        assert "en attente" in shown

    def test_a_link_is_not_sent_again_but_made_anew(self, client, epci, administrateur):
        courriel = CourrielFactory(epci=epci, type="invitation", refuse_at=NOW)
        path = f"/courriels/{courriel.pk}/"
        client.force_login(administrateur)
        assert "invitez de nouveau" in text(client, path) and "Envoyer à" not in text(client, path)
        client.post(f"{path}renvoyer/")
        assert "refusé" in text(client, path)

    def test_the_recipient_does_not_send_it_again_herself(self, client, epci):
        personne = holder(Role.DIRECTION_TERRITOIRES, epci)
        courriel = CourrielFactory(epci=epci, destinataire=personne, refuse_at=NOW)
        client.force_login(personne)
        assert "Envoyer" not in text(client, f"/courriels/{courriel.pk}/")
        response = client.post(f"/courriels/{courriel.pk}/renvoyer/")
        assert response.status_code == HTTPStatus.FORBIDDEN

    def test_pages_of_fifty(self, client, epci, administrateur):
        CourrielFactory.create_batch(51, epci=epci, destinataire=administrateur)
        client.force_login(administrateur)
        assert len(client.get("/courriels/?page=2").context["lignes"]) == 1


class TestJobs:
    def test_what_is_to_be_done_and_what_was(self, client, epci, administrateur):
        TacheFactory(epci=epci, cle="a-venir", fait=3, total=28)
        TacheFactory(epci=epci, cle="en-panne", essais=2, erreur="Traceback\nValueError: <b>zéro</b>")
        TacheFactory(epci=epci, cle="finie", faite_at=horloge.now())
        TacheFactory(cle="d-ailleurs")
        client.force_login(administrateur)
        shown = text(client, "/taches/")
        assert "3 sur 28" in shown and 'value="3" max="28"' in shown
        assert "nouvel essai prévu" in shown and "ValueError: &lt;b&gt;" in shown
        assert shown.index("a-venir") < shown.index("<h2>Faites") < shown.index("finie")
        assert "d-ailleurs" not in shown

    def test_what_holds_a_job_is_read_at_once(self, client, epci, administrateur):
        constat = "Échec pour Zuydcoote. Tout le reste est fait."
        TacheFactory(epci=epci, cle="tenue", erreur="Traceback", constat=constat)
        later = horloge.now() + timedelta(days=1)
        TacheFactory(
            epci=epci, due_at=later, essais=1, pris_at=horloge.real_now(), reessai_at=horloge.real_now()
        )
        client.force_login(administrateur)
        shown = text(client, "/taches/")
        assert shown.index("en attente") < shown.index(constat), "what waits for another try comes first"
        assert constat in shown and shown.index(constat) < shown.index("Dernière erreur")
        assert "en attente" in shown

    def test_a_job_is_called_by_its_name(self, client, epci, administrateur):
        assert set(registres.intitules) == set(registres.taches._functions)
        TacheFactory(epci=epci, type="mutualisation.effet")
        client.force_login(administrateur)
        shown = text(client, "/taches/")
        assert "Prise d’effet des choix" in shown and "mutualisation.effet" not in shown

    def test_empty_it_says_so(self, client, administrateur):
        client.force_login(administrateur)
        shown = text(client, "/taches/")
        assert "Rien n’est à faire" in shown and "Rien n’a encore été fait" in shown

    def test_each_list_has_its_pages(self, client, epci, administrateur):
        TacheFactory.create_batch(26, epci=epci)
        TacheFactory.create_batch(27, epci=epci, faite_at=horloge.now())
        client.force_login(administrateur)
        context = client.get("/taches/?a-faire=2&page=2").context
        assert (len(context["a_faire"]), len(context["faites"])) == (1, 2)


class TestHistory:
    def tell(self, monde, cote, **more):
        with unit():
            record(
                type="declaration.deposee",
                objet=cote.declaration,
                epci=monde.epci,
                commune=cote.commune,
                acteur=cote.dgs,
                qualite="DGS",
                libelle="Déposée <i>",
                **more,
            )
        return f"/historique/mutualisation.declaration/{cote.declaration.pk}/"

    def test_who_did_what_and_when(self, client, monde):
        path = self.tell(
            monde, monde.a, detail={"avant": {"motif": ""}, "apres": {"motif": "Départ en retraite"}}
        )
        client.force_login(monde.a.dgs)
        shown = text(client, path)
        assert "Déposée &lt;i&gt;" in shown and f"{monde.a.dgs}, DGS".replace("'", "’") in shown
        assert "mercredi 10 février 2027 à 10" in shown
        assert "Départ en retraite" in shown

    def test_before_then_after_with_their_accents(self, client, monde):
        detail = {"apres": {"motif": "Départ en retraite"}, "avant": {"motif": ""}}
        path = self.tell(monde, monde.a, detail=detail)
        client.force_login(monde.a.dgs)
        assert "motif : avant rien, après « Départ en retraite »" in text(client, path)

    def test_the_way_back_to_what_it_tells_of(self, client, monde):
        declaration = monde.a.declaration
        path = self.tell(monde, monde.a)
        client.force_login(monde.a.dgs)
        shown = text(client, path)
        assert f'<a href="/declarations/{declaration.pk}/">{declaration}</a>'.replace("'", "’") in shown
        assert '<li aria-current="page">Historique</li>' in shown
        assert re.search('href="/declaration/" aria-current="page"', shown), (
            "the menu stands where the object does"
        )

    def test_every_way_back_leads_to_an_open_page(self, client, monde):
        a = monde.a
        told = (a.declaration, a.ligne, a.acte, a.revue, a.engagement, a.version, monde.cycle, monde.siege)
        for obj in (*told, EquipeFactory(epci=monde.epci)):
            client.force_login(monde.direction)
            page = client.get(f"/historique/{obj._meta.label_lower}/{obj.pk}/")
            (etape,) = page.context["etapes"]
            assert client.get(etape["url"]).status_code == HTTPStatus.OK, etape

    def test_an_account_leads_back_to_the_directory(self, client, monde):
        client.force_login(monde.administrateur)
        shown = text(client, f"/historique/comptes.personne/{monde.a.dgs.pk}/")
        assert f'<a href="/personnes/{monde.a.dgs.pk}/">' in shown
        assert 'href="/personnes/" aria-current="page"' in shown

    def test_what_has_no_page_leads_nowhere(self, client, monde):
        client.force_login(monde.direction)
        assert 'aria-label="Vous êtes ici"' not in text(
            client, f"/historique/territoire.epci/{monde.epci.pk}/"
        )

    def test_the_latest_first(self, client, monde, at_time):
        self.tell(monde, monde.a)
        at_time("2027-02-11 09:00")
        path = self.tell(monde, monde.a)
        client.force_login(monde.direction)
        shown = text(client, path)
        assert shown.index("11 février") < shown.index("10 février 2027 à 10")

    def test_nothing_of_another_commune_nor_of_another_epci(self, client, monde):
        path = self.tell(monde, monde.a)
        for personne in (monde.b.dgs, monde.direction_voisine):
            client.force_login(personne)
            text(client, path, HTTPStatus.NOT_FOUND)

    def test_before_and_after_only_for_who_sees_the_whole(self, client, monde):
        with unit():
            record(
                type="cycle.dates",
                objet=monde.cycle,
                epci=monde.epci,
                acteur=None,
                libelle="Dates changées",
                detail={"nom": "Confidentiel"},
            )
        path = f"/historique/mutualisation.cycle/{monde.cycle.pk}/"
        client.force_login(monde.a.dgs)
        shown = text(client, path)
        assert "Dates changées" in shown and "Confidentiel" not in shown
        client.force_login(monde.direction)
        assert "nom : Confidentiel" in text(client, path)

    @pytest.mark.parametrize(
        "path",
        [
            "mutualisation.declaration/0/",
            "rien/1/",
            "a.b/1/",
            "%00/1/",
            "comptes.personne/99999999999999999999/",
        ],
    )
    def test_what_has_no_history_does_not_exist(self, client, monde, path):
        client.force_login(monde.direction)
        text(client, f"/historique/{path}", HTTPStatus.NOT_FOUND)

    def test_before_the_first_event_the_page_says_so(self, client, monde):
        path = f"/historique/mutualisation.declaration/{monde.a.declaration.pk}/"
        client.force_login(monde.a.dgs)
        assert "Rien n’est encore inscrit" in text(client, path)
        client.force_login(monde.b.dgs)
        text(client, path, HTTPStatus.NOT_FOUND)

    def test_the_kind_may_be_written_in_any_case(self, client, monde):
        path = self.tell(monde, monde.a)
        client.force_login(monde.a.dgs)
        text(client, path.replace("declaration/", "Declaration/", 1))

    def test_pages(self, client, monde):
        for _ in range(51):
            path = self.tell(monde, monde.a)
        client.force_login(monde.direction)
        assert len(client.get(f"{path}?page=2").context["lignes"]) == 1
