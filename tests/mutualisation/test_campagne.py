"""The board of the campaign: states, lateness, pôles, filters, sheets, and 158 communes as cheap as 3."""

import csv
import io
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from comptes.models import Role
from journal.models import Courriel, Evenement, Tache
from mutualisation.campagne import current_cycle
from mutualisation.models import Cycle, Declaration
from mutualisation.workflows.campagne import (
    grant_extension,
    read_awaited,
    remind_communes,
    run_reminder,
)
from mutualisation.workflows.evaluation import ask_evaluations
from socle.droits import ActionInterdite
from socle.erreurs import Refus
from tests.concurrence import failures, together
from tests.factories import CycleFactory, DeclarationFactory, Monde, build_world, holder, member_commune
from tests.mutualisation.gestes import prepare, submit
from tests.mutualisation.test_declaration import text_of

AtTime = Callable[[Any], datetime]
URL = "/campagne/"


def states(response: Any) -> dict[str, str]:
    return {suivi.declaration.commune.nom: suivi.etat[1] for suivi in response.context["suivis"]}


@pytest.fixture
def trois(monde: Monde) -> Monde:
    """A has submitted, B has begun, C has not."""
    DeclarationFactory(cycle=monde.cycle, commune=monde.c)
    prepare(monde.a.declaration, monde.a.dgs, plus=["DB-01", "DB-02"])
    submit(monde.a.declaration, monde.a.dgs)
    prepare(monde.b.declaration, monde.b.dgs, plus=["DC-01"])
    return monde


class TestTableau:
    def test_each_state_in_words_and_counts(self, trois: Monde, client: Any):
        client.force_login(trois.direction)
        response = client.get(URL)
        assert states(response) == {
            "L'Haÿ-les-Roses": "Déposée",
            "Œuilly": "Brouillon",
            "Saint-Louis-de-Montferrand": "Sans réponse",
        }
        assert [suivi.declaration.changees for suivi in response.context["suivis"]] == [2, 1, 0]
        assert "1 sur 1 déposée" in text_of(response)

    def test_after_closing_what_was_not_submitted_is_late_in_red(
        self, trois: Monde, client: Any, at_time: AtTime
    ):
        at_time("2027-02-27")
        client.force_login(trois.direction)
        response = client.get(URL)
        assert {suivi.etat for suivi in response.context["suivis"]} == {
            ("v", "Déposée"),
            ("r", "Sans réponse, brouillon commencé"),
            ("r", "Sans réponse"),
        }
        assert "Close depuis le vendredi 26 février 2027" in text_of(response)

    @pytest.mark.parametrize(
        ("query", "communes"),
        [
            ({"etat": "deposee"}, ["L'Haÿ-les-Roses"]),
            ({"etat": "brouillon"}, ["Œuilly"]),
            ({"etat": "sans_reponse"}, ["Saint-Louis-de-Montferrand"]),
            ({"q": "OEUIL"}, ["Œuilly"]),
            ({"q": "hay les"}, ["L'Haÿ-les-Roses"]),
            ({"q": "%"}, ["L'Haÿ-les-Roses", "Œuilly", "Saint-Louis-de-Montferrand"]),
            ({"q": "introuvable"}, []),
        ],
    )
    def test_filters(self, trois: Monde, client: Any, query: dict[str, str], communes: list[str]):
        client.force_login(trois.direction)
        assert list(states(client.get(URL, query))) == communes

    def test_filter_by_pole(self, trois: Monde, client: Any):
        client.force_login(trois.direction)
        sud = next(c for c in client.get(URL).context["tableau"].poles if c.nom == "Pôle Sud")
        assert (sud.deposees, sud.brouillons, sud.sans_reponse) == (0, 1, 1)
        assert list(states(client.get(URL, {"pole": sud.pole_id}))) == [
            "Œuilly",
            "Saint-Louis-de-Montferrand",
        ]

    def test_a_commune_that_left_is_not_late_but_what_it_submitted_stays(
        self, trois: Monde, client: Any, at_time: AtTime
    ):
        at_time("2027-03-02")
        for commune in (trois.a.commune, trois.c):
            commune.appartenances.update(fin=date(2027, 3, 1))
        client.force_login(trois.direction)
        response = client.get(URL)
        assert states(response) == {
            "L'Haÿ-les-Roses": "Déposée",
            "Œuilly": "Sans réponse, brouillon commencé",
        }
        assert response.context["tableau"].retards == 1
        assert states(client.get(URL, {"etat": "en_retard"})) == {
            "Œuilly": "Sans réponse, brouillon commencé"
        }

    def test_nor_is_it_awaited(self, trois: Monde):
        holder(Role.DGS, trois.epci, commune=trois.c)
        trois.c.appartenances.update(fin=date(2027, 2, 10))
        assert [one.commune for one in read_awaited(trois.cycle)] == [trois.b.commune]

    def test_a_directeur_de_pole_sees_his_communes(self, trois: Monde, client: Any):
        client.force_login(trois.directeur)
        assert list(states(client.get(URL))) == ["L'Haÿ-les-Roses"]

    @pytest.mark.parametrize("who", ["dgs", "maire", "lecteur", "referent"])
    def test_a_commune_is_told_who_follows_it(self, trois: Monde, client: Any, who: str):
        client.force_login(getattr(trois.a, who))
        response = client.get(URL)
        assert response.status_code == 403
        assert "suivie par la Direction des territoires" in text_of(response)

    @pytest.mark.parametrize("cycle", ["0", "x", "9" * 30])
    def test_a_cycle_that_does_not_exist(self, monde: Monde, client: Any, cycle: str):
        client.force_login(monde.direction)
        assert client.get(URL, {"cycle": cycle}).status_code == 404

    def test_the_cycle_of_a_neighbour_does_not_exist(self, monde: Monde, client: Any):
        client.force_login(monde.direction)
        foreign = CycleFactory(epci=monde.epci_voisin, calendrier=True, annee=2028)
        assert client.get(URL, {"cycle": foreign.pk}).status_code == 404

    def test_a_cycle_not_open_says_so(self, monde: Monde, client: Any):
        client.force_login(monde.direction)
        assert "Le cycle n'est pas ouvert" in text_of(client.get(URL, {"cycle": monde.cycle_futur.pk}))

    def test_the_current_cycle_is_the_one_being_declared(self, monde: Monde, at_time: AtTime):
        assert current_cycle(monde.epci) == monde.cycle
        at_time("2027-06-01")
        assert current_cycle(monde.epci) == monde.cycle
        Cycle.objects.filter(pk__in=[monde.cycle.pk, monde.cycle_passe.pk]).update(ouvert_at=None)
        assert current_cycle(monde.epci) == monde.cycle_passe

    def test_158_communes_cost_the_queries_of_three(self, trois: Monde, client: Any):
        client.force_login(trois.direction)
        client.get(URL)
        with CaptureQueriesContext(connection) as few:
            client.get(URL)
        for number in range(155):
            DeclarationFactory(
                cycle=trois.cycle, commune=member_commune(trois.epci, nom=f"Commune {number:03d}")
            )
        with CaptureQueriesContext(connection) as many:
            response = client.get(URL)
        assert len(response.context["suivis"]) == 158
        assert len(many) == len(few)


