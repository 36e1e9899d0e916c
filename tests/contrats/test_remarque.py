"""Remarks on a contract under review: anchored, answered by the other side, closed before the vote."""

from typing import Any

import pytest
from django.urls import reverse

from contrats.models import Remarque
from contrats.workflows import circuit
from contrats.workflows.remarque import answer, close, remark
from journal.models import Courriel
from socle.droits import ActionInterdite
from socle.erreurs import Conflit, Refus
from tests.contrats.gestes import move, present, written
from tests.factories import Monde
from tests.mutualisation.test_declaration import text_of


@pytest.fixture(autouse=True)
def _review(monde: Monde) -> None:
    written(monde)
    move(monde, circuit.send_for_review)


def made(
    monde: Monde, who: Any = None, texte: str = "Précisez les délais.", article: int = 4, **more: Any
) -> Remarque:
    engagement = more.get("engagement")
    return remark(
        version=present(monde.a.version),
        acteur=who or monde.a.dgs,
        texte=texte,
        article=0 if engagement else article,
        engagement=engagement,
    )


def test_a_remark_of_the_commune_is_told_to_the_direction(monde: Monde):
    one = made(monde)
    assert (one.cote, one.ou) == ("commune", "l'article 4")
    assert [mail.destinataire for mail in Courriel.objects.filter(type="remarque_faite")] == [monde.direction]


def test_a_remark_of_the_direction_is_told_to_the_commune(monde: Monde):
    assert made(monde, monde.direction).cote == "epci"
    assert [mail.destinataire for mail in Courriel.objects.filter(type="remarque_faite")] == [monde.a.dgs]


def test_a_référent_remarks_on_her_fiche(monde: Monde):
    fiche = monde.a.version.engagements.get()
    assert made(monde, monde.a.referent, engagement=fiche).ou == f"la fiche « {fiche.domaine} »"


def test_the_other_side_answers_and_the_author_is_told(monde: Monde):
    one = answer(remarque=made(monde), acteur=monde.direction, lue=1, reponse="Deux jours.")
    assert one.reponse == "Deux jours."
    assert monde.a.dgs in {mail.destinataire for mail in Courriel.objects.filter(type="remarque_repondue")}


def test_nobody_answers_himself(monde: Monde):
    with pytest.raises(ActionInterdite, match="L'autre partie répond"):
        answer(remarque=made(monde), acteur=monde.a.dgs, lue=1, reponse="Moi-même.")


def test_two_answers_do_not_overwrite_each_other(monde: Monde):
    one = made(monde, monde.direction)
    answer(remarque=one, acteur=monde.a.dgs, lue=1, reponse="Oui.")
    with pytest.raises(Conflit, match="a reçu une réponse entre-temps"):
        answer(remarque=one, acteur=monde.a.maire, lue=1, reponse="Non.")


def test_an_open_remark_stops_the_vote(monde: Monde):
    one = made(monde)
    with pytest.raises(Refus, match="La clôture de 1 remarque"):
        move(monde, circuit.settle)
    close(remarque=one, acteur=monde.a.dgs)
    assert move(monde, circuit.settle).arrete


def test_who_did_not_make_it_does_not_close_it(monde: Monde):
    one = made(monde, monde.direction)
    with pytest.raises(ActionInterdite):
        close(remarque=one, acteur=monde.a.dgs)


def test_no_remark_once_settled(monde: Monde):
    move(monde, circuit.settle)
    with pytest.raises(ActionInterdite):
        made(monde)


def test_a_reader_does_not_remark(monde: Monde):
    with pytest.raises(ActionInterdite):
        made(monde, monde.a.lecteur)


@pytest.mark.parametrize("texte", ["", "  \n ", "é" * 4001])
def test_words_are_needed_and_bounded(monde: Monde, texte: str):
    with pytest.raises(Refus):
        made(monde, texte=texte)


def test_by_the_page(monde: Monde, client: Any):
    client.force_login(monde.a.dgs)
    url = reverse("contrats:remarque_nouvelle", args=[monde.a.version.pk])
    refused = client.post(url, {"ou": "article-13", "texte": "<b>Trop</b>"})
    assert refused.status_code == 422
    assert "<b>Trop</b>" in text_of(refused)
    assert client.post(url, {"ou": "article-7", "texte": "<b>Trop</b>"}).status_code == 302
    one = Remarque.objects.get()
    client.force_login(monde.direction)
    page = client.get(reverse("contrats:circuit", args=[monde.a.version.pk]))
    assert "Article 7" in text_of(page)
    assert "<b>Trop</b>" not in page.content.decode()
    answered = client.post(
        reverse("contrats:remarque_repondre", args=[one.pk]), {"version": 1, "reponse": "Non."}
    )
    assert answered.status_code == 302
    assert client.post(reverse("contrats:remarque_clore", args=[one.pk])).status_code == 302
    one.refresh_from_db()
    assert one.close


def test_the_référent_of_another_domain_does_not_see_a_remark_on_a_fiche(monde: Monde):
    one = made(monde, engagement=monde.a.version.engagements.get())
    assert one not in Remarque.objects.visible_to(monde.responsable_autre)
    assert one in Remarque.objects.visible_to(monde.responsable)
