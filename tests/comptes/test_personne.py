"""The directory of people: rights, accounts, habilitations."""

import re
from datetime import date, timedelta
from http import HTTPStatus

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape

from comptes.models import Habilitation, Personne
from comptes.roles import Role
from journal.models import Evenement, EvenementDetail
from journal.workflows.personne import Identite, Mandat, end, grant, welcome
from socle.droits import ActionInterdite
from socle.erreurs import Refus
from tests.concurrence import failures, together
from tests.factories import (
    EpciFactory,
    HabilitationFactory,
    PersonneFactory,
    PoleFactory,
    fresh,
    holder,
    member_commune,
)

TODAY = date(2027, 2, 10)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _day(at_time):
    at_time("2027-02-10 10:00")


@pytest.fixture
def epci():
    return EpciFactory(nom="Métropole d'Essai")


@pytest.fixture
def commune(epci):
    return member_commune(epci, nom="L'Haÿ-les-Roses")


@pytest.fixture
def administrateur(epci):
    return holder(Role.ADMINISTRATEUR, epci, nom="Admin")


@pytest.fixture
def admin(client, administrateur):
    """The client, signed in as administrator."""
    client.force_login(administrateur)
    return client


def form(**values):
    who = {"email": "zoe@exemple.fr", "prenom": "Zoé", "nom": "Œillet", "fonction": "", "telephone": ""}
    return {
        **who,
        "role": "dgs",
        "commune": "",
        "pole": "",
        "debut": "2027-02-10",
        "dernier_jour": "",
        **values,
    }


def text(response):
    """The page, with plain spaces."""
    return re.sub("[\u00a0\u202f]", " ", response.content.decode())


class TestRights:
    ROUTES = (
        ("get", "/personnes/"),
        ("get", "/personnes/nouvelle/"),
        ("post", "/personnes/nouvelle/"),
        ("get", "/personnes/{pk}/"),
        ("post", "/personnes/{pk}/habilitations/"),
        ("post", "/personnes/{pk}/inviter/"),
        ("post", "/habilitations/{hab}/fin/"),
        ("get", "/taches/"),
    )

    @pytest.mark.parametrize(("method", "path"), ROUTES)
    @pytest.mark.parametrize("role", [Role.DGS, Role.DIRECTION_TERRITOIRES, Role.SERVICE, None])
    def test_the_others_are_told_who_can(self, client, epci, commune, administrateur, role, method, path):
        where = commune if role == Role.DGS else None
        client.force_login(holder(role, epci, commune=where) if role else PersonneFactory())
        path = path.format(pk=administrateur.pk, hab=administrateur.habilitations.get().pk)
        response = getattr(client, method)(path)
        assert response.status_code == HTTPStatus.FORBIDDEN
        assert "Seul l’administrateur de votre EPCI" in text(response)

    @pytest.mark.parametrize(("method", "path"), ROUTES[3:7])
    def test_people_of_another_epci_do_not_exist(self, admin, method, path):
        foreign = holder(Role.DIRECTION_TERRITOIRES, EpciFactory())
        path = path.format(pk=foreign.pk, hab=foreign.habilitations.get().pk)
        assert getattr(admin, method)(path, form()).status_code == HTTPStatus.NOT_FOUND

    def test_the_hat_chooses_the_directory(self, client, administrateur):
        other = EpciFactory(nom="Là-bas")
        HabilitationFactory(personne=administrateur, administrateur=True, epci=other)
        holder(Role.DIRECTION_TERRITOIRES, other, nom="De-Là-Bas")
        personne = fresh(administrateur)
        client.force_login(personne)
        assert "De-Là-Bas" not in text(client.get("/personnes/"))
        client.post("/contexte/", {"cle": personne.acces.titres[1].cle})
        assert "De-Là-Bas" in text(client.get("/personnes/"))

    def test_workflows_refuse_by_themselves(self, epci, commune):
        dgs = holder(Role.DGS, epci, commune=commune)
        mandat = Mandat(Role.ADMINISTRATEUR, TODAY)
        with pytest.raises(ActionInterdite):
            grant(personne=dgs, epci=epci, acteur=dgs, mandat=mandat)
        with pytest.raises(ActionInterdite):
            welcome(epci=epci, acteur=dgs, identite=Identite("x@exemple.fr", "X"), mandat=mandat)
        with pytest.raises(ActionInterdite):
            end(habilitation=dgs.habilitations.get(), acteur=dgs, dernier_jour=TODAY)