class TestExport:
    def test_csv_with_formulas_neutralised(self, trois: Monde, client: Any):
        trois.c.nom = "=HYPERLINK(1)"
        trois.c.save()
        client.force_login(trois.direction)
        response = client.get(URL, {"format": "csv"})
        rows = list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig")), delimiter=";"))
        assert [row["Commune"] for row in rows] == ["'=HYPERLINK(1)", "L'Haÿ-les-Roses", "Œuilly"]
        assert rows[1]["État"] == "Déposée"
        assert rows[1]["Accusé"] == "AD-2028-001"
        assert rows[1]["Dernier mouvement"] == "2027-02-10"

    def test_xlsx_keeps_numbers_and_dates(self, trois: Monde, client: Any):
        trois.c.nom = "+A(1)"
        trois.c.save()
        client.force_login(trois.direction)
        response = client.get(URL, {"format": "xlsx"})
        sheet = load_workbook(io.BytesIO(response.content)).active
        header = next(
            n for n, row in enumerate(sheet.iter_rows(values_only=True), start=1) if row[0] == "Commune"
        )
        first, second, _ = list(sheet.iter_rows(min_row=header + 1))
        assert (first[0].value, first[0].data_type) == ("'+A(1)", "s")
        assert second[2].value == 5000
        assert second[6].value.date() == date(2027, 2, 10)

    def test_before_the_first_day_no_answer_is_awaited(self, monde: Monde, client: Any, at_time: AtTime):
        at_time("2027-01-10")
        client.force_login(monde.direction)
        response = client.get(URL)
        text = text_of(response)
        assert set(states(response).values()) == {"Déclare à partir du 15 janvier"}
        assert "aucune réponse n'est encore attendue" in text
        assert "communes sans réponse" not in text and "Accorder un délai" not in text
        at_time("2027-01-15")
        text = text_of(client.get(URL))
        assert "communes sans réponse" in text and "Accorder un délai" in text

    def test_the_sheet_follows_the_filters(self, trois: Monde, client: Any):
        client.force_login(trois.direction)
        text = client.get(URL, {"format": "csv", "etat": "brouillon"}).content.decode()
        assert "Œuilly" in text
        assert "Haÿ" not in text


