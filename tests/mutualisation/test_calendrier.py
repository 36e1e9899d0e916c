"""Which cycle comes next, which dates are proposed, and moving them: seen before, told after, nothing lost meanwhile."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from django.urls import reverse

from comptes.models import Role
from journal.models import Courriel, Evenement
from journal.workflows.personne import Identite
from mutualisation.calendrier import (
    election_warning,
    following,
    next_year,
    proposed_dates,
    shifted,
    worked_dates,
    year_without_cycle,
)
from mutualisation.models import Activite, Cycle, Declaration, Reglage
from mutualisation.models.cycle import DATES, default_dates
from mutualisation.workflows.cycle import change_dates, dated, prepare_cycle, touched_by_dates
from mutualisation.workflows.evaluation import delegate_evaluation
from socle.dates import long_day
from socle.erreurs import Refus
from territoire.models import JourFerie
from tests.concurrence import failures, together
from tests.factories import HabilitationFactory, Monde, build_world, holder
from tests.mutualisation.gestes import prepare, wanted
from tests.mutualisation.gestes_instruction import ask, entrust, evaluations, fill, give_avis
from tests.mutualisation.test_cycle import dates_of, typed
from tests.mutualisation.test_declaration import text_of

AtTime = Callable[[Any], datetime]


def move(cycle: Cycle, acteur: Any, **dates: date) -> Cycle:
    return change_dates(cycle=cycle, acteur=acteur, version=cycle.version, dates=dates)


class TestRythme:
    def test_the_yearly_rhythm_fills_the_first_hole(self, monde: Monde):
        assert next_year(monde.epci) == 2030  # 2028 and 2029 are taken
        monde.cycle_futur.delete()
        assert next_year(monde.epci) == 2029

    def test_every_two_years_from_the_last_cycle(self, monde: Monde):
        Reglage.objects.create(epci=monde.epci, rythme=2)
        assert next_year(monde.epci) == 2031
        assert year_without_cycle(monde.epci, 2030) == (
            "2030 est une année sans cycle : ils se suivent tous les 2 ans, le dernier prend effet en 2029."
        )
        assert year_without_cycle(monde.epci, 2031) == ""

    def test_a_first_cycle_may_begin_next_year(self, monde: Monde):
        Reglage.objects.create(epci=monde.epci_voisin, rythme=3)
        assert next_year(monde.epci_voisin) == 2028
        assert year_without_cycle(monde.epci_voisin, 2029) == ""

    def test_years_without_cycle_are_said_to_everyone(self, monde: Monde, client: Any):
        url = reverse("mutualisation:cycle", args=[monde.cycle.pk])
        client.force_login(monde.a.lecteur)
        assert "se suivent" not in text_of(client.get(url))
        Reglage.objects.create(epci=monde.epci, rythme=3)
        assert following(monde.cycle) in text_of(client.get(url))
        assert "en 2029 et 2030 ; le suivant prendra effet en 2031" in following(monde.cycle)

    def test_preparing_a_year_out_of_rhythm_warns(self, monde: Monde, client: Any):
        Reglage.objects.create(epci=monde.epci, rythme=2)
        client.force_login(monde.direction)
        url = reverse("mutualisation:cycle_nouveau")
        assert "année sans cycle" not in text_of(client.get(url))
        assert "2030 est une année sans cycle" in text_of(client.get(url, {"annee": 2030}))


class TestElections:
    @pytest.mark.parametrize(("annee", "said"), [(2033, True), (2027, True), (2032, False), (2034, False)])
    def test_a_cycle_declared_in_march_of_an_election_year(self, annee: int, said: bool):
        assert bool(election_warning(annee)) is said

    def test_later_dates_are_proposed_and_may_be_prepared(self, monde: Monde):
        dates = proposed_dates(monde.epci, 2033)
        assert dates["declaration_debut_on"] == date(2032, 5, 18)
        assert dates["effective_on"] == date(2033, 1, 1)
        assert prepare_cycle(epci=monde.epci, annee=2033, acteur=monde.direction, dates=dates).pk

    def test_other_years_keep_the_usual_dates(self, monde: Monde):
        assert proposed_dates(monde.epci, 2034) == default_dates(monde.epci, 2034)

    def test_the_page_warns(self, monde: Monde, client: Any):
        client.force_login(monde.direction)
        text = text_of(client.get(reverse("mutualisation:cycle_nouveau"), {"annee": 2033}))
        assert "élections municipales ont lieu en mars 2032" in text
        assert "Mardi 18 mai 2032" in text


class TestJours:
    @pytest.mark.parametrize(
        ("typed_day", "kept"),
        [
            (date(2027, 7, 10), date(2027, 7, 9)),  # Saturday
            (date(2027, 7, 11), date(2027, 7, 9)),  # Sunday
            (date(2027, 7, 14), date(2027, 7, 13)),  # holiday
            (date(2027, 7, 8), date(2027, 7, 8)),
        ],
    )
    def test_a_day_not_worked_moves_to_the_working_day_before(
        self, monde: Monde, typed_day: date, kept: date
    ):
        JourFerie.objects.create(epci=monde.epci, jour=date(2027, 7, 14), nom="Fête nationale")
        cycle = move(monde.cycle, monde.direction, point_arret_on=typed_day)
        assert cycle.point_arret_on == kept

    def test_what_does_not_change_does_not_move(self, monde: Monde):
        sunday = {"votes_fin_on": date(2027, 11, 28), "effective_on": date(2028, 1, 2)}
        assert worked_dates(monde.epci, sunday, sunday) == sunday
        assert worked_dates(monde.epci, sunday, {}) == {
            "votes_fin_on": date(2027, 11, 26),
            "effective_on": date(2028, 1, 2),
        }

    def test_weeks_move_the_dates_to_come_together(self, monde: Monde):
        before, after = dates_of(monde.cycle), shifted(monde.cycle, 2)
        moved = {name for name in DATES if before[name] != after[name]}
        assert {(after[name] - before[name]).days for name in moved} == {14}
        assert moved == set(DATES) - {"ouverture_on", "declaration_debut_on", "effective_on"}

    @pytest.mark.parametrize(
        ("name", "day"),
        [("declaration_fin_on", date(2027, 2, 9)), ("declaration_debut_on", date(2027, 2, 11))],
    )
    def test_a_running_campaign_is_not_closed_on_people_who_type(self, monde: Monde, name: str, day: date):
        with pytest.raises(Refus, match="en cours de saisie") as caught:
            dated(monde.cycle, {name: day})
        assert caught.value.field == name

    def test_it_may_end_today(self, monde: Monde):
        assert move(monde.cycle, monde.direction, declaration_fin_on=date(2027, 2, 10)).declarations_ouvertes

    def test_a_cycle_in_force_does_not_move(self, monde: Monde):
        with pytest.raises(Refus, match="a pris effet"):
            move(monde.cycle_passe, monde.direction, votes_fin_on=date(2026, 12, 1))


class TestAnnonce:
    def test_one_mail_to_each_person_touched(self, monde: Monde):
        HabilitationFactory(epci=monde.epci, commune=monde.c, dgs=True, personne=monde.a.dgs)
        prepare(monde.b.declaration, monde.b.collaborateur, plus=["DB-01"])
        move(monde.cycle, monde.direction, point_arret_on=date(2027, 7, 6))
        mails = Courriel.objects.filter(type="cycle_dates").order_by("pk")
        told = [mail.destinataire for mail in mails]
        assert sorted(told, key=lambda one: one.pk) == sorted(
            {
                *(monde.a.dgs, monde.a.maire, monde.b.dgs, monde.b.maire),
                *(monde.b.collaborateur, monde.direction),
            },
            key=lambda one: one.pk,
        )
        text = mails[0].corps.replace("\u00a0", " ")
        assert "point d’arrêt : le mardi 6 juillet 2027 (au lieu du vendredi 9 juillet 2027)" in text
        assert "début des déclarations" not in text

    def test_each_shift_is_told(self, monde: Monde):
        cycle = move(monde.cycle, monde.direction, point_arret_on=date(2027, 7, 6))
        move(cycle, monde.direction, point_arret_on=date(2027, 7, 7))
        assert Courriel.objects.filter(type="cycle_dates", destinataire=monde.a.dgs).count() == 2

    def test_a_cycle_not_open_is_told_to_nobody(self, monde: Monde):
        assert touched_by_dates(monde.cycle_futur, ["votes_fin_on"]) == []
        move(monde.cycle_futur, monde.direction, votes_fin_on=date(2028, 12, 1))
        assert not Courriel.objects.filter(type="cycle_dates").exists()
        assert Evenement.objects.filter(type="cycle.dates").count() == 1

    def test_the_same_dates_change_nothing(self, monde: Monde):
        cycle = move(monde.cycle, monde.direction, **dates_of(monde.cycle))
        assert cycle.version == 1
        assert not Evenement.objects.filter(type="cycle.dates").exists()

    def test_a_closed_account_is_not_told(self, monde: Monde):
        gone = holder(Role.DIRECTION_TERRITOIRES, monde.epci, is_active=False)
        assert gone not in touched_by_dates(monde.cycle, ["point_arret_on"])

    def test_who_began_a_draft_and_left_the_commune_is_not(self, monde: Monde):
        drafter = monde.b.collaborateur
        prepare(monde.b.declaration, drafter, plus=["DB-01"])
        assert drafter in touched_by_dates(monde.cycle, ["declaration_fin_on"])
        drafter.habilitations.update(fin=date(2027, 2, 10))
        HabilitationFactory(
            personne=drafter, role=Role.COLLABORATEUR, epci=monde.epci, commune=monde.a.commune
        )
        assert drafter not in touched_by_dates(monde.cycle, ["declaration_fin_on"])

    @pytest.mark.parametrize(
        ("moved", "told"),
        [("evaluation_fin_on", True), ("evaluation_debut_on", True), ("point_arret_on", False)],
    )
    def test_an_agent_when_the_days_of_his_evaluation_move(self, monde: Monde, moved: str, told: bool):
        ask(monde)
        evaluation = evaluations(monde.a.declaration)[0]
        agent = delegate_evaluation(
            evaluation=evaluation, acteur=monde.a.dgs, identite=Identite(email="a@b.fr", nom="Ferrer")
        ).personne
        assert (agent in touched_by_dates(monde.cycle, [moved])) is told
        fill(evaluation, monde.a.dgs)
        assert agent not in touched_by_dates(monde.cycle, [moved])

    @pytest.mark.parametrize(("moved", "told"), [("point_arret_on", True), ("evaluation_fin_on", False)])
    def test_who_conducts_a_study_when_its_day_moves(self, monde: Monde, moved: str, told: bool):
        ligne = ask(monde)[0]
        etude = entrust(ligne, monde.direction, monde.responsable)
        assert (monde.responsable in touched_by_dates(monde.cycle, [moved])) is told
        give_avis(ligne, monde.direction, "favorable", version=etude.version)
        assert monde.responsable not in touched_by_dates(monde.cycle, [moved])


class TestPages:
    def test_weeks_fill_the_form_and_change_nothing(self, monde: Monde, client: Any):
        client.force_login(monde.direction)
        url = reverse("mutualisation:cycle_dates", args=[monde.cycle.pk])
        text = text_of(client.get(url, {"semaines": "2"}))
        assert 'value="2027-03-12"' in text
        assert "Vendredi 26 février 2027" in text
        monde.cycle.refresh_from_db()
        assert monde.cycle.declaration_fin_on == date(2027, 2, 26)

    @pytest.mark.parametrize("weeks", ["", "x", "999", "1,5"])
    def test_strange_weeks_are_a_sentence(self, monde: Monde, client: Any, weeks: str):
        client.force_login(monde.direction)
        url = reverse("mutualisation:cycle_dates", args=[monde.cycle.pk])
        assert "à corriger" in text_of(client.get(url, {"semaines": weeks}))

    def test_before_and_after_then_confirmed(self, monde: Monde, client: Any):
        client.force_login(monde.direction)
        prepare(monde.b.declaration, monde.b.dgs, plus=["DB-01"])
        url = reverse("mutualisation:cycle_dates", args=[monde.cycle.pk])
        data = typed(dates_of(monde.cycle), declaration_fin_on="2027-03-14", version="1")
        page = client.post(url, data)
        text = text_of(page)
        assert page.status_code == 200
        assert "vendredi 26 février 2027" in text
        assert "vendredi 12 mars 2027" in text
        assert "14 jours plus tard" in text
        assert "Le dimanche 14 mars 2027 n'est pas travaillé" in text
        assert "1 brouillon commencé : rien n'en est perdu." in text
        assert "5 personnes sont prévenues" in text
        monde.cycle.refresh_from_db()
        assert monde.cycle.declaration_fin_on == date(2027, 2, 26)
        carried = {name: str(page.context["form"][name].value()) for name in data}
        assert client.post(url, carried | {"confirmer": "oui"}).status_code == 302
        monde.cycle.refresh_from_db()
        assert monde.cycle.declaration_fin_on == date(2027, 3, 12)

    def test_out_of_order_is_told_before_the_preview(self, monde: Monde, client: Any):
        client.force_login(monde.direction)
        url = reverse("mutualisation:cycle_dates", args=[monde.cycle.pk])
        response = client.post(
            url, typed(dates_of(monde.cycle), declaration_fin_on="2027-04-05", version="1")
        )
        assert response.status_code == 422
        assert "doit venir après" in text_of(response)
        assert 'value="2027-04-05"' in text_of(response)

    def test_nothing_moved_offers_nothing_to_confirm(self, monde: Monde, client: Any):
        client.force_login(monde.direction)
        url = reverse("mutualisation:cycle_dates", args=[monde.cycle.pk])
        text = text_of(client.post(url, typed(dates_of(monde.cycle), version="1")))
        assert "déjà celles du cycle" in text
        assert 'name="confirmer"' not in text


@pytest.mark.django_db(transaction=True)
def test_dates_move_while_people_type_and_nothing_is_lost(at_time: AtTime):
    """Twelve people save at once and the dates moved in the middle: every draft holds what was typed."""
    at_time("2027-02-10 09:00")
    monde = build_world()
    drafts = [(monde.a.declaration, monde.a.dgs), (monde.b.declaration, monde.b.dgs)]

    def type_in(number: int) -> Callable[[], Any]:
        declaration, dgs = drafts[number % 2]
        code = ("DB-01", "DB-02", "DB-03", "DC-01", "DC-02", "DC-03")[number // 2]
        return lambda: prepare(declaration, dgs, plus=[code])

    def shift() -> Any:
        return move(monde.cycle, monde.direction, **shifted(monde.cycle, 2))

    results = together(*map(type_in, range(12)), shift)
    assert failures(results) == []
    monde.cycle.refresh_from_db()
    assert monde.cycle.declaration_fin_on == date(2027, 3, 12)
    for declaration, _ in drafts:
        assert codes_of(declaration) >= {"DB-01", "DB-02", "DB-03", "DC-01", "DC-02", "DC-03"}


def codes_of(declaration: Declaration) -> set[str]:
    return set(Activite.objects.filter(pk__in=wanted(declaration)).values_list("code", flat=True))


class TestHelp:
    def test_what_is_said_under_a_field_is_what_was_typed(self, monde: Monde, client: Any):
        client.force_login(monde.direction)
        url = reverse("mutualisation:cycle_nouveau") + "?annee=2030"
        proposed = proposed_dates(monde.epci, 2030)
        changes = {"votes_debut_on": "2020-01-04", "votes_fin_on": "2020-01-06", "point_arret_on": "demain"}
        for given in (changes, changes | {"point_arret_on": "2019-12-27"}):
            response = client.post(url, typed(proposed, **given))
            assert response.status_code == 422
            text = text_of(response)
            assert long_day(proposed["votes_debut_on"]) not in text.lower()
            assert "Le samedi 4 janvier 2020 n'est pas travaillé" in text
            assert "Lundi 6 janvier 2020. Dernières délibérations." in text
        bound = client.post(url, typed(proposed, **changes)).context["form"]["point_arret_on"]
        assert bound.help_text == "La commune et l'EPCI confirment les choix."

    def test_the_day_of_effect_is_never_moved(self, monde: Monde, client: Any):
        client.force_login(monde.direction)
        url = reverse("mutualisation:cycle_nouveau") + "?annee=2030"
        given = typed(proposed_dates(monde.epci, 2030), effective_on="2031-01-01")
        bound = client.post(url, given).context["form"]["effective_on"]
        assert bound.help_text.startswith("Mercredi 1er janvier 2031. ")
