"""What a decision may still change: a bloc voted whole, a line voted, what both sides had confirmed."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from django.urls import reverse

from journal.models import Courriel, Evenement
from mutualisation.models import Declaration, Ligne
from mutualisation.workflows.acte import cancel_act, correct_act
from mutualisation.workflows.arret import confirm_for_epci
from mutualisation.workflows.effet import set_effect_date
from mutualisation.workflows.instruction import arbitrate
from socle.erreurs import Refus
from tests.factories import Monde
from tests.mutualisation.editions import bloc
from tests.mutualisation.gestes import accept, text_of, vote
from tests.mutualisation.gestes_instruction import AFTER, ask, confirm, decide

AtTime = Callable[[Any], datetime]
VOTE, LATE = date(2027, 11, 10), date(2028, 1, 20)


def present(monde: Monde) -> Declaration:
    return Declaration.objects.get(pk=monde.a.declaration.pk)


def fresh_line(ligne: Ligne) -> Ligne:
    return Ligne.objects.get(pk=ligne.pk)


def for_epci(monde: Monde) -> Declaration:
    return confirm_for_epci(declaration=present(monde), acteur=monde.direction, qualite="Direction")


def events(kind: str) -> int:
    return Evenement.objects.filter(type=kind).count()


def voted(monde: Monde, at_time: AtTime, day: date = VOTE) -> Ligne:
    """A line of A that both assemblies have voted on a day, which is today."""
    (ligne,) = ask(monde, "DB-01")
    accept(ligne, monde.direction)
    at_time(day.isoformat())
    for epci in (False, True):
        vote(monde.a.declaration, monde.direction, lignes=[ligne], epci=epci, executoire_on=day)
    return fresh_line(ligne)


class TestBloc:
    """DB-01 and DB-02 are taken together."""

    @pytest.fixture
    def paire(self, monde: Monde, at_time: AtTime) -> list[Ligne]:
        bloc(monde.a.declaration, "Paie", "DB-01", "DB-02")
        pair = ask(monde, "DB-01", "DB-02")
        at_time(AFTER)
        return pair

    def test_half_a_bloc_is_not_voted(self, monde: Monde, paire: list[Ligne], at_time: AtTime):
        accept(paire[0], monde.direction)
        decide(paire[1], monde.direction, "refusee", "Complet.")
        at_time("2027-11-10")
        with pytest.raises(
            Refus, match=r"L'Haÿ-les-Roses : Le bloc « Paie » se prend ou se laisse"
        ) as caught:
            vote(present(monde), monde.direction, lignes=paire[:1], epci=True, executoire_on=VOTE)
        assert caught.value.field == "lignes"

    @pytest.mark.parametrize("other", ["acceptee", "a_instruire"])
    def test_nor_one_line_of_it_while_the_other_waits(
        self, monde: Monde, paire: list[Ligne], at_time: AtTime, other: str
    ):
        accept(paire[0], monde.direction)
        if other == "acceptee":
            accept(paire[1], monde.direction)
        at_time("2027-11-10")
        with pytest.raises(Refus, match="Le bloc « Paie » se vote en entier"):
            vote(present(monde), monde.direction, lignes=paire[:1], epci=True, executoire_on=VOTE)

    def test_a_correction_does_not_split_it_either(self, monde: Monde, paire: list[Ligne], at_time: AtTime):
        for ligne in paire:
            accept(ligne, monde.direction)
        at_time("2027-11-10")
        acte = vote(present(monde), monde.direction, lignes=paire, epci=True, executoire_on=VOTE)
        with pytest.raises(Refus, match="se vote en entier"):
            correct_act(
                acte=acte,
                acteur=monde.direction,
                version=1,
                numero="M-1",
                adopte_on=VOTE,
                executoire_on=VOTE,
                lignes=[paire[0].pk],
            )
        assert acte.lignes.count() == 2

    def test_once_the_epci_has_confirmed_a_refusal_is_to_confirm_again(
        self, monde: Monde, paire: list[Ligne]
    ):
        for ligne in paire:
            accept(ligne, monde.direction)
        for_epci(monde)
        decide(paire[1], monde.direction, "refusee", "Complet.")
        assert present(monde).arret == "a_confirmer"
        assert confirm(present(monde), monde.a.dgs).arret == "par_commune"
        with pytest.raises(Refus, match="se prend ou se laisse en entier"):
            for_epci(monde)

    def test_the_commune_does_not_make_final_what_is_broken(self, monde: Monde, paire: list[Ligne]):
        """However it came to be broken after the EPCI confirmed: here, the edition is put right afterwards."""
        for ligne in paire:
            accept(ligne, monde.direction)
        for_epci(monde)
        Ligne.objects.filter(pk=paire[1].pk).update(arbitrage="refusee", arbitrage_motif="x")
        with pytest.raises(Refus, match="doit d'abord revoir ses décisions"):
            confirm(present(monde), monde.a.dgs)
        assert present(monde).arret == "par_epci"

    def test_the_pages_warn_whoever_decides(self, monde: Monde, paire: list[Ligne], client: Any):
        client.force_login(monde.direction)
        accept(paire[0], monde.direction)
        address = reverse("mutualisation:ligne", args=[paire[1].pk])
        assert "ne peuvent pas aller au vote" not in text_of(client.get(address))
        sent = {
            "geste": "refusee",
            "motif": "Complet.",
            "qualite": "Direction",
            "lignes": [f"{paire[1].pk}:1"],
        }
        done = client.post(reverse("mutualisation:instruction", args=[monde.cycle.pk]), sent, follow=True)
        for page in (done, client.get(address)):
            assert "ne peuvent pas aller au vote" in text_of(page)
            assert "Le bloc « Paie » se prend ou se laisse en entier" in text_of(page)
        client.force_login(monde.a.dgs)
        assert "ne peuvent pas aller au vote" not in text_of(client.get(address))

    def test_what_a_voted_line_needs_is_not_refused(self, monde: Monde, paire: list[Ligne], at_time: AtTime):
        """Voted before its bloc was known."""
        for ligne in paire:
            accept(ligne, monde.direction)
        at_time("2027-11-10")
        acte = vote(present(monde), monde.direction, lignes=paire, epci=True, executoire_on=VOTE)
        acte.lignes.remove(paire[1])
        with pytest.raises(Refus, match=r"Le bloc « Paie » .* sont déjà votées"):
            decide(paire[1], monde.direction, "refusee", "Complet.")
        assert fresh_line(paire[1]).arbitrage == "acceptee"


class TestVotee:
    def test_the_direction_does_not_refuse_it(self, monde: Monde, at_time: AtTime):
        ligne = voted(monde, at_time)
        with pytest.raises(Refus, match=r"déjà votée \(.*n° C-1 du 10 novembre 2027\)"):
            decide(ligne, monde.direction, "refusee", "Changement.")
        assert fresh_line(ligne).effet_on == date(2028, 1, 1)

    def test_the_commune_does_not_withdraw_it(self, monde: Monde, at_time: AtTime, client: Any):
        ligne = voted(monde, at_time)
        with pytest.raises(Refus, match="déjà votée"):
            confirm(present(monde), monde.a.dgs, retirees=(ligne,))
        client.force_login(monde.a.dgs)
        address = reverse("mutualisation:arret", args=[monde.a.declaration.pk])
        page = client.get(address).content.decode()
        assert f'id="garder-{ligne.pk}"' not in page
        assert f'<input type="hidden" name="gardees" value="{ligne.pk}">' in page

    def test_once_the_acts_are_cancelled_it_may_be_refused(self, monde: Monde, at_time: AtTime):
        ligne = voted(monde, at_time)
        for acte in ligne.actes.order_by("pk"):
            cancel_act(acte=acte, acteur=monde.direction, version=acte.version, motif="Erreur.")
        assert decide(ligne, monde.direction, "refusee", "Changement.").arbitrage == "refusee"

    def test_accepted_again_it_keeps_its_day(self, monde: Monde, at_time: AtTime):
        ligne = voted(monde, at_time, LATE)
        set_effect_date(ligne=ligne, acteur=monde.direction, effet_on=date(2028, 3, 1))
        assert decide(ligne, monde.direction, "acceptee", "Avec réserve.").effet_on == date(2028, 3, 1)

    def test_the_page_says_what_comes_first(self, monde: Monde, at_time: AtTime, client: Any):
        ligne = voted(monde, at_time)
        client.force_login(monde.direction)
        said = "annulez ou corrigez d'abord l'acte"
        assert said in text_of(client.get(reverse("mutualisation:ligne", args=[ligne.pk])))


def test_the_quality_of_who_decided_is_corrected(monde: Monde):
    ligne = accept(ask(monde, "DB-01")[0], monde.direction)
    decided = arbitrate(
        ligne=ligne, acteur=monde.direction, decision="acceptee", motif="", qualite="Vice-présidente"
    )
    assert fresh_line(decided).arbitree_qualite == "Vice-présidente"
    assert events("ligne.arbitree") == 2


class TestConfirmations:
    """A decision changed after a side confirmed: it confirms again, the journal and the mail say so."""

    @pytest.fixture
    def ligne(self, monde: Monde, at_time: AtTime) -> Ligne:
        (found,) = ask(monde, "DB-01")
        at_time(AFTER)
        return found

    @pytest.mark.parametrize(
        ("first", "then"), [("acceptee", "refusee"), ("refusee", "acceptee"), ("refusee", "reportee")]
    )
    def test_the_commune_confirms_again_and_is_told(self, monde: Monde, ligne: Ligne, first: str, then: str):
        decide(ligne, monde.direction, first, "Motif.")
        version = confirm(present(monde), monde.a.dgs).version
        decide(ligne, monde.direction, then, "Autre motif.")
        assert (present(monde).arret, present(monde).version) == ("a_confirmer", version + 1)
        assert events("arret.tombe") == 1
        mail = Courriel.objects.filter(type="ligne_arbitree", destinataire=monde.a.dgs).order_by("-pk")[0]
        assert "confirmez de nouveau" in mail.corps
        assert reverse("mutualisation:arret", args=[monde.a.declaration.pk]) in mail.corps

    def test_in_bulk_too(self, monde: Monde, ligne: Ligne, client: Any):
        decide(ligne, monde.direction, "acceptee")
        confirm(present(monde), monde.a.dgs)
        client.force_login(monde.direction)
        sent = {"geste": "refusee", "motif": "Complet.", "qualite": "Direction", "lignes": [f"{ligne.pk}:2"]}
        client.post(reverse("mutualisation:instruction", args=[monde.cycle.pk]), sent)
        assert present(monde).arret == "a_confirmer"
        assert "confirmez de nouveau" in Courriel.objects.filter(type="lignes_arbitrees")[0].corps

    def test_the_epci_confirms_again(self, monde: Monde, ligne: Ligne):
        decide(ligne, monde.direction, "acceptee")
        for_epci(monde)
        decide(ligne, monde.direction, "reportee", "L'an prochain.")
        assert present(monde).arret == "a_confirmer"
        assert not Courriel.objects.filter(corps__contains="confirmez de nouveau").exists()

    def test_granting_what_was_asked_disturbs_nobody(self, monde: Monde, ligne: Ligne):
        confirm(present(monde), monde.a.dgs)
        decide(ligne, monde.direction, "acceptee")
        assert (present(monde).arret, events("arret.tombe")) == ("par_commune", 0)

    def test_refusing_it_does(self, monde: Monde, ligne: Ligne):
        confirm(present(monde), monde.a.dgs)
        decide(ligne, monde.direction, "refusee", "Complet.")
        assert present(monde).arret == "a_confirmer"

    def test_correcting_a_quality_does_not(self, monde: Monde, ligne: Ligne):
        decide(ligne, monde.direction, "acceptee")
        for_epci(monde)
        arbitrate(ligne=ligne, acteur=monde.direction, decision="acceptee", motif="", qualite="Autre")
        assert present(monde).arret == "par_epci"