def grant(monde: Monde, until: date, motif: str = "Conseil reporté.") -> Declaration:
    return grant_extension(declaration=monde.a.declaration, acteur=monde.direction, until=until, motif=motif)


class TestDelai:
    def test_the_commune_declares_after_the_others_and_is_told(self, monde: Monde, at_time: AtTime):
        grant(monde, date(2027, 3, 12))
        mails = Courriel.objects.filter(type="declaration_delai").order_by("pk")
        assert {mail.destinataire for mail in mails} == {monde.a.dgs, monde.a.maire, monde.a.collaborateur}
        assert "vendredi 12 mars 2027 inclus" in mails[0].corps.replace("\u00a0", " ")
        assert "Conseil reporté." in mails[0].corps
        (event,) = Evenement.objects.filter(type="declaration.prolongee")
        assert (event.acteur, event.commune, event.contenu) == (
            monde.direction,
            monde.a.commune,
            {"until": "2027-03-12"},
        )
        at_time("2027-03-12 18:00")
        monde.a.declaration.refresh_from_db()
        assert submit(monde.a.declaration, monde.a.dgs).deposee
        with pytest.raises(Refus, match="close"):
            submit(monde.b.declaration, monde.b.dgs)

    def test_the_same_day_again_changes_nothing(self, monde: Monde):
        for _ in range(2):
            grant(monde, date(2027, 3, 12))
        assert Evenement.objects.filter(type="declaration.prolongee").count() == 1
        assert Courriel.objects.filter(type="declaration_delai").count() == 3

    @pytest.mark.parametrize(
        ("until", "why"),
        [
            (date(2027, 2, 9), "passé"),
            (date(2027, 2, 26), "dure déjà jusqu'au vendredi 26 février 2027"),
            (
                date(2027, 2, 27),
                "samedi 27 février 2027 n'est pas travaillé .* dure déjà jusqu'au vendredi 26",
            ),
            (
                date(2027, 7, 9),
                "vendredi 9 juillet 2027 : le délai finit au plus tard le jeudi 8 juillet 2027",
            ),
        ],
    )
    def test_a_day_that_does_not_fit(self, monde: Monde, until: date, why: str):
        with pytest.raises(Refus, match=why) as caught:
            grant(monde, until)
        assert caught.value.field == "until"

    def test_the_eve_of_the_point_d_arret_is_the_last_day_granted(self, monde: Monde):
        assert grant(monde, date(2027, 7, 8)).prolongee_on == date(2027, 7, 8)

    def test_a_day_not_worked_moves_to_the_one_before_and_the_page_says_it(self, monde: Monde, client: Any):
        client.force_login(monde.direction)
        url = reverse("mutualisation:declaration_delai", args=[monde.a.declaration.pk])
        assert "Au plus tard le jeudi 8 juillet 2027" in text_of(client.get(url))
        text = text_of(client.post(url, {"until": "2027-03-13", "motif": "Congés"}, follow=True))
        assert (
            "délai accordé jusqu'au vendredi 12 mars 2027. Le samedi 13 mars 2027 n'est pas travaillé" in text
        )
        monde.a.declaration.refresh_from_db()
        assert monde.a.declaration.prolongee_on == date(2027, 3, 12)

    def test_not_once_submitted(self, monde: Monde):
        submit(monde.a.declaration, monde.a.dgs)
        with pytest.raises(Refus, match="est déposée"):
            grant(monde, date(2027, 3, 12))

    @pytest.mark.parametrize(
        ("day", "why"),
        [("2027-01-10", "ouvre le"), ("2027-07-09", "est aujourd'hui"), ("2027-07-12", "est passé")],
    )
    def test_only_from_the_opening_to_the_point_d_arret(
        self, monde: Monde, at_time: AtTime, day: str, why: str
    ):
        at_time(day)
        with pytest.raises(Refus, match=why):
            grant(monde, date(2027, 7, 1))

    @pytest.mark.parametrize("who", ["administrateur", "directeur", "direction_voisine"])
    def test_only_the_direction(self, monde: Monde, who: str):
        with pytest.raises(ActionInterdite, match="accorde un délai"):
            grant_extension(
                declaration=monde.a.declaration,
                acteur=getattr(monde, who),
                until=date(2027, 3, 12),
                motif="",
            )

    def test_the_page_then_the_board(self, trois: Monde, client: Any, at_time: AtTime):
        client.force_login(trois.direction)
        url = reverse("mutualisation:declaration_delai", args=[trois.b.declaration.pk])
        refused = client.post(url, {"until": "2027-02-26", "motif": "Congés"})
        assert refused.status_code == 422
        assert "Congés" in text_of(refused)
        response = client.post(url, {"until": "2027-03-12", "motif": "Congés"}, follow=True)
        assert "délai jusqu'au 12 mars 2027" in text_of(response)
        at_time("2027-03-02")
        late = client.get(URL, {"etat": "en_retard"})
        assert states(late) == {"Saint-Louis-de-Montferrand": "Sans réponse"}
        assert "1 commune est en retard" in text_of(late)
        assert states(client.get(URL))["Œuilly"] == "Brouillon"

    def test_the_page_says_why_there_is_nothing_to_grant(self, trois: Monde, client: Any):
        client.force_login(trois.direction)
        page = client.get(reverse("mutualisation:declaration_delai", args=[trois.a.declaration.pk]))
        assert "est déposée" in text_of(page)
        assert 'name="until"' not in text_of(page)


