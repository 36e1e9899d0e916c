"""Preparing, opening and moving a cycle."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from comptes.models import Personne
from comptes.roles import Role
from journal.models import Courriel, Evenement, Tache
from journal.workflows.tache import run_due
from journal.workflows.unite import unit
from mutualisation.models import Cycle
from mutualisation.models.cycle import DATES, default_dates
from mutualisation.workflows.campagne import grant_extension
from mutualisation.workflows.cycle import _announce, change_dates, close_cycle, open_cycle, prepare_cycle
from socle.droits import ActionInterdite
from socle.erreurs import Conflit, Refus
from territoire.models import Commune
from tests.factories import EpciFactory, HabilitationFactory, Monde, catalogue, holder, member_commune
from tests.mutualisation.editions import next_edition
from tests.mutualisation.gestes import submit
from tests.mutualisation.test_declaration import text_of

AtTime = Callable[[Any], datetime]


def dates_of(cycle: Cycle) -> dict[str, date]:
    return {name: getattr(cycle, name) for name in DATES}


def typed(dates: dict[str, date], **changes: str) -> dict[str, str]:
    return {name: day.isoformat() for name, day in dates.items()} | changes


class TestPreparer:
    def test_default_dates_move_to_the_working_day_before(self, monde: Monde):
        dates = default_dates(monde.epci, 2028)
        assert dates["declaration_fin_on"] == date(2027, 2, 26)  # 28 February 2027 is a Sunday
        assert dates["point_arret_on"] == date(2027, 7, 9)  # 10 July 2027 is a Saturday
        assert dates["effective_on"] == date(2028, 1, 1)

    @pytest.mark.parametrize(
        ("name", "day"),
        [
            ("declaration_debut_on", date(2028, 11, 30)),
            ("declaration_fin_on", date(2029, 1, 1)),
            ("point_arret_on", date(2029, 2, 28)),
            ("votes_debut_on", date(2029, 7, 10)),
            ("votes_fin_on", date(2029, 10, 9)),
            ("effective_on", date(2029, 11, 30)),
        ],
    )
    def test_dates_out_of_order_are_said_about_their_field(self, monde: Monde, name: str, day: date):
        with pytest.raises(Refus, match="doit venir après") as caught:
            prepare_cycle(epci=monde.epci, annee=2030, acteur=monde.direction, dates={name: day})
        assert caught.value.field == name
        assert not Cycle.objects.filter(annee=2030).exists()

    def test_a_phase_may_last_one_day(self, monde: Monde):
        one = {"declaration_debut_on": date(2029, 2, 1), "declaration_fin_on": date(2029, 2, 1)}
        assert prepare_cycle(epci=monde.epci, annee=2030, acteur=monde.direction, dates=one).pk

    def test_the_year_is_that_of_the_effect(self, monde: Monde):
        with pytest.raises(Refus, match="prend effet un jour de 2030"):
            prepare_cycle(epci=monde.epci, annee=2030, acteur=None, dates={"effective_on": date(2031, 1, 1)})

    def test_a_typed_sunday_moves_as_it_would_later(self, monde: Monde):
        typed = {"declaration_fin_on": date(2029, 2, 25)}
        cycle = prepare_cycle(epci=monde.epci, annee=2030, acteur=monde.direction, dates=typed)
        assert cycle.declaration_fin_on == date(2029, 2, 23)

    def test_one_cycle_a_year(self, monde: Monde):
        with pytest.raises(Refus, match="existe déjà pour 2028"):
            prepare_cycle(epci=monde.epci, annee=2028, acteur=monde.direction)

    def test_without_catalogue(self, db: None):
        with pytest.raises(Refus, match="catalogue"):
            prepare_cycle(epci=EpciFactory(), annee=2028, acteur=None)

    @pytest.mark.parametrize("who", ["administrateur", "directeur", "direction_voisine"])
    def test_only_the_direction(self, monde: Monde, who: str):
        with pytest.raises(ActionInterdite, match="Seule la Direction"):
            prepare_cycle(epci=monde.epci, annee=2030, acteur=getattr(monde, who))


class TestOuvrir:
    def test_each_member_has_its_draft_and_each_dgs_a_mail(self, monde: Monde):
        cycle = open_cycle(cycle=monde.cycle_futur, acteur=monde.direction)
        assert set(cycle.declarations.values_list("commune", flat=True)) == {
            monde.a.commune.pk,
            monde.b.commune.pk,
            monde.c.pk,
        }
        told = (
            Courriel.objects.filter(type="cycle_ouvert").order_by("pk").values_list("destinataire", flat=True)
        )
        assert set(told) == {monde.a.dgs.pk, monde.b.dgs.pk}

    def test_a_closed_account_is_not_told(self, monde: Monde):
        Personne.objects.filter(pk=monde.a.dgs.pk).update(is_active=False)
        open_cycle(cycle=monde.cycle_futur, acteur=monde.direction)
        told = {mail.destinataire for mail in Courriel.objects.filter(type="cycle_ouvert")}
        assert told == {monde.a.maire, monde.b.dgs}

    def test_a_dgs_of_two_communes_is_told_about_each(self, monde: Monde):
        HabilitationFactory(epci=monde.epci, commune=monde.c, dgs=True, personne=monde.a.dgs)
        open_cycle(cycle=monde.cycle_futur, acteur=monde.direction)
        first, second = Courriel.objects.filter(destinataire=monde.a.dgs).order_by("pk")
        assert "L’Haÿ-les-Roses" in first.corps
        assert "Saint-Louis-de-Montferrand" in second.corps

    def test_the_page_counts_the_people_who_will_be_told(self, client: Client, monde: Monde):
        HabilitationFactory(epci=monde.epci, commune=monde.c, dgs=True, personne=monde.a.dgs)
        holder(Role.DGS, monde.epci, commune=monde.c, is_active=False)
        client.force_login(monde.direction)
        html = client.get(reverse("mutualisation:cycle", args=[monde.cycle_futur.pk])).content.decode()
        assert "2 personnes sont prévenues" in html.replace("\u00a0", " ")

    def test_a_commune_without_dgs_is_told_by_its_maire(self, client: Client, monde: Monde):
        maire = holder(Role.MAIRE, monde.epci, commune=monde.c)
        client.force_login(monde.direction)
        page = text_of(client.get(reverse("mutualisation:cycle", args=[monde.cycle_futur.pk])))
        assert "3 personnes sont prévenues par courriel" in page
        open_cycle(cycle=monde.cycle_futur, acteur=monde.direction)
        told = {mail.destinataire for mail in Courriel.objects.filter(type="cycle_ouvert")}
        assert told == {monde.a.dgs, monde.b.dgs, maire}

    def test_announcing_costs_no_query_per_commune(self, monde: Monde):
        def announce() -> int:
            communes = list(Commune.objects.members_of(monde.epci, monde.epci.today))
            with CaptureQueriesContext(connection) as captured, unit():
                _announce(monde.cycle_futur, communes)
            Courriel.objects.all().delete()
            return len(captured)

        few = announce()
        for _ in range(10):
            holder(Role.DGS, monde.epci, commune=member_commune(monde.epci))
        assert announce() == few

    def test_the_mail_says_the_days_and_nothing_is_escaped(self, monde: Monde):
        open_cycle(cycle=monde.cycle_futur, acteur=None)
        corps = Courriel.objects.get(type="cycle_ouvert", destinataire=monde.a.dgs).corps
        assert "L’Haÿ-les-Roses" in corps
        assert "&#" not in corps
        assert "/declaration/" in corps

    def test_what_the_catalogue_changes_is_counted_in_the_mail_and_on_the_page(
        self, client: Client, monde: Monde
    ):
        client.force_login(monde.a.lecteur)
        url = reverse("mutualisation:cycle", args=[monde.cycle_futur.pk])
        assert "Le catalogue n'est plus" not in text_of(client.get(url))
        edition = next_edition(monde.cycle_futur, {"DA-01": ["DA-11", "DA-12"], "DC-01": []})
        link = reverse("mutualisation:edition_ecarts", args=[edition.pk])
        page = text_of(client.get(url))
        assert f'<a href="{link}">2 changements à lire</a>' in page
        open_cycle(cycle=monde.cycle_futur, acteur=monde.direction)
        mail = Courriel.objects.get(type="cycle_ouvert", destinataire=monde.a.dgs)
        assert "2 changements à lire" in mail.corps.replace("\u00a0", " ") and link in mail.corps

    def test_it_is_counted_on_the_draft_of_a_commune(self, client: Client, monde: Monde):
        client.force_login(monde.a.dgs)
        url = reverse("mutualisation:declaration", args=[monde.a.declaration.pk])
        assert "Le catalogue n'est plus" not in text_of(client.get(url))
        edition = next_edition(monde.cycle, {"DC-01": []})
        link = reverse("mutualisation:edition_ecarts", args=[edition.pk])
        assert f'<a href="{link}">1 changement à lire</a>' in text_of(client.get(url))

    def test_the_same_catalogue_as_last_year_is_not_told(self, monde: Monde):
        open_cycle(cycle=monde.cycle_futur, acteur=monde.direction)
        assert "à lire" not in Courriel.objects.filter(type="cycle_ouvert")[0].corps

    def test_twice_changes_nothing(self, monde: Monde):
        for _ in range(2):
            open_cycle(cycle=monde.cycle_futur, acteur=monde.direction)
        assert Evenement.objects.filter(type="cycle.ouvert").count() == 1

    def test_only_the_direction(self, monde: Monde):
        with pytest.raises(ActionInterdite, match="Seule la Direction"):
            open_cycle(cycle=monde.cycle, acteur=monde.a.dgs)


class TestClore:
    def test_in_force_then_closed_and_twice_changes_nothing(self, monde: Monde):
        for _ in range(2):
            cycle = close_cycle(cycle=monde.cycle_passe, acteur=monde.direction)
        assert cycle.phase == Cycle.Phase.CLOS
        (event,) = Evenement.objects.filter(type="cycle.clos")
        assert (event.objet_id, event.acteur) == (cycle.pk, monde.direction)

    @pytest.mark.parametrize("name", ["cycle", "cycle_futur"])
    def test_not_before_it_takes_effect(self, monde: Monde, name: str):
        with pytest.raises(ActionInterdite, match="une fois qu'il a pris effet"):
            close_cycle(cycle=getattr(monde, name), acteur=monde.direction)

    @pytest.mark.parametrize("closed", [False, True])
    def test_only_the_direction(self, monde: Monde, closed: bool):
        if closed:
            close_cycle(cycle=monde.cycle_passe, acteur=monde.direction)
        with pytest.raises(ActionInterdite, match="Seule la Direction"):
            close_cycle(cycle=monde.cycle_passe, acteur=monde.a.dgs)


def reminders() -> Any:
    return Courriel.objects.filter(type="declaration_rappel").order_by("pk")


def move_end(cycle: Cycle, monde: Monde, day: date) -> Cycle:
    moved = {"declaration_fin_on": day}
    return change_dates(cycle=cycle, acteur=monde.direction, version=cycle.version, dates=moved)


class TestRappel:
    def _scheduled(self, monde: Monde, at_time: AtTime) -> Cycle:
        at_time("2027-12-01 09:00")
        return open_cycle(cycle=monde.cycle_futur, acteur=monde.direction)

    def test_a_week_before_the_end_those_who_have_not_submitted(self, monde: Monde, at_time: AtTime):
        cycle = self._scheduled(monde, at_time)
        at_time("2028-02-01 09:00")
        submit(cycle.declarations.get(commune=monde.b.commune), monde.b.dgs)
        at_time("2028-02-21 07:59")
        run_due()
        assert not Courriel.objects.filter(type="declaration_rappel").exists()
        at_time("2028-02-21 08:00")
        run_due()
        run_due()
        (mail,) = Courriel.objects.filter(type="declaration_rappel")
        assert mail.destinataire == monde.a.dgs
        assert "lundi 28 février 2028" in mail.corps.replace("\u00a0", " ")

    def test_a_job_late_past_the_end_sends_nothing(self, monde: Monde, at_time: AtTime):
        self._scheduled(monde, at_time)
        at_time("2028-03-15")
        run_due()
        assert not Courriel.objects.filter(type="declaration_rappel").exists()

    def test_a_commune_without_dgs_is_reminded_by_its_maire(self, monde: Monde, at_time: AtTime):
        self._scheduled(monde, at_time)
        maire = holder(Role.MAIRE, monde.epci, commune=monde.c)
        at_time("2028-02-21 08:00")
        run_due()
        assert maire in {mail.destinataire for mail in Courriel.objects.filter(type="declaration_rappel")}

    def test_who_was_granted_days_is_reminded_in_its_own_last_week(self, monde: Monde, at_time: AtTime):
        cycle = self._scheduled(monde, at_time)
        at_time("2028-02-10")
        declaration = cycle.declarations.get(commune=monde.a.commune)
        granted = {"acteur": monde.direction, "until": date(2028, 3, 20), "motif": "Congés."}
        grant_extension(declaration=declaration, **granted)
        at_time("2028-02-21 08:00")
        run_due()
        assert {mail.destinataire for mail in reminders()} == {monde.b.dgs}
        at_time("2028-03-13 08:00")
        run_due()
        run_due()
        (mail,) = reminders().filter(destinataire=monde.a.dgs)
        assert "lundi 20 mars 2028" in mail.corps.replace("\u00a0", " ")
        assert reminders().count() == 2

    def test_a_few_days_granted_are_not_reminded_the_same_day(self, monde: Monde, at_time: AtTime):
        cycle = self._scheduled(monde, at_time)
        at_time("2028-02-28 09:00")
        run_due()
        before = reminders().count()
        declaration = cycle.declarations.get(commune=monde.a.commune)
        granted = {"acteur": monde.direction, "until": date(2028, 3, 3), "motif": "Congés."}
        grant_extension(declaration=declaration, **granted)
        run_due()
        assert reminders().count() == before

    def test_a_date_that_moves_away_and_back_still_reminds(self, monde: Monde, at_time: AtTime):
        cycle = self._scheduled(monde, at_time)
        at_time("2028-02-20 18:00")
        submit(cycle.declarations.get(commune=monde.b.commune), monde.b.dgs)
        end = cycle.declaration_fin_on
        at_time("2028-02-21 07:30")
        cycle = move_end(cycle, monde, date(2028, 3, 15))
        at_time("2028-02-21 08:30")
        run_due()
        assert not reminders()
        move_end(cycle, monde, end)
        run_due()
        assert [mail.destinataire for mail in reminders()] == [monde.a.dgs]

    def test_moved_dates_remind_at_their_own_day_only(self, monde: Monde, at_time: AtTime):
        cycle = self._scheduled(monde, at_time)
        change_dates(
            cycle=cycle,
            acteur=monde.direction,
            version=cycle.version,
            dates={"declaration_fin_on": date(2028, 3, 15)},
        )
        at_time("2028-02-22")
        run_due()
        assert not Courriel.objects.filter(type="declaration_rappel").exists()
        at_time("2028-03-08 09:00")
        run_due()
        assert Courriel.objects.filter(type="declaration_rappel").count() == 2


class TestDates:
    def test_two_people_at_once(self, monde: Monde):
        move = {"point_arret_on": date(2027, 7, 8)}
        change_dates(cycle=monde.cycle, acteur=monde.direction, version=1, dates=move)
        with pytest.raises(Conflit, match="Direction a modifié"):
            change_dates(cycle=monde.cycle, acteur=monde.direction, version=1, dates=move)

    def test_a_cycle_not_open_has_no_job(self, monde: Monde):
        change_dates(
            cycle=monde.cycle_futur,
            acteur=monde.direction,
            version=1,
            dates={"votes_fin_on": date(2028, 12, 1)},
        )
        assert not Tache.objects.filter(parametres__cycle=monde.cycle_futur.pk).exists()


class TestPages:
    def test_preparing_with_the_dates_proposed(self, monde: Monde, client: Any):
        client.force_login(monde.direction)
        url = reverse("mutualisation:cycle_nouveau")
        page = client.get(url)
        assert page.context["annee"] == 2030  # 2028 and 2029 are taken
        assert "Mercredi 28 février 2029" in text_of(page)
        response = client.post(url + "?annee=2030", typed(default_dates(monde.epci, 2030)), follow=True)
        assert "Cycle 2030 préparé" in text_of(response)
        assert "Ouvrir le cycle" in text_of(response)

    def test_another_year_proposes_its_own_dates(self, monde: Monde, client: Any):
        client.force_login(monde.direction)
        page = client.get(reverse("mutualisation:cycle_nouveau") + "?annee=2033")
        assert page.context["form"]["effective_on"].value() == date(2033, 1, 1)

    @pytest.mark.parametrize("annee", ["", "x", "99999", "-3"])
    def test_a_strange_year_is_a_sentence(self, monde: Monde, client: Any, annee: str):
        client.force_login(monde.direction)
        response = client.get(reverse("mutualisation:cycle_nouveau"), {"annee": annee})
        assert "à corriger" in text_of(response)

    def test_out_of_order_keeps_what_was_typed(self, monde: Monde, client: Any):
        client.force_login(monde.direction)
        data = typed(default_dates(monde.epci, 2030), point_arret_on="2029-01-02", ouverture_on="2028-11-20")
        response = client.post(reverse("mutualisation:cycle_nouveau") + "?annee=2030", data)
        assert response.status_code == 422
        text = text_of(response)
        assert "« point d'arrêt » (mardi 2 janvier 2029) doit venir après" in text
        assert 'value="2029-01-02"' in text
        assert 'value="2028-11-20"' in text
        assert 'href="#id_point_arret_on"' in text

    def test_an_impossible_day_is_a_sentence(self, monde: Monde, client: Any):
        client.force_login(monde.direction)
        data = typed(default_dates(monde.epci, 2030), point_arret_on="2029-02-30")
        response = client.post(reverse("mutualisation:cycle_nouveau") + "?annee=2030", data)
        assert response.status_code == 422
        assert "date valide" in text_of(response)

    def test_changing_dates_and_the_conflict(self, monde: Monde, client: Any):
        client.force_login(monde.direction)
        url = reverse("mutualisation:cycle_dates", args=[monde.cycle.pk])
        data = typed(dates_of(monde.cycle), point_arret_on="2027-07-08", version="1", confirmer="oui")
        assert client.get(url).context["form"]["version"].value() == 1
        assert client.post(url, data).status_code == 302
        late = data | {"point_arret_on": "2027-07-07"}
        response = client.post(url, late)
        assert response.status_code == 409
        assert 'value="2027-07-07"' in text_of(response)
        assert (
            client.post(url, late | {"version": response.context["form"]["version"].value()}).status_code
            == 302
        )
        monde.cycle.refresh_from_db()
        assert monde.cycle.point_arret_on == date(2027, 7, 7)

    def test_opening_by_its_button_twice(self, monde: Monde, client: Any):
        client.force_login(monde.direction)
        url = reverse("mutualisation:cycle_ouvrir", args=[monde.cycle_futur.pk])
        for _ in range(2):
            assert client.post(url).status_code == 302
        assert monde.cycle_futur.declarations.count() == 3

    def test_closing_asks_first(self, monde: Monde, client: Any):
        client.force_login(monde.direction)
        url = reverse("mutualisation:cycle_clore", args=[monde.cycle_passe.pk])
        calendar = reverse("mutualisation:cycle", args=[monde.cycle_passe.pk])
        assert f'href="{url}"' in text_of(client.get(calendar))
        assert "Un cycle clos ne se rouvre pas" in text_of(client.get(url))
        monde.cycle_passe.refresh_from_db()
        assert monde.cycle_passe.clos_at is None
        response = client.post(url, follow=True)
        assert f"Cycle {monde.cycle_passe.annee} clos" in text_of(response)
        assert f'href="{url}"' not in text_of(response)
        monde.cycle_passe.refresh_from_db()
        assert monde.cycle_passe.clos_at

    def test_a_cycle_not_in_force_has_no_button_to_close_it(self, monde: Monde, client: Any):
        client.force_login(monde.direction)
        text = text_of(client.get(reverse("mutualisation:cycle", args=[monde.cycle.pk])))
        assert "Changer les dates" in text
        assert "Clore le cycle" not in text

    def test_everyone_in_the_epci_reads_the_calendar(self, monde: Monde, client: Any):
        client.force_login(monde.a.lecteur)
        text = text_of(client.get(reverse("mutualisation:cycle", args=[monde.cycle.pk])))
        assert "vendredi 26 février 2027" in text
        assert "Changer les dates" not in text

    @pytest.mark.parametrize("phase", ["cycle_passe", "cycle", "cycle_futur"])
    def test_each_phase_is_said_in_words(self, monde: Monde, client: Any, phase: str):
        client.force_login(monde.direction)
        steps = client.get(reverse("mutualisation:cycle", args=[getattr(monde, phase).pk])).context["etapes"]
        rank = {"cycle_passe": 4, "cycle": 1, "cycle_futur": 0}[phase]
        assert [step["etat"][1] for step in steps] == ["terminée"] * rank + ["en cours"] + ["à venir"] * (
            4 - rank
        )

    @pytest.mark.parametrize("name", ["cycle_dates", "cycle_ouvrir"])
    @pytest.mark.parametrize(
        ("who", "statut"), [("administrateur", 403), ("directeur", 403), ("direction_voisine", 404)]
    )
    def test_only_the_direction_writes(self, monde: Monde, client: Any, name: str, who: str, statut: int):
        client.force_login(getattr(monde, who))
        response = client.post(reverse(f"mutualisation:{name}", args=[monde.cycle_futur.pk]))
        assert response.status_code == statut

    def test_only_the_direction_prepares(self, monde: Monde, client: Any):
        client.force_login(monde.a.dgs)
        response = client.get(reverse("mutualisation:cycle_nouveau"))
        assert response.status_code == 403
        assert "Seule la Direction des territoires prépare un cycle" in text_of(response)


def test_an_epci_with_a_catalogue_prepares_its_first_cycle(db: None, client: Any, at_time: AtTime):
    at_time("2027-02-10")
    epci = EpciFactory(peuple=True)
    catalogue(epci)
    client.force_login(holder(Role.DIRECTION_TERRITOIRES, epci))
    assert "Préparer un cycle" in text_of(client.get(reverse("mutualisation:campagne")))
    page = client.get(reverse("mutualisation:cycle_nouveau"))
    assert page.context["annee"] == 2028
