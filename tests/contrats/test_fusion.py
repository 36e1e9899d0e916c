"""Two people, or two tabs, on the same fiche: nothing anybody wrote is lost."""

from html import unescape
from typing import Any

import pytest
from django.urls import reverse

from contrats.fusion import Divergence, FicheChangee, fingerprint
from contrats.models import Engagement, Indicateur
from contrats.workflows import contrat as workflow
from contrats.workflows.contrat import save_engagement
from journal.models import Evenement
from tests.concurrence import failures, together
from tests.contrats.gestes_fiche import DELAY, indicator, opened, row_at

BOTH = "pendant que vous écriviez"


@pytest.fixture
def fiche(monde: Any) -> Engagement:
    return Engagement.objects.get(pk=monde.a.engagement.pk)


def send(client: Any, who: Any, fiche: Engagement, data: dict[str, Any]) -> Any:
    client.force_login(who)
    return client.post(reverse("contrats:engagement_modifier", args=[fiche.pk]), data)


def said(response: Any) -> str:
    text: str = unescape(response.content.decode())
    return text.replace("\u00a0", " ").replace("\u202f", " ").replace("’", "'")


def texts(fiche: Engagement) -> tuple[str, str]:
    fiche.refresh_from_db()
    return fiche.missions, fiche.limites


def test_two_tabs_on_two_rubrics_both_stay(monde: Any, client: Any, fiche: Engagement) -> None:
    one, other = opened(fiche), opened(fiche)
    assert send(client, monde.a.dgs, fiche, one | {"missions": "Du DGS"}).status_code == 302
    assert send(client, monde.direction, fiche, other | {"limites": "De la Direction"}).status_code == 302
    assert texts(fiche) == ("Du DGS", "De la Direction")


def test_the_same_rubric_is_shown_on_both_sides_and_nothing_is_lost(
    monde: Any, client: Any, fiche: Engagement
) -> None:
    one, other = opened(fiche), opened(fiche)
    send(client, monde.a.dgs, fiche, one | {"missions": "Du DGS", "rythme": "trimestriel"})
    response = send(
        client, monde.direction, fiche, other | {"missions": "Autrement", "limites": "Pas la nuit"}
    )
    page = said(response)
    assert response.status_code == 409
    assert f"{monde.a.dgs} a changé « Ce que fait le service » {BOTH}".replace("’", "'") in page
    assert page.index("Du DGS") < page.index("Autrement"), "both texts, before the form"
    assert '<option value="trimestriel" selected>' in page, "what she did not touch is up to date"
    assert texts(fiche) == ("Du DGS", ""), "nothing is written halfway"
    again = opened(fiche) | {"missions": "Autrement", "limites": "Pas la nuit"}
    assert send(client, monde.direction, fiche, again).status_code == 302
    fiche.refresh_from_db()
    assert (fiche.missions, fiche.limites, fiche.rythme) == ("Autrement", "Pas la nuit", "trimestriel")


def test_the_page_of_the_conflict_sends_the_present_fingerprints(
    monde: Any, client: Any, fiche: Engagement
) -> None:
    """Sent again as it came, with her text: it is a decision, and what the other wrote elsewhere still stays."""
    one, other = opened(fiche), opened(fiche)
    send(client, monde.a.dgs, fiche, one | {"missions": "Du DGS", "limites": "Aussi du DGS"})
    page = send(client, monde.direction, fiche, other | {"missions": "Autrement"}).content.decode()
    assert f'name="vue-missions" value="{fingerprint("Du DGS")}"' in page
    assert "Aussi du DGS</textarea>" in page


def test_the_same_text_on_both_sides_is_no_conflict(monde: Any, client: Any, fiche: Engagement) -> None:
    one, other = opened(fiche), opened(fiche)
    send(client, monde.a.dgs, fiche, one | {"missions": "Pareil"})
    assert send(client, monde.direction, fiche, other | {"missions": "Pareil"}).status_code == 302
    fiche.refresh_from_db()
    assert fiche.version == 2


def test_a_page_sent_twice_is_written_once(monde: Any, client: Any, fiche: Engagement) -> None:
    data = opened(fiche) | {"missions": "Deux clics"} | row_at(0, **DELAY)
    for _ in range(2):
        assert send(client, monde.a.dgs, fiche, data).status_code == 302
    fiche.refresh_from_db()
    assert (fiche.version, fiche.indicateurs.count(), Evenement.objects.about(fiche).count()) == (2, 1, 1)


def test_a_page_that_changes_nothing_writes_nothing(monde: Any, client: Any, fiche: Engagement) -> None:
    indicator(fiche, reference=None)
    assert send(client, monde.a.dgs, fiche, opened(fiche)).status_code == 302
    fiche.refresh_from_db()
    assert fiche.version == 1 and not Evenement.objects.about(fiche).exists()


def test_a_fault_keeps_what_the_page_had_seen(monde: Any, client: Any, fiche: Engagement) -> None:
    stale = opened(fiche)
    send(client, monde.a.dgs, fiche, opened(fiche) | {"missions": "Du DGS"})
    wrong = send(client, monde.direction, fiche, stale | {"limites": "x", "urgence_accuse_heures": "9"})
    assert wrong.status_code == 422
    assert f'name="vue-missions" value="{fingerprint("")}"' in wrong.content.decode()