def the_reminder(cycle: Cycle) -> Tache:
    """The job of the last week of a campaign."""
    day = cycle.declaration_fin_on - timedelta(days=7)
    return Tache(epci=cycle.epci, parametres={"cycle": cycle.pk, "jour": day.isoformat()})


class TestRelance:
    def _remind(self, monde: Monde, *communes: Any, mot: str = "") -> list[Any]:
        return remind_communes(
            cycle=monde.cycle,
            communes=[commune.pk for commune in communes],
            acteur=monde.direction,
            mot=mot,
        )

    def test_those_chosen_that_may_still_submit(self, trois: Monde):
        holder(Role.DGS, trois.epci, commune=trois.c)
        assert self._remind(trois, trois.a.commune, trois.b.commune, mot="Appelez-nous.") == [trois.b.commune]
        (mail,) = Courriel.objects.filter(type="declaration_relance")
        assert mail.destinataire == trois.b.dgs
        assert "à déposer au plus tard le vendredi 26" in mail.sujet
        assert "Appelez-nous." in mail.corps
        assert "Un brouillon est commencé" in mail.corps
        (event,) = Evenement.objects.filter(type="declaration.relancee")
        assert (event.acteur, event.commune) == (trois.direction, trois.b.commune)

    def test_one_a_day_at_most(self, trois: Monde, at_time: AtTime):
        assert self._remind(trois, trois.b.commune) == [trois.b.commune]
        assert self._remind(trois, trois.b.commune) == []
        at_time("2027-02-11 00:10")
        assert self._remind(trois, trois.b.commune) == [trois.b.commune]
        assert Courriel.objects.filter(type="declaration_relance").count() == 2

    def test_not_on_the_day_of_the_reminder_by_rule(self, trois: Monde, at_time: AtTime):
        at_time("2027-02-19 09:00")
        run_reminder(the_reminder(trois.cycle))
        told = {one.commune: one.empechement for one in read_awaited(trois.cycle)}
        assert told[trois.b.commune] == "déjà relancée aujourd'hui"
        assert self._remind(trois, trois.b.commune) == []

    def test_the_board_and_its_sheet_keep_the_reminder_by_rule(
        self, trois: Monde, client: Any, at_time: AtTime
    ):
        at_time("2027-02-19 09:00")
        run_reminder(the_reminder(trois.cycle))
        client.force_login(trois.direction)
        assert text_of(client.get(URL)).count("rappel automatique le 19 février 2027") == 1
        text = client.get(URL, {"format": "csv"}).content.decode("utf-8-sig")
        rows = {row["Commune"]: row for row in csv.DictReader(io.StringIO(text), delimiter=";")}
        assert rows["Œuilly"]["Rappel automatique le"] == "2027-02-19"
        assert rows["L'Haÿ-les-Roses"]["Rappel automatique le"] == ""

    def test_the_rule_leaves_alone_who_was_reminded_by_hand_that_day(self, trois: Monde, at_time: AtTime):
        at_time("2027-02-19 07:30")
        self._remind(trois, trois.b.commune)
        at_time("2027-02-19 08:00")
        run_reminder(the_reminder(trois.cycle))
        assert not Courriel.objects.filter(type="declaration_rappel").exists()

    def test_without_dgs_the_maire_without_anybody_nobody(self, trois: Monde):
        maire = holder(Role.MAIRE, trois.epci, commune=trois.c)
        assert self._remind(trois, trois.c) == [trois.c]
        assert Courriel.objects.get(type="declaration_relance").destinataire == maire
        maire.habilitations.all().delete()
        (one,) = [one for one in read_awaited(trois.cycle) if one.commune == trois.c]
        assert not one.peut

    def test_after_closing_only_those_with_more_days(self, trois: Monde, at_time: AtTime):
        grant_extension(
            declaration=trois.b.declaration, acteur=trois.direction, until=date(2027, 3, 12), motif="Congés"
        )
        at_time("2027-03-01")
        assert [one.commune for one in read_awaited(trois.cycle)] == [trois.b.commune]
        self._remind(trois, trois.b.commune)
        corps = Courriel.objects.get(type="declaration_relance").corps.replace("\u00a0", " ")
        assert "vendredi 12 mars 2027" in corps

    def test_only_the_direction(self, trois: Monde):
        with pytest.raises(ActionInterdite, match="relance les communes"):
            remind_communes(cycle=trois.cycle, communes=[trois.b.commune.pk], acteur=trois.administrateur)

    def test_the_very_mail_is_read_before_it_leaves(self, trois: Monde, client: Any):
        client.force_login(trois.direction)
        url = reverse("mutualisation:cycle_relancer", args=[trois.cycle.pk])
        page = text_of(client.get(url))
        assert "Œuilly : " in page
        assert "Saint-Louis-de-Montferrand : ni DGS ni maire à prévenir" in page
        assert "L'Haÿ-les-Roses" not in page
        data = {"communes": [trois.b.commune.pk], "mot": "Appelez-nous."}
        read = client.post(url, data)
        assert not Courriel.objects.filter(type="declaration_relance").exists()
        (shown,) = read.context["courriels"]
        response = client.post(url, data | {"confirmer": "oui"}, follow=True)
        assert "Courriel envoyé : Œuilly" in text_of(response)
        sent = Courriel.objects.get(type="declaration_relance")
        assert (sent.sujet, sent.corps) == (shown.sujet, shown.corps)
        assert "relancée le 10 février 2027" in text_of(client.get(URL))

    def test_strange_choices_are_a_sentence_and_keep_what_was_typed(self, trois: Monde, client: Any):
        client.force_login(trois.direction)
        url = reverse("mutualisation:cycle_relancer", args=[trois.cycle.pk])
        for communes in ([], [trois.commune_voisine.pk], ["x"]):
            response = client.post(url, {"communes": communes, "mot": "Bonjour à tous"})
            assert response.status_code == 422
            assert "Bonjour à tous" in text_of(response)

    def test_queries_do_not_grow_with_the_communes(self, trois: Monde):
        def read() -> int:
            with CaptureQueriesContext(connection) as captured:
                read_awaited(trois.cycle)
            return len(captured)

        few = read()
        for _ in range(8):
            commune = member_commune(trois.epci)
            holder(Role.DGS, trois.epci, commune=commune)
            DeclarationFactory(cycle=trois.cycle, commune=commune)
        assert read() == few


