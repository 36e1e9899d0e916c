"""Completing a line: only that one reopens, the clock stops, both sides are told."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from django.urls import reverse

from journal.models import Courriel, Evenement
from mutualisation.delais import read_delays
from mutualisation.models import DemandeComplement, Ligne, MotifDomaine
from socle.droits import ActionInterdite
from socle.erreurs import Conflit, Refus
from tests.factories import Monde
from tests.mutualisation.gestes import changing, choose, prepare, submit
from tests.mutualisation.gestes_instruction import answer, ask, comment, decide
from tests.mutualisation.test_declaration import text_of

AtTime = Callable[[Any], datetime]


@pytest.fixture
def lignes(monde: Monde) -> list[Ligne]:
    return ask(monde)


class TestDemander:
    def test_the_commune_is_told_and_only_that_line_reopens(self, monde: Monde, lignes: list[Ligne]):
        comment(monde, lignes[0], "Combien d'agents <aujourd'hui> ?")
        steps = list(
            Ligne.objects.filter(pk__in=[one.pk for one in lignes])
            .order_by("pk")
            .values_list("etape", flat=True)
        )
        assert sorted(steps) == ["a_completer", "recue", "recue"]
        told = set(Courriel.objects.filter(type="complement_demande").values_list("destinataire", flat=True))
        assert told == {monde.a.dgs.pk, monde.a.collaborateur.pk}
        assert "agents <aujourd’hui>" in Courriel.objects.filter(type="complement_demande")[0].corps
        assert Evenement.objects.about(lignes[0])[0].type == "complement.demande"

    def test_a_commune_without_dgs_is_told_by_its_maire(self, monde: Monde, lignes: list[Ligne]):
        monde.a.dgs.habilitations.update(fin=date(2027, 2, 10))
        comment(monde, lignes[0])
        told = set(Courriel.objects.filter(type="complement_demande").values_list("destinataire", flat=True))
        assert told == {monde.a.maire.pk, monde.a.collaborateur.pk}

    def test_words_are_needed(self, monde: Monde, lignes: list[Ligne]):
        with pytest.raises(Refus, match="Dites ce qui manque") as caught:
            comment(monde, lignes[0], "  ")
        assert caught.value.field == "texte"

    def test_one_request_at_a_time(self, monde: Monde, lignes: list[Ligne]):
        comment(monde, lignes[0])
        with pytest.raises(Refus, match="demander un complément n'est plus possible"):
            comment(monde, lignes[0])
        assert DemandeComplement.objects.count() == 1

    def test_not_once_decided(self, monde: Monde, lignes: list[Ligne]):
        decide(lignes[0], monde.direction, "acceptee")
        with pytest.raises(ActionInterdite, match="tant qu'elle attend une décision"):
            comment(monde, lignes[0])

    def test_a_decision_ends_the_wait(self, monde: Monde, lignes: list[Ligne]):
        demande = comment(monde, lignes[0])
        decide(lignes[0], monde.direction, "refusee", "Complet.")
        demande.refresh_from_db()
        assert (demande.repondue_par, demande.reponse) == (monde.direction, "")
        lignes[0].refresh_from_db()
        assert lignes[0].etape == "recue"


class TestRepondre:
    def test_it_edits_that_line_only(self, monde: Monde, lignes: list[Ligne]):
        demande = comment(monde, lignes[0])
        answer(demande, monde.a.dgs, precision="Deux agents à temps plein.", motif="Départs en retraite.")
        lignes[0].refresh_from_db()
        assert (lignes[0].etape, lignes[0].precision) == ("recue", "Deux agents à temps plein.")
        others = Ligne.objects.filter(declaration=monde.a.declaration).changing().exclude(pk=lignes[0].pk)
        assert set(others.values_list("precision", flat=True)) == {""}
        motif = MotifDomaine.objects.get(declaration=monde.a.declaration, domaine=lignes[0].domaine)
        assert motif.texte == "Départs en retraite."

    def test_the_motive_another_line_of_the_domain_brought_stays(self, monde: Monde, lignes: list[Ligne]):
        """Two requests on one domain, both pages open: the second one did not touch the motive."""
        first, second = comment(monde, lignes[1]), comment(monde, lignes[2])
        answer(first, monde.a.dgs, motif="Écrit par le DGS.", motif_vu="")
        answer(second, monde.a.collaborateur, motif="", motif_vu="")
        assert MotifDomaine.objects.get(declaration=monde.a.declaration).texte == "Écrit par le DGS."

    def test_two_motives_of_one_domain_are_a_conflict(self, monde: Monde, lignes: list[Ligne]):
        first, second = comment(monde, lignes[1]), comment(monde, lignes[2])
        answer(first, monde.a.dgs, motif="Écrit par le DGS.", motif_vu="")
        with pytest.raises(Conflit, match=r"a changé entre-temps le motif .*Écrit par le DGS") as caught:
            answer(second, monde.a.collaborateur, motif="Autre chose.", motif_vu="")
        assert caught.value.field == "motif"
        second.refresh_from_db()
        assert second.repondue_at is None

    @pytest.mark.parametrize("commented", [0, 1])
    def test_the_motive_of_a_retrait_is_not_erased(self, monde: Monde, commented: int):
        """Not by the retrait itself, nor by another line of its domain."""
        draft, dom = monde.a.declaration, monde.domaine.pk
        prepare(draft, monde.a.dgs, plus=["DA-02"], moins=["DA-01"], motifs={dom: "Nous reprenons."})
        demande = comment(monde, changing(submit(draft, monde.a.dgs))[commented])
        with pytest.raises(Refus, match="Gardez un motif") as caught:
            answer(demande, monde.a.dgs, motif="")
        assert caught.value.field == "motif"
        assert draft.motifs.get().texte == "Nous reprenons."

    def test_what_a_revision_asks_is_not_erased(self, monde: Monde):
        draft = monde.a.declaration
        choose(draft, monde.a.dgs, {"DA-01": "revision"}, precisions={"DA-01": "Deux passages."})
        demande = comment(monde, changing(submit(draft, monde.a.dgs))[0])
        with pytest.raises(Refus, match="Dites ce que la commune demande") as caught:
            answer(demande, monde.a.dgs, precision=" ")
        assert caught.value.field == "precision"

    def test_after_a_decision_nobody_is_said_to_have_answered(self, monde: Monde, lignes: list[Ligne]):
        demande = comment(monde, lignes[0])
        decide(lignes[0], monde.direction, "acceptee")
        with pytest.raises(
            Conflit, match=r"n'est plus attendu : la demande est acceptée \(Claude Direction\)"
        ):
            answer(demande, monde.a.dgs)

    def test_who_asked_is_told(self, monde: Monde, lignes: list[Ligne]):
        answer(comment(monde, lignes[0]), monde.a.dgs, "Deux.")
        courriel = Courriel.objects.get(type="complement_repondu")
        assert courriel.destinataire == monde.direction and "Deux." in courriel.corps

    def test_a_second_answer_is_a_conflict(self, monde: Monde, lignes: list[Ligne]):
        demande = comment(monde, lignes[0])
        answer(demande, monde.a.dgs)
        with pytest.raises(Conflit, match="a déjà répondu"):
            answer(demande, monde.a.collaborateur)

    @pytest.mark.parametrize("who", ["lecteur", "referent"])
    def test_others_of_the_commune_may_not(self, monde: Monde, lignes: list[Ligne], who: str):
        with pytest.raises(ActionInterdite, match="Seuls le DGS"):
            answer(comment(monde, lignes[0]), getattr(monde.a, who))

    def test_an_empty_answer_is_refused(self, monde: Monde, lignes: list[Ligne]):
        with pytest.raises(Refus, match="Écrivez votre réponse"):
            answer(comment(monde, lignes[0]), monde.a.dgs, " ")


class TestPage:
    def _url(self, demande: DemandeComplement) -> str:
        return reverse("mutualisation:complement", args=[demande.pk])

    def test_answer_by_the_page(self, monde: Monde, lignes: list[Ligne], client: Any):
        demande = comment(monde, lignes[0])
        client.force_login(monde.a.dgs)
        version = client.get(self._url(demande)).context["form"]["version"].value()
        data = {"texte": "Deux.", "precision": "P", "motif": "M", "version": version}
        response = client.post(self._url(demande), data, follow=True)
        assert "Réponse envoyée" in text_of(response)
        assert "Deux." in text_of(client.get(self._url(demande)))

    def test_a_motive_changed_meanwhile_is_told_and_sending_again_decides(
        self, monde: Monde, lignes: list[Ligne], client: Any
    ):
        first, second = comment(monde, lignes[1]), comment(monde, lignes[2])
        client.force_login(monde.a.collaborateur)
        form = client.get(self._url(second)).context["form"]
        data = {name: form[name].value() or "" for name in form.fields} | {
            "texte": "Deux.",
            "motif": "Le mien",
        }
        answer(first, monde.a.dgs, motif="Celui\ndu DGS", motif_vu="")
        refused = client.post(self._url(second), data)
        assert refused.status_code == 409 and "Le mien</textarea>" in text_of(refused)
        again = refused.context["form"]
        data |= {name: again[name].value() for name in ("version", "motif_vu")}
        data["motif_vu"] = data["motif_vu"].replace("\n", "\r\n")  # as browsers send it
        assert client.post(self._url(second), data).status_code == 302
        assert MotifDomaine.objects.get(declaration=monde.a.declaration).texte == "Le mien"

    def test_bad_input_keeps_what_was_typed(self, monde: Monde, lignes: list[Ligne], client: Any):
        demande = comment(monde, lignes[0])
        client.force_login(monde.a.dgs)
        response = client.post(self._url(demande), {"texte": "", "precision": "à garder", "version": 2})
        assert response.status_code == 422
        assert 'href="#id_texte"' in text_of(response)
        assert "à garder" in text_of(response)

    def test_a_conflict_keeps_what_was_typed(self, monde: Monde, lignes: list[Ligne], client: Any):
        demande = comment(monde, lignes[0])
        old = Ligne.objects.get(pk=lignes[0].pk).version
        answer(demande, monde.a.dgs)
        client.force_login(monde.a.collaborateur)
        response = client.post(self._url(demande), {"texte": "Mon texte", "version": old})
        assert response.status_code == 409
        assert "a déjà répondu" in text_of(response)
        assert "Mon texte" in text_of(response)

    def test_another_commune_does_not_see_it(self, monde: Monde, lignes: list[Ligne], client: Any):
        demande = comment(monde, lignes[0])
        client.force_login(monde.b.dgs)
        assert client.get(self._url(demande)).status_code == 404

    def test_the_line_offers_the_answer_and_the_home_page_too(
        self, monde: Monde, lignes: list[Ligne], client: Any
    ):
        demande = comment(monde, lignes[0])
        client.force_login(monde.a.dgs)
        for page in (reverse("mutualisation:ligne", args=[lignes[0].pk]), reverse("accueil")):
            assert self._url(demande) in client.get(page).content.decode()
        answer(demande, monde.a.dgs)
        assert self._url(demande) not in client.get(reverse("accueil")).content.decode()

    def test_ask_from_the_line(self, monde: Monde, lignes: list[Ligne], client: Any):
        client.force_login(monde.direction)
        url = reverse("mutualisation:ligne_complement", args=[lignes[0].pk])
        empty = client.post(url, {"texte": "", "version": lignes[0].version})
        assert empty.status_code == 422 and "Dites ce qui manque" in text_of(empty)
        stale = client.post(url, {"texte": "Gardez ceci", "version": 99})
        assert stale.status_code == 409 and "Gardez ceci" in text_of(stale)
        done = client.post(url, {"texte": "Combien ?", "version": lignes[0].version}, follow=True)
        assert "le délai est suspendu" in text_of(done)
        assert "à compléter" in text_of(done)


class TestDelai:
    def _age(self, monde: Monde, ligne: Ligne) -> Any:
        return read_delays(monde.epci, Ligne.objects.filter(pk=ligne.pk))[ligne.pk]

    def test_worked_days_after_the_deposit(self, monde: Monde, lignes: list[Ligne], at_time: AtTime):
        assert self._age(monde, lignes[0]).jours == 0  # Wednesday 10 February
        at_time("2027-02-15")  # Monday
        assert self._age(monde, lignes[0]).jours == 3

    def test_the_clock_stops_while_a_completion_is_awaited(
        self, monde: Monde, lignes: list[Ligne], at_time: AtTime
    ):
        at_time("2027-02-12")
        demande = comment(monde, lignes[0])
        at_time("2027-02-19")
        age = self._age(monde, lignes[0])
        assert (age.bruts, age.jours, age.suspendu) == (7, 2, True)
        answer(demande, monde.a.dgs)
        at_time("2027-02-22")
        age = self._age(monde, lignes[0])
        assert (age.bruts, age.jours, age.suspendu) == (8, 3, False)
        assert age.etapes[-1] == (
            "Moins 5 jours ouvrés : complément demandé le 12 février 2027, reçu le 19 février 2027."
        )

    def test_a_holiday_does_not_count(self, monde: Monde, lignes: list[Ligne], at_time: AtTime):
        monde.epci.jours_feries.create(jour=datetime(2027, 2, 11).date(), nom="Jour du maire")
        at_time("2027-02-12")
        assert self._age(monde, lignes[0]).jours == 1

    def test_it_ends_with_the_decision(self, monde: Monde, lignes: list[Ligne], at_time: AtTime):
        at_time("2027-02-12")
        decide(lignes[0], monde.direction, "acceptee")
        at_time("2027-04-12")
        age = self._age(monde, lignes[0])
        assert (age.jours, age.decidee) == (2, True)
        assert "jusqu'à la décision du 12 février 2027" in age.etapes[1]

    def test_the_page_of_the_line_explains_it(
        self, monde: Monde, lignes: list[Ligne], client: Any, at_time: AtTime
    ):
        at_time("2027-02-15")
        client.force_login(monde.a.dgs)
        text = text_of(client.get(reverse("mutualisation:ligne", args=[lignes[0].pk])))
        assert "3 jours ouvrés à ce jour" in text
        assert "le compte part du lendemain" in text