class TestIndicateurs:
    def test_two_rows_by_two_people(self, monde: Any, client: Any, fiche: Engagement) -> None:
        first, second = indicator(fiche), indicator(fiche, libelle="Taux", sens="hausse")
        one, other = opened(fiche), opened(fiche)
        send(
            client, monde.a.dgs, fiche, one | row_at(0, cible="4") | row_at(2, **DELAY | {"libelle": "Neuf"})
        )
        assert send(client, monde.direction, fiche, other | row_at(1, cible="95,5")).status_code == 302
        first.refresh_from_db()
        second.refresh_from_db()
        assert (first.cible, second.cible) == (4, 95.5)
        assert list(fiche.indicateurs.values_list("libelle", flat=True)) == ["Délai", "Taux", "Neuf"]

    def test_the_same_row_by_two_people(self, monde: Any, client: Any, fiche: Engagement) -> None:
        row = indicator(fiche)
        one, other = opened(fiche), opened(fiche)
        send(client, monde.a.dgs, fiche, one | row_at(0, cible="4"))
        response = send(client, monde.direction, fiche, other | row_at(0, cible="3"))
        page = said(response)
        assert response.status_code == 409 and f"{monde.a.dgs} a changé « Délai »".replace("’", "'") in page
        assert "promis 4," in page and "promis 3," in page
        row.refresh_from_db()
        assert row.cible == 4
        again = opened(fiche) | row_at(0, cible="3")
        assert send(client, monde.direction, fiche, again).status_code == 302
        row.refresh_from_db()
        assert row.cible == 3

    def test_removed_by_one_changed_by_the_other(self, monde: Any, client: Any, fiche: Engagement) -> None:
        indicator(fiche)
        one, other = opened(fiche), opened(fiche)
        send(client, monde.a.dgs, fiche, one | row_at(0, DELETE="on"))
        response = send(client, monde.direction, fiche, other | row_at(0, cible="3"))
        assert response.status_code == 409 and "(retiré)" in said(response)
        assert 'name="indicateurs-0-ligne" id=' in response.content.decode(), "it is now a row of its own"

    def test_changed_by_one_removed_by_the_other(self, monde: Any, client: Any, fiche: Engagement) -> None:
        indicator(fiche)
        one, other = opened(fiche), opened(fiche)
        send(client, monde.a.dgs, fiche, one | row_at(0, cible="4"))
        response = send(client, monde.direction, fiche, other | row_at(0, DELETE="on"))
        assert response.status_code == 409 and "promis 4," in said(response)
        assert fiche.indicateurs.get().cible == 4

    def test_removed_by_both_is_removed(self, monde: Any, client: Any, fiche: Engagement) -> None:
        indicator(fiche)
        one, other = opened(fiche), opened(fiche)
        for data in (one, other):
            assert send(client, monde.a.dgs, fiche, data | row_at(0, DELETE="on")).status_code == 302
        assert not fiche.indicateurs.exists()

    def test_a_row_left_alone_survives_another_page(self, monde: Any, client: Any, fiche: Engagement) -> None:
        """Its identity too: what is measured later points to it."""
        row, stale = indicator(fiche), opened(fiche)
        send(client, monde.a.dgs, fiche, opened(fiche) | row_at(0, cible="4"))
        assert send(client, monde.direction, fiche, stale | {"missions": "x"}).status_code == 302
        row.refresh_from_db()
        assert row.cible == 4

    def test_forty_at_most_whoever_adds_them(self, monde: Any, client: Any, fiche: Engagement) -> None:
        for rank in range(39):
            indicator(fiche, libelle=f"Mesure {rank}")
        one, other = opened(fiche), opened(fiche)
        send(client, monde.a.dgs, fiche, one | row_at(39, **DELAY))
        response = send(client, monde.direction, fiche, other | row_at(39, **DELAY | {"libelle": "De trop"}))
        assert response.status_code == 422
        assert "40 indicateurs au plus ; il y en aurait 41" in said(response)
        assert "De trop" in said(response) and Indicateur.objects.count() == 40


def writer(fiche: Engagement, who: Any, **valeurs: str) -> Any:
    """Somebody whose page was opened on an empty fiche."""
    vues = dict.fromkeys(valeurs, fingerprint(""))
    return lambda: save_engagement(engagement=fiche, acteur=who, version=1, valeurs=valeurs, vues=vues)


@pytest.mark.django_db(transaction=True)
class TestTogether:
    def test_two_rubrics_at_the_same_instant(self, monde: Any, fiche: Engagement) -> None:
        results = together(
            writer(fiche, monde.a.dgs, missions="Du DGS"),
            writer(fiche, monde.direction, limites="De la Direction"),
        )
        assert failures(results) == []
        assert texts(fiche) == ("Du DGS", "De la Direction")

    def test_one_rubric_at_the_same_instant(self, monde: Any, fiche: Engagement) -> None:
        results = together(
            writer(fiche, monde.a.dgs, missions="Un"), writer(fiche, monde.direction, missions="Deux")
        )
        assert [type(error) for error in failures(results)] == [FicheChangee]
        assert texts(fiche)[0] in ("Un", "Deux")

    def test_without_the_lock_one_of_them_is_lost(
        self, monde: Any, fiche: Engagement, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The control: what the lock prevents."""
        from threading import Barrier

        barrier = Barrier(2)

        def unlocked(model: Any, pk: int, **options: Any) -> Any:
            row = model.objects.select_related(*options.get("select", ())).get(pk=pk)
            if model is Engagement:
                barrier.wait(10)
            return row

        monkeypatch.setattr(workflow, "locked", unlocked)
        results = together(
            writer(fiche, monde.a.dgs, missions="Un"), writer(fiche, monde.direction, missions="Deux")
        )
        assert failures(results) == [], "both are told it is written, one of them is not"


@pytest.mark.parametrize(
    ("names", "words"),
    [(("A",), "« A » a changé pendant"), (("A", "B"), "« A » et « B » ont changé pendant")],
)
def test_nobody_known_changed_one_or_several(names: tuple[str, ...], words: str) -> None:
    told = FicheChangee([Divergence(name, name, "texte") for name in names])
    assert words in told.message
