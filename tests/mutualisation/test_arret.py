"""The point d'arrêt: both sides confirm; afterwards lines are final unless the Direction reopens."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from django.urls import reverse

from journal.models import Courriel, Evenement
from mutualisation.models import Declaration, Ligne
from mutualisation.workflows.arret import confirm_for_commune, confirm_for_epci, reopen
from mutualisation.workflows.campagne import grant_extension
from socle.droits import ActionInterdite
from socle.erreurs import Conflit, Refus
from tests.concurrence import failures, together
from tests.factories import Monde
from tests.mutualisation.editions import bloc, requires
from tests.mutualisation.gestes_instruction import AFTER, ask, comment, confirm, decide
from tests.mutualisation.test_declaration import text_of

AtTime = Callable[[Any], datetime]


@pytest.fixture
def lignes(monde: Monde, at_time: AtTime) -> list[Ligne]:
    """A asked for three things in the campaign, now over."""
    found = ask(monde)
    at_time(AFTER)
    return found


def present(monde: Monde) -> Declaration:
    return Declaration.objects.get(pk=monde.a.declaration.pk)


def for_epci(monde: Monde) -> Declaration:
    return confirm_for_epci(declaration=present(monde), acteur=monde.direction, qualite="Direction")


def versions(lignes: list[Ligne]) -> dict[int, int]:
    """The versions a page read now would show."""
    return dict(Ligne.objects.filter(pk__in=[one.pk for one in lignes]).values_list("pk", "version"))


def both(monde: Monde, lignes: list[Ligne]) -> None:
    for ligne in lignes:
        decide(ligne, monde.direction, "acceptee")
    confirm(present(monde), monde.a.dgs)
    for_epci(monde)


def test_a_commune_that_was_granted_days_is_told_its_own_last_one(monde: Monde):
    until = date(2027, 3, 19)
    grant_extension(declaration=monde.a.declaration, acteur=monde.direction, until=until, motif="x")
    ask(monde)
    with pytest.raises(Refus, match="ouverte jusqu'au vendredi 19 mars 2027"):
        confirm(present(monde), monde.a.dgs)


class TestCommune:
    def test_confirming_is_recorded_and_told_to_the_other_side(self, monde: Monde, lignes: list[Ligne]):
        declaration = confirm(present(monde), monde.a.dgs)
        assert (declaration.arret, declaration.arret_commune_par) == ("par_commune", monde.a.dgs)
        told = {one.destinataire for one in Courriel.objects.filter(type="arret_confirme")}
        assert told == {monde.direction, monde.a.maire}

    def test_a_second_press_changes_nothing(self, monde: Monde, lignes: list[Ligne]):
        for _ in range(2):
            confirm(present(monde), monde.a.dgs)
        assert Evenement.objects.filter(type="arret.commune").count() == 1

    def test_what_is_dropped_is_withdrawn_by_the_commune(self, monde: Monde, lignes: list[Ligne]):
        decide(lignes[0], monde.direction, "acceptee")
        comment(monde, lignes[1])
        confirm(present(monde), monde.a.dgs, retirees=(lignes[0], lignes[1]))
        found = {
            one.activite.code: one
            for one in Ligne.objects.filter(pk__in=[one.pk for one in lignes]).select_related("activite")
        }
        assert [found[code].arbitrage for code in ("DA-02", "DB-01", "DB-02")] == [
            "abandonnee",
            "abandonnee",
            "a_instruire",
        ]
        assert found["DA-02"].arbitree_par == monde.a.dgs
        assert not found["DB-01"].complements.filter(repondue_at=None).exists()
        assert "2 demandes retirées" in Evenement.objects.filter(type="arret.commune")[0].libelle
        assert "Voirie, activité 2" in Courriel.objects.filter(type="arret_confirme")[0].corps

    def test_a_refused_line_stays_refused(self, monde: Monde, lignes: list[Ligne]):
        decide(lignes[0], monde.direction, "refusee", "Complet.")
        confirm(present(monde), monde.a.dgs, retirees=(lignes[0],))
        lignes[0].refresh_from_db()
        assert lignes[0].arbitrage == "refusee"

    def test_a_line_changed_since_it_was_read_is_a_conflict(self, monde: Monde, lignes: list[Ligne]):
        seen = versions(lignes)
        decide(lignes[0], monde.direction, "refusee", "Complet.")
        with pytest.raises(Conflit, match="« Voirie, activité 2 »"):
            confirm_for_commune(
                declaration=present(monde),
                acteur=monde.a.dgs,
                qualite="",
                vues=seen,
                gardees=list(seen),
            )

    def test_not_while_the_campaign_is_open(self, monde: Monde):
        ask(monde)
        with pytest.raises(Refus, match="La campagne est ouverte jusqu'au vendredi 26 février 2027"):
            confirm(present(monde), monde.a.dgs)

    def test_nothing_to_confirm_when_nothing_changes(self, monde: Monde, at_time: AtTime):
        from tests.mutualisation.gestes import submit

        submit(monde.a.declaration, monde.a.dgs)
        at_time(AFTER)
        with pytest.raises(Refus, match="il n'y a rien à confirmer"):
            confirm(present(monde), monde.a.dgs)

    def test_a_bloc_is_kept_or_withdrawn_whole(self, monde: Monde, lignes: list[Ligne]):
        bloc(monde.a.declaration, "Paie et carrières", "DB-01", "DB-02")
        with pytest.raises(Refus, match="« Paie et carrières » se prend ou se laisse en entier"):
            confirm(present(monde), monde.a.dgs, retirees=(lignes[1],))
        confirm(present(monde), monde.a.dgs, retirees=(lignes[1], lignes[2]))

    def test_a_bloc_comes_back_whole(self, monde: Monde, lignes: list[Ligne]):
        bloc(monde.a.declaration, "Paie et carrières", "DB-01", "DB-02")
        confirm(present(monde), monde.a.dgs, retirees=(lignes[1], lignes[2]))
        reopen(declaration=present(monde), acteur=monde.direction, motif="Erreur.")
        with pytest.raises(Refus, match="« Paie et carrières »"):
            confirm_for_commune(
                declaration=present(monde),
                acteur=monde.a.dgs,
                qualite="",
                vues=versions(lignes),
                gardees=[lignes[0].pk, lignes[1].pk],
            )

    def test_what_the_epci_broke_does_not_stop_the_commune(self, monde: Monde, lignes: list[Ligne]):
        bloc(monde.a.declaration, "Paie et carrières", "DB-01", "DB-02")
        decide(lignes[1], monde.direction, "refusee", "Complet.")
        assert confirm(present(monde), monde.a.dgs).arret == "par_commune"

    def test_a_domain_that_another_needs_is_not_withdrawn(self, monde: Monde, lignes: list[Ligne]):
        requires(monde.a.declaration, "DA", "DB")
        with pytest.raises(Refus, match="demande d'abord une activité au moins"):
            confirm(present(monde), monde.a.dgs, retirees=(lignes[1], lignes[2]))

    @pytest.mark.parametrize("who", ["collaborateur", "lecteur", "referent"])
    def test_only_the_dgs_and_the_maire(self, monde: Monde, lignes: list[Ligne], who: str):
        with pytest.raises(ActionInterdite, match="Seuls le DGS et le maire"):
            confirm(present(monde), getattr(monde.a, who))


class TestEpci:
    def test_everything_must_be_decided(self, monde: Monde, lignes: list[Ligne]):
        decide(lignes[0], monde.direction, "acceptee")
        with pytest.raises(Refus, match="2 demandes attendent encore une décision"):
            for_epci(monde)

    def test_a_bloc_is_not_decided_in_parts(self, monde: Monde, lignes: list[Ligne]):
        bloc(monde.a.declaration, "Paie et carrières", "DB-01", "DB-02")
        for ligne, decision in zip(lignes, ("acceptee", "acceptee", "refusee"), strict=True):
            decide(ligne, monde.direction, decision, "Complet.")
        with pytest.raises(Refus, match=r"« Paie et carrières » .* Revoyez d'abord vos décisions"):
            for_epci(monde)
        decide(Ligne.objects.get(pk=lignes[1].pk), monde.direction, "refusee", "Complet.")
        assert for_epci(monde).arret == "par_epci"

    def test_a_domain_is_not_accepted_without_the_one_it_needs(self, monde: Monde, lignes: list[Ligne]):
        requires(monde.a.declaration, "DA", "DB")
        for ligne, decision in zip(lignes, ("acceptee", "refusee", "refusee"), strict=True):
            decide(ligne, monde.direction, decision, "Complet.")
        with pytest.raises(Refus, match="demande d'abord une activité au moins"):
            for_epci(monde)

    def test_after_both_the_lines_are_final(self, monde: Monde, lignes: list[Ligne]):
        both(monde, lignes)
        assert present(monde).arretee
        with pytest.raises(Refus, match="confirmé des deux côtés : rouvrez-le"):
            decide(Ligne.objects.get(pk=lignes[0].pk), monde.direction, "refusee", "Trop tard.")
        with pytest.raises(ActionInterdite):
            confirm(present(monde), monde.a.maire)

    def test_refusing_after_the_commune_confirmed_asks_it_again(self, monde: Monde, lignes: list[Ligne]):
        confirm(present(monde), monde.a.dgs)
        decide(lignes[0], monde.direction, "acceptee")
        assert present(monde).arret == "par_commune"
        decide(Ligne.objects.get(pk=lignes[0].pk), monde.direction, "refusee", "Complet.")
        assert present(monde).arret == "a_confirmer"

    def test_a_withdrawn_line_is_not_decided_any_more(self, monde: Monde, lignes: list[Ligne]):
        confirm(present(monde), monde.a.dgs, retirees=(lignes[0],))
        with pytest.raises(Refus, match="La commune a retiré cette demande"):
            decide(lignes[0], monde.direction, "acceptee")


class TestRouvrir:
    def test_with_a_motive_told_and_traced(self, monde: Monde, lignes: list[Ligne]):
        both(monde, lignes)
        with pytest.raises(Refus, match="Dites pourquoi vous rouvrez"):
            reopen(declaration=present(monde), acteur=monde.direction, motif=" ")
        reopen(declaration=present(monde), acteur=monde.direction, motif="Délibération repoussée.")
        assert present(monde).arret == "a_confirmer"
        told = Courriel.objects.filter(type="arret_rouvert", destinataire=monde.a.dgs).get()
        assert "Délibération repoussée." in told.corps
        detail = Evenement.objects.select_related("detail").get(type="arret.rouvert").detail.contenu
        assert detail == {"avant": "confirmé des deux côtés", "motif": "Délibération repoussée."}
        decide(Ligne.objects.get(pk=lignes[0].pk), monde.direction, "reportee", "L'an prochain.")

    def test_a_withdrawn_line_comes_back_to_be_decided(self, monde: Monde, lignes: list[Ligne]):
        for ligne in lignes:
            decide(ligne, monde.direction, "acceptee")
        confirm(present(monde), monde.a.dgs, retirees=(lignes[0],))
        for_epci(monde)
        reopen(declaration=present(monde), acteur=monde.direction, motif="À la demande du maire.")
        for_epci(monde)
        from mutualisation.workflows.arret import confirm_for_commune

        rows = dict(present(monde).lignes.changing().order_by("pk").values_list("pk", "version"))
        confirm_for_commune(
            declaration=present(monde), acteur=monde.a.dgs, qualite="", vues=rows, gardees=list(rows)
        )
        lignes[0].refresh_from_db()
        assert (lignes[0].arbitrage, lignes[0].arbitree_at) == ("a_instruire", None)
        assert present(monde).arret == "par_commune"  # the EPCI has a line to decide, then confirms again

    def test_only_the_direction(self, monde: Monde, lignes: list[Ligne]):
        both(monde, lignes)
        with pytest.raises(ActionInterdite, match="Seule la Direction"):
            reopen(declaration=present(monde), acteur=monde.a.dgs, motif="x")


class TestPages:
    def _url(self, monde: Monde, name: str = "arret") -> str:
        return reverse(f"mutualisation:{name}", args=[monde.a.declaration.pk])

    def _form(self, lignes: list[Ligne], kept: list[Ligne]) -> dict[str, Any]:
        return {
            "vues": [f"{one.pk}:{one.version}" for one in lignes],
            "gardees": [one.pk for one in kept],
        }

    def test_while_the_commune_declares_a_sentence_and_no_form(self, monde: Monde, client: Any):
        lignes = ask(monde)
        said = "La campagne est ouverte jusqu'au vendredi 26 février 2027 : les choix se confirment ensuite."
        for who in (monde.a.dgs, monde.direction):
            client.force_login(who)
            page = client.get(self._url(monde))
            assert said in text_of(page)
            assert b"Relire et confirmer" not in page.content and b"Confirmer pour l" not in page.content
        client.force_login(monde.a.dgs)
        early = client.post(self._url(monde), self._form(lignes, lignes))
        assert early.status_code == 200 and said in text_of(early)
        client.force_login(monde.direction)
        for ligne in lignes:
            decide(ligne, monde.direction, "acceptee")
        listed = client.get(reverse("mutualisation:arrets", args=[monde.cycle.pk]))
        assert said in text_of(listed) and b'name="declarations"' not in listed.content

    def test_the_page_says_what_to_decide_again(self, monde: Monde, lignes: list[Ligne], client: Any):
        bloc(monde.a.declaration, "Paie et carrières", "DB-01", "DB-02")
        decide(lignes[1], monde.direction, "refusee", "Complet.")
        client.force_login(monde.direction)
        page = client.get(self._url(monde))
        assert "se prend ou se laisse en entier" in text_of(page)

    def test_the_commune_reads_again_before_it_withdraws(
        self, monde: Monde, lignes: list[Ligne], client: Any
    ):
        client.force_login(monde.a.dgs)
        data = self._form(lignes, lignes[1:])
        page = text_of(client.post(self._url(monde), data | {"relire": "oui"}))
        assert "Vous retirez, et ce ne sera pas voté" in page and "Voirie, activité 2" in page
        assert present(monde).arret == "a_confirmer"
        done = text_of(client.post(self._url(monde), data | {"confirmer": "oui"}, follow=True))
        again = client.post(self._url(monde), data | {"confirmer": "oui"})
        assert again.status_code == 302
        assert client.post(self._url(monde), data).status_code == 403  # nothing is left to read again
        assert "Vos choix sont confirmés." in done and "retirée par la commune" in done

    def test_a_conflict_says_so_and_withdraws_nothing(self, monde: Monde, lignes: list[Ligne], client: Any):
        data = self._form(lignes, lignes[1:])
        decide(lignes[0], monde.direction, "acceptee")
        client.force_login(monde.a.dgs)
        response = client.post(self._url(monde), data | {"confirmer": "oui"})
        assert response.status_code == 409
        assert "vient de changer « Voirie, activité 2 »" in text_of(response)
        assert present(monde).arret == "a_confirmer"

    @pytest.mark.parametrize("vues", [["x"], ["1:"], ["²:³"], ["9" * 40 + ":1"], []])
    def test_strange_input_is_a_conflict_not_an_error(
        self, monde: Monde, lignes: list[Ligne], client: Any, vues: list[str]
    ):
        client.force_login(monde.a.dgs)
        response = client.post(self._url(monde), {"vues": vues, "gardees": ["é"], "confirmer": "oui"})
        assert response.status_code == 409

    def test_the_direction_confirms_many_each_for_itself(self, monde: Monde, at_time: AtTime, client: Any):
        lignes, other = ask(monde), ask(monde, "DC-01", cote=monde.b)
        at_time(AFTER)
        for ligne in lignes:
            decide(ligne, monde.direction, "acceptee")
        client.force_login(monde.direction)
        url = reverse("mutualisation:arrets", args=[monde.cycle.pk])
        listed = text_of(client.get(url))
        assert "0 sur 2 communes confirmées" in listed
        sent = {"declarations": [monde.a.declaration.pk, monde.b.declaration.pk, "x"]}
        text = text_of(client.post(url, sent, follow=True))
        assert "1 commune confirmée." in text
        assert "Œuilly : 1 demande attend encore une décision" in text
        assert (present(monde).arret, other[0].declaration.arret) == ("par_epci", "a_confirmer")

    def test_the_list_as_a_sheet(self, monde: Monde, lignes: list[Ligne], client: Any):
        confirm(present(monde), monde.a.dgs)
        client.force_login(monde.direction)
        url = reverse("mutualisation:arrets", args=[monde.cycle.pk])
        sheet = client.get(url, {"format": "csv"}).content.decode("utf-8-sig").splitlines()
        assert "confirmé par la commune;2027-03-08;Claude DGS L'Haÿ-les-Roses;;;3;0;3" in sheet[1]
        for kind in ("xlsx", "ods"):
            assert client.get(url, {"format": kind}).content[:2] == b"PK"

    def test_reopening_without_a_motive_is_a_sentence(self, monde: Monde, lignes: list[Ligne], client: Any):
        both(monde, lignes)
        client.force_login(monde.direction)
        response = client.post(self._url(monde, "arret_rouvrir"), {"motif": ""})
        assert response.status_code == 422 and "Dites pourquoi vous rouvrez" in text_of(response)
        assert present(monde).arretee

    def test_reopening_twice_is_once(self, monde: Monde, lignes: list[Ligne], client: Any):
        both(monde, lignes)
        client.force_login(monde.direction)
        url = self._url(monde, "arret_rouvrir")
        assert [client.post(url, {"motif": "Report."}).status_code for _ in range(2)] == [302, 302]
        assert Evenement.objects.filter(type="arret.rouvert").count() == 1
        confirm(present(monde), monde.a.dgs)
        with pytest.raises(ActionInterdite):
            reopen(declaration=present(monde), acteur=monde.a.dgs, motif="x")

    def test_the_epci_is_told_what_is_still_to_decide(self, monde: Monde, lignes: list[Ligne], client: Any):
        client.force_login(monde.direction)
        response = client.post(self._url(monde, "arret_epci"))
        assert response.status_code == 422
        assert "3 demandes attendent encore une décision" in text_of(response)

    def test_deadlines_of_both_sides(self, monde: Monde, lignes: list[Ligne], client: Any):
        client.force_login(monde.a.dgs)
        assert "Confirmer vos choix" not in text_of(client.get(reverse("accueil")))
        for ligne in lignes:
            decide(ligne, monde.direction, "acceptee")
        assert "Confirmer vos choix pour 2028" in text_of(client.get(reverse("accueil")))
        client.force_login(monde.direction)
        assert "1 commune n'attend plus que votre confirmation" in text_of(client.get(reverse("accueil")))
        confirm(present(monde), monde.a.dgs)
        for_epci(monde)
        assert "Confirmer les choix" not in text_of(client.get(reverse("accueil")))

    def test_another_commune_does_not_see_it(self, monde: Monde, lignes: list[Ligne], client: Any):
        client.force_login(monde.b.dgs)
        assert client.get(self._url(monde)).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_a_decision_and_a_confirmation_at_once_leave_a_whole_state(monde: Monde, at_time: AtTime):
    """Either the commune confirmed before and is asked again, or it saw an old line and is told."""
    lignes = ask(monde)
    at_time(AFTER)
    results = together(
        lambda: confirm(present(monde), monde.a.dgs),
        lambda: decide(lignes[0], monde.direction, "refusee", "Complet."),
    )
    assert {type(one) for one in failures(results)} <= {Conflit}
    if not failures(results):
        assert present(monde).arret in ("a_confirmer", "par_commune")
    lignes[0].refresh_from_db()
    assert lignes[0].arbitrage == "refusee"
