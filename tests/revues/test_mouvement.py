"""Reviews of a commune that merges or leaves: those to come are closed, those past are still written, the page says why."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.urls import reverse

from journal.models import Courriel
from journal.workflows.tache import run_due
from revues.models import Revue
from revues.workflows.compte_rendu import issue_minutes, write_minutes
from revues.workflows.mouvement import close_reviews
from revues.workflows.revue import restore_review
from socle.droits import ActionInterdite
from territoire.devenir import read_devenir
from tests.factories import Monde, RevueFactory, fresh
from tests.mutualisation.gestes import text_of
from tests.mutualisation.test_mouvement import DAY, apply, departure, merger, nouvelle, split

pytestmark = pytest.mark.django_db
AtTime = Callable[[Any], datetime]
AFTER = datetime(2028, 1, 11, 9, tzinfo=UTC)


@pytest.fixture
def play(monde: Monde, at_time: AtTime) -> Callable[[Any], Revue]:
    """Play a move of 1 January 2028; gives the review of A planned ten days later, to which its référent is invited."""

    def run(said: Any) -> Revue:
        apply(monde, said)
        at_time("2027-12-31 10:00")
        coming = RevueFactory(
            epci=monde.epci, commune=monde.a.commune, periode_on=date(2028, 1, 1), prevue_at=AFTER
        )
        Courriel.objects.create(
            epci=monde.epci,
            destinataire=monde.a.referent,
            type="revue_invitation",
            objet_type="revues.revue",
            objet_id=coming.pk,
            ecrit_at=AFTER,
        )
        at_time("2028-01-01 09:00")
        run_due()
        return coming

    return run


def state(revue: Revue) -> tuple[str, str]:
    revue.refresh_from_db()
    return revue.etat, revue.motif


class TestFusion:
    def test_a_review_to_come_is_closed_and_leaves_the_calendars(
        self, monde: Monde, play: Callable[[Any], Revue]
    ):
        coming = play(merger(monde))
        said = "Val-d'Œuilly a succédé à L'Haÿ-les-Roses le 1er janvier 2028."
        assert state(coming) == ("non_tenue", said)
        told = Courriel.objects.get(type="revue_annulee", objet_id=coming.pk)
        assert told.destinataire == monde.a.referent
        close_reviews(monde.epci, DAY)
        assert Courriel.objects.filter(type="revue_annulee").count() == 1

    def test_one_already_past_is_still_written_by_the_direction(
        self, monde: Monde, play: Callable[[Any], Revue]
    ):
        play(merger(monde))
        assert state(monde.a.revue) == ("prevue", "")
        minutes = write_minutes(
            revue=monde.a.revue,
            acteur=fresh(monde.direction),
            valeurs={"tenue_on": date(2027, 2, 20), "lieu": "Mairie", "presents": ""},
            points=[{"nature": "decision", "texte": "Rien à reprendre.", "echeance_on": None}],
        )
        issue_minutes(minutes=minutes, acteur=fresh(monde.direction))
        assert state(monde.a.revue)[0] == "tenue"
        told = Courriel.objects.filter(type="compte_rendu_emis").values_list("destinataire", flat=True)
        assert {monde.a.referent.pk, monde.a.dgs.pk} <= set(told)

    def test_its_page_says_what_happened_and_leads_to_the_successor(
        self, monde: Monde, play: Callable[[Any], Revue], client: Any
    ):
        url = reverse("revues:revue", args=[monde.a.revue.pk])
        client.force_login(monde.direction)
        assert "a succédé" not in text_of(client.get(url))
        play(merger(monde))
        client.force_login(fresh(monde.direction))
        text = text_of(client.get(url))
        assert "Val-d'Œuilly a succédé à L'Haÿ-les-Roses le 1<sup>er</sup> janvier 2028." in text
        assert "Écrivez son compte rendu, ou dites pourquoi" in text
        link = f"/revues/?commune={nouvelle().pk}"
        assert link not in text  # nothing to read there yet
        RevueFactory(epci=monde.epci, commune=nouvelle(), prevue_at=AFTER)
        assert f'<a href="{link}">Revues de Val-d' in text_of(client.get(url))
        assert "Val-d'Œuilly" in text_of(client.get(link))
        client.force_login(fresh(monde.a.dgs))
        assert "La Direction des territoires peut encore en écrire le compte rendu" in text_of(
            client.get(url)
        )


class TestDepart:
    def test_reviews_to_come_are_closed_and_nobody_succeeds(
        self, monde: Monde, play: Callable[[Any], Revue], client: Any
    ):
        coming = play(departure(monde))
        said = "L'Haÿ-les-Roses n'est plus membre de la Métropole depuis le 1er janvier 2028."
        assert state(coming) == ("non_tenue", said)
        client.force_login(fresh(monde.direction))
        direction = fresh(monde.direction)
        assert not coming.abilities_for(direction)["retablir"]
        with pytest.raises(ActionInterdite, match="dont la commune est toujours membre"):
            restore_review(revue=coming, acteur=direction, version=coming.version)
        url = reverse("revues:revue", args=[monde.a.revue.pk])
        assert "n'est plus membre" in text_of(client.get(url))

    def test_reviews_of_the_others_stand(self, monde: Monde, play: Callable[[Any], Revue]):
        other = RevueFactory(
            epci=monde.epci, commune=monde.b.commune, periode_on=date(2028, 1, 1), prevue_at=AFTER
        )
        play(departure(monde))
        assert state(other) == ("prevue", "")

    def test_a_part_detached_earlier_does_not_succeed(self, monde: Monde, at_time: AtTime):
        apply(monde, split(monde), le=date(2027, 6, 1))
        at_time("2027-06-02 10:00")
        run_due()
        apply(monde, departure(monde))
        at_time("2028-01-02 10:00")
        devenir = read_devenir(monde.epci, monde.a.commune)
        assert devenir is not None
        assert devenir.heritieres == []


def test_a_split_changes_nothing_to_the_reviews_of_who_stays(monde: Monde, play: Callable[[Any], Revue]):
    assert state(play(split(monde))) == ("prevue", "")
    assert read_devenir(monde.epci, monde.a.commune) is None