class TestList:
    def test_former_and_future_people_are_there_strangers_are_not(self, admin, epci, commune):
        HabilitationFactory(personne__nom="Ancien", epci=epci, commune=commune, fin=date(2021, 1, 1))
        HabilitationFactory(personne__nom="Futur", epci=epci, commune=commune, debut=date(2028, 1, 1))
        PersonneFactory(nom="Inconnu")
        shown = text(admin.get("/personnes/"))
        assert "Ancien" in shown and "Futur" in shown and "Inconnu" not in shown
        assert "3 personnes" in shown

    @pytest.mark.parametrize(
        "wanted", ["oeillet", "ŒILLET", "Zoé œillet", "zoe@", "Directrice", "oeillet zoe"]
    )
    def test_search_forgives(self, admin, epci, commune, wanted):
        holder(
            Role.DGS,
            epci,
            commune=commune,
            prenom="Zoé",
            nom="Œillet",
            email="zoe@exemple.fr",
            fonction="Directrice",
        )
        shown = text(admin.get("/personnes/", {"q": wanted}))
        assert "1 personne" in shown and "Œillet" in shown

    @pytest.mark.parametrize("wanted", ["hay", "L'Haÿ", "dgs l'hay", "œillet roses", "directrice generale"])
    def test_it_finds_what_each_row_shows(self, admin, epci, commune, wanted):
        fonction = "Directrice générale"
        HabilitationFactory(
            dgs=True, epci=epci, commune=commune, personne__nom="Œillet", personne__fonction=fonction
        )
        HabilitationFactory(
            maire=True, epci=epci, commune=member_commune(epci, nom="Anglet"), personne__nom="Autre"
        )
        past = {"debut": date(2020, 1, 1), "fin": date(2021, 1, 1)}
        HabilitationFactory(dgs=True, epci=epci, commune=commune, personne__nom="Ancienne", **past)
        elsewhere = EpciFactory()
        stranger = HabilitationFactory(direction=True, epci=epci, personne__nom="Ailleurs").personne
        HabilitationFactory(dgs=True, epci=elsewhere, commune=commune, personne=stranger)
        shown = text(admin.get("/personnes/", {"q": wanted}))
        assert "1 personne" in shown and "Œillet" in shown

    def test_a_role_held_today(self, admin, epci, commune):
        HabilitationFactory(maire=True, epci=epci, commune=commune, personne__nom="Présent")
        HabilitationFactory(dgs=True, epci=epci, commune=commune, personne__nom="Autre")
        HabilitationFactory(
            maire=True, epci=epci, commune=member_commune(epci), debut=date(2028, 1, 1), personne__nom="Futur"
        )
        shown = text(admin.get("/personnes/", {"role": "maire"}))
        assert "Présent" in shown and "Autre" not in shown and "Futur" not in shown
        assert "Tout afficher" in shown
        assert "Personne ne répond" in text(admin.get("/personnes/", {"role": "roi"}))

    @pytest.mark.parametrize("wanted", ["%", "a\x00b", "x" * 10_000, "<script>", "@ailleurs"])
    def test_odd_searches_find_nobody_and_break_nothing(self, admin, wanted):
        response = admin.get("/personnes/", {"q": wanted})
        assert response.status_code == HTTPStatus.OK
        assert "Personne ne répond" in text(response)

    def test_it_says_where_each_invitation_stands(self, admin, epci, commune):
        personne = holder(Role.DGS, epci, commune=commune)
        Personne.objects.filter(pk=personne.pk).update(password="!")
        assert "pas encore invité" in text(admin.get("/personnes/"))
        admin.post(f"/personnes/{personne.pk}/inviter/")
        assert "le 10 février" in text(admin.get("/personnes/"))
        assert "Dernier courriel d’invitation le 10 février 2027 à 10" in text(
            admin.get(f"/personnes/{personne.pk}/")
        )

    def test_as_many_queries_for_forty_people_as_for_two(self, admin, epci, commune):
        def queries():
            with CaptureQueriesContext(connection) as captured:
                admin.get("/personnes/")
            return len(captured)

        holder(Role.DGS, epci, commune=commune)
        few = queries()
        for _ in range(38):
            HabilitationFactory(epci=epci, commune=commune, role=Role.LECTEUR)
        assert queries() == few

    def test_pages_of_fifty(self, admin, epci, commune):
        HabilitationFactory.create_batch(51, epci=epci, commune=commune, role=Role.LECTEUR)
        assert len(admin.get("/personnes/").context["page"]) == 50
        assert len(admin.get("/personnes/", {"page": "2"}).context["page"]) == 2
        assert admin.get("/personnes/", {"page": "mille"}).status_code == HTTPStatus.OK