@pytest.mark.django_db(transaction=True)
def test_two_people_remind_at_once_and_each_commune_is_told_once(at_time: AtTime):
    at_time("2027-02-10 09:00")
    monde = build_world()

    def remind() -> Any:
        communes = [monde.a.commune.pk, monde.b.commune.pk]
        return remind_communes(cycle=monde.cycle, communes=communes, acteur=monde.direction)

    results = together(remind, remind)
    assert failures(results) == []
    assert sorted(map(str, results[0] + results[1])) == ["L'Haÿ-les-Roses", "Œuilly"]
    assert Courriel.objects.filter(type="declaration_relance").count() == 2
    assert Evenement.objects.filter(type="declaration.relancee").count() == 2


class TestEvaluations:
    def test_how_far_they_are_on_the_board_and_in_the_sheet(self, trois: Monde, client: Any, at_time: AtTime):
        client.force_login(trois.direction)
        assert "Évaluations préalables" not in text_of(client.get(URL))
        at_time("2027-04-01 09:00")
        ask_evaluations(declaration=trois.a.declaration)
        asked = trois.a.declaration.evaluations.count()
        assert asked
        page = client.get(URL)
        assert f"0 sur {asked}" in text_of(page)
        text = client.get(URL, {"format": "csv"}).content.decode("utf-8-sig")
        (row,) = [
            r for r in csv.DictReader(io.StringIO(text), delimiter=";") if r["Commune"].startswith("L'")
        ]
        assert (row["Évaluations transmises"], row["Évaluations demandées"]) == ("0", str(asked))