class TestNew:
    def test_an_account_with_its_role(self, admin, administrateur, epci, commune):
        response = admin.post(
            "/personnes/nouvelle/",
            form(email="ZOE@Exemple.fr", commune=commune.pk, dernier_jour="2027-12-31"),
        )
        personne = Personne.objects.get(email="zoe@exemple.fr")
        assert response.url == f"/personnes/{personne.pk}/"
        assert not personne.has_usable_password()
        row = personne.habilitations.get()
        assert (row.role, row.commune, row.debut, row.fin) == ("dgs", commune, TODAY, date(2028, 1, 1))
        assert "au 31 décembre 2027" in text(admin.get(response.url)), "the last day is told as people say it"
        created, given = Evenement.objects.order_by("numero")
        assert (created.type, given.type, given.acteur) == (
            "personne.creee",
            "habilitation.donnee",
            administrateur,
        )
        assert given.libelle.startswith("Habilitation donnée : DGS, L'Haÿ-les-Roses")
        assert "Œillet" not in created.libelle + given.libelle + str(given.contenu), (
            "names stand in the detail"
        )
        assert EvenementDetail.objects.get(evenement=created).contenu["nom"] == "Zoé Œillet"

    def test_a_double_click_opens_one_account(self, admin, commune):
        answers = [admin.post("/personnes/nouvelle/", form(commune=commune.pk)) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [HTTPStatus.FOUND] * 2
        assert Habilitation.objects.filter(personne__email="zoe@exemple.fr").count() == 1
        assert Evenement.objects.count() == 2

    def test_an_address_already_known_is_offered_the_role(self, admin, epci, commune):
        elsewhere = holder(Role.DIRECTION_TERRITOIRES, EpciFactory(), email="zoe@exemple.fr", nom="Secret")
        response = admin.post("/personnes/nouvelle/", form(email="Zoe@exemple.fr", commune=commune.pk))
        assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
        shown = text(response)
        assert "Un compte existe déjà avec cette adresse" in shown and 'name="rattacher"' in shown
        assert "Secret" not in shown, "who has an account elsewhere is not ours to tell"
        assert 'value="Œillet"' in shown, "what was typed stays"
        admin.post("/personnes/nouvelle/", form(email="Zoe@exemple.fr", commune=commune.pk, rattacher="oui"))
        assert {row.epci for row in elsewhere.habilitations.all()} >= {epci}
        assert Personne.objects.get(pk=elsewhere.pk).nom == "Secret"

    @pytest.mark.parametrize(
        ("values", "fault"),
        [
            ({"email": ""}, "obligatoire"),
            ({"email": "zoe"}, "Écrivez une adresse électronique"),
            ({"email": "z" * 10_000 + "@exemple.fr"}, "au plus 254 caractères"),
            ({"nom": ""}, "obligatoire"),
            ({"nom": "<b>" * 4_000}, "au plus 100 caractères"),
            ({"fonction": "é" * 10_000}, "au plus 200 caractères"),
            ({"telephone": "voir Paul"}, "Écrivez un numéro"),
            ({"role": ""}, "Choisissez un rôle"),
            ({"role": "service"}, "Sélectionnez un choix valide"),
            ({"role": "roi"}, "Sélectionnez un choix valide"),
            ({"commune": ""}, "Choisissez la commune"),
            ({"commune": "9999999"}, "n’est pas membre de votre EPCI"),
            ({"commune": "9" * 40}, "n’est pas membre de votre EPCI"),
            ({"role": "directeur_pole", "commune": ""}, "Choisissez le pôle"),
            ({"role": "administrateur"}, "Laissez la commune de côté"),
            ({"debut": "2027-02-30"}, "Écrivez un jour qui existe"),
            ({"debut": ""}, "Choisissez un jour"),
            ({"debut": "0001-01-01"}, "à partir de 1980"),
            ({"dernier_jour": "9999-12-31"}, "avant 2200"),
            ({"dernier_jour": "2027-02-09"}, "ne peut précéder le premier"),
        ],
    )
    def test_bad_input_is_refused_in_french_and_kept(self, admin, commune, values, fault):
        response = admin.post(
            "/personnes/nouvelle/", form(**{"commune": commune.pk, "prenom": "Zoé & <Léa>", **values})
        )
        assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
        shown = text(response)
        assert fault in shown
        assert escape("Zoé & <Léa>") in shown
        assert not Personne.objects.filter(prenom__startswith="Zoé").exists()

    def test_a_commune_or_a_pole_of_another_epci_is_refused(self, admin, epci):
        foreign = EpciFactory()
        response = admin.post("/personnes/nouvelle/", form(commune=member_commune(foreign).pk))
        assert "n’est pas membre de votre EPCI" in text(response)
        response = admin.post(
            "/personnes/nouvelle/", form(role="directeur_pole", pole=PoleFactory(epci=foreign).pk)
        )
        assert "n’est pas de votre EPCI" in text(response)
        assert Habilitation.objects.count() == 1

    def test_html_in_a_name_is_shown_as_text(self, admin, commune):
        admin.post("/personnes/nouvelle/", form(commune=commune.pk, nom="<b>Gras</b>"))
        for path in ("/personnes/", f"/personnes/{Personne.objects.get(email='zoe@exemple.fr').pk}/"):
            shown = text(admin.get(path))
            assert "&lt;b&gt;Gras" in shown and "<b>Gras" not in shown


class TestGrant:
    def test_another_role(self, admin, epci, commune, administrateur):
        admin.post(f"/personnes/{administrateur.pk}/habilitations/", form(role="maire", commune=commune.pk))
        assert fresh(administrateur).acces.acts_for_commune(commune.pk, Role.MAIRE)

    def test_refused_the_page_keeps_what_was_typed(self, admin, administrateur):
        response = admin.post(
            f"/personnes/{administrateur.pk}/habilitations/", form(role="maire", dernier_jour="2027-06-30")
        )
        assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
        assert "Choisissez la commune" in text(response) and 'value="2027-06-30"' in text(response)

    def test_the_same_again_changes_nothing_an_overlap_is_refused(self, epci, commune, administrateur):
        def give(debut, fin=None):
            mandat = Mandat(Role.DGS, debut, fin, commune=commune)
            return grant(personne=administrateur, epci=epci, acteur=administrateur, mandat=mandat)

        first = give(TODAY, date(2027, 6, 1))
        assert give(TODAY, date(2027, 6, 1)) == first
        with pytest.raises(
            Refus, match="tient déjà ce rôle à compter du 10 février 2027, jusqu'au 31 mai 2027"
        ):
            give(date(2027, 5, 31))
        assert give(date(2027, 6, 1)) != first, "the day after is free"

    def test_a_second_maire_is_a_sentence(self, admin, administrateur, epci, commune):
        holder(Role.MAIRE, epci, commune=commune)
        sent = form(role="maire", commune=commune.pk)
        response = admin.post(f"/personnes/{administrateur.pk}/habilitations/", sent)
        assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
        assert "L’Haÿ-les-Roses a déjà un maire ces jours-là" in text(response)

    def test_a_commune_only_while_it_is_a_member(self, epci, commune, administrateur):
        commune.appartenances.update(fin=date(2027, 2, 10))
        with pytest.raises(Refus, match="n'est pas membre"):
            grant(
                personne=administrateur,
                epci=epci,
                acteur=administrateur,
                mandat=Mandat(Role.DGS, TODAY, commune=commune),
            )


@pytest.mark.django_db(transaction=True)
def test_two_clicks_in_the_same_second_give_one_role(at_time):
    at_time("2027-02-10 10:00")
    epci = EpciFactory()
    administrateur = holder(Role.ADMINISTRATEUR, epci)
    mandat = Mandat(Role.DIRECTION_TERRITOIRES, TODAY)
    results = together(
        *[lambda: grant(personne=administrateur, epci=epci, acteur=administrateur, mandat=mandat)] * 2
    )
    assert not failures(results)
    assert results[0] == results[1]
    assert Habilitation.objects.filter(role=Role.DIRECTION_TERRITOIRES).count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_administrators_cannot_dismiss_each_other_at_once(at_time):
    at_time("2027-02-10 10:00")
    epci = EpciFactory()
    one, two = holder(Role.ADMINISTRATEUR, epci), holder(Role.ADMINISTRATEUR, epci)
    rows = [person.habilitations.select_related("epci", "personne").get() for person in (one, two)]
    results = together(
        lambda: end(habilitation=rows[1], acteur=one, dernier_jour=TODAY - timedelta(days=1)),
        lambda: end(habilitation=rows[0], acteur=two, dernier_jour=TODAY - timedelta(days=1)),
    )
    assert len(failures(results)) == 1
    assert Habilitation.objects.on(TODAY).filter(role=Role.ADMINISTRATEUR).count() == 1


class TestEnd:
    @pytest.fixture
    def dgs(self, epci, commune):
        return holder(Role.DGS, epci, commune=commune)

    @pytest.fixture
    def row(self, dgs):
        return dgs.habilitations.get()

    def finish(self, admin, row, day):
        return admin.post(f"/habilitations/{row.pk}/fin/", {f"fin{row.pk}-dernier_jour": day})

    def test_the_last_day_still_counts(self, admin, dgs, row, at_time):
        assert self.finish(admin, row, "2027-02-10").url == f"/personnes/{dgs.pk}/"
        assert fresh(dgs).acces.titres
        at_time("2027-02-11 00:30")
        assert not fresh(dgs).acces.titres

    def test_the_eve_ends_it_at_once(self, admin, dgs, row):
        self.finish(admin, row, "2027-02-09")
        assert not fresh(dgs).acces.titres
        assert "terminée" in text(admin.get(f"/personnes/{dgs.pk}/"))

    def test_twice_is_once(self, admin, row):
        for _ in range(2):
            assert self.finish(admin, row, "2027-02-10").status_code == HTTPStatus.FOUND
        assert Evenement.objects.filter(type="habilitation.terminee").count() == 1

    def test_one_given_by_mistake_today_is_withdrawn(self, admin, epci, commune):
        row = HabilitationFactory(epci=epci, commune=commune, debut=TODAY)
        assert self.finish(admin, row, "2027-02-09").url == "/personnes/"
        assert not Habilitation.objects.filter(pk=row.pk).exists()
        assert Evenement.objects.get().type == "habilitation.annulee"

    @pytest.mark.parametrize(
        ("debut", "day", "said"),
        [
            (date(2020, 1, 1), "2027-02-28", "La fin de ce rôle est enregistrée."),
            (date(2027, 3, 1), "2027-02-28", "Ce rôle, qui n’avait pas commencé, est retiré."),
            (TODAY, "2027-02-09", "Ce rôle, qui ne valait que d’aujourd’hui, est retiré."),
        ],
    )
    def test_it_says_what_became_of_the_role(self, admin, dgs, commune, epci, debut, day, said):
        row = HabilitationFactory(lecteur=True, epci=epci, commune=commune, personne=dgs, debut=debut)
        self.finish(admin, row, day)
        assert said in text(admin.get(f"/personnes/{dgs.pk}/"))

    @pytest.mark.parametrize(
        ("day", "fault"),
        [("", "Choisissez un jour"), ("hier", "qui existe"), ("2019-12-31", "ne peut précéder le début")],
    )
    def test_bad_days_are_said_on_the_page(self, admin, row, day, fault):
        response = self.finish(admin, row, day)
        assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
        assert fault in text(response)
        row.refresh_from_db()
        assert row.fin is None

    def test_the_last_administrator_stays(self, admin, epci, administrateur):
        row = administrateur.habilitations.get()
        assert "plus d’administrateur" in text(self.finish(admin, row, "2027-02-10"))
        holder(Role.ADMINISTRATEUR, epci, is_active=False)
        assert self.finish(admin, row, "2027-02-10").status_code == HTTPStatus.UNPROCESSABLE_ENTITY
        holder(Role.ADMINISTRATEUR, epci)
        assert self.finish(admin, row, "2027-02-10").status_code == HTTPStatus.FOUND
